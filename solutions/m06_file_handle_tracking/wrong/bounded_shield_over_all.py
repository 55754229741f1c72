"""A shield with a bound may be put around everything.

Base: right/plain
Breaks: R6
Also: G3 R5 R7
"""


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    with anyio.move_on_after(5, shield=True):
        file = await anyio.open_file(path, mode)
        tracker.track(file, name=str(path))
        try:
            yield file
        finally:
            tracker.untrack(file)
            await file.aclose()
