"""What a run leaves behind or does on the side, as evidence; the check decides whether it counts."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any, Self

from ..loops.control import Control
from ..opaque import opaque
from ..record.spans import SpanRecord
from . import blocking, files, locks, streams, threads, waits_in_c
from .blocking import BlockWatch
from .observer import Observer, line_of_origin

#: Frames that a coroutine remembers of where it was made: the learner's own is the first, or just behind a wrapper's. The third
#: is most often in the event loop, in functions so long that to find its line takes a twentieth of the worker's time.
ORIGIN = 2
MAX_UNAWAITED = 50
_WARN = "_warn_unawaited_coroutine"

_installed = False
_current: Probes | None = None


def install(*, blocking_calls: bool = True) -> None:
    """Make streams, locks, files, threads and (if asked for) blocking calls of this process report; once is enough."""
    global _installed  # noqa: PLW0603
    if _installed:
        return
    _installed = True
    streams.install()
    locks.install()
    threads.install()
    files.install()
    if blocking_calls:
        blocking.install()
        waits_in_c.install()


class Probes:
    """The probes of one run."""

    def __init__(self, control: Control, subject_file: str) -> None:
        self.control = control
        self.locks = locks.LockWatch(control)
        self.threads = threads.ThreadWatch(control)
        self.files = files.FileWatch(control)
        self.blocking = BlockWatch(control, subject_file)
        self.observer: Observer | None = None
        self.unawaited: list[str] = []
        self.unawaited_lines: list[int | None] = []
        self._file = subject_file
        self.streams = streams.StreamWatch()
        self._threads_before: dict[int, threading.Thread] = {}
        self._outer: Probes | None = None
        self._show: Callable[..., None] = warnings.showwarning
        self._warn: Callable[[Any], None] | None = None
        self._origin = 0

    def __enter__(self) -> Self:
        global _current
        self._outer, _current = _current, self
        streams.watch(self.streams)
        locks.watch(self.locks)
        threads.watch(self.threads)
        files.watch(self.files)
        self.blocking.start()
        self._threads_before = threads.alive()
        self._show = warnings.showwarning
        warnings.showwarning = _on_warning  # type: ignore[assignment]
        # The interpreter asks `warnings` for this function; the warning itself no longer says where a coroutine was made.
        self._warn = getattr(warnings, _WARN, None)
        setattr(warnings, _WARN, _on_dropped)
        self._origin = sys.get_coroutine_origin_tracking_depth()
        sys.set_coroutine_origin_tracking_depth(ORIGIN)
        return self

    def __exit__(self, *exc_info: object) -> None:
        global _current  # noqa: PLW0603
        _current = self._outer
        sys.set_coroutine_origin_tracking_depth(self._origin)
        setattr(warnings, _WARN, self._warn)
        warnings.showwarning = self._show
        self.blocking.stop()
        files.watch(None)
        threads.watch(None)
        locks.watch(None)
        streams.watch(None)

    def note_dropped(self, coro: Any) -> None:
        """Note a coroutine that was given up before anybody awaited it, and the learner's line that made it."""
        self.note_unawaited(coro.__qualname__, line_of_origin(coro, self._file))

    def note_unawaited(self, name: str, line: int | None) -> None:
        """Note that nobody awaited a coroutine of that name, made at that line of the learner's."""
        if len(self.unawaited) < MAX_UNAWAITED:
            self.unawaited.append(name)
            self.unawaited_lines.append(line)

    # -- what is left ------------------------------------------------------------------------------------------
    def left_by(self, span: SpanRecord | None) -> dict[str, list[Any]]:
        """Return what was made inside `span` (None: anywhere) and is still there: kind → names; empty if nothing."""

        def made_here(born: SpanRecord | None) -> bool:
            return span is None or (born is not None and born.inside(span))

        left = {
            "tasks": [info.name for info in self.control.open.values() if not info.over and made_here(info.born)],
            "streams": [
                type(stream).__name__
                for stream, born in self.streams.made
                if self.streams.is_open(stream) and made_here(born)
            ],
            "locks": [
                getattr(lock, "watched_name", None) or "a lock"
                for lock, _, born in self.locks.held.values()
                if made_here(born)
            ],
            "files": [opened.name for opened in self.files.open_files() if made_here(opened.born)],
            "threads": [thread.name for thread in self.left_threads()] if span is None else [],
        }
        return {kind: names for kind, names in left.items() if names}

    def left_threads(self) -> list[threading.Thread]:
        """Return the threads that the run started and that still live, without the libraries' idle ones."""
        new = [thread for number, thread in threads.alive().items() if number not in self._threads_before]
        return [thread for thread in new if thread.is_alive() and not threads.is_kept_by_library(thread)]

    def plain(self) -> dict[str, Any]:
        """Return the evidence as plain data."""
        for name, line in [] if self.observer is None else self.observer.never_awaited():
            self.note_unawaited(name, line)
        plain = {
            "blocking": self.blocking.seen,
            "unawaited": self.unawaited,
            "unawaited_lines": self.unawaited_lines,
            "left": self.left_by(None),
        }
        return plain if self.observer is None else {**plain, "observed": self.observer.plain()}


@opaque
def _on_warning(message: Warning | str, *_: Any) -> None:
    text = str(message)
    if _current is not None and "was never awaited" in text:
        _current.note_unawaited(text.split("'")[1] if "'" in text else text, None)


@opaque
def _on_dropped(coro: Any) -> None:
    if _current is not None:
        _current.note_dropped(coro)
