"""What was live before a block is remembered by its `id()`.

Base: right/plain
Breaks: R3
Also: R4
"""


class LeakTracker:
    @contextmanager
    def watch(self):
        before = {id(entry.ref()) for entry in self._entries}
        yield
        leaked = [entry.leak.name for entry in self._entries if entry.ref() is None or id(entry.ref()) not in before]
        if leaked:
            raise LeakError(", ".join(leaked))
