"""Waits a moment between two calls, with `time.sleep`.

Base: right/plain
Breaks: G4
"""

import time


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    results: dict[int, R] = {}
    slots = anyio.Semaphore(limit)

    async def work(index: int, item: T) -> None:
        async with slots:
            time.sleep(0.0001)
            await bucket.acquire()
            results[index] = await worker(item)

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(work, index, item)
    return [results[index] for index in range(len(items))]
