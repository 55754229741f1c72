"""The file is announced first, and opened then.

Base: right/plain
Breaks: R5
Also: R7
"""


class Handle:
    pass


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    handle = Handle()
    tracker.track(handle, name=str(path))
    file = await anyio.open_file(path, mode)
    try:
        yield file
    finally:
        tracker.untrack(handle)
        await file.aclose()
