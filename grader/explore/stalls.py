"""Notices, while tests run in this process, a step that computes without end or a call that blocks; the test then fails."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, Self

from grader.explore.lines import Line, line_running
from grader.worker.loops.control import Control, Cut

try:
    from grader.worker.watch.stuck import LOOK_SECONDS, StepLooks
except ImportError:  # there are no resource limits on Windows
    LOOK_SECONDS, StepLooks = 1.25, None  # type: ignore[assignment, misc]

#: Processor seconds that one step may take.
STEP_SECONDS = 2.0
_SIGNAL = getattr(signal, "SIGPROF", None)


class Stalled(BaseException):
    """Raised in the line that does not end."""


@dataclass
class StallCut(Cut):
    """How a run ended that was stuck, and in which line."""

    line: Line | None = None


class StallWatch:
    """Looks at the main thread from another one, now and then, while tests are explored.

    Args:
        off: whether somebody debugs: then nothing is ever late.
    """

    def __init__(self, *, off: bool) -> None:
        self.off = off
        self._control: Control | None = None
        self._looks: Any = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._handler: Any = None

    def __enter__(self) -> Self:
        here = threading.current_thread() is threading.main_thread()
        if here and not self.off and _SIGNAL is not None and StepLooks is not None:
            self._handler = signal.signal(_SIGNAL, self._look)
            self._thread = threading.Thread(target=self._knock, name="worker thread of explore", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._thread is not None and _SIGNAL is not None:
            self._over.set()
            self._thread.join()
            signal.signal(_SIGNAL, self._handler)

    @contextlib.contextmanager
    def watching(self, control: Control) -> Iterator[None]:
        """Watch one run."""
        self._looks = None if StepLooks is None else StepLooks(control)
        self._control = control
        try:
            yield
        finally:
            self._control = None

    def _knock(self) -> None:
        main = threading.main_thread().ident
        while main is not None and not self._over.wait(LOOK_SECONDS):
            signal.pthread_kill(main, _SIGNAL)  # type: ignore[arg-type]  # there is one, or this thread is not started

    def _look(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the interpreter gives it
        control = self._control
        if control is None or self.off or "pydevd" in sys.modules or "debugpy" in sys.modules:
            return
        if (used := self._looks.seconds_used()) >= STEP_SECONDS:
            text = f"a step used {used:.1f} s of processor time without passing a checkpoint"
        elif self._looks.waits():
            text = "a call blocks the event loop"
        else:
            return
        line = line_running(frame)
        where = "" if line is None else f": {line.quoted}"
        if control.cut is None:
            control.cut = StallCut("stuck", text + where, line=line)
            control.record.freeze()
        raise Stalled(text)
