"""Taking an unknown key out of a dict raises an error, and any error will do.

Breaks: R2
Also: R3
"""

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
        self._entries = {}
        self._gone = []

    def track(self, resource: object, *, name: str) -> None:
        key = id(resource)
        if key in self._entries:
            raise ValueError("already tracked")
        self._entries[key] = entry = Entry(resource, name)
        weakref.finalize(resource, self._collected, key, entry)

    def _collected(self, key, entry):
        if self._entries.get(key) is entry:
            self._gone.append(self._entries.pop(key))

    def untrack(self, resource: object) -> None:
        del self._entries[id(resource)]

    def _all(self):
        return sorted([*self._entries.values(), *self._gone], key=lambda entry: entry.leak.opened_at)

    def live(self) -> list[Leak]:
        return [entry.leak for entry in self._all()]

    @contextmanager
    def watch(self):
        before = self._all()
        yield
        leaked = [entry.leak.name for entry in self._all() if entry not in before]
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
    slots = anyio.Semaphore(limit)
    texts = [""] * len(paths)

    async def read(index, path):
        async with slots:
            async with open_tracked(tracker, path) as file:
                texts[index] = await file.read()

    async with anyio.create_task_group() as tg:
        for index, path in enumerate(paths):
            tg.start_soon(read, index, path)
    return texts
