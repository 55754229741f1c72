"""Raises the failures in the order in which they happened.

Base: right/plain
Breaks: R6
"""


class BatchResult:
    def raise_for_failures(self) -> None:
        if self.failed:
            raise ExceptionGroup("some items failed", list(self.failed.values()))
