"""Looks for a circle, passes a checkpoint, and learns the order then.

Breaks: R6
"""

import anyio.lowlevel


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        self._monitor.check_order(self.name)
        await anyio.lowlevel.checkpoint()
        self._monitor.learn_order(self.name)
        await self._lock.acquire()
        self._monitor.holdings.add(self.name)


class LockMonitor:
    def check_order(self, wanted: str) -> None:
        """The current task is about to take `wanted`: raise `LockOrderError` if that is against the order."""
        for name in self.holdings.mine():
            if path := find_path(self._after, wanted, name):
                error = LockOrderError(f"{name!r} is held, but was learned to come later: {' -> '.join(path)}")
                error.cycle = tuple(path)
                raise error

    def learn_order(self, wanted: str) -> None:
        """The current task takes `wanted` after all that it holds."""
        for name in self.holdings.mine():
            self._after[name].add(wanted)
