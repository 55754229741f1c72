"""A task cannot get in its own way: what it taught itself does not count for it.

Breaks: R6
"""


class LockMonitor:
    def __init__(self) -> None:
        self.holdings = Holdings()
        self._locks: dict[str, MonitoredLock] = {}
        self._after: defaultdict[str, dict[str, anyio.TaskInfo]] = defaultdict(dict)

    def learn_order(self, wanted: str) -> None:
        """The current task is about to take `wanted`: learn the order, or raise `LockOrderError` and learn nothing."""
        held = self.holdings.mine()
        for name in held:
            if path := find_path(self._others(), wanted, name):
                error = LockOrderError(f"{name!r} is held, but was learned to come later: {' -> '.join(path)}")
                error.cycle = tuple(path)
                raise error
        for name in held:
            self._after[name].setdefault(wanted, anyio.get_current_task())

    def _others(self) -> dict[str, list[str]]:
        """The orders that other tasks taught."""
        me = anyio.get_current_task()
        return {name: [n for n, task in after.items() if task != me] for name, after in self._after.items()}
