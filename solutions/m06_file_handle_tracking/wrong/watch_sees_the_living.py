"""A block is asked only for resources that still exist.

Base: right/plain
Breaks: R3
"""


class LeakTracker:
    @contextmanager
    def watch(self):
        before = list(self._entries)
        yield
        leaked = [entry.leak.name for entry in self._entries if entry.ref() is not None and entry not in before]
        if leaked:
            raise LeakError(", ".join(leaked))
