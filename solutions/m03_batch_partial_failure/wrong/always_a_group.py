"""Builds the group without looking whether anything failed.

Base: right/plain
Breaks: R6
"""


class BatchResult:
    def raise_for_failures(self) -> None:
        raise ExceptionGroup("some items failed", [self.failed[index] for index in sorted(self.failed)])
