"""Memory object streams of anyio that report when they are made and closed, so that those left open are known."""

from __future__ import annotations

import functools
from typing import Any

from anyio.streams import memory

from ..loops.span_of_task import current_span
from ..opaque import opaque
from ..record.spans import SpanRecord


class StreamWatch:
    """Remembers the streams of a run, and in which span each was made."""

    def __init__(self) -> None:
        self.made: list[tuple[Any, SpanRecord | None]] = []
        self._closed: set[int] = set()

    def note_creation(self, stream: Any) -> None:
        """Remember a stream."""
        self.made.append((stream, current_span.of_maker()))  # keeps it alive: an id is unique only among the living

    def note_closing(self, stream: Any) -> None:
        """Remember that a stream was closed."""
        self._closed.add(id(stream))

    def is_open(self, stream: Any) -> bool:
        """Tell whether nobody has closed a stream of this run; what the stream says of itself does not count."""
        return id(stream) not in self._closed


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
        _tell(memory.MemoryObjectSendStream)
        _tell(memory.MemoryObjectReceiveStream)


def _tell(cls: Any) -> None:
    end = cls.close

    def new(kind: Any, *_: Any, **__: Any) -> Any:
        """Make one in whatever way: a copy, and one of a class that extends this one, are made here as well."""
        stream = object.__new__(kind)
        if _watch is not None:
            _watch.note_creation(stream)
        return stream

    @functools.wraps(end)
    def close(self: Any) -> None:
        end(self)
        if _watch is not None:
            _watch.note_closing(self)

    cls.__new__, cls.close = staticmethod(opaque(new)), opaque(close)
