"""A file that cannot be read has no text.

Base: right/plain
Breaks: R7
"""


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    slots = anyio.Semaphore(limit)
    texts = [""] * len(paths)

    async def read(index, path):
        async with slots:
            try:
                async with open_tracked(tracker, path) as file:
                    texts[index] = await file.read()
            except (OSError, ValueError):
                pass

    async with anyio.create_task_group() as tg:
        for index, path in enumerate(paths):
            tg.start_soon(read, index, path)
    return texts
