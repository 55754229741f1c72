"""An `id()` stands for one object for good.

Base: right/plain
Breaks: R3
"""

del Entry


class LeakTracker:
    del _find

    def __init__(self):
        self._entries = {}

    def track(self, resource: object, *, name: str) -> None:
        if id(resource) in self._entries:
            raise ValueError("already tracked")
        self._entries[id(resource)] = Leak(name, anyio.current_time())

    def untrack(self, resource: object) -> None:
        if id(resource) not in self._entries:
            raise ValueError("not tracked")
        del self._entries[id(resource)]

    def live(self) -> list[Leak]:
        return list(self._entries.values())

    @contextmanager
    def watch(self):
        before = list(self._entries.values())
        yield
        leaked = [leak.name for leak in self._entries.values() if leak not in before]
        if leaked:
            raise LeakError(", ".join(leaked))
