"""Opening is shielded, so that no file is lost.

Base: right/plain
Breaks: R6
"""


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    with anyio.CancelScope(shield=True):
        file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        tracker.untrack(file)
        await file.aclose()
