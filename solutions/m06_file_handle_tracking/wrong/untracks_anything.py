"""Untracking what is not tracked does no harm.

Base: right/plain
Breaks: R2
Also: R3
"""


class LeakTracker:
    def untrack(self, resource: object) -> None:
        entry = self._find(resource)
        if entry is not None:
            self._entries.remove(entry)
