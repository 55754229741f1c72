"""At the end of the block waits until the services end, without cancelling them.

Breaks: R4
Also: R1 R3 R5 R6 R7 R8 G1 G2 G3 G4 G5 G6 G9
"""


class _Life:
    async def stop(self) -> None:
        for life in self.dependants:
            await life.ended.wait()
        self._stopping = True
        if not self.ended.is_set():
            self.state = State.STOPPING
        if not self.ready.is_set():
            self._scope.cancel()
