"""After an error the lock stays taken: what it guards may be broken.

Breaks: G2
Also: R9 G5
"""


class MonitoredLock:
    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if exc_type is None:
            self.release()
