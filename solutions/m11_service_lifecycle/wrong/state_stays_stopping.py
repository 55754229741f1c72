"""Never says `STOPPED`.

Breaks: R4
Also: R6
"""


class _Life:
    async def live(self, start_timeout: float) -> None:
        try:
            await checkpoint()
            for life in self.requires:
                await life.ready.wait()
            self.state = State.STARTING
            await self._run(start_timeout)
        except Exception:
            self.state = State.FAILED
            raise
        finally:
            self.ended.set()
