"""The lock that was taken last is the one that counts, until it is released.

Breaks: R6
"""


class MonitoredLock:
    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        self._monitor.learn_order(self.name)
        await self._lock.acquire()
        self._monitor.holdings.add(self.name)
        self._monitor.newest[anyio.get_current_task()] = self.name

    def release(self) -> None:
        """Give the lock to the task that has waited longest. Raises `RuntimeError` if this task does not hold it."""
        self._lock.release()
        self._monitor.holdings.remove(self.name)
        self._monitor.newest.pop(anyio.get_current_task(), None)


class LockMonitor:
    def __init__(self) -> None:
        self.holdings = Holdings()
        self._locks: dict[str, MonitoredLock] = {}
        self.newest: dict[anyio.TaskInfo, str] = {}
        self._after: defaultdict[str, set[str]] = defaultdict(set)

    def learn_order(self, wanted: str) -> None:
        """The current task is about to take `wanted`: learn the order, or raise `LockOrderError` and learn nothing."""
        me = anyio.get_current_task()
        held = [self.newest[me]] if me in self.newest else []
        for name in held:
            if path := find_path(self._after, wanted, name):
                error = LockOrderError(f"{name!r} is held, but was learned to come later: {' -> '.join(path)}")
                error.cycle = tuple(path)
                raise error
        for name in held:
            self._after[name].add(wanted)
