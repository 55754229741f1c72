"""A limit of zero waits for ever.

Base: right/plain
Breaks: R7
Also: G8
"""


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    results: dict[int, R] = {}
    slots = anyio.Semaphore(max(limit, 0))

    async def work(index: int, item: T) -> None:
        async with slots:
            await bucket.acquire()
            results[index] = await worker(item)

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(work, index, item)
    return [results[index] for index in range(len(items))]
