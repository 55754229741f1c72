"""Memory object streams of anyio that report when they are made, so that those left open are known."""

from __future__ import annotations

from typing import Any

from anyio.streams import memory

from ..loops.control import current_span
from ..record.spans import SpanRecord


class StreamWatch:
    """Remembers the streams of a run, and in which span each was made."""

    def __init__(self) -> None:
        self.made: list[tuple[Any, SpanRecord | None]] = []

    def note_creation(self, stream: Any) -> None:
        """Remember a stream."""
        self.made.append((stream, current_span.get()))


_watch: StreamWatch | None = None
_installed = False


def watch(current: StreamWatch | None) -> None:
    """Let all streams report to `current` from now on."""
    global _watch  # noqa: PLW0603 - one run at a time in a process
    _watch = current


def install() -> None:
    """Make the streams of this process report; once is enough."""
    global _installed  # noqa: PLW0603 - what is replaced belongs to the process
    if not _installed:
        _installed = True
        _tell_creation(memory.MemoryObjectSendStream)
        _tell_creation(memory.MemoryObjectReceiveStream)


def _tell_creation(cls: Any) -> None:
    real = cls.__post_init__

    def tell(self: Any) -> None:
        real(self)
        if _watch is not None:
            _watch.note_creation(self)

    cls.__post_init__ = tell
