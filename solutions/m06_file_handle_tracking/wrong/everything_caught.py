"""Whatever leaves the body has been dealt with here.

Base: right/plain
Breaks: G5
Also: G3 R5 R7
"""


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    except BaseException:
        tracker.untrack(file)
        await file.aclose()
    else:
        tracker.untrack(file)
        await file.aclose()
