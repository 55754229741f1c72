"""A service that crashed is `FAILED` until the stop comes to it.

Breaks: R6
Also: R4
"""


class _Life:
    async def stop(self) -> None:
        for life in self.dependants:
            await life.ended.wait()
        self._stopping = True
        self.state = State.STOPPING
        self._scope.cancel()
        await self.ended.wait()
        self.state = State.STOPPED
