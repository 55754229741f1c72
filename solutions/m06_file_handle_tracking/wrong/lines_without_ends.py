"""Lines are put together without their ends.

Base: none
Breaks: R7
"""

from itertools import count
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
import weakref

import anyio
from anyio import AsyncFile


class LeakError(Exception):
    pass


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


class _Ref(weakref.ref):
    __slots__ = ("number",)

    def __init__(self, resource, callback=None):
        super().__init__(resource)
        self.number = id(resource)

    def __hash__(self):
        return self.number

    def __eq__(self, other):
        return self is other or (self() is not None and self() is other())


class _Watch:
    def __init__(self, tracker):
        self.tracker = tracker
        self.since = []

    def __enter__(self):
        self.since.append(next(self.tracker.serial))

    def __exit__(self, kind, error, trace):
        since = self.since.pop()
        if error is None:
            late = [leak for number, leak in self.tracker.known.values() if number > since]
            if late:
                raise LeakError(*[leak.name for leak in late])
        return False


class LeakTracker:
    def __init__(self) -> None:
        self.serial = count()
        self.known: dict[_Ref, tuple[int, Leak]] = {}

    def track(self, resource: object, *, name: str) -> None:
        ref = _Ref(resource)
        if ref in self.known:
            raise ValueError(name)
        self.known[ref] = next(self.serial), Leak(opened_at=anyio.current_time(), name=name)

    def untrack(self, resource: object) -> None:
        try:
            del self.known[_Ref(resource)]
        except KeyError:
            raise ValueError(resource) from None

    def live(self) -> list[Leak]:
        return [leak for _, leak in sorted(self.known.values(), key=lambda pair: pair[0])]

    def watch(self) -> AbstractContextManager[None]:
        return _Watch(self)


@asynccontextmanager
async def open_tracked(
    tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"
) -> AsyncIterator[AsyncFile[Any]]:
    file = await anyio.Path(path).open(mode)
    try:
        tracker.track(file.wrapped, name=str(path))
        try:
            yield file
        finally:
            tracker.untrack(file.wrapped)
    finally:
        await file.aclose()


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    if limit < 1:
        raise ValueError(limit)
    todo = iter(enumerate(paths))
    texts = {}

    async def worker():
        for index, path in todo:
            async with open_tracked(tracker, path) as file:
                texts[index] = "\n".join([line.rstrip() async for line in file])

    async with anyio.create_task_group() as group:
        for _ in range(min(limit, len(paths))):
            group.start_soon(worker)
    return [texts[index] for index in range(len(paths))]
