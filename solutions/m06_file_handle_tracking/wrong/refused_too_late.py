"""The new entry is made first; that there was one already shows afterwards.

Base: right/plain
Breaks: R2
"""


class LeakTracker:
    def track(self, resource: object, *, name: str) -> None:
        known = self._find(resource)
        self._entries.append(Entry(resource, name))
        if known is not None:
            raise ValueError("already tracked")
