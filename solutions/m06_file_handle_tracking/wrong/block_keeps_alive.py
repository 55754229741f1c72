"""A block remembers the resources that were there when it began.

Base: right/plain
Breaks: R3
Also: R4
"""


class LeakTracker:
    @contextmanager
    def watch(self):
        before = [entry.ref() for entry in self._entries]
        yield
        leaked = [entry.leak.name for entry in self._entries if not any(entry.ref() is old for old in before)]
        if leaked:
            raise LeakError(", ".join(leaked))
