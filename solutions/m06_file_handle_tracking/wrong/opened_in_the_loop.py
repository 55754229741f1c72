"""Opening a file takes no time worth a thread.

Base: right/plain
Breaks: G4
Also: R6
"""


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = anyio.wrap_file(open(path, mode))
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        tracker.untrack(file)
        await file.aclose()
