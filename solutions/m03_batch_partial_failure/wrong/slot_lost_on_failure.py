"""Gives the slot back in the line after the call, which a failure never reaches.

Base: right/plain
Breaks: R2
Also: R1 R3 R4 R5 R6 R8 G1 G2 G3 G4 G6 G9
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
                    result.succeeded[index] = await worker(item)
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
