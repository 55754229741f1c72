"""As many open at the end as at the beginning: nothing leaked.

Base: right/plain
Breaks: R4
"""


class LeakTracker:
    @contextmanager
    def watch(self):
        before = len(self._entries)
        yield
        leaked = [entry.leak.name for entry in self._entries[before:]]
        if leaked:
            raise LeakError(", ".join(leaked))
