"""Which of the ready tasks runs next: the orders a run can be played in, each brought back by its seed."""

import random
from collections.abc import Hashable, Sequence

#: ``fifo``: as they became ready. ``uniform``: any of them, equally likely. ``pos``: partial-order sampling (Yuan,
#: Yang, Gu 2018): each ready task holds a random priority, the highest runs and draws anew.
ORDERS = ("fifo", "uniform", "pos")


class Order:
    """Picks the next task among the ready ones.

    Args:
        name: one of `ORDERS`.
        seed: the same seed picks the same way again.

    Raises:
        ValueError: if there is no order of that name.
    """

    def __init__(self, name: str = "fifo", seed: int = 0) -> None:
        if name not in ORDERS:
            raise ValueError(f"there is no order {name!r}: choose one of {', '.join(ORDERS)}")
        self.name = name
        self.seed = seed
        self._random = random.Random(f"{name}-{seed}")
        self._priority: dict[Hashable, float] = {}

    def pick(self, ready: Sequence[Hashable]) -> int:
        """Return the index of the task that runs next; `ready` holds the tasks' serial numbers, at least one."""
        if self.name == "fifo":
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
