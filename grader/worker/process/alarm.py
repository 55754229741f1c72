"""Notices a run that is stuck: a step that uses processor time without end, or a call that blocks."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..loops.control import Control
from ..loops.orders import Order
from ..scene.subject import Problem

#: Processor seconds that one step may take, and those after which a timer looks.
STEP_CPU_SECONDS = 0.6
LOOK_CPU_SECONDS = 0.1
#: Wall seconds between two looks at a run that uses no processor time, and how many of them may find it waiting at one step.
LOOK_SECONDS = 1.25
LOOKS = 2
#: The part of a processor that a call which waits may use.
WAITING = 0.02
#: The main thread alone; the whole process where the system does not tell them apart.
_THREAD = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)

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
        self._step: tuple[int, float] | None = None  # the one that is under way, and processor seconds before it
        self._wait: _Wait | None = None
        #: how many processor seconds a step may take: fewer, once the judge has seen the file get stuck
        self.step_seconds = STEP_CPU_SECONDS

    def start(self) -> None:
        """Start the timers, in the main thread."""
        signal.signal(signal.SIGPROF, self._look)
        signal.signal(signal.SIGALRM, self._look)
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
        self._step = self._wait = None
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
        if number == signal.SIGPROF and (used := self._seconds_used(control)) >= self.step_seconds:
            text = f"used {used:.1f} s of processor time without passing a checkpoint"
        elif number == signal.SIGALRM and self._waits(control) and line is not None:
            text = "blocks the event loop"
        else:
            return
        where = f"line {line} " if line is not None else "the run "
        self._report(self._make(where + text, line))
        os._exit(0)

    def _seconds_used(self, control: Control) -> float:
        """Return the processor seconds since the first look at this step."""
        used = _cpu(resource.getrusage(resource.RUSAGE_SELF))
        if self._step is None or self._step[0] != control.progress:
            self._step = (control.progress, used)
        return used - self._step[1]

    def _waits(self, control: Control) -> bool:
        """Tell whether the main thread has waited for something at one step, at so many looks one after the other.

        A thread that waits gives its processor away: the kernel counts that. One that computes on a machine with too much
        to do is put aside, however long; one whose memory has to be fetched back from the disk gives it away, too.
        """
        usage = resource.getrusage(_THREAD)
        now = _Wait(control.progress, usage.ru_nvcsw, usage.ru_majflt, _cpu(usage))
        before, self._wait = self._wait, now
        if before is None or not now.goes_on_after(before) or control.outside_work or control.threads():
            return False
        now.looks = before.looks + 1
        return now.looks >= LOOKS


@dataclass
class _Wait:
    """What a look sees of the main thread."""

    progress: int
    given_away: int
    fetched: int
    cpu: float
    looks: int = 0

    def goes_on_after(self, before: _Wait) -> bool:
        """Tell whether it waited at the same step from one look to the next, and did nothing else."""
        return (
            self.progress == before.progress
            and self.given_away > before.given_away
            and self.fetched == before.fetched
            and self.cpu - before.cpu < LOOK_SECONDS * WAITING
        )


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def _line(frame: Any, file: str) -> int | None:
    while frame is not None:
        if frame.f_code.co_filename == file:
            return int(frame.f_lineno)
        frame = frame.f_back
    return None
