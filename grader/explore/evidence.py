"""What a run does on the side and leaves behind: tasks, streams, locks, threads; blocking calls, and the world outside."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from grader.explore.lines import Line, line_of_origin, line_running, line_waiting
from grader.worker.loops.control import LOOK, Control, TaskInfo
from grader.worker.loops.orders import Order
from grader.worker.loops.waits import coroutine_of
from grader.worker.watch import locks, streams, threads

#: What reaches for the world outside, and what to say of it.
_OUTSIDE = {
    "socket.connect": "a real socket",
    "socket.bind": "a real socket",
    "socket.getaddrinfo": "a look-up of a real host",
    "socket.gethostbyname": "a look-up of a real host",
    "subprocess.Popen": "a subprocess",
    "os.system": "a subprocess",
    "os.posix_spawn": "a subprocess",
    "os.fork": "a subprocess",
}
#: How long (real s) a run on the real clock may have nothing to wait for before it counts as a deadlock.
SILENCE = 10.0
#: Threads that the libraries keep for their next call.
_LIBRARY_THREADS = ("Trio thread", "worker thread", "AnyIO worker thread", "asyncio", "waitpid-")
#: Callers that a coroutine remembers of where it was made, in a run that is looked at closely.
ORIGIN = 40


class Refused(RuntimeError):
    """What a test reaches for has no virtual time: the run cannot say what would happen."""


@dataclass(frozen=True)
class Evidence:
    """Something that is wrong with a run.

    Args:
        kind: ``left``, ``blocking`` or ``refused``.
        text: what, without the line.
        line: where it was made or called.
        waits: where it waits.
    """

    kind: str
    text: str
    line: Line | None
    waits: Line | None = None

    def __str__(self) -> str:
        text = self.text if self.line is None else f"{self.text}: {self.line.quoted}"
        return text if self.waits is None else f"{text}, waits at {self.waits.quoted}"


class VirtualControl(Control):
    """A run under virtual time; tasks of one name are told apart by their number."""

    def __init__(self, order: Order, **options: Any) -> None:
        super().__init__(order, **options)
        self._names: dict[int, str] = {}
        self._taken: Counter[str] = Counter()

    def name_task(self, info: TaskInfo) -> str:
        """A task's name without the parts that say where its function is; of the second of a name with a number."""
        if info.serial not in self._names:
            name = info.name.rpartition(".")[2] or info.name
            self._taken[name] += 1
            self._names[info.serial] = name if self._taken[name] == 1 else f"{name} {self._taken[name]}"
        return self._names[info.serial]

    def name_all(self) -> None:
        """Give all tasks their names, in the order in which they were made."""
        for info in self.every:
            self.name_task(info)

    def _who(self, serial: int) -> str:
        self.name_all()
        return self.name_task(self.every[serial])


class RealControl(VirtualControl):
    """A run whose time is that of the wall; which ready task goes next is chosen all the same."""

    def __init__(self, order: Order, **options: Any) -> None:
        self._began = time.monotonic()
        self._silent_since = (-1, 0.0)
        super().__init__(order, **options)

    @property
    def now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    @now.setter
    def now(self, value: float) -> None:
        """Nothing moves the clock."""

    def wait_for_threads(self, next_deadline: float) -> float:
        """Return how long (real s) to wait at the descriptors: until the next timer."""
        self.progress += 1  # a wait of the loop's own is not a call that blocks it
        if self._silent_since[0] != self.steps or next_deadline != math.inf:
            self._silent_since = (self.steps, self.now)
        if next_deadline == math.inf and self.now - self._silent_since[1] >= SILENCE:
            return 0.0
        return max(0.0, min(LOOK, next_deadline - self.now))

    def idle(self, next_deadline: float) -> bool:
        """Tell whether a timer is due."""
        if next_deadline == math.inf:
            self.stop("deadlock", f"nothing happened within {SILENCE:g} s, and no timer is set")
        return next_deadline <= self.now or self.cut is not None


class _Locks(locks.LockWatch):
    """Locks, and the line that took each."""

    def __init__(self, control: Control, *, closely: bool) -> None:
        super().__init__(control)
        self.lines: dict[int, Line | None] = {}
        self._closely = closely

    def tell(self, lock: Any, what: str) -> None:
        """Note what happens to a lock."""
        super().tell(lock, what)
        if self._closely and what == "take":
            self.lines[id(lock)] = line_running()


class _Streams(streams.StreamWatch):
    """Streams, and the line that made each."""

    def __init__(self, *, closely: bool) -> None:
        super().__init__()
        self.lines: dict[int, Line | None] = {}
        self._closely = closely

    def note_creation(self, stream: Any) -> None:
        """Remember a stream."""
        super().note_creation(stream)
        if self._closely:
            self.lines[id(stream)] = line_running()


class RunEvidence:
    """Watches one run.

    Args:
        control: its clock and tasks.
        fenced: whether the world outside is refused, and sleeping in a thread takes virtual time.
        closely: whether lines are noted too, which takes longer.
    """

    def __init__(self, control: VirtualControl, *, fenced: bool, closely: bool) -> None:
        self.findings: list[Evidence] = []
        self._control, self._fenced, self._closely = control, fenced, closely
        self._locks = _Locks(control, closely=closely)
        self._streams = _Streams(closely=closely)
        self._threads_before = {thread.ident for thread in threading.enumerate()}
        self._loop_thread = threading.get_ident()
        self._sleep: Callable[[Any], None] = time.sleep
        self._origin = 0
        self._start: Callable[[threading.Thread], None] = threading.Thread.start
        self._started_at: dict[int, Line | None] = {}

    def __enter__(self) -> Self:
        global _watch  # noqa: PLW0603 - one run at a time in a process
        install()
        locks.watch(self._locks)
        streams.watch(self._streams)
        if self._fenced:
            threads.watch(threads.ThreadWatch(self._control))
            _watch = self
            self._sleep = time.sleep
            time.sleep = self._sleep_virtually  # type: ignore[assignment]
        self._origin = sys.get_coroutine_origin_tracking_depth()
        self._start = threading.Thread.start
        if self._closely:

            def start(thread: threading.Thread) -> None:
                self._started_at[id(thread)] = line_running()
                self._start(thread)

            threading.Thread.start = start  # type: ignore[method-assign, assignment]
            sys.set_coroutine_origin_tracking_depth(ORIGIN)
        return self

    def __exit__(self, *exc_info: object) -> None:
        global _watch  # noqa: PLW0603 - one run at a time in a process
        sys.set_coroutine_origin_tracking_depth(self._origin)
        threading.Thread.start = self._start  # type: ignore[method-assign, assignment]
        if self._fenced:
            time.sleep = self._sleep
            _watch = None
            threads.watch(None)
        streams.watch(None)
        locks.watch(None)

    # -- while it runs ---------------------------------------------------------------------------------------------
    def _sleep_virtually(self, seconds: float, /) -> None:
        if threading.get_ident() != self._loop_thread:
            if not threads.sleep_in_call(seconds):
                self._sleep(seconds)
            return
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if seconds:
            self._note("blocking", f"time.sleep({seconds:g}) blocks the event loop")
            self._control.now += seconds  # nothing else runs meanwhile

    def on_audit(self, event: str) -> None:
        """Refuse what reaches for the world outside.

        Raises:
            Refused: it is the run that does.
        """
        ident = threading.get_ident()
        if ident == self._loop_thread or ident not in self._threads_before:
            what = _OUTSIDE[event]
            self._note("refused", f"{what} has no virtual time")
            raise Refused(f"{what} has no virtual time: give the test a fake, or mark it explore(clock='real')")

    def _note(self, kind: str, text: str) -> None:
        finding = Evidence(kind, text, line_running() or self._line_of_starter())
        if finding not in self.findings:
            self.findings.append(finding)

    def _line_of_starter(self) -> Line | None:
        """The line at which the nearest task waits that runs the author's code, when what runs is a library's own task or thread."""
        known = self._control.open.values()
        info = None
        if threading.get_ident() == self._loop_thread:
            info = self._control.tasks.get(self._control.current())
        elif line := line_running(sys._current_frames().get(self._loop_thread)):  # noqa: SLF001 - there is no other way
            return line  # the step that started this thread is not over
        while info is not None:
            if info.task is not None and (line := line_waiting(coroutine_of(info.task))) is not None:
                return line
            info = info.parent
        waiting = (line_waiting(coroutine_of(each.task)) for each in reversed(known) if not each.over)
        return next((line for line in waiting if line is not None), None)

    def held_locks(self) -> list[tuple[str, Line | None]]:
        """Who holds a lock, and the line that took it, which is known in a run that is looked at closely."""
        return [
            (task.rpartition(".")[2], self._locks.lines.get(id(lock))) for lock, task, _ in self._locks.held.values()
        ]

    # -- when it is over -------------------------------------------------------------------------------------------
    def leftovers(self) -> list[Evidence]:
        """What is still there: kind, and the line that made it."""
        found = []
        for info in self._control.open.values():
            if not info.over:
                coro = coroutine_of(info.task)
                text = f"task `{self._control.name_task(info)}` is left"
                found.append(Evidence("left", text, line_of_origin(coro), line_waiting(coro)))
        for stream, _ in self._streams.made:
            if self._streams.is_open(stream):
                what = "send" if "Send" in type(stream).__name__ else "receive"
                line = self._streams.lines.get(id(stream))
                found.append(Evidence("left", f"a memory object {what} stream is left open", line))
        found += [Evidence("left", f"`{task}` still holds a lock", line) for task, line in self.held_locks()]
        found += [
            Evidence("left", f"thread {thread.name!r} still runs", self._started_at.get(id(thread)))
            for thread in threading.enumerate()
            if thread.ident not in self._threads_before and not thread.name.startswith(_LIBRARY_THREADS)
        ]
        return list(dict.fromkeys(found))


_watch: RunEvidence | None = None
_installed = False


def install() -> None:
    """Make locks, streams and worker threads of this process report; once is enough: without a run they do what they did."""
    global _installed  # noqa: PLW0603 - what is replaced belongs to the process
    if not _installed:
        _installed = True
        locks.install()
        streams.install()
        threads.install()
        sys.addaudithook(_on_audit)


def _on_audit(event: str, args: tuple[Any, ...]) -> None:  # noqa: ARG001 - the interpreter gives them
    if _watch is not None and event in _OUTSIDE:
        _watch.on_audit(event)
