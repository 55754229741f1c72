"""Look every hundredth of a second whether it is my turn.

Breaks: G6
Also: R6 R10
"""


class MonitoredLock:
    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self._monitor = monitor
        self._line: list[object] = []

    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        self._monitor.learn_order(self.name)
        turn = object()
        self._line.append(turn)
        try:
            while self._line[0] is not turn:
                await anyio.sleep(0.01)
        except BaseException:
            self._line.remove(turn)
            raise
        self._monitor.holdings.add(self.name)

    def release(self) -> None:
        """Give the lock to the task that has waited longest. Raises `RuntimeError` if this task does not hold it."""
        if self.name not in self._monitor.holdings.mine():
            raise RuntimeError(f"this task does not hold {self.name!r}")
        self._monitor.holdings.remove(self.name)
        del self._line[0]

    def locked(self) -> bool:
        """Whether any task holds the lock."""
        return bool(self._line)
