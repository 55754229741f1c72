"""A start that was cancelled or failed lets those that are starting get ready first.

Breaks: R5
Also: R3 G3 R6 R8 R4
"""

from anyio import move_on_after


class _Life:
    async def stop(self) -> None:
        for life in self.dependants:
            await life.ended.wait()
        if self.state is State.STARTING:
            with move_on_after(20):
                await self.ready.wait()
        self._stopping = True
        if not self.ended.is_set():
            self.state = State.STOPPING
        self._scope.cancel()
