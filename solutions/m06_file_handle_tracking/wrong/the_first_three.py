"""The text names three at most.

Base: right/plain
Breaks: R4
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from anyio import AsyncFile

del Entry


class _Entry:
    def __init__(self, resource, leak):
        self.ref = weakref.ref(resource)
        self.leak = leak


class LeakTracker:
    def __init__(self) -> None:
        self._entries: list[_Entry] = []

    def _find(self, resource):
        return next((entry for entry in self._entries if entry.ref() is resource), None)

    def track(self, resource: object, *, name: str) -> None:
        if self._find(resource):
            raise ValueError(f"{name} is tracked")
        self._entries.append(_Entry(resource, Leak(name, anyio.current_time())))

    @contextmanager
    def watch(self) -> Iterator[None]:
        before = list(self._entries)
        yield
        leaked = [entry.leak.name for entry in self._entries if entry not in before]
        if leaked:
            raise LeakError("still open: " + ", ".join(leaked[:3]) + (" and more" if leaked[3:] else ""))


@asynccontextmanager
async def open_tracked(
    tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"
) -> AsyncIterator[AsyncFile[Any]]:
    async with await anyio.open_file(path, mode) as file:
        tracker.track(file, name=str(path))
        try:
            yield file
        finally:
            tracker.untrack(file)


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    slots = anyio.Semaphore(limit)
    texts = [""] * len(paths)

    async def read(index: int, path) -> None:
        async with slots, open_tracked(tracker, path) as file:
            texts[index] = await file.read()

    async with anyio.create_task_group() as group:
        for index, path in enumerate(paths):
            group.start_soon(read, index, path)
    return texts
