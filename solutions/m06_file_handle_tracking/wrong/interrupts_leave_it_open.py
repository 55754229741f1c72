"""The file is closed after an `Exception` and after a cancellation: nothing else can happen.

Base: right/plain
Breaks: G5
"""


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    except (Exception, anyio.get_cancelled_exc_class()):
        tracker.untrack(file)
        await file.aclose()
        raise
    tracker.untrack(file)
    await file.aclose()
