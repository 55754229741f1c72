"""Only the task that runs the block can leave something open in it.

Base: right/plain
Breaks: R4
"""


class Entry:
    def __init__(self, resource, name):
        self.ref = weakref.ref(resource)
        self.task = anyio.get_current_task().id
        self.leak = Leak(name, anyio.current_time())


class LeakTracker:
    @contextmanager
    def watch(self):
        before = list(self._entries)
        yield
        leaked = [
            entry.leak.name
            for entry in self._entries
            if entry not in before and entry.task == anyio.get_current_task().id
        ]
        if leaked:
            raise LeakError(", ".join(leaked))
