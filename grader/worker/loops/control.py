"""The state that one run shares with its event loop: the clock, the order of tasks, the steps, and how the run ends."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

import anyio

from ..record.spans import RunRecord, SpanRecord
from .orders import Order
from .span_of_task import current_span

#: Time that passes in one turn of the loop (s). Without it, code that sleeps until a rounded moment spins forever.
CREEP = 1e-11
#: Timers that are due within this time (s) of each other are due together.
TIE = 1e-9
#: Steps after which a run is cut.
STEP_LIMIT = 20_000
#: How long (real s) a look at the descriptors takes while a thread works.
LOOK = 0.05
#: How long (real s) a run waits in all, before the clock moves, for threads that may call back into the loop.
GRACE = 1.0
#: How long (real s) it waits for them when nothing else is left that could wake a task.
PATIENCE = 2.0


class Abort(BaseException):
    """Leaves the event loop for good: the run cannot be ended in an orderly way."""


def name_of(task: Any) -> str:
    """Return the name of a task of either backend."""
    get_name = getattr(task, "get_name", None)
    return str(get_name() if get_name is not None else task.name)


@dataclass(eq=False)
class TaskInfo:
    """What is known of one task."""

    serial: int
    task: Any
    context: Context
    born: SpanRecord | None  # the span in which it was spawned
    parent: TaskInfo | None
    start: float
    end: float | None = None
    steps: int = 0
    how: str = "open"
    last_name: str | None = None  # once the task is gone
    inner: SpanRecord | None = None  # the innermost span that it is in now

    @property
    def name(self) -> str:
        """The task's name, which anyio may give it only after it was made."""
        return name_of(self.task) if self.last_name is None else self.last_name

    @property
    def over(self) -> bool:
        """Whether the task has ended; on asyncio it may have, and nobody has noted it yet."""
        done = getattr(self.task, "done", None)
        return self.end is not None or (callable(done) and bool(done()))


@dataclass
class Cut:
    """How a run ended if it did not end by itself."""

    kind: str
    text: str
    waiting: list[dict[str, Any]] = field(default_factory=list)


class Control:
    """One run's clock, order and steps.

    The loop of either backend calls `pick`, `after_step` and `idle`; the world calls the rest. All times are virtual
    seconds since the start of the run.
    """

    def __init__(
        self, order: Order, *, step_limit: int = STEP_LIMIT, current: Callable[[], Any] = anyio.get_current_task
    ) -> None:
        self.now = 0.0
        self.current = current  # returns the current task, of either backend
        self.order = order
        self.record = RunRecord(lambda: self.now)
        self.steps = 0
        self.step_limit = step_limit
        self.every: list[TaskInfo] = []
        self.tasks: dict[Any, TaskInfo] = {}  # those of them that may make a further step
        self.open: dict[Any, TaskInfo] = {}  # those that have not ended
        self.cut: Cut | None = None
        self.on_cut: Callable[[], None] = lambda: None
        self.after_each_step: Callable[[TaskInfo], None] | None = None
        self.on_step: Callable[[Any, TaskInfo], None] | None = None  # looks on, and changes nothing
        self.ready: list[tuple[float, int]] = []  # what the last choice was made from
        self.progress = 0  # counts turns: tells the alarm that the loop moves
        self.outside_work = 0  # threads that will call back into the loop
        self.threads: Callable[[], list[str]] = list  # names of those that may, too
        self.debugger = False  # somebody wants to know of breakpoint()
        self.dirty = False  # something of this run could not be cleaned up
        self.waiters: Callable[[], list[dict[str, Any]]] = list  # tells where each task waits
        self.running = True
        #: for a run with choices: number of the choice, who ran, who was due, when
        self.ran: list[list[Any]] = []
        self.next_serial = 0
        self.stepping: TaskInfo | None = None  # the task that makes a step now, in the thread of the loop
        self.thread = 0
        self._timers: list[tuple[float, int, Callable[[], bool]]] = []
        self._timer_ids = itertools.count()
        self._cut_steps = 0
        self._grace = GRACE
        self._quiet = (-1, 0.0)  # number of steps made, and since when (real s) no further one was

    # -- tasks -------------------------------------------------------------------------------------------------
    def current_name(self) -> str:
        """Return the name of the current task."""
        return name_of(self.current()) or "?"

    def current_info(self) -> TaskInfo | None:
        """Return what is known of the current task; None if none of this run is."""
        info = self.stepping
        return info if info is not None and threading.get_ident() == self.thread else None

    def note_spawn(self, task: Any, context: Context, parent: TaskInfo | None) -> TaskInfo:
        """Note a new task."""
        # A system task of trio's has no parent, whoever spawns it.
        has_maker = parent is not None or self.current_info() is not None
        born = current_span.of_maker() if has_maker else current_span.of(context)
        info = TaskInfo(self.next_serial, task, context, born, parent, self.now, inner=born)
        self.next_serial += 1
        self.every.append(info)
        self.tasks[task] = self.open[task] = info
        return info

    def pick(self, ready: list[tuple[float, int]]) -> int:
        """Return which of the ready tasks, given as (turn in which it became ready, serial), runs next."""
        self.ready = ready
        if len(ready) == 1 and self.order.name != "pos":
            return 0
        # Tasks that became ready in one turn come from sets of the libraries: their serial makes that repeatable.
        ordered = sorted(range(len(ready)), key=ready.__getitem__)
        chosen = ordered[self.order.pick([ready[i][1] for i in ordered])]
        if self.order.choices and chosen != ordered[0]:
            who = [self._who(ready[place][1]) for place in (chosen, ordered[0])]
            self.ran.append([self.order.taken[-1][0], *who, round(self.now, 9)])
        return chosen

    def _who(self, serial: int) -> str:
        """Who a task acts for, for people: its actor or job, else its name."""
        info = self.every[serial]
        span = info.inner
        return info.name if span is None else span.who

    def after_step(self, task: Any) -> None:
        """Count one finished step of `task` and let the search act on it.

        Raises:
            Abort: if the run was cut already and runs on and on.
        """
        info = self.tasks.get(task)
        if info is None:
            return
        self.steps += 1
        self.now += CREEP
        info.steps += 1
        if info.end is not None:  # that was its last one: let go of the task, which may hold what it raised
            info.last_name, info.task = info.name, None
            del self.tasks[task]
        span = info.inner
        while span is not None:
            span.steps += 1
            span = span.parent
        if self.on_step is not None:
            self.on_step(task, info)
        if self.after_each_step is not None:
            self.after_each_step(info)
        if self.steps > self.step_limit:
            self._runaway()

    def note_end(self, task: Any, how: str) -> None:
        """Note that `task` is over."""
        info = self.tasks.get(task)
        if info is not None and info.end is None:
            info.end, info.how = self.now, how
            del self.open[task]

    # -- time --------------------------------------------------------------------------------------------------
    def at(self, when: float, action: Callable[[], bool]) -> None:
        """Call `action` at the virtual time `when` (s), from inside the idle loop.

        `action` returns whether it made something ready; a signal does not: whether the loop wakes shows at its
        descriptors.
        """
        heapq.heappush(self._timers, (when, next(self._timer_ids), action))

    def creep(self) -> None:
        """Let the time of one turn pass."""
        self.now += CREEP

    def wait_for_threads(self, next_deadline: float) -> float:
        """Return how long (real s) to look at the descriptors before the clock moves: threads may be about to call."""
        if self.outside_work:
            return LOOK
        if not self.threads():
            return 0.0
        now = time.monotonic()
        if self._quiet[0] != self.steps:
            self._quiet = (self.steps, now)
        if self._timers or next_deadline != math.inf:
            look = max(0.0, min(LOOK, self._grace, self._quiet[1] + GRACE / 4 - now))
            self._grace -= look
            return look
        return max(0.0, min(LOOK, self._quiet[1] + PATIENCE - now))

    def idle(self, next_deadline: float) -> bool:
        """Nothing is ready: move the clock to what comes next.

        Args:
            next_deadline: when the loop's own next timer is due (virtual s); infinite if there is none.

        Returns:
            whether the loop has something to do; False: look at the descriptors, and come back if they are silent.

        Raises:
            Abort: if the run was cut already and still does not end.
        """
        mine = self._timers[0][0] if self._timers else float("inf")
        if mine == next_deadline == float("inf"):
            threads = self.threads()
            rest = f"what could wake one, {', '.join(threads)}, did not do so within {PATIENCE:g} s of real time"
            rest = rest if threads else "nothing is left that could wake one"
            self.stop("deadlock", f"every task waits, and {rest}")
            return True
        if next_deadline <= mine:  # a cancellation from outside at the very time of a timeout comes first: no tie
            self.now = max(self.now, next_deadline) + TIE
            ready = True
        else:
            self.now = max(self.now, mine)
            ready = False
        while self._timers and self._timers[0][0] <= self.now:
            ready = heapq.heappop(self._timers)[2]() or ready
        return ready

    # -- ends --------------------------------------------------------------------------------------------------
    def stop(self, kind: str, text: str) -> None:
        """Cut the run: remember where each task waits, freeze the record, and cancel everything.

        Raises:
            Abort: if it was cut before.
        """
        if self.cut is not None:
            self.dirty = True
            raise Abort(kind)
        if not self.running:
            raise Abort("idle outside a run")
        self.cut = Cut(kind, text, self.waiters())
        self.record.freeze()
        self._cut_steps = self.steps
        self.dirty = True
        self.on_cut()

    def _runaway(self) -> None:
        if self.cut is None:
            self.stop("runaway", f"the run did not end within {self.step_limit:,} steps")
        elif self.steps > self._cut_steps + 2_000:
            raise Abort("runaway")
