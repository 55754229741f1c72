"""A reference whose resource is false in a condition is taken for one that is gone.

Base: right/plain
Breaks: R1
Also: R2
"""


class LeakTracker:
    def _find(self, resource):
        for entry in self._entries:
            if entry.ref() and entry.ref() is resource:
                return entry
        return None
