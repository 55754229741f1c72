"""Built with a subclass of `LeakError`, a look at the cancellation after opening, and an error that is kept and raised bare."""

import os
import weakref
from collections.abc import Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio
import anyio.lowlevel


class LeakError(Exception):
    """Something was still open at the end of a block that was watched."""


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


class OpenResources(LeakError):
    def __init__(self, names):
        super().__init__(names)
        self.names = names

    def __str__(self):
        return f"still open: {', '.join(self.names)}"


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
        before = list(self._entries)
        yield
        leaked = [entry.leak.name for entry in self._entries if entry not in before]
        if leaked:
            raise OpenResources(leaked)


@asynccontextmanager
async def open_tracked(tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"):
    file = await anyio.open_file(path, mode)
    try:
        await anyio.lowlevel.checkpoint_if_cancelled()
        tracker.track(file, name=str(path))
        try:
            yield file
        finally:
            tracker.untrack(file)
    finally:
        await file.aclose()


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    slots = anyio.Semaphore(limit)
    texts = [""] * len(paths)
    first = None

    async def read(index, path):
        nonlocal first
        async with slots:
            try:
                async with open_tracked(tracker, path) as file:
                    texts[index] = await file.read()
            except Exception as error:
                first = first or error
                tg.cancel_scope.cancel()

    async with anyio.create_task_group() as tg:
        for index, path in enumerate(paths):
            tg.start_soon(read, index, path)
    if first is not None:
        raise first
    return texts
