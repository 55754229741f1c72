"""An error of closing is of no interest any more.

Base: right/plain
Breaks: R5
"""

from contextlib import suppress


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        tracker.untrack(file)
        with suppress(OSError):
            await file.aclose()
