"""A second `aclose` does not know of the idle connections that the first one is closing, and returns before they are closed.

Base: right/semaphore_and_scopes
Breaks: R9
"""


class ConnectionPool:
    async def aclose(self) -> None:
        self.closing = True
        for wait in self.waits:
            wait.cancel()
        while self.idle:
            await self._close(self.idle.pop(0))
        if self.taken:
            await self.drained.wait()
