"""A context manager begins when it is made.

Base: right/plain
Breaks: R4
"""


class LeakTracker:
    def watch(self):
        return Watch(self)


class Watch:
    def __init__(self, tracker):
        self._tracker = tracker
        self._before = list(tracker._entries)

    def __enter__(self):
        return None

    def __exit__(self, kind, error, trace):
        leaked = [entry.leak.name for entry in self._tracker._entries if entry not in self._before]
        if leaked and error is None:
            raise LeakError(", ".join(leaked))
