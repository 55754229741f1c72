"""Locks of anyio that report which task waits for them, takes them and drops them, in the order in which it happens."""

from __future__ import annotations

from typing import Any

import anyio
import anyio._backends._asyncio as anyio_asyncio
import anyio._backends._trio as anyio_trio

from ..loops.control import Control
from ..loops.span_of_task import current_span
from ..opaque import opaque, opaque_methods
from ..record.spans import SpanRecord


class LockWatch:
    """Remembers the locks of a run: which task holds which, and since which span."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.held: dict[int, tuple[Any, str, SpanRecord | None]] = {}

    def tell(self, lock: Any, what: str) -> None:
        """Note `want`, `take`, `drop` or `give up` of a lock by the current task."""
        task = self.control.current_name()
        name = getattr(lock, "watched_name", None)
        if what == "take":
            self.held[id(lock)] = (lock, task, current_span.of_maker())
        elif what == "drop":
            self.held.pop(id(lock), None)
        if name is not None:
            span = current_span.get()
            self.control.record.note(task, f"{what} lock", name, span)


_watch: LockWatch | None = None


def watch(current: LockWatch | None) -> None:
    """Let all locks report to `current` from now on."""
    global _watch  # noqa: PLW0603 - one run at a time in a process
    _watch = current


@opaque_methods
class _Lock:
    """Mixed into the lock class of each backend."""

    watched_name: str | None = None

    def _tell(self, what: str) -> None:
        if _watch is not None:
            _watch.tell(self, what)

    async def acquire(self) -> None:
        self._tell("want")
        try:
            await super().acquire()  # type: ignore[misc]
        except BaseException:
            self._tell("give up")
            raise
        self._tell("take")

    def acquire_nowait(self) -> None:
        super().acquire_nowait()  # type: ignore[misc]
        self._tell("take")

    def release(self) -> None:
        super().release()  # type: ignore[misc]
        self._tell("drop")


class AsyncioLock(_Lock, anyio_asyncio.Lock):
    """anyio's lock on asyncio."""


class TrioLock(_Lock, anyio_trio.Lock):
    """anyio's lock on trio."""


def install() -> None:
    """Make anyio create locks that report."""
    setattr(
        anyio_asyncio.AsyncIOBackend,
        "create_lock",
        staticmethod(opaque(lambda *, fast_acquire: AsyncioLock(fast_acquire=fast_acquire))),
    )
    setattr(
        anyio_trio.TrioBackend,
        "create_lock",
        staticmethod(opaque(lambda *, fast_acquire: TrioLock(fast_acquire=fast_acquire))),
    )


def name_lock(lock: anyio.Lock, name: str) -> anyio.Lock:
    """Give a lock the name under which its notes appear; return it."""
    setattr(lock, "watched_name", name)
    return lock
