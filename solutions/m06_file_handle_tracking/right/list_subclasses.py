"""Built with lists of kinds of their own for leaks and texts, and leaks of a subclass of `Leak`."""

import os
import weakref
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from anyio import AsyncFile, CapacityLimiter, create_task_group, current_time, open_file


class LeakError(Exception):
    """Something was still open at the end of a block that was watched."""


@dataclass(frozen=True)
class Leak:
    """Something tracked and not yet untracked: its name, and when it was tracked."""

    name: str
    opened_at: float


@dataclass(frozen=True)
class AgedLeak(Leak):
    """A leak that knows its age."""

    def age(self, now: float) -> float:
        """Seconds since it was tracked."""
        return now - self.opened_at


class Leaks(list[Leak]):
    """Leaks, oldest first."""


class Texts(list[str]):
    """What was read."""


@dataclass(frozen=True, eq=False)
class _Entry:
    """A `Leak` and the resource it belongs to, without keeping the resource alive."""

    resource: weakref.ref[Any]
    leak: Leak


class LeakTracker:
    """Knows which resources are open."""

    def __init__(self) -> None:
        # Oldest first. An entry whose resource is gone stays: nobody can untrack it any more, so it leaked. Searched
        # from end to end, because ids are used again and equal resources are not the same.
        self._entries: list[_Entry] = []

    def track(self, resource: object, *, name: str) -> None:
        """List `resource` as live from now on.

        Raises:
            ValueError: it is tracked already.
        """
        if self._find(resource):
            raise ValueError(f"{name} is tracked already")
        self._entries.append(_Entry(weakref.ref(resource), AgedLeak(name, current_time())))

    def untrack(self, resource: object) -> None:
        """Take `resource` off the list: it was closed.

        Raises:
            ValueError: it is not tracked.
        """
        entry = self._find(resource)
        if entry is None:
            raise ValueError("this resource is not tracked")
        self._entries.remove(entry)

    def live(self) -> list[Leak]:
        """Return what is tracked and not yet untracked, oldest first."""
        return Leaks(entry.leak for entry in self._entries)

    def watch(self) -> AbstractContextManager[None]:
        """Watch a block: a `LeakError` leaves it if something that was tracked while it ran is live at its end."""
        return self._watched()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        before = set(self._entries)
        yield  # an error of the body leaves here, and there is nothing to look at
        leaked = [entry.leak.name for entry in self._entries if entry not in before]
        if leaked:
            raise LeakError(f"still open: {', '.join(leaked)}")

    def _find(self, resource: object) -> _Entry | None:
        return next((entry for entry in self._entries if entry.resource() is resource), None)


@asynccontextmanager
async def open_tracked(
    tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"
) -> AsyncIterator[AsyncFile[Any]]:
    """Open a file that `tracker` lists, by `str(path)`, until the block ends."""
    opening: Any = open_file  # its types know each mode by name
    file: AsyncFile[Any] = await opening(path, mode)
    async with file:  # closes shielded, also when we are cancelled
        tracker.track(file, name=str(path))
        try:
            yield file
        finally:
            tracker.untrack(file)  # before the close, which may fail


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    """Return the texts of the files at `paths`, of which never more than `limit` are open.

    Raises:
        ValueError: `limit` is less than 1.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    texts = Texts([""] * len(paths))
    slots = CapacityLimiter(limit)

    async def read(index: int, path: str | os.PathLike[str]) -> None:
        async with slots, open_tracked(tracker, path) as file:
            texts[index] = await file.read()

    async with create_task_group() as group:
        for index, path in enumerate(paths):
            group.start_soon(read, index, path)
    return texts
