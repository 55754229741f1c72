"""What is tracked belongs to the block that began last.

Base: right/plain
Breaks: R4
"""


class LeakTracker:
    def __init__(self):
        self._entries = []
        self._blocks = []

    def track(self, resource: object, *, name: str) -> None:
        if self._find(resource) is not None:
            raise ValueError("already tracked")
        entry = Entry(resource, name)
        self._entries.append(entry)
        if self._blocks:
            self._blocks[-1].append(entry)

    @contextmanager
    def watch(self):
        mine = []
        self._blocks.append(mine)
        try:
            yield
        finally:
            self._blocks.remove(mine)
        leaked = [entry.leak.name for entry in mine if entry in self._entries]
        if leaked:
            raise LeakError(", ".join(leaked))
