"""Looks again and again whether a slot is free.

Base: right/plain
Breaks: G6
Also: R7
"""


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    results: dict[int, R] = {}
    running = 0

    async def work(index: int, item: T) -> None:
        nonlocal running
        while running >= limit:
            await anyio.sleep(0.25)
        running += 1
        try:
            await bucket.acquire()
            results[index] = await worker(item)
        finally:
            running -= 1

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(work, index, item)
    return [results[index] for index in range(len(items))]
