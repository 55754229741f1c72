"""Cancels all services together at the end of the block.

Breaks: R4
Also: R3 R5 R6 R8 G5
"""


class _Life:
    async def stop(self) -> None:
        self._stopping = True
        if not self.ended.is_set():
            self.state = State.STOPPING
        self._scope.cancel()
