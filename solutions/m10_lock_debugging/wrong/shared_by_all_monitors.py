"""Orders are true everywhere, so they belong to the class.

Breaks: R7
Also: R6
"""


class LockMonitor:
    _after: defaultdict[str, set[str]] = defaultdict(set)

    def __init__(self) -> None:
        self.holdings = Holdings()
        self._locks: dict[str, MonitoredLock] = {}
