"""The file's own name says which one it is.

Base: right/plain
Breaks: R5
Also: R7
"""


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=os.path.basename(path))
    try:
        yield file
    finally:
        tracker.untrack(file)
        await file.aclose()
