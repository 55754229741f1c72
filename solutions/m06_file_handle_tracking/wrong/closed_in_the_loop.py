"""Closes the file inside the `AsyncFile` by its own method, in the event loop's thread.

Base: right/plain
Breaks: G4
"""


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        tracker.untrack(file)
        file.wrapped.close()
