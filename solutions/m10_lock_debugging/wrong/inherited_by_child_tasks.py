"""A context variable belongs to one task.

Breaks: R7
Also: R6
"""

from contextvars import ContextVar

_mine: ContextVar[tuple[str, ...]] = ContextVar("_mine", default=())


class Holdings:
    def add(self, name: str) -> None:
        """Note that the current task now holds the lock `name`."""
        self._tasks[name] = anyio.get_current_task()
        _mine.set((*_mine.get(), name))

    def remove(self, name: str) -> None:
        """Note that nobody holds the lock `name` any more."""
        del self._tasks[name]
        _mine.set(tuple(other for other in _mine.get() if other != name))

    def mine(self) -> list[str]:
        """Names of the locks that the current task holds, the one taken first at the head."""
        return list(_mine.get())
