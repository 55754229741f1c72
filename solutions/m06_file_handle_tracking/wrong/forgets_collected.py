"""What the garbage collector took was closed properly, so a finalizer takes it off the list.

Base: right/plain
Breaks: R3
"""


class LeakTracker:
    def track(self, resource: object, *, name: str) -> None:
        if self._find(resource) is not None:
            raise ValueError("already tracked")
        entry = Entry(resource, name)
        self._entries.append(entry)
        weakref.finalize(resource, self._forget, entry)

    def _forget(self, entry):
        if entry in self._entries:
            self._entries.remove(entry)
