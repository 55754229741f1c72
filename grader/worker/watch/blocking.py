"""Calls that block the event loop: seen when the subject makes them, and turned into something harmless."""

from __future__ import annotations

import linecache
import pathlib
import queue
import select
import signal
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

import trio  # noqa: F401 - has imported `outcome`

from ..loops.control import Control
from ..loops.span_of_task import current_span
from ..loops.waits import line_at
from ..opaque import opaque, opaque_methods
from . import reach

_EVENTS = frozenset(
    (
        "open",
        "socket.connect",
        "socket.bind",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "sqlite3.connect",
        "subprocess.Popen",
        "os.system",
    )
)
_ATTRIBUTES = reach.ATTRIBUTES
_WATCHED = _EVENTS | reach.EVENTS
_real_sleep = time.sleep
_real_select, _real_sigtimedwait = select.select, signal.sigtimedwait
_RealLock = threading.Lock
_real_rlock = threading.RLock
_watch: BlockWatch | None = None
_loop_thread = threading.get_ident()


class BlockWatch:
    """Sees blocking calls that the subject's own code makes in the thread of the event loop."""

    def __init__(self, control: Control, subject_file: str) -> None:
        self.control, self.file = control, subject_file
        self.seen: list[dict[str, Any]] = []

    def start(self) -> None:
        """Watch from now on."""
        global _watch, _loop_thread
        _watch, _loop_thread = self, threading.get_ident()

    def stop(self) -> None:
        """Watch no longer."""
        global _watch  # noqa: PLW0603
        _watch = None

    def note_call(self, call: str, *, never_by_libraries: bool = False) -> int | None:
        """Remember a blocking call if the first frame outside the standard library is the subject's; return its line.

        Args:
            call: name of the function.
            never_by_libraries: no library calls it by itself: if it is on their stack, they were told to.
        """
        if threading.get_ident() != _loop_thread or current_span.of_maker() is None:
            return None
        line = _blamed_line(self.file, _ANY if never_by_libraries else PASSED_OVER)
        if line == BY_THE_LOOP:
            line = _line_that_names(call, self.file) if never_by_libraries else None
        if line is not None and len(self.seen) < 50:  # noqa: PLR2004
            self.seen.append({"call": call, "line": line, "t": round(self.control.now, 9)})
        return line


def _blamed_line(file: str, passed_over: tuple[str, ...]) -> int | None:
    """Return the subject's line if it is the first frame outside the code that is passed over; `BY_THE_LOOP` if none is."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if frame.f_code is _START:
            return None
        if name == file:
            return line_at(frame)
        if name.startswith(_LOOPS):
            return BY_THE_LOOP
        if name.startswith("<frozen importlib") or name == linecache.__file__ or not name.startswith(passed_over):
            return None
        frame = frame.f_back
    return None


def _line_that_names(call: str, file: str) -> int | None:
    """Return the first line of the subject's that names a function which the loop was told to call."""
    name = call.rpartition(".")[2]
    return next((number for number, line in enumerate(linecache.getlines(file), 1) if name in line), None)


_START = threading.Thread.start.__code__  # waits until the thread runs: that takes no time
#: Code that only does what it is asked to: the standard library, the worker, and a helper of trio's that calls what it is given.
PASSED_OVER = (
    "<",
    f"{pathlib.Path(threading.__file__).parent}/",
    f"{pathlib.Path(__file__).parent}/",
    f"{pathlib.Path(str(sys.modules['outcome'].__file__)).parent}/",
)
_ANY = ("",)
_LOOPS = f"{pathlib.Path(__file__).parent.parent / 'loops'}/"
#: In the place of a line: the event loop was told to make the call, and nobody's code is on the stack.
BY_THE_LOOP = 0


def install() -> None:
    """Watch `time.sleep` and what waits like it, locks of `threading`, and what the interpreter audits."""
    time.sleep = _sleep  # type: ignore[assignment]
    select.select = _select
    signal.sigtimedwait = _sigtimedwait
    queue.SimpleQueue = queue._PySimpleQueue  # type: ignore[attr-defined,misc]  # the same in Python: it waits on `threading`
    threading.Lock = _Lock  # type: ignore[assignment]
    threading.RLock = _RLock  # type: ignore[assignment]
    threading._allocate_lock = _Lock  # type: ignore[attr-defined]  # what Event, Condition and Queue wait on
    reach.know_worker()
    sys.addaudithook(_on_audit)
    sys.breakpointhook = _breakpoint


@opaque
def _breakpoint(*_: Any, **__: Any) -> None:
    """End the run, so that it can be played again where there is a terminal; in grading do nothing."""
    watch = _watch
    if watch is not None and watch.control.debugger:
        watch.control.stop("breakpoint", f"line {_blamed_line(watch.file, PASSED_OVER)} calls breakpoint()")
        raise BlockedForEver("breakpoint")


def _on_audit(event: str, args: tuple[Any, ...]) -> None:
    if event == "object.__getattr__":  # most of them are
        if args[1] in _ATTRIBUTES:
            reach.look(event, args)
    elif event in _WATCHED:
        if event in _EVENTS:
            if _watch is not None and args[:1] != (":memory:",):
                _watch.note_call(event)
        else:
            reach.look(event, args)


@opaque
def _sleep(seconds: float) -> None:
    watch = _watch
    if watch is None:
        _real_sleep(seconds)
        return
    if threading.get_ident() != _loop_thread:
        return  # a worker thread: the plan says how long it takes
    watch.note_call("time.sleep", never_by_libraries=True)
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    watch.control.now += seconds  # nothing else runs meanwhile


@opaque
def _select(readers: Any, writers: Any, others: Any, timeout: float | None = None) -> Any:
    sleeps = timeout is not None and not (readers or writers or others)
    if timeout != 0 and wait("select.select", timeout if timeout is not None and sleeps else 0) and sleeps:
        return [], [], []
    return _real_select(readers, writers, others, timeout)


@opaque
def _sigtimedwait(signals: Any, timeout: float) -> Any:
    return None if timeout and wait("signal.sigtimedwait", timeout) else _real_sigtimedwait(signals, timeout)


def is_loop() -> bool:
    """Tell whether this is the thread of the event loop, in a run."""
    return _watch is not None and threading.get_ident() == _loop_thread


def step() -> tuple[int, int] | None:
    """Return which step of which run the loop makes now; None in another thread."""
    watch = _watch
    return (id(watch), watch.control.steps) if watch is not None and is_loop() else None


def wait(call: str, seconds: float) -> bool:
    """Note a wait that the subject has made in the thread of the loop, and let its time pass; tell whether it was one."""
    watch = _watch
    if watch is None or seconds < 0 or watch.note_call(call) is None:
        return False
    watch.control.now += seconds
    return True


class _Lock:
    """A lock of `threading`; in the thread of the loop it never waits: that would stop the loop for good."""

    _make: Callable[[], Any] = staticmethod(_RealLock)

    def __init__(self) -> None:
        self._real = self._make()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002
        if self._real.acquire(blocking=False):
            return True
        if not blocking:
            return False
        watch = _watch
        if watch is not None and threading.get_ident() == _loop_thread:
            line = watch.note_call("lock.acquire")
            if line is not None:
                watch.control.stop("stuck", f"line {line} waits for a lock of `threading`: that stops the whole loop")
                raise BlockedForEver(f"line {line} blocks the event loop forever")
        return bool(self._real.acquire(blocking, timeout))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def release(self) -> None:
        self._real.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self.release()


_ACQUIRE = _Lock.acquire.__code__
opaque_methods(_Lock)


def waits_without_end(frame: types.FrameType) -> bool:
    """Tell whether the innermost frame of a thread is one in which it waits for a lock, with no time limit: somebody else has it."""
    if frame.f_code is not _ACQUIRE:
        return False
    known = frame.f_locals
    return known["timeout"] == -1 and bool(known["self"]._real.locked())


class _RLock(_Lock):
    _make = staticmethod(_real_rlock)


class BlockedForEver(BaseException):
    """Raised instead of a wait that would stop the event loop forever."""
