"""What works on asyncio works in anyio.

Base: right/plain
Breaks: G1 on trio
Also: G3 R7 G2 G4 G6
"""

import asyncio


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    slots = asyncio.Semaphore(limit)
    texts = [""] * len(paths)

    async def read(index, path):
        async with slots:
            async with open_tracked(tracker, path) as file:
                texts[index] = await file.read()

    async with anyio.create_task_group() as tg:
        for index, path in enumerate(paths):
            tg.start_soon(read, index, path)
    return texts
