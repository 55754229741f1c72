"""Gives the slot back after a return or an error, but not after a timeout.

Base: right/plain
Breaks: R5
Also: R8 G2 G6
"""


async def run_batch(
    items: Sequence[T],
    worker: Callable[[T], Awaitable[R]],
    *,
    limit: int,
    attempts: int = 1,
    backoff: float = 0.1,
    timeout: float = math.inf,
) -> BatchResult[R]:
    if limit < 1 or attempts < 1:
        raise ValueError("limit and attempts must be at least 1")
    result: BatchResult[R] = BatchResult()
    slots = anyio.Semaphore(limit)

    async def settle(index: int, item: T) -> None:
        for attempt in range(1, attempts + 1):
            try:
                await slots.acquire()
                with anyio.fail_after(timeout):
                    try:
                        result.succeeded[index] = await worker(item)
                    except Exception:
                        slots.release()
                        raise
                    slots.release()
                return
            except Exception as error:
                if attempt == attempts:
                    result.failed[index] = error
                    return
            await anyio.sleep(backoff * 2 ** (attempt - 1))

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(settle, index, item)
    return result
