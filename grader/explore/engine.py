"""Plays a test: one run after the other in one event loop, each with its own order, clock and disturbance."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import anyio
import anyio.to_thread

from grader.explore.disturbances import Explore, count_step
from grader.explore.evidence import Evidence, RealControl, RunEvidence, VirtualControl
from grader.explore.lines import Line, line_raising, line_waiting
from grader.explore.run_word import ExploredRun
from grader.explore.stalls import StallCut, StallWatch
from grader.explore.step_log import LoggedStep, StepLog
from grader.worker.loops import asyncio_side, trio_side
from grader.worker.loops.control import STEP_LIMIT, Abort, Control, TaskInfo
from grader.worker.loops.orders import Order, sampled_order
from grader.worker.loops.waits import coroutine_of
from grader.worker.watch.places import Place, circle_of_waiting, place_of

T = TypeVar("T")
Clock = Literal["virtual", "real"]
Search = Generator[tuple[ExploredRun, bool], "RunOutcome", T]
"""Yields runs, and whether each is to be looked at closely; is sent what became of each."""


class ExploreFailure(AssertionError):
    """A run in which nothing was raised is wrong all the same: something is left, or waits without end."""

    __module__ = "grader.explore"  # where others find it


@dataclass
class RunOutcome:
    """What became of a run.

    Args:
        kind: ``passed``, ``raised``, or what cut it or is wrong with it.
        error: what is raised for it; None if it passed.
        lines: where, most important first.
        taken: its choices that were not in order.
        ran: of each choice asked for: its number, who ran, who was due, when (s).
        choices: how many choices it had.
        blocks: the steps of each `explore.cancelled()` block.
        calls: how many calls of `explore.fails()` it had.
        cancelled_at: where the cancellation of a block arrived.
        unheard: whether a block that was cancelled ended as if it was not.
        steps: of a run that is looked at closely: who made a step, and from where it went on.
        seconds: how long it took, by its own clock.
        logged: of a run whose steps are logged: those.
    """

    kind: str = "passed"
    error: BaseException | None = None
    lines: list[Line] = field(default_factory=list)
    taken: tuple[tuple[int, int], ...] = ()
    ran: list[list[Any]] = field(default_factory=list)
    choices: int = 0
    blocks: list[int] = field(default_factory=list)
    calls: int = 0
    cancelled_at: Line | None = None
    unheard: bool = False
    steps: list[tuple[str, Line | None]] = field(default_factory=list)
    seconds: float = 0.0
    logged: list[LoggedStep] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether the test fails in this run."""
        return self.error is not None and self.kind != "skipped"

    def resembles(self, other: RunOutcome) -> bool:
        """Whether two runs fail in the same way."""
        if self.kind != other.kind or type(self.error) is not type(other.error):
            return False
        return self.kind != "raised" or self.lines[:1] == other.lines[:1]


Body = Callable[[Explore], Awaitable[None]]
_SIDES: dict[str, Any] = {"asyncio": asyncio_side, "trio": trio_side}


class ExplorePlayer:
    """Plays the runs that a search asks for.

    Args:
        body: the test with its fixtures, made again for each run.
        clock: ``virtual`` or ``real``.
        stalls: notices steps that do not end.
        logs: whether the steps of a run that is looked at closely are logged.
    """

    def __init__(self, body: Body, clock: Clock, stalls: StallWatch, *, logs: bool = False) -> None:
        self._body, self._clock, self._stalls, self._logs = body, clock, stalls, logs
        self._present: _Present | None = None

    def play(self, search: Search[T]) -> T:
        """Play a search to its end, and return what it returns."""
        asked = _Questions(search)
        while asked.next is not None:
            backend = asked.next[0].backend

            async def session(
                take_over: Callable[[Control], None], is_clean: Callable[[], bool], backend: str = backend
            ) -> None:
                limiter = anyio.to_thread.current_default_thread_limiter()
                usual = limiter.total_tokens
                while asked.next is not None and asked.next[0].backend == backend:
                    asked.answer(await self._run(*asked.next, take_over))
                    if not is_clean() or limiter.total_tokens != usual or limiter.borrowed_tokens:
                        return

            options = {"process_ends": False} if backend == "asyncio" else {}
            try:
                _SIDES[backend].run(session, **options)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:
                if self._present is None:
                    raise
                present, self._present = self._present, None
                asked.answer(present.outcome(None if isinstance(error, Abort) else error))
        value: T = asked.value
        return value

    async def _run(self, run: ExploredRun, closely: bool, take_over: Callable[[Control], None]) -> RunOutcome:  # noqa: FBT001 - as a search yields it
        self._present = present = _Present(run, self._clock, closely=closely, logs=closely and self._logs)
        control = present.control
        with present.watch, self._stalls.watching(control), present.log or contextlib.nullcontext():
            take_over(control)
            with anyio.CancelScope() as root:
                control.on_cut = root.cancel
                async with anyio.create_task_group() as group:
                    group.start_soon(present.play, self._body, name="test")
            present.look_around()
            control.running = False
            for info in present.left_over:
                info.task.cancel()  # on asyncio; on trio they end with the session
        await anyio.lowlevel.checkpoint()
        self._present = None
        return present.outcome(None)


class _Questions:
    """The runs that a search asks for, one at a time."""

    def __init__(self, search: Search[T]) -> None:
        self._search = search
        self.value: Any = None
        self.next: tuple[ExploredRun, bool] | None = None
        self._ask(None)

    def answer(self, outcome: RunOutcome) -> None:
        """Say what became of the present run."""
        self._ask(outcome)

    def _ask(self, outcome: RunOutcome | None) -> None:
        try:
            self.next = self._search.send(outcome)  # type: ignore[arg-type]  # None starts it
        except StopIteration as done:
            self.next, self.value = None, done.value


class _Present:
    """The run that is played."""

    def __init__(self, run: ExploredRun, clock: Clock, *, closely: bool, logs: bool) -> None:
        order = Order(
            "fifo" if run.in_order else sampled_order(run.seed),
            run.seed,
            None if run.choices is None else dict(run.choices),
        )
        make = RealControl if clock == "real" else VirtualControl
        self.control = make(order, step_limit=STEP_LIMIT, current=_SIDES[run.backend].current_task)
        self.control.after_each_step = self._after_step
        self.control.waiters = self._note_waiting
        self.watch = RunEvidence(self.control, fenced=clock == "virtual", closely=closely)
        self.log = StepLog(self.control, self.watch) if logs else None
        self.explore = Explore(run)
        self.left_over: list[TaskInfo] = []
        self._run, self._closely = run, closely
        self._error: BaseException | None = None
        self._ended = False
        self._waiting: list[tuple[str, Place, Line | None]] = []
        self._findings: list[Evidence] = []
        self._steps: list[tuple[str, Line | None]] = []
        self._places: dict[int, Line | None] = {}

    async def play(self, body: Body) -> None:
        """Play the test, and keep what it raises."""
        try:
            await body(self.explore)
            self._ended = True
        except BaseException as error:
            if isinstance(error, anyio.get_cancelled_exc_class()):
                raise
            self._error = error

    def _after_step(self, info: TaskInfo) -> None:
        if self._closely:
            self._steps.append((self.control.name_task(info), self._places.get(info.serial)))
            self._places[info.serial] = None if info.task is None else line_waiting(coroutine_of(info.task))
        count_step(info)
        if self.log is not None:
            self.log.note(info, self.explore.news())

    def _note_waiting(self) -> list[dict[str, Any]]:
        self.control.name_all()
        names = {id(info.task): self.control.name_task(info) for info in self.control.open.values()}
        for info in self.control.open.values():
            if not info.over:
                coro = coroutine_of(info.task)
                self._waiting.append((self.control.name_task(info), place_of(coro, names), line_waiting(coro)))
        return []

    def look_around(self) -> None:
        """See what is left when the test is over."""
        if self.control.cut is None:
            self._findings = self.watch.leftovers()
        if self._run.backend == "asyncio":
            self.left_over = [info for info in self.control.open.values() if not info.over]

    def outcome(self, broke: BaseException | None) -> RunOutcome:
        """What became of it.

        Args:
            broke: what left the event loop.
        """
        control, explore = self.control, self.explore
        outcome = RunOutcome(
            taken=tuple(control.order.taken),
            ran=control.ran,
            choices=control.order.count,
            blocks=[block.steps for block in explore.blocks],
            calls=explore.calls,
            cancelled_at=next((block.arrived_at for block in explore.blocks if block.arrived_at), None),
            unheard=any(block.unheard for block in explore.blocks),
            steps=self._steps,
            seconds=control.now,
            logged=[] if self.log is None else self.log.steps,
        )
        outcome.kind, outcome.error, outcome.lines = self._verdict(broke)
        return outcome

    def _verdict(self, broke: BaseException | None) -> tuple[str, BaseException | None, list[Line]]:
        found = self.watch.findings
        if refused := [each for each in found if each.kind == "refused"]:
            return self._failure("refused", refused, "give the test a fake, or mark it explore(clock='real')")
        cut = self.control.cut
        if cut is not None:
            lines = [line for _, place, line in self._waiting if line is not None and place.kind != "children"]
            lines += [line for _, _, line in self._waiting if line is not None and line not in lines]
            lines = [cut.line, *lines] if isinstance(cut, StallCut) and cut.line is not None else lines
            return cut.kind, ExploreFailure("\n".join([cut.text, *self._who_waits()])), lines
        error = self._error or broke
        if error is not None:
            line = line_raising(error)
            return ("skipped" if _is_skip(error) else "raised"), error, [] if line is None else [line]
        if found:
            return self._failure("blocking", found, "")
        if not self._ended:
            return "raised", ExploreFailure("the test ended by a cancellation that nothing in it asked for"), []
        if self._findings:
            return self._failure("left", self._findings, "")
        return "passed", None, []

    @staticmethod
    def _failure(kind: str, found: list[Evidence], advice: str) -> tuple[str, BaseException, list[Line]]:
        text = "\n".join(map(str, found)) + (f"\n{advice}" if advice else "")
        return (
            kind,
            ExploreFailure(text),
            [line for each in found for line in (each.line, each.waits) if line is not None],
        )

    def _who_waits(self) -> list[str]:
        said = [
            f"  {name} waits {'for ' if place.kind == 'children' else 'in '}{place.call}{_of(place)}"
            + (f", at {line.quoted}" if line is not None else "")
            for name, place, line in self._waiting
        ]
        if circle := circle_of_waiting((name, place) for name, place, _ in self._waiting):
            said.append(f"  in a circle: {' → '.join([*circle, circle[0]])}")
        return said


def _of(place: Place) -> str:
    name = f" of {place.name}" if place.name else ""
    return f"{name}, held by {place.holder}" if place.holder else name


def _is_skip(error: BaseException) -> bool:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return type(error).__name__ == "Skipped" and type(error).__module__ == "_pytest.outcomes"
