"""One run whose order somebody chooses move by move: who goes next, when time passes, who is cancelled.

A run is played from the start with the moves so far; where they end it is stopped, or goes on in order. Nothing has to be kept alive
between two moves.
"""

from __future__ import annotations

import contextlib
import io
import linecache
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.notebook.game_state import GameState, state_of
from grader.notebook.recorder import Recorder, Task
from grader.notebook.runner import CellOutcome, outcome_of
from grader.worker.loops.control import Control, TaskInfo
from grader.worker.loops.orders import Order
from grader.worker.record.spans import leaves
from grader.worker.watch.places import is_library

TIME = "time"
CANCEL = "cancel:"
STEPS = 2_000
"""A run with more steps is not a game any more."""

Program = Callable[[], Awaitable[Any]]


class WrongMove(ValueError):
    """A move that cannot be made; the text is one line.

    Args:
        text: why.
        place: how many moves before it can be made.
    """

    def __init__(self, text: str, place: int) -> None:
        super().__init__(text)
        self.place = place


@dataclass(frozen=True)
class Choice:
    """A moment at which there is something to choose.

    Args:
        options: the moves that can be made; the first one is what happens if nobody chooses.
        made: the move that was made.
    """

    options: tuple[str, ...]
    made: str

    @property
    def in_order(self) -> bool:
        """Whether it went as it goes by itself: first in, first out, and nobody cancelled."""
        return self.made == self.options[0]


@dataclass
class ChosenRun:
    """How a run went.

    Args:
        choices: in order, all of them with the moves that were made.
        state: where the run stands, if it was stopped because the moves were over; then there is no outcome yet.
        failure: why the program failed, in a line or a few; empty if it did not.
        where: the line of the program that raised it, with its number; empty if none did.
        printed: what it printed.
        tasks: words for all tasks that it started.
    """

    choices: list[Choice] = field(default_factory=list)
    state: GameState | None = None
    failure: str = ""
    where: str = ""
    printed: str = ""
    tasks: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether the program came to an end, well or not."""
        return self.state is None

    @property
    def deviations(self) -> int:
        """How many moves were not in order."""
        return sum(not choice.in_order for choice in self.choices)

    @property
    def moves(self) -> list[str]:
        """The moves that were made."""
        return [choice.made for choice in self.choices]


class MoveList:
    """What chooses: the moves that somebody typed, and then the order of the queue or a stop.

    Args:
        words: the moves.
        goes_on: whether the run goes on in order when they are over.
    """

    def __init__(self, words: Sequence[str], *, goes_on: bool) -> None:
        self.words, self.goes_on = list(words), goes_on
        self.choices: list[Choice] = []

    def choose(self, options: tuple[str, ...], known: Sequence[str]) -> str | None:
        """The next move; None if there is none, and the run is to stop.

        Args:
            options: as in `Choice`.
            known: words of all tasks, for a message.

        Raises:
            WrongMove: the next move cannot be made.
        """
        place = len(self.choices)
        if place < len(self.words):
            made = self.words[place]
            if made not in options:
                raise WrongMove(f"move {place + 1}: {_why_not(made, options, known)}", place)
        elif self.goes_on:
            made = options[0]
        else:
            return None
        self.choices.append(Choice(options, made))
        return made


def _why_not(made: str, options: Sequence[str], known: Sequence[str]) -> str:
    """Why a move cannot be made."""
    can = f"choose {', '.join(options)}"
    name = made.removeprefix(CANCEL)
    if made == TIME:
        return f"time passes only when every task waits: {can}"
    if name not in known:
        return f"there is no task `{name}`: {can}"
    if made.startswith(CANCEL):
        return f"`{name}` cannot be cancelled now: {can}"
    return f"`{name}` is not ready: {can}"


class GameControl(Control):
    """Asks for each choice.

    Args:
        recorder: watches the run.
        moves: what chooses.
        may_cancel: words of the tasks that may be cancelled.
    """

    def __init__(self, recorder: Recorder, moves: MoveList, may_cancel: frozenset[str]) -> None:
        super().__init__(Order(), step_limit=STEPS)
        self.recorder, self.moves, self.may_cancel = recorder, moves, may_cancel
        self.wrong: WrongMove | None = None
        self.state: GameState | None = None
        self.of: dict[int, Task] = {}  # serial → what the recorder has of it
        self._words: dict[int, str] = {}
        self._cancelled: set[str] = set()

    def note_spawn(self, task: Any, context: Any, parent: TaskInfo | None) -> TaskInfo:
        """Note a new task, and which one of the recorder's it is: that one was noted just before."""
        info = super().note_spawn(task, context, parent)
        known = self.recorder.tasks
        if info.serial and len(known) > len(self.of) + 1:
            self.of[info.serial] = known[-1]
            self._words[info.serial] = word_of(known[-1].name)
        return info

    def word(self, serial: int) -> str:
        """What a task is called in a move."""
        if serial in self._words:
            return self._words[serial]
        if serial == 0 and self.recorder.tasks:
            return word_of(self.recorder.tasks[0].name)
        return word_of(self.every[serial].name)

    def pick(self, ready: list[tuple[float, int]]) -> int:
        """Return which of the ready tasks runs next."""
        ordered = sorted(range(len(ready)), key=ready.__getitem__)
        if self.cut is not None or not self.running:
            return ordered[0]
        names = [self.word(ready[place][1]) for place in ordered]
        while True:
            cancels = self._cancels()
            if len(names) == 1 and not cancels:
                break
            made = self._choose((*names, *cancels), [ready[place][1] for place in ordered])
            if made is None:
                break
            if made in names:
                return ordered[names.index(made)]
            self._cancel(made)
        return ordered[0]

    def idle(self, next_deadline: float) -> bool:
        """Nothing is ready: somebody may be cancelled before time passes."""
        if self.cut is None and self.running and (cancels := self._cancels()):
            made = self._choose((TIME, *cancels), [])
            if made != TIME:
                if made is not None:
                    self._cancel(made)
                return True
        return super().idle(next_deadline)

    def _cancels(self) -> tuple[str, ...]:
        if len(self._cancelled) == len(self.may_cancel):
            return ()
        alive = [self.word(serial) for serial, task in self.of.items() if task.how == "open" and task.cancel]
        return tuple(f"{CANCEL}{name}" for name in alive if name in self.may_cancel and name not in self._cancelled)

    def _cancel(self, made: str) -> None:
        name = made.removeprefix(CANCEL)
        self._cancelled.add(name)
        for serial, task in self.of.items():
            if self.word(serial) == name and task.cancel is not None:
                task.cancel()

    def _choose(self, options: tuple[str, ...], ready: list[int]) -> str | None:
        """Ask; stop the run if there is no answer."""
        try:
            made = self.moves.choose(options, [self.word(info.serial) for info in self.every])
        except WrongMove as wrong:
            self.wrong, made = wrong, None
        if made is None:
            words = {id(task): self.word(serial) for serial, task in self.of.items()}
            first = [self.of.get(serial, self.recorder.tasks[0]) for serial in ready]
            self.state = state_of(self.recorder, words, first, options, round(self.now, 6))
            self.stop("paused", "the moves are over")
        return made


def word_of(name: str) -> str:
    """The name of a task as one word."""
    return "-".join(name.split())


def play_moves(
    program: Program,
    words: Sequence[str] = (),
    *,
    goes_on: bool,
    may_cancel: frozenset[str] = frozenset(),
    backend: str = "asyncio",
) -> ChosenRun:
    """Play a program with some moves.

    Args:
        program: an async function without arguments; it fails by raising something, or by never ending.
        words: the moves.
        goes_on: whether it goes on in order when they are over.
        may_cancel: words of the tasks that may be cancelled.
        backend: ``asyncio`` or ``trio``.

    Raises:
        WrongMove: one of the moves cannot be made.
    """
    moves = MoveList(words, goes_on=goes_on)
    made: list[GameControl] = []

    def make_control(recorder: Recorder) -> Control:
        recorder.keeps_waits = not goes_on
        made.append(GameControl(recorder, moves, may_cancel))
        return made[0]

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        outcome = outcome_of(program, (), backend, "virtual", make_control)
    control = made[0]
    if control.wrong is not None:
        raise control.wrong
    run = ChosenRun(moves.choices, control.state, printed=printed.getvalue())
    run.tasks = [control.word(info.serial) for info in control.every]
    if control.state is None:
        run.failure, run.where = failure_of(outcome), line_of(outcome)
        if len(words) > len(moves.choices):
            made_all = len(moves.choices)
            left = " ".join(words[made_all:])
            raise WrongMove(f"the program ends after {made_all} of these moves: leave out `{left}`", made_all)
    return run


def failure_of(outcome: CellOutcome) -> str:
    """Why a program failed; empty if it did not."""
    if outcome.error is None:
        return ""
    error = leaves(outcome.error)[0]
    said = str(error).strip()
    name = type(error).__name__
    return said if name in ("AssertionError", "Stuck") and said else f"{name}: {said}" if said else name


def line_of(outcome: CellOutcome) -> str:
    """The innermost line of the program that raised what it failed with; empty if no line did."""
    trace = leaves(outcome.error)[0].__traceback__ if outcome.error is not None else None
    said = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not is_library(file):
            said = f"line {trace.tb_lineno}: {linecache.getline(file, trace.tb_lineno).strip()}".removesuffix(": ")
        trace = trace.tb_next
    return said
