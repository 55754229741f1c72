"""The innermost span that the code which runs now is in.

It is kept with the task, not in a context variable: code can run in a context of its own making, or change what a context
holds, and would be in no span. Only what no task of the run does, a callback of the loop or a worker thread, is told by its
context; and where that says nothing, as a context that somebody made empty, by what its thread worked for last.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from contextvars import Context, ContextVar, Token
from typing import Protocol

from ..record.spans import SpanRecord


class InSpan(Protocol):
    """What is known of a task, as far as it matters here."""

    inner: SpanRecord | None


#: What `set` has changed: where, what was there before, and the number of before.
Change = tuple[InSpan | None, SpanRecord | None, Token[int]]


class SpanOfTask:
    """Which span each task, context and thread of a run is in."""

    def __init__(self) -> None:
        # A number, no record: the learner's code can get at what a context holds.
        self._number: ContextVar[int] = ContextVar("span")
        self._spans: dict[int, SpanRecord] = {}
        self._numbers = itertools.count(1)
        self._of_thread: dict[int, SpanRecord] = {}
        self._current: Callable[[], InSpan | None] = lambda: None

    def outside(self) -> None:
        """Say that this context, and those copied from it, are those of no task of a run."""
        self._number.set(0)

    def begin(self, current: Callable[[], InSpan | None]) -> None:
        """Forget the spans of the run before.

        Args:
            current: returns the place of the current task; None if none of the run's is.
        """
        self._current = current
        self._spans.clear()
        self._of_thread.clear()

    def get(self) -> SpanRecord | None:
        """Return that of the code that runs now."""
        place = self._current()
        if place is not None:
            return place.inner
        return self._of_number(self._number.get(None))

    def of_maker(self) -> SpanRecord | None:
        """Return that in which something is made now: a callback that the loop was told to make works for the last one."""
        place = self._current()
        return place.inner if place is not None else self.get() or self._of_thread.get(threading.get_ident())

    def of(self, context: Context) -> SpanRecord | None:
        """Return that of a new task with this context, if no task of the run has made it."""
        return self._of_number(context.get(self._number))

    def _of_number(self, number: int | None) -> SpanRecord | None:
        return self._of_thread.get(threading.get_ident()) if number is None else self._spans.get(number)

    def set(self, span: SpanRecord) -> Change:
        """Let it be that of the current task, until `reset`."""
        number = next(self._numbers)
        self._spans[number] = self._of_thread[threading.get_ident()] = span
        place = self._current()
        if place is None:
            return None, None, self._number.set(number)
        before, place.inner = place.inner, span
        return place, before, self._number.set(number)

    def work_for(self, span: SpanRecord | None) -> None:
        """Say what this thread works for from now on."""
        if span is None:
            self._of_thread.pop(threading.get_ident(), None)
        else:
            self._of_thread[threading.get_ident()] = span

    def reset(self, change: Change) -> None:
        """Take back what `set` did."""
        place, before, token = change
        if place is not None:
            place.inner = before
        self._number.reset(token)


current_span = SpanOfTask()
