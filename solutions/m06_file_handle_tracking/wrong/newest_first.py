"""A list of what is open begins with what was opened last.

Base: right/plain
Breaks: R1
Also: R2 R3
"""


class LeakTracker:
    def track(self, resource: object, *, name: str) -> None:
        if self._find(resource) is not None:
            raise ValueError("already tracked")
        self._entries.insert(0, Entry(resource, name))
