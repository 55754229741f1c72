"""Built with a block that goes by the clock, strictly, and slots that the host takes for its tasks."""

import os
import weakref
from collections.abc import Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio


class LeakError(Exception):
    """Something was still open at the end of a block that was watched."""


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


class Entry:
    def __init__(self, resource, name):
        self.ref = weakref.ref(resource)
        self.leak = Leak(name, anyio.current_time())


class LeakTracker:
    def __init__(self):
        self._entries = []

    def _find(self, resource):
        for entry in self._entries:
            if entry.ref() is resource:
                return entry
        return None

    def track(self, resource: object, *, name: str) -> None:
        if self._find(resource) is not None:
            raise ValueError("already tracked")
        self._entries.append(Entry(resource, name))

    def untrack(self, resource: object) -> None:
        entry = self._find(resource)
        if entry is None:
            raise ValueError("not tracked")
        self._entries.remove(entry)

    def live(self) -> list[Leak]:
        return [entry.leak for entry in self._entries]

    @contextmanager
    def watch(self):
        began = anyio.current_time()
        yield
        leaked = [entry.leak.name for entry in self._entries if entry.leak.opened_at > began]
        if leaked:
            raise LeakError(", ".join(leaked))


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        tracker.untrack(file)
        await file.aclose()


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    limiter = anyio.CapacityLimiter(limit)
    texts = [""] * len(paths)

    async def read(index, path):
        try:
            async with open_tracked(tracker, path) as file:
                texts[index] = await file.read()
        finally:
            limiter.release_on_behalf_of(index)

    async with anyio.create_task_group() as tg:
        for index, path in enumerate(paths):
            await limiter.acquire_on_behalf_of(index)
            tg.start_soon(read, index, path)
    return texts
