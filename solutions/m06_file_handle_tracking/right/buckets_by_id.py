"""Built with buckets by id, an encoding for text, reads that may be abandoned, and `except*`."""

import os
import weakref
from collections.abc import Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio
import anyio.to_thread


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
        self._buckets = {}
        self._count = 0

    @property
    def _entries(self):
        return sorted((e for bucket in self._buckets.values() for e in bucket), key=lambda e: e.number)

    def _find(self, resource):
        return next((e for e in self._buckets.get(id(resource), ()) if e.ref() is resource), None)

    def track(self, resource, *, name):
        if self._find(resource):
            raise ValueError
        entry = Entry(resource, name)
        self._count += 1
        entry.number = self._count
        self._buckets.setdefault(id(resource), []).append(entry)

    def untrack(self, resource):
        entry = self._find(resource)
        if not entry:
            raise ValueError
        self._buckets[id(resource)].remove(entry)

    def live(self):
        return [e.leak for e in self._entries]

    @contextmanager
    def watch(self):
        before = list(self._entries)
        yield
        leaked = [entry.leak.name for entry in self._entries if entry not in before]
        if leaked:
            raise LeakError(", ".join(leaked))


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode, encoding=None if "b" in mode else "utf-8")
    tracker.track(file, name=str(path))
    try:
        yield file
    finally:
        tracker.untrack(file)
        await file.aclose()


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    slots = anyio.Semaphore(limit)
    texts = [""] * len(paths)

    async def read(index, path):
        async with slots:
            async with open_tracked(tracker, path) as file:
                texts[index] = await anyio.to_thread.run_sync(lambda: file.wrapped.read(), abandon_on_cancel=True)

    try:
        async with anyio.create_task_group() as tg:
            for index, path in enumerate(paths):
                tg.start_soon(read, index, path)
    except* OSError as group:
        raise group.exceptions[0] from None
    return texts
