"""The time is looked up when somebody asks what is live.

Base: right/plain
Breaks: R1
Also: R2 R3
"""


class Entry:
    def __init__(self, resource, name):
        self.ref = weakref.ref(resource)
        self.name = name


class LeakTracker:
    def live(self) -> list[Leak]:
        return [Leak(entry.name, anyio.current_time()) for entry in self._entries]

    @contextmanager
    def watch(self):
        before = list(self._entries)
        yield
        leaked = [entry.name for entry in self._entries if entry not in before]
        if leaked:
            raise LeakError(", ".join(leaked))
