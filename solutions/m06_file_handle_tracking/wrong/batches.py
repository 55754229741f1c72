"""Batch after batch keeps every slot in use.

Base: right/plain
Breaks: R7
"""


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    texts = [""] * len(paths)

    async def read(index, path):
        async with open_tracked(tracker, path) as file:
            texts[index] = await file.read()

    for start in range(0, len(paths), limit):
        async with anyio.create_task_group() as tg:
            for index in range(start, min(start + limit, len(paths))):
                tg.start_soon(read, index, paths[index])
    return texts
