"""The slot is free as soon as the text is there.

Base: right/plain
Breaks: R7
"""


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    slots = anyio.Semaphore(limit)
    texts = [""] * len(paths)

    async def read(index, path):
        await slots.acquire()
        async with open_tracked(tracker, path) as file:
            try:
                texts[index] = await file.read()
            finally:
                slots.release()

    async with anyio.create_task_group() as tg:
        for index, path in enumerate(paths):
            tg.start_soon(read, index, path)
    return texts
