"""Services go on starting after one has failed: their starts are shielded.

Breaks: R5
Also: R3 R4 R6 G3 R8 G5
"""

from anyio import move_on_after


class _Life:
    async def live(self, start_timeout: float) -> None:
        try:
            await checkpoint()
            with CancelScope(shield=True):
                for life in self.requires:
                    with move_on_after(9):
                        await life.ready.wait()
            self.state = State.STARTING
            await self._run(start_timeout)
            self.state = State.STOPPED
        except Exception:
            self.state = State.FAILED
            raise
        finally:
            self.ended.set()
