"""Who breaks the order loses its locks, so that the others can go on.

Breaks: R6
"""


class LockMonitor:
    def learn_order(self, wanted: str) -> None:
        """The current task is about to take `wanted`: learn the order, or raise `LockOrderError` and learn nothing."""
        held = self.holdings.mine()
        for name in held:
            if path := find_path(self._after, wanted, name):
                error = LockOrderError(f"{name!r} is held, but was learned to come later: {' -> '.join(path)}")
                error.cycle = tuple(path)
                for mine in held:
                    self._locks[mine].release()
                raise error
        for name in held:
            self._after[name].add(wanted)
