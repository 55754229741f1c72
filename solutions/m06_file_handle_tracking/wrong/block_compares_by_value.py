"""A block takes a resource for one from before if it is equal to that and has the same name: weak references compare by value.

Breaks: R4
"""


class LeakTracker:
    @contextmanager
    def _watched(self) -> Iterator[None]:
        before = [(entry.resource, entry.leak.name) for entry in self._entries]
        yield  # an error of the body leaves here, and there is nothing to look at
        leaked = [entry.leak.name for entry in self._entries if (entry.resource, entry.leak.name) not in before]
        if leaked:
            raise LeakError(f"still open: {', '.join(leaked)}")
