"""Gathers with asyncio.

Base: right/plain
Breaks: G1 on trio
Also: R7 G2 G3 G5 G9 G4 G6
"""

import asyncio


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    slots = asyncio.Semaphore(limit)

    async def work(item: T) -> R:
        async with slots:
            await bucket.acquire()
            return await worker(item)

    tasks = [asyncio.ensure_future(work(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
