"""A name stands for one resource.

Base: right/plain
Breaks: R1
Also: R2 R5 R7
"""


class LeakTracker:
    def __init__(self):
        self._entries = {}

    def _find(self, resource):
        for name, entry in self._entries.items():
            if entry.ref() is resource:
                return name
        return None

    def track(self, resource: object, *, name: str) -> None:
        if self._find(resource) is not None:
            raise ValueError("already tracked")
        self._entries[name] = Entry(resource, name)

    def untrack(self, resource: object) -> None:
        name = self._find(resource)
        if name is None:
            raise ValueError("not tracked")
        del self._entries[name]

    def live(self) -> list[Leak]:
        return [entry.leak for entry in self._entries.values()]

    @contextmanager
    def watch(self):
        before = list(self._entries.values())
        yield
        leaked = [entry.leak.name for entry in self._entries.values() if entry not in before]
        if leaked:
            raise LeakError(", ".join(leaked))
