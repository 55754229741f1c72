"""Takes groups among the failures apart.

Base: right/plain
Breaks: R6
"""


class BatchResult:
    def raise_for_failures(self) -> None:
        if self.failed:
            raise ExceptionGroup(
                "some items failed",
                [leaf for _, error in sorted(self.failed.items()) for leaf in getattr(error, "exceptions", [error])],
            )
