"""What Ctrl-C, or the kernel's stop button, does to a run: it ends within about a second, whatever the run is doing."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

import anyio
import trio

from grader.notebook import inside
from grader.notebook.recorder import Recorder, Task
from grader.worker.watch.places import Place, place_running

PATIENCE = 1.0
"""Seconds after which shields are lifted; as long again, and the run is left as it is."""


class Interrupts:
    """Handles SIGINT while a run goes on.

    The first one raises KeyboardInterrupt in the code that runs; if all tasks wait, they are cancelled. What shields itself
    longer than `PATIENCE` loses its shields, and what does not end even so is abandoned.

    Args:
        recorder: knows which task runs.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.count = 0
        self.waiting: list[tuple[Task, Place]] = []
        self.running = ""
        self._recorder = recorder
        self._stop: Callable[[], Any] = lambda: None
        self._soon: Callable[[Callable[[], Any]], Any] = lambda _action: None
        self._before: Any = None
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def stop_with(self, stop: Callable[[], Any]) -> None:
        """Say, from inside the loop, how to cancel the whole run."""
        self._stop = stop
        token: Any = anyio.lowlevel.current_token().native_token
        self._soon = token.run_sync_soon if isinstance(token, trio.lowlevel.TrioToken) else token.call_soon_threadsafe

    def _interrupt(self, _number: int, frame: FrameType | None) -> None:
        self.count += 1
        running = self._recorder.current
        if self.count == 1:
            self.waiting = self._recorder.stop()
            if running is not None:
                self.waiting = [(task, place) for task, place in self.waiting if task is not running]
                self.running = f"{running.name} {place_running(frame)}"
            self._later(self._lift)
            if running is None:
                self._soon(self._stop)
                return
        if running is not None or self.count > 2:  # noqa: PLR2004 - the second one may come while the first one works
            raise KeyboardInterrupt

    def _later(self, action: Callable[[], None]) -> None:
        self._timer = threading.Timer(PATIENCE, action)
        self._timer.daemon = True
        self._timer.start()

    def _lift(self) -> None:
        """In the timer's thread: let the loop lift all shields, then wait once more."""
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile

            def lift() -> None:
                inside.lift_shields(inside.running_tasks())
                self._stop()

            self._soon(lift)
        self._later(self._abandon)

    def _abandon(self) -> None:
        self._recorder.abandoned = True
        self.count += 1
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
