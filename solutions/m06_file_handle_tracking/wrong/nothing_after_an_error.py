"""What stands after `yield` runs however the block ends.

Base: right/plain
Breaks: R5
Also: G2 G5 R6 R7
"""


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    yield file
    tracker.untrack(file)
    await file.aclose()
