"""What a task tracks concerns that task only.

Base: right/plain
Breaks: R1
Also: R4 R5
"""

import contextvars


class LeakTracker:
    def __init__(self):
        self._var = contextvars.ContextVar("entries")

    @property
    def _entries(self):
        try:
            return self._var.get()
        except LookupError:
            self._var.set([])
            return self._var.get()
