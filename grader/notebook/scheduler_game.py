"""`play`: be the scheduler of a small program. Choose who goes next until the broken one fails; the right one cannot fail."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Any

from grader.checks.phrases import seconds
from grader.notebook import game_buttons
from grader.notebook.chosen_run import CANCEL, TIME, ChosenRun, Program, WrongMove, play_moves, word_of
from grader.notebook.game_search import Searched, search
from grader.notebook.game_state import GameState
from grader.notebook.runner import Backend

WIDTH, LABEL = 80, 9
GO = "go"
"""The last word of the moves: everything else in order."""

searched_orders = lru_cache(maxsize=32)(search)


def play(program: Program, moves: str = "", *, cancel: str = "", backend: Backend = "asyncio") -> Game:
    """Run a program as its scheduler: you choose who goes next.

    Args:
        program: an async function without arguments. It fails by raising something, or by never ending.
        moves: your choices so far: names of tasks, ``time``, ``cancel:name``; ``go`` at the end plays the rest in order.
        cancel: names of the tasks that you may cancel.
        backend: ``asyncio`` or ``trio``.

    Raises:
        TypeError: if `program` is not an async function.
        ValueError: if there is no such backend, or no task of a name in `cancel`.
    """
    __tracebackhide__ = True
    return Game(program, moves, cancel=cancel, backend=backend)


class Game:
    """One game: a program, and the moves so far.

    Args:
        program, moves, cancel, backend: as for `play`.
    """

    def __init__(self, program: Program, moves: str = "", *, cancel: str = "", backend: str = "asyncio") -> None:
        self.program, self.backend = program, backend
        self.name: str = getattr(program, "__name__", "program")
        self.may_cancel = frozenset(map(word_of, cancel.replace(",", " ").split()))
        in_order = self._play([], goes_on=True)
        self.tasks: list[str] = list(dict.fromkeys(in_order.tasks))
        if unknown := sorted(self.may_cancel - set(self.tasks[1:])):
            raise ValueError(f"there is no task `{unknown[0]}` to cancel: the tasks are {', '.join(self.tasks[1:])}")
        self.searched: Searched = searched_orders(program, self.may_cancel, backend)
        self.wrong = ""
        self.run: ChosenRun = self._play([], goes_on=False)
        self.enter(moves)

    def _play(self, words: Sequence[str], *, goes_on: bool) -> ChosenRun:
        return play_moves(self.program, words, goes_on=goes_on, may_cancel=self.may_cancel, backend=self.backend)

    # -- how it stands -------------------------------------------------------------------------------------------
    @property
    def failed(self) -> bool:
        """Whether the program has failed: that is what you want."""
        return bool(self.run.failure)

    @property
    def ended(self) -> bool:
        """Whether the program has ended, well or not."""
        return self.run.ended

    @property
    def deviations(self) -> int:
        """How many of your moves were out of order."""
        return self.run.deviations

    @property
    def par(self) -> int | None:
        """The fewest moves out of order with which it fails; None if it cannot fail, as far as is known."""
        return self.searched.par

    @property
    def tried(self) -> int:
        """How many orders were played to know that."""
        return self.searched.tried

    @property
    def moves(self) -> str:
        """The moves so far, as you would type them."""
        return " ".join(self.run.moves)

    @property
    def options(self) -> tuple[str, ...]:
        """The moves that can be made now, the one in order first; none when the program has ended."""
        return () if self.run.state is None else self.run.state.options

    # -- moves ---------------------------------------------------------------------------------------------------
    def enter(self, moves: str) -> None:
        """Play these moves from the start, up to the first that cannot be made: then `wrong` says why."""
        words = moves.replace(",", " ").split()
        goes_on = words[-1:] == [GO]
        self.wrong = ""
        try:
            self.run = self._play(words[:-1] if goes_on else words, goes_on=goes_on)
        except WrongMove as wrong:
            self.wrong = str(wrong)
            self.run = self._play(words[: wrong.place], goes_on=False)

    def move(self, word: str) -> None:
        """Make one more move, or several."""
        self.enter(f"{self.moves} {word}")

    def undo(self) -> None:
        """Take the last move back."""
        self.enter(" ".join(self.run.moves[:-1]))

    # -- text ----------------------------------------------------------------------------------------------------
    def __str__(self) -> str:
        return "\n".join([*self.lines(), "", *wrap(self._how_to_go_on())])

    __repr__ = __str__

    def lines(self) -> Iterator[str]:
        """The task, the moves, and how it stands, in lines of at most 80 characters."""
        yield from wrap(f"You are the scheduler. {self._aim()}")
        yield ""
        count = f"{self.deviations} out of order"
        yield from row("moves", f"{self.moves or 'none'} ({count})")
        if self.wrong:
            yield from row("✗", self.wrong)
        yield from self._standing(self.run.state) if self.run.state is not None else self._end()

    def rules(self) -> Iterator[str]:
        """What a move does, in lines."""
        text = (
            f"A move lets one task run until it waits: type its name. `{TIME}` lets the clock go on to the next timer"
        )
        if self.may_cancel:
            text += f"; `{CANCEL}{min(self.may_cancel)}` cancels that task"
        text += (
            ". The first one offered is in order; any other counts as out of order. Where there is "
            f"nothing to choose, the program goes on by itself. `{self.name}` fails when something is raised, or when it never ends."
        )
        yield from wrap(text)

    def _aim(self) -> str:
        if self.par is None:
            return f"`{self.name}` does not fail: {self.searched.words} were tried. Try it."
        if self.par == 0:
            return f"`{self.name}` fails already when all goes in order."
        return f"Make `{self.name}` fail. Par: {moves_out_of_order(self.par)}."

    def _standing(self, state: GameState) -> Iterator[str]:
        yield from row("clock", f"{seconds(state.time)} s")
        width = max(len(name) for name, _ in (*state.ready, *state.waiting))
        for number, (name, line) in enumerate(state.ready):
            first = "   (first in the queue)" if not number and len(state.ready) > 1 else ""
            yield from row("ready" if not number else "", f"{name:{width}}  {line}{first}", width + 2)
        for number, (name, line) in enumerate(state.waiting):
            yield from row("waits" if not number else "", f"{name:{width}}  {line}", width + 2)
        for number, line in enumerate(state.held):
            yield from row("held" if not number else "", line, 2)

    def _end(self) -> Iterator[str]:
        said = self.run.failure.split("\n")
        if not self.failed:
            yield from row("✓ ends", "it ended as it should: no failure")
            return
        for number, line in enumerate(said):
            yield from row("✗ fails" if not number else "", line.strip(), 2)
        if self.run.where:
            yield from row("", f"raised in {self.run.where}", 2)
        yield from row("score", self._score())

    def _score(self) -> str:
        mine, par = self.deviations, self.par
        if par is None or mine < par:
            return f"{moves_out_of_order(mine)}: none of the {self.tried:,} orders that were tried is as short"
        if mine == par:
            return f"{moves_out_of_order(mine)}, which is par: it cannot be done with fewer"
        return f"{moves_out_of_order(mine)}; it can be done with {par}"

    def _how_to_go_on(self) -> str:
        call = f'play({self.name}, "{f"{self.moves} " if self.moves else ""}…"'
        call += f', cancel="{" ".join(sorted(self.may_cancel))}"' if self.may_cancel else ""
        if not self.ended:
            return f"Next: {', '.join(self.options)}; `{GO}`: the rest in order. Type {call})."
        return "" if self.failed else "Start again, or take back a move."

    def _repr_html_(self) -> str:
        return f'<pre role="status" style="line-height:1.35;white-space:pre-wrap">{escape(str(self))}</pre>'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Text, the same as HTML, and buttons where the notebook has them."""
        return {"text/plain": str(self), "text/html": self._repr_html_(), **game_buttons.bundle(self)}


def moves_out_of_order(count: int) -> str:
    """A number of moves in words."""
    return f"{count} move{'' if count == 1 else 's'} out of order"


def row(label: str, text: str, deeper: int = 0) -> Iterator[str]:
    """A labelled line, cut into several if it is long."""
    first = f"{label:<{LABEL}}"
    yield from wrap(text, first, " " * (LABEL + deeper))


def wrap(text: str, first: str = "", later: str = "") -> list[str]:
    """A text as lines of at most 80 characters; spaces stay as they are."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=later, replace_whitespace=False, drop_whitespace=True
    ) or ([first.rstrip()] if first.strip() else [])
