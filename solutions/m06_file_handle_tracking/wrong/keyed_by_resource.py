"""A dict keyed by the resource tells resources apart.

Breaks: R2
Also: R3 R4
"""

import os
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


class LeakTracker:
    def __init__(self):
        self._entries = {}

    def track(self, resource: object, *, name: str) -> None:
        if resource in self._entries:
            raise ValueError("already tracked")
        self._entries[resource] = Leak(name, anyio.current_time())

    def untrack(self, resource: object) -> None:
        if resource not in self._entries:
            raise ValueError("not tracked")
        del self._entries[resource]

    def live(self) -> list[Leak]:
        return list(self._entries.values())

    @contextmanager
    def watch(self):
        before = list(self._entries.values())
        yield
        leaked = [leak.name for leak in self._entries.values() if leak not in before]
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
