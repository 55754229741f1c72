"""A cancelled batch returns what it has.

Base: right/plain
Breaks: G3
"""


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    results: dict[int, R] = {}
    slots = anyio.Semaphore(limit)

    async def work(index: int, item: T) -> None:
        async with slots:
            await bucket.acquire()
            results[index] = await worker(item)

    try:
        async with anyio.create_task_group() as group:
            for index, item in enumerate(items):
                group.start_soon(work, index, item)
    except anyio.get_cancelled_exc_class():
        pass
    return [results[index] for index in range(len(items)) if index in results]
