"""What has a name that was live before was live before.

Base: right/plain
Breaks: R4
"""


class LeakTracker:
    @contextmanager
    def watch(self):
        before = {entry.leak.name for entry in self._entries}
        yield
        leaked = [entry.leak.name for entry in self._entries if entry.leak.name not in before]
        if leaked:
            raise LeakError(", ".join(leaked))
