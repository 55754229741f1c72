"""`read_all` gives up after thirty seconds.

Base: none
Breaks: R7
Also: G6
"""

import os
import weakref
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from anyio import AsyncFile


class LeakError(Exception):
    """Something was still open."""


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


class Record:
    def __init__(self, resource: object, leak: Leak, number: int) -> None:
        self.ref = weakref.ref(resource)
        self.leak = leak
        self.number = number


class LeakTracker:
    def __init__(self) -> None:
        self.records: list[Record] = []
        self.count = 0

    def find(self, resource: object) -> Record | None:
        for record in self.records:
            if record.ref() is resource:
                return record
        return None

    def track(self, resource: object, *, name: str) -> None:
        if self.find(resource) is not None:
            raise ValueError("tracked already")
        self.count += 1
        self.records.append(Record(resource, Leak(name, anyio.current_time()), self.count))

    def untrack(self, resource: object) -> None:
        record = self.find(resource)
        if record is None:
            raise ValueError("not tracked")
        self.records.remove(record)

    def live(self) -> list[Leak]:
        return [record.leak for record in self.records]

    @contextmanager
    def watch(self) -> Iterator[None]:
        first = self.count
        yield
        names = [record.leak.name for record in self.records if record.number > first]
        if names:
            raise LeakError(", ".join(names))


@asynccontextmanager
async def open_tracked(
    tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"
) -> AsyncIterator[AsyncFile[Any]]:
    file = await anyio.open_file(path, mode)
    try:
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

    async def one(index: int, path: str | os.PathLike[str]) -> None:
        async with slots:
            async with open_tracked(tracker, path) as file:
                texts[index] = await file.read()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tg:
            for index, path in enumerate(paths):
                tg.start_soon(one, index, path)
    return texts
