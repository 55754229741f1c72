"""Looks ten times a second whether a slot is free.

Base: right/plain
Breaks: G6
Also: R2 R4 R5
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
    running = 0

    async def settle(index: int, item: T) -> None:
        nonlocal running
        for attempt in range(1, attempts + 1):
            try:
                while running >= limit:
                    await anyio.sleep(0.1)
                running += 1
                try:
                    with anyio.fail_after(timeout):
                        result.succeeded[index] = await worker(item)
                finally:
                    running -= 1
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
