"""Sleeps with `asyncio`.

Breaks: G1 on trio
Also: R1 R2 R3 R4 R5 R6 R7 R8 G2 G3 G4 G5 G6 G8 G9
"""

import asyncio


class _Life:
    async def live(self, start_timeout: float) -> None:
        try:
            await asyncio.sleep(0)
            for life in self.requires:
                await life.ready.wait()
            self.state = State.STARTING
            await self._run(start_timeout)
            self.state = State.STOPPED
        except Exception:
            self.state = State.FAILED
            raise
        finally:
            self.ended.set()
