"""All orders of a small program, those with the fewest deviations first: the shortest way in which it fails, or that there is none."""

from __future__ import annotations

from dataclasses import dataclass

from grader.notebook.chosen_run import ChosenRun, Program, play_moves

MOST_RUNS = 1_000
"""Orders that are tried to find a way in which a program fails: a second or less."""


@dataclass(frozen=True)
class Searched:
    """What a search through the orders found.

    Args:
        losing: the first run that fails with the fewest deviations; None if none was found.
        tried: how many orders were played.
        whole: the number of deviations up to which all orders were played.
        exhausted: whether there is no other order.
    """

    losing: ChosenRun | None
    tried: int
    whole: int
    exhausted: bool

    @property
    def par(self) -> int | None:
        """The fewest deviations with which the program fails."""
        return None if self.losing is None else self.losing.deviations

    @property
    def words(self) -> str:
        """What was tried, in words."""
        if self.exhausted:
            return f"all {self.tried:,} orders that there are" if self.tried > 1 else "the only order that there is"
        return (
            f"{self.tried:,} orders, among them all with up to {self.whole} deviation{'' if self.whole == 1 else 's'}"
        )


def search(
    program: Program, may_cancel: frozenset[str] = frozenset(), backend: str = "asyncio", most: int = MOST_RUNS
) -> Searched:
    """Play the orders of a program until it fails, the ones with few deviations first.

    Args:
        program: see `grader.notebook.chosen_run.play_moves`.
        may_cancel: words of the tasks that may be cancelled.
        backend: ``asyncio`` or ``trio``.
        most: how many orders at most.
    """
    tried, deviations = 0, 0
    level: list[list[str]] = [[]]  # moves of the runs with so many deviations; after the last one, all goes in order
    while level:
        following: list[list[str]] = []
        for words in level:
            if tried >= most:
                return Searched(None, tried, deviations - 1, exhausted=False)
            run = play_moves(program, words, goes_on=True, may_cancel=may_cancel, backend=backend)
            tried += 1
            if run.failure:
                return Searched(run, tried, deviations, exhausted=False)
            for place in range(len(words), len(run.choices)):
                others = run.choices[place].options[1:]
                following += [[*run.moves[:place], other] for other in others]
        level, deviations = following, deviations + 1
    return Searched(None, tried, deviations - 1, exhausted=True)
