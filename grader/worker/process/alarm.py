"""Notices a run that is stuck: a step that uses processor time without end, or a call that blocks."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

from ..loops.control import Control
from ..loops.orders import Order
from ..opaque import opaque
from ..scene.subject import Problem
from ..watch.stuck import LOOK_SECONDS, StepLooks

#: Processor seconds that one step may take, and those after which a timer looks.
STEP_CPU_SECONDS = 0.6
LOOK_CPU_SECONDS = 0.1

MakeTrace = Callable[[str, int | None], dict[str, Any]]


class Alarm:
    """Two timers of the process: one runs on processor time, one on wall time.

    Args:
        report: takes the trace of a run that is stuck; the process ends afterwards, since nothing less helps.
    """

    def __init__(self, report: Callable[[dict[str, Any]], None]) -> None:
        self._report = report
        self._control: Control | None = None
        self._file = ""
        self._make: MakeTrace | None = None
        self._looks = StepLooks(Control(Order()))
        #: how many processor seconds a step may take: fewer, once the judge has seen the file get stuck
        self.step_seconds = STEP_CPU_SECONDS

    def start(self) -> None:
        """Start the timers, in the main thread."""
        signal.signal(signal.SIGPROF, opaque(self._look))
        signal.signal(signal.SIGALRM, opaque(self._look))
        signal.setitimer(signal.ITIMER_PROF, LOOK_CPU_SECONDS, LOOK_CPU_SECONDS)
        signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)

    @contextlib.contextmanager
    def watching(self, control: Control, file: str, make: MakeTrace) -> Iterator[None]:
        """Watch one run.

        Args:
            control: its progress.
            file: file name of the subject's code.
            make: makes the run's trace, from a sentence and a line.
        """
        self._control, self._file, self._make = control, file, make
        self._looks = StepLooks(control)
        try:
            yield
        finally:
            self._control = None

    @contextlib.contextmanager
    def loading(self, file: str, report: Callable[[Problem], None]) -> Iterator[None]:
        """Watch the subject's import: `report` takes the problem of one that is stuck."""
        still = Control(Order())

        def make(text: str, line: int | None) -> dict[str, Any]:
            report(Problem("hang", f"importing the file does not end: {text}", line))
            os._exit(0)

        with self.watching(still, file, make):
            yield

    def _look(self, number: int, frame: Any) -> None:
        control = self._control
        if control is None or self._make is None:
            return
        line = _line(frame, self._file)
        if number == signal.SIGPROF and (used := self._looks.seconds_used()) >= self.step_seconds:
            text = f"used {used:.1f} s of processor time without passing a checkpoint"
        elif number == signal.SIGALRM and self._looks.waits() and line is not None:
            text = "blocks the event loop"
        else:
            return
        where = f"line {line} " if line is not None else "the run "
        self._report(self._make(where + text, line))
        os._exit(0)


def _line(frame: Any, file: str) -> int | None:
    """The innermost line of the file. A signal can come between two lines: then the frame has none, and its caller's counts."""
    while frame is not None:
        if frame.f_code.co_filename == file and frame.f_lineno is not None:
            return int(frame.f_lineno)
        frame = frame.f_back
    return None
