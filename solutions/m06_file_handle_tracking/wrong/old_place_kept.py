"""What is tracked again gets its old place back.

Base: right/plain
Breaks: R1
"""


class LeakTracker:
    def track(self, resource: object, *, name: str) -> None:
        entry = self._find(resource)
        if entry is None:
            entry = Entry(resource, name)
            entry.open = True
            self._entries.append(entry)
        elif entry.open:
            raise ValueError("already tracked")
        else:
            entry.open, entry.leak = True, Leak(name, anyio.current_time())

    def untrack(self, resource: object) -> None:
        entry = self._find(resource)
        if entry is None or not entry.open:
            raise ValueError("not tracked")
        entry.open = False

    def live(self) -> list[Leak]:
        return [entry.leak for entry in self._entries if entry.open]

    @contextmanager
    def watch(self):
        before = [entry.leak for entry in self._entries if entry.open]
        yield
        leaked = [entry.leak.name for entry in self._entries if entry.open and entry.leak not in before]
        if leaked:
            raise LeakError(", ".join(leaked))
