"""Whatever is live at the end of a block was left open by it.

Base: right/plain
Breaks: R4
Also: R3
"""


class LeakTracker:
    @contextmanager
    def watch(self):
        yield
        leaked = [entry.leak.name for entry in self._entries]
        if leaked:
            raise LeakError(", ".join(leaked))
