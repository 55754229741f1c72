"""An `await` in `finally` always comes to its end.

Base: right/plain
Breaks: R6
Also: G2 R5 R7
"""

import anyio.to_thread


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        tracker.untrack(file)
        await anyio.to_thread.run_sync(file.wrapped.close)
