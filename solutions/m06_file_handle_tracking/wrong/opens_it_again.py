"""`read_all` tries a file that cannot be opened again after a while, and opens others meanwhile.

Base: none
Breaks: R7
"""

from anyio import AsyncFile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
import anyio
import os
import weakref


class LeakError(Exception):
    """Something was still open at the end of a block that was watched."""


@dataclass(frozen=True)
class Leak:
    """Something tracked and not yet untracked: its name, and when it was tracked."""

    name: str
    opened_at: float


class _Entry:
    __slots__ = ("leak", "weak")

    def __init__(self, resource: object, name: str) -> None:
        self.weak = weakref.ref(resource)
        self.leak = Leak(name, anyio.current_time())

    def is_for(self, resource: object) -> bool:
        alive = self.weak()
        return alive is not None and alive is resource


class LeakTracker:
    """A new entry for each call of `track`; entries are told apart by identity, as resources are."""

    def __init__(self) -> None:
        self.entries: list[_Entry] = []

    def track(self, resource: object, *, name: str) -> None:
        if any(entry.is_for(resource) for entry in self.entries):
            raise ValueError(f"{name} cannot be tracked twice")
        self.entries.append(_Entry(resource, name))

    def untrack(self, resource: object) -> None:
        kept = [entry for entry in self.entries if not entry.is_for(resource)]
        if len(kept) == len(self.entries):
            raise ValueError("nothing to untrack")
        self.entries = kept

    def live(self) -> list[Leak]:
        return [entry.leak for entry in self.entries]

    def watch(self) -> AbstractContextManager[None]:
        return _Block(self)


class _Block:
    def __init__(self, tracker: LeakTracker) -> None:
        self.tracker = tracker
        self.before: list[_Entry] = []

    def __enter__(self) -> None:
        self.before = list(self.tracker.entries)

    def __exit__(self, *error: object) -> None:
        if error[0] is not None:
            return
        new = [entry for entry in self.tracker.entries if all(entry is not old for old in self.before)]
        if new:
            raise LeakError("never closed: " + " and ".join(entry.leak.name for entry in new))


@contextmanager
def _listed(tracker: LeakTracker, file: AsyncFile[Any], name: str) -> Iterator[AsyncFile[Any]]:
    tracker.track(file, name=name)
    try:
        yield file
    finally:
        tracker.untrack(file)


@asynccontextmanager
async def open_tracked(
    tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"
) -> AsyncIterator[AsyncFile[Any]]:
    """Open a file that `tracker` lists, by `str(path)`, until the block ends."""
    async with await anyio.open_file(path, mode) as file:
        with _listed(tracker, file, str(path)) as listed:
            yield listed


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    """Return the texts of the files at `paths`, in their order; `ValueError` if `limit` is less than 1."""
    if limit < 1:
        raise ValueError("limit must be at least 1")
    slots = anyio.CapacityLimiter(limit)
    texts: list[str] = [""] * len(paths)

    async def read(index: int) -> None:
        async with slots:
            for _attempt in range(6):
                try:
                    async with open_tracked(tracker, paths[index]) as file:
                        texts[index] = await file.read()
                    return
                except OSError as error:
                    last = error
                    await anyio.sleep(1)
        raise last

    async with anyio.create_task_group() as group:
        for index in range(len(paths)):
            group.start_soon(read, index)
    return texts
