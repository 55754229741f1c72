"""Which of the ready tasks runs next: the orders a run can be played in, each brought back by its seed."""

import random
from collections.abc import Hashable, Mapping, Sequence

#: ``fifo``: as they became ready. ``uniform``: any of them, equally likely. ``pos``: partial-order sampling (Yuan,
#: Yang, Gu 2018): each ready task holds a random priority, the highest runs and draws again.
ORDERS = ("fifo", "uniform", "pos")
#: How many choices are remembered; a run with more of them is not reduced to those that matter.
MAX_TAKEN = 2_000

_IN_ORDER = random.Random()  # nobody asks it


def sampled_order(seed: int) -> str:
    """The order that a seed is played in: even ones are uniform, odd ones POS."""
    return "pos" if seed % 2 else "uniform"


class Order:
    """Picks the next task among the ready ones.

    Args:
        name: one of `ORDERS`.
        seed: the same seed picks the same way again.
        choices: number of a choice, from 0 → which of the ready tasks runs; all other choices go in order. It stands in
            the place of name and seed: a run found by them, brought down to the choices that matter.

    Raises:
        ValueError: if there is no order of that name.
    """

    def __init__(self, name: str = "fifo", seed: int = 0, choices: Mapping[int, int] | None = None) -> None:
        if name not in ORDERS:
            raise ValueError(f"there is no order {name!r}: choose one of {', '.join(ORDERS)}")
        self.name = name
        self.seed = seed
        self.choices = choices
        #: the choices so far that were not in order: number of the choice, and which
        self.taken: list[tuple[int, int]] = []
        #: with choices: how many tasks were ready at each choice
        self.offered: list[int] = []
        self._count = -1
        # To make one takes as long as some steps of a run, and most runs are in order.
        self._random = _IN_ORDER if name == "fifo" else random.Random(f"{name}-{seed}")
        self._priority: dict[Hashable, float] = {}

    @property
    def count(self) -> int:
        """How many choices there were so far."""
        return self._count + 1

    def pick(self, ready: Sequence[Hashable]) -> int:
        """Return the index of the task that runs next; `ready` holds the tasks' serial numbers, at least one."""
        index = self._pick(ready)
        if len(ready) > 1:
            self._count += 1
            if self.choices is not None:
                index = min(self.choices.get(self._count, 0), len(ready) - 1)
                if len(self.offered) < MAX_TAKEN:
                    self.offered.append(len(ready))
            if index and len(self.taken) < MAX_TAKEN:
                self.taken.append((self._count, index))
        return index

    def _pick(self, ready: Sequence[Hashable]) -> int:
        if self.name == "fifo" or self.choices is not None:
            return 0
        if self.name == "uniform":
            return self._random.randrange(len(ready)) if len(ready) > 1 else 0
        priority = self._priority
        for task in ready:
            if task not in priority:
                priority[task] = self._random.random()
        best = max(range(len(ready)), key=lambda i: priority[ready[i]])
        del priority[ready[best]]
        return best
