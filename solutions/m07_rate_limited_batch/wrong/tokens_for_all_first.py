"""Takes all tokens first, then works.

Base: right/plain
Breaks: R7
Also: G3 G5 G9 G2
"""


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    for _ in items:
        await bucket.acquire()
    results: dict[int, R] = {}
    slots = anyio.Semaphore(limit)

    async def work(index: int, item: T) -> None:
        async with slots:
            results[index] = await worker(item)

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(work, index, item)
    return [results[index] for index in range(len(items))]
