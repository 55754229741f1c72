"""Go through the held locks one by one: look, then learn.

Breaks: R6
Also: R7
"""


class LockMonitor:
    def learn_order(self, wanted: str) -> None:
        """The current task is about to take `wanted`: learn the order, or raise `LockOrderError` and learn nothing."""
        held = self.holdings.mine()
        for name in held:
            if path := find_path(self._after, wanted, name):
                error = LockOrderError(f"{name!r} is held, but was learned to come later: {' -> '.join(path)}")
                error.cycle = tuple(path)
                raise error
            self._after[name].add(wanted)
