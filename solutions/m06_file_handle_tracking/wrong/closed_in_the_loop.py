"""Closes the file inside the `AsyncFile` by its own method, in the event loop's thread.

Base: right/plain
Breaks: G4
"""


@asynccontextmanager
async def open_tracked(
    tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"
) -> AsyncIterator[AsyncFile[Any]]:
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        file.wrapped.close()
        tracker.untrack(file)
