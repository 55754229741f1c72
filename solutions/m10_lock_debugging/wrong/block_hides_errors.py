"""`__aexit__` returns True: all is well.

Breaks: G3
Also: G5
"""


class MonitoredLock:
    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> bool:
        self.release()
        return True
