"""A context manager deals with the errors of its body.

Base: right/plain
Breaks: R5
Also: R7
"""


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    except Exception:
        pass
    finally:
        tracker.untrack(file)
        await file.aclose()
