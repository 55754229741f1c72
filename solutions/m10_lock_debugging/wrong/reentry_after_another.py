"""The lock refuses a second `acquire` by itself; the order is about the other locks.

Breaks: R8
Also: R7
"""


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        self._monitor.learn_order(self.name)
        await self._lock.acquire()
        self._monitor.holdings.add(self.name)


class LockMonitor:
    def learn_order(self, wanted: str) -> None:
        """The current task is about to take `wanted`: learn the order, or raise `LockOrderError` and learn nothing."""
        held = [name for name in self.holdings.mine() if name != wanted]
        for name in held:
            if path := find_path(self._after, wanted, name):
                error = LockOrderError(f"{name!r} is held, but was learned to come later: {' -> '.join(path)}")
                error.cycle = tuple(path)
                raise error
        for name in held:
            self._after[name].add(wanted)
