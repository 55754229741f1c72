"""Closing cannot fail, so the next line runs.

Base: right/plain
Breaks: R5
"""


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        await file.aclose()
        tracker.untrack(file)
