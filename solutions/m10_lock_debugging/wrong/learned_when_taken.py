"""An order is learned when the lock was taken.

Breaks: R6
"""


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        held = self._monitor.learn_order(self.name)
        await self._lock.acquire()
        for name in held:
            self._monitor.after[name].add(self.name)
        self._monitor.holdings.add(self.name)


class LockMonitor:
    def __init__(self) -> None:
        self.holdings = Holdings()
        self._locks: dict[str, MonitoredLock] = {}
        self.after: defaultdict[str, set[str]] = defaultdict(set)

    def learn_order(self, wanted: str) -> list[str]:
        """The current task is about to take `wanted`: learn the order, or raise `LockOrderError` and learn nothing."""
        held = self.holdings.mine()
        for name in held:
            if path := find_path(self.after, wanted, name):
                error = LockOrderError(f"{name!r} is held, but was learned to come later: {' -> '.join(path)}")
                error.cycle = tuple(path)
                raise error
        return held
