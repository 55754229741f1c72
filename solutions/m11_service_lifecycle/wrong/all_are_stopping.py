"""Says `STOPPING` of all services as soon as the block ends.

Breaks: R4
Also: R6
"""


class _Life:
    async def stop(self) -> None:
        if not self.ended.is_set():
            self.state = State.STOPPING
        for life in self.dependants:
            await life.ended.wait()
        self._stopping = True
        self._scope.cancel()
