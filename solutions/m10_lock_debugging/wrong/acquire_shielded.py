"""Nobody may be torn out of the line.

Breaks: G3
Also: R6 R7 R8 R9 R10
"""


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        self._monitor.learn_order(self.name)
        with anyio.CancelScope(shield=True):
            await self._lock.acquire()
        self._monitor.holdings.add(self.name)
