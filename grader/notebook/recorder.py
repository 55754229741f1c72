"""Watches the tasks of one run in a cell: who started whom, who waits for what, what was cancelled when, and how each ended.

Every task's coroutine is driven by `Recorder.watch`, which sees each suspension and each exception that is thrown in.
That needs no loop of ours, so it works under real time too. A check's run is recorded by `grader.worker.record` instead: it
sees the calls of one scene under one loop, and writes plain data for the judge; here every task counts, and nothing leaves
the process.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any

from grader.notebook import inside
from grader.worker.watch.places import Place, is_lock, owner_of, place_of

MOST = 20_000
"""Waits and scopes that are kept; a run that makes more has its tasks, not all of their waits."""


@dataclass
class Wait:
    """A task waits.

    Args:
        start: when (s).
        place: where, and for what.
        end: until when; None if it still does.
    """

    start: float
    place: Place
    end: float | None = None


@dataclass
class Scope:
    """A cancel scope that the cell's code entered.

    Args:
        start: when (s).
        deadline: when it cancels what is in it, by the same clock; infinite if never.
        shield: whether it kept cancellation from outside away.
        end: when it was left; None if it is still open.
    """

    start: float
    deadline: float
    shield: bool
    end: float | None = None


@dataclass
class Task:
    """One task of a run. All times are seconds since the run began.

    Args:
        name: of the task; numbered if there is another of that name.
        parent: the task that started it; None for the first.
        start: when it was started.
        end: when it ended; None if it did not.
        how: ``returned``, ``raised``, ``cancelled`` or ``open``.
        error: what it raised.
        cancel_requested: when the scope was cancelled whose cancellation came first.
        cancelled_at: when the cancellation came, at a checkpoint; None if none did.
        cancellations: every moment at which one came.
        waits: in order.
        scopes: in order.
        coro: what it runs; None once it has ended.
        cancel: cancels it from outside; None for the first task.
    """

    name: str
    parent: Task | None
    start: float
    end: float | None = None
    how: str = "open"
    error: BaseException | None = None
    cancel_requested: float | None = None
    cancelled_at: float | None = None
    cancellations: list[float] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    coro: Any = field(default=None, repr=False)
    cancel: Callable[[], None] | None = field(default=None, repr=False)

    @property
    def depth(self) -> int:
        """How many tasks are above it."""
        return 0 if self.parent is None else self.parent.depth + 1


class Recorder:
    """Records one run.

    Args:
        clock: returns the time since the run began (s).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.tasks: list[Task] = []
        self.current: Task | None = None
        self.abandoned = False  # no task goes on
        self.keeps_waits = True  # a picture shows them; to know how a run ends, nobody needs them
        self.frozen = False  # the run was stopped: what comes now is its end, not its story
        self.requested: dict[int, float] = {}  # identity of a scope of either library → when it was cancelled
        self._names: dict[str, int] = {}
        self._by_identity: dict[int, str] = {}
        self._kept: list[Any] = []  # scopes whose identity is a key above
        self._open: dict[int, Scope] = {}
        self._count = 0

    # -- tasks -------------------------------------------------------------------------------------------------
    def begin(self, name: str, coro: Any, cancel: Callable[[], None] | None = None) -> Task:
        """Note a task that the current one starts."""
        short = name.rpartition(".")[2] or name
        number = self._names[short] = self._names.get(short, 0) + 1
        task = Task(short if number == 1 else f"{short} {number}", self.current, self.clock(), coro=coro, cancel=cancel)
        self.tasks.append(task)
        return task

    def watch(
        self,
        task: Task,
        start: Callable[[], Coroutine[Any, Any, Any]],
        swallowed: Callable[[], BaseException | None] = lambda: None,
    ) -> Coroutine[Any, Any, Any]:
        """Return a coroutine that runs the one that `start` makes, and records it as `task`.

        Args:
            start: called when the task begins: one that never does leaves no coroutine behind.
            swallowed: returns, after the coroutine has returned, what it did not let through.
        """

        async def drive() -> Any:
            return await self._steps(task, start(), swallowed)

        return drive()

    @types.coroutine
    def _steps(
        self, task: Task, coro: Coroutine[Any, Any, Any], swallowed: Callable[[], BaseException | None]
    ) -> Generator[Any, Any, Any]:
        value: Any = None
        error: BaseException | None = None
        self._by_identity[id(inside.current_task())] = task.name
        try:
            while True:
                trap = self._step(task, coro, value, error)
                wait = self._waits(task)
                value = error = None
                try:
                    value = yield trap
                except GeneratorExit:
                    coro.close()
                    raise
                except BaseException as thrown:  # noqa: BLE001 - it goes into the coroutine that it is meant for
                    error = thrown
                if not self.frozen:
                    self._goes_on(task, wait, cancelled=inside.brings_cancellation(value, error))
        except StopIteration as done:
            self._note_end(task, swallowed())
            return done.value
        except BaseException as raised:
            self._note_end(task, raised)
            raise

    def _step(self, task: Task, coro: Coroutine[Any, Any, Any], value: Any, error: BaseException | None) -> Any:
        """Run the task up to its next wait."""
        if self.abandoned:
            raise KeyboardInterrupt
        before, self.current = self.current, task
        try:
            return coro.send(value) if error is None else coro.throw(error)
        finally:
            self.current = before

    def place(self, task: Task) -> Place:
        """Where a task that is suspended waits."""
        return place_of(task.coro, self._by_identity)

    def holder_of(self, lock: Any) -> str | None:
        """The name of the task that holds a lock; empty if nobody does, None if it is not a lock."""
        if not is_lock(lock):
            return None
        owner = owner_of(lock)
        return "" if owner is None else self._by_identity.get(owner.id, owner.name or "?")

    def _waits(self, task: Task) -> Wait | None:
        self._count += 1
        if self._count > MOST or self.frozen or not self.keeps_waits:
            return None
        wait = Wait(self.clock(), place_of(task.coro, self._by_identity))
        task.waits.append(wait)
        return wait

    def _goes_on(self, task: Task, wait: Wait | None, *, cancelled: bool) -> None:
        if cancelled:
            self._note_cancellation(task, wait)
        if wait is not None:
            wait.end = self.clock()
            if wait.end == wait.start:
                task.waits.remove(wait)

    def _note_cancellation(self, task: Task, wait: Wait | None) -> None:
        kind = wait.place.kind if wait is not None else "blocked"
        if kind == "children":  # asyncio cancels the task that waits for its group, trio only the tasks in it
            return
        # The end of a sleep of trio's is the deadline of a scope of its own.
        asked = [self._cancel_time(scope) for scope in inside.enclosing(skip_sleep=kind == "sleeping")]
        if all(when is None for when in asked) and kind == "sleeping":
            return
        now = self.clock()
        if task.cancelled_at is None:
            task.cancelled_at = now
            task.cancel_requested = min((when for when in asked if when is not None), default=now)
        task.cancellations.append(now)

    def _cancel_time(self, scope: Any) -> float | None:
        """When a scope was cancelled; by its own deadline if nobody asked."""
        if not scope.cancel_called:
            return None
        return self.requested.get(id(scope), min(inside.since_start(scope.deadline, self.clock()), self.clock()))

    def _note_end(self, task: Task, error: BaseException | None) -> None:
        if self.frozen:
            return
        how = "returned" if error is None else "cancelled" if inside.is_cancellation(error) else "raised"
        task.end, task.how, task.error, task.coro, task.cancel = self.clock(), how, error, None, None
        for scope in task.scopes:
            scope.end = task.end if scope.end is None else scope.end

    def stop(self) -> list[tuple[Task, Place]]:
        """The run is stopped: keep the picture as it is; return every task that is not over, and where it waits."""
        self.frozen = True
        return [
            (task, place_of(task.coro, self._by_identity))
            for task in self.tasks
            if task.how == "open" and task.coro is not None
        ]

    # -- scopes ------------------------------------------------------------------------------------------------
    def note_cancel(self, scope: Any) -> None:
        """Note that a scope was cancelled."""
        if id(scope) not in self.requested and len(self._kept) < MOST:
            self._kept.append(scope)
            self.requested[id(scope)] = self.clock()

    def note_enter(self, scope: Any) -> None:
        """Note that the current task entered a scope."""
        if self.current is None or self._count > MOST or self.frozen:
            return
        now = self.clock()
        noted = Scope(now, inside.since_start(scope.deadline, now), scope.shield)
        self._kept.append(scope)
        self._open[id(scope)] = noted
        self.current.scopes.append(noted)

    def note_exit(self, scope: Any) -> None:
        """Note that a scope was left."""
        noted = self._open.pop(id(scope), None)
        if noted is not None and not self.frozen:
            noted.end = self.clock()
            noted.deadline = inside.since_start(scope.deadline, noted.end)
            noted.shield = noted.shield or scope.shield
