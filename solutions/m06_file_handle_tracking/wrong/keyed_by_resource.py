"""A dict keyed by the resource tells resources apart.

Base: right/plain
Breaks: R2
Also: R3 R4
"""

del Entry


class LeakTracker:
    del _find

    def __init__(self):
        self._entries = {}

    def track(self, resource: object, *, name: str) -> None:
        if resource in self._entries:
            raise ValueError("already tracked")
        self._entries[resource] = Leak(name, anyio.current_time())

    def untrack(self, resource: object) -> None:
        if resource not in self._entries:
            raise ValueError("not tracked")
        del self._entries[resource]

    def live(self) -> list[Leak]:
        return list(self._entries.values())

    @contextmanager
    def watch(self):
        before = list(self._entries.values())
        yield
        leaked = [leak.name for leak in self._entries.values() if leak not in before]
        if leaked:
            raise LeakError(", ".join(leaked))
