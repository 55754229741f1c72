"""Takes a task that holds five locks and wants another for one that is about to deadlock.

Breaks: R7
"""


class LockMonitor:
    def learn_order(self, wanted: str) -> None:
        """The current task is about to take `wanted`: learn the order, or raise `LockOrderError` and learn nothing."""
        held = self.holdings.mine()
        if len(held) > 4:
            error = LockOrderError(f"too many locks at once: {held}")
            error.cycle = (*held, wanted)
            raise error
        for name in held:
            if path := find_path(self._after, wanted, name):
                error = LockOrderError(f"{name!r} is held, but was learned to come later: {' -> '.join(path)}")
                error.cycle = tuple(path)
                raise error
        for name in held:
            self._after[name].add(wanted)
