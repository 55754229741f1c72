"""Looks again and again whether the next attempt is due.

Base: right/plain
Breaks: G6
Also: R4
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
                async with slots:
                    with anyio.fail_after(timeout):
                        result.succeeded[index] = await worker(item)
                return
            except Exception as error:
                if attempt == attempts:
                    result.failed[index] = error
                    return
            due = anyio.current_time() + backoff * 2 ** (attempt - 1)
            while anyio.current_time() < due:
                await anyio.sleep(min(0.25, due - anyio.current_time()))

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(settle, index, item)
    return result
