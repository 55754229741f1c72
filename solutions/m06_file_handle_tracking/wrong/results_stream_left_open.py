"""A stream that nobody uses any more closes by itself.

Base: right/plain
Breaks: G2
"""


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    slots = anyio.Semaphore(limit)
    send, receive = anyio.create_memory_object_stream(len(paths))
    texts = [""] * len(paths)

    async def read(index, path):
        async with slots:
            async with open_tracked(tracker, path) as file:
                send.send_nowait((index, await file.read()))

    async with anyio.create_task_group() as tg:
        for index, path in enumerate(paths):
            tg.start_soon(read, index, path)
    send.close()
    async for index, text in receive:
        texts[index] = text
    receive.close()
    return texts
