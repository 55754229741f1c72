"""A `finally` block looks for leaks however the body ends.

Base: right/plain
Breaks: R4
Also: G3 G5
"""


class LeakTracker:
    @contextmanager
    def watch(self):
        before = list(self._entries)
        try:
            yield
        finally:
            leaked = [entry.leak.name for entry in self._entries if entry not in before]
            if leaked:
                raise LeakError(", ".join(leaked))
