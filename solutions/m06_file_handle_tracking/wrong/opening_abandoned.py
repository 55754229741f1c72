"""What I stop waiting for does not happen.

Base: right/plain
Breaks: R5
Also: G2
"""

import anyio.to_thread


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = anyio.wrap_file(await anyio.to_thread.run_sync(open, path, mode, abandon_on_cancel=True))
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        tracker.untrack(file)
        await file.aclose()
