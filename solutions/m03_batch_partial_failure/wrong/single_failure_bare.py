"""Raises a single failure as it is.

Base: right/plain
Breaks: R6
"""


class BatchResult:
    def raise_for_failures(self) -> None:
        if len(self.failed) == 1:
            raise next(iter(self.failed.values()))
        if self.failed:
            raise ExceptionGroup("some items failed", [self.failed[index] for index in sorted(self.failed)])
