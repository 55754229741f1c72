"""Raise when waiting would close a circle of tasks that wait for each other.

Breaks: R6
Also: R7
"""

del find_path


class Holdings:
    def holder(self, name: str) -> anyio.TaskInfo | None:
        """The task that holds the lock `name`, if any."""
        return self._tasks.get(name)


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        self._monitor.learn_order(self.name)
        try:
            await self._lock.acquire()
        finally:
            del self._monitor.waiting[anyio.get_current_task()]
        self._monitor.holdings.add(self.name)


class LockMonitor:
    def __init__(self) -> None:
        self.holdings = Holdings()
        self._locks: dict[str, MonitoredLock] = {}
        self.waiting: dict[anyio.TaskInfo | None, str] = {}

    def learn_order(self, wanted: str) -> None:
        """The current task is about to take `wanted`: learn the order, or raise `LockOrderError` and learn nothing."""
        me = anyio.get_current_task()
        circle, holder = [wanted], self.holdings.holder(wanted)
        while holder in self.waiting and holder != me:
            circle.append(self.waiting[holder])
            holder = self.holdings.holder(circle[-1])
        if holder == me:
            error = LockOrderError(f"deadlock: {circle}")
            error.cycle = tuple(circle)
            raise error
        self.waiting[me] = wanted
