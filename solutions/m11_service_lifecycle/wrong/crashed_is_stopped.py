"""Says `STOPPED` of a service that crashed.

Breaks: R6
"""


class _Life:
    async def live(self, start_timeout: float) -> None:
        try:
            await checkpoint()
            for life in self.requires:
                await life.ready.wait()
            self.state = State.STARTING
            await self._run(start_timeout)
            self.state = State.STOPPED
        except Exception:
            self.state = State.FAILED if self._stopping else State.STOPPED
            raise
        finally:
            self.ended.set()
