"""One name is enough to find a leak.

Base: right/plain
Breaks: R4
"""


class LeakTracker:
    @contextmanager
    def watch(self):
        before = list(self._entries)
        yield
        for entry in self._entries:
            if entry not in before:
                raise LeakError(entry.leak.name)
