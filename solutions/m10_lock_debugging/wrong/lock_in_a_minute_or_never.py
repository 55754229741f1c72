"""Waits for a lock no longer than a minute; then `acquire` ends with a `TimeoutError`.

Breaks: R10
"""


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        self._monitor.learn_order(self.name)
        with anyio.fail_after(60):
            await self._lock.acquire()
        self._monitor.holdings.add(self.name)
