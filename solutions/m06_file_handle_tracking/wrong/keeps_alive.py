"""A tracker may hold on to what it tracks.

Base: right/plain
Breaks: R3
"""


class Entry:
    def __init__(self, resource, name):
        self.resource = resource
        self.leak = Leak(name, anyio.current_time())


class LeakTracker:
    def _find(self, resource):
        for entry in self._entries:
            if entry.resource is resource:
                return entry
        return None
