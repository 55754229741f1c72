"""A closer look at one run: exceptions that arise in the learner's code, wherever they go, and the lines it goes through.

It slows the code down several times, so only a run that is to be explained is played like this.
"""

from __future__ import annotations

import gc
import inspect
import sys
import types
from collections import Counter
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from ..loops.control import Control, TaskInfo
from ..record.spans import RunRecord
from .locks import LockWatch
from .moves import Moves

#: How many exceptions and steps through the file are written down; later ones explain nothing that these do not.
MAX_RAISED, MAX_PATH = 50, 4_000

#: What generators and loops raise to say that they are over.
_PLAIN_ENDS = (GeneratorExit, StopIteration, StopAsyncIteration)

Trace = Callable[[FrameType, str, Any], Any]


def line_of_origin(coro: Any, file: str) -> int | None:
    """The line of a file that made a coroutine; None if none did."""
    return next((line for name, line, _ in coro.cr_origin or () if name == file), None)


class Observer:
    """Looks at the learner's file while a run goes on.

    Args:
        control: the run's clock, tasks and record.
        file: file name of the learner's code.
        cancelled: what the backend throws into a task that it cancels.
        locks: of the run.
    """

    def __init__(self, control: Control, file: str, cancelled: type[BaseException], locks: LockWatch) -> None:
        self._control, self._file, self._cancelled = control, file, cancelled
        self._moves = Moves(control, locks, file)
        self.raised: list[dict[str, Any]] = []
        self.path: list[list[Any]] = []
        self._lines: Counter[int] = Counter()
        self._seen: list[BaseException] = []  # keeps them alive: an id is unique only among the living

    def start(self) -> None:
        """Look from now on, in this thread."""
        self._control.on_step = self._note_step
        sys.settrace(self._frame_tracer)

    def stop(self) -> None:
        """Look no longer."""
        sys.settrace(None)
        self._control.on_step = None

    def _note_step(self, task: Any, info: TaskInfo) -> None:
        if self._control.cut is None:
            self._moves.note(task, info, len(self.path))

    def never_awaited(self) -> list[tuple[str, int]]:
        """The coroutines that the learner's lines made and that nobody has awaited, while something still holds them."""
        found = []
        for thing in gc.get_objects():
            if type(thing) is types.CoroutineType and inspect.getcoroutinestate(thing) == inspect.CORO_CREATED:
                line = line_of_origin(thing, self._file)
                found += [] if line is None else [(thing.__qualname__, line)]
        return sorted(found)

    def plain(self) -> dict[str, Any]:
        """What was seen, as plain data."""
        return {
            "raised": self.raised,
            "path": self.path,
            "moves": self._moves.made,
            "lines": [[line, count] for line, count in sorted(self._lines.items())],
        }

    def _task(self) -> str:
        """The name of the current task, with a number that tells it from others of that name; none in a signal handler."""
        control = self._control
        try:
            info = control.tasks.get(control.current())
            return f"{control.current_name()}#{0 if info is None else info.serial}"
        except Exception:
            return "?#0"

    def _frame_tracer(self, frame: FrameType, event: str, arg: Any) -> Trace | None:
        if frame.f_code.co_filename != self._file:
            return None
        return self._inside

    def _inside(self, frame: FrameType, event: str, arg: Any) -> Trace:
        if event == "line":
            self._lines[frame.f_lineno] += 1
            if len(self.path) < MAX_PATH:
                self.path.append([self._task(), frame.f_lineno])
        elif event == "exception" and len(self.raised) < MAX_RAISED:
            _, error, trace = arg
            if isinstance(error, BaseException):
                self._note(error, trace)
        return self._inside

    def _note(self, error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, (*_PLAIN_ENDS, self._cancelled)) or any(error is each for each in self._seen):
            return
        self._seen.append(error)
        if isinstance(error, BaseExceptionGroup):
            return  # what is in it was seen where it arose
        line, place = None, ""
        while trace is not None:
            place = trace.tb_frame.f_code.co_filename
            line = trace.tb_lineno if place == self._file else line
            trace = trace.tb_next
        record: RunRecord = self._control.record
        plain = record.encode_error(error)
        self.raised.append(
            {
                "error": plain["error"],
                "is": plain["is"],
                "text": plain["text"],
                "token": plain.get("token"),
                "line": line,
                "inner": place != self._file,
                "scene": place == "scene.py",
                "t": round(self._control.now, 9),
            }
        )
