"""Says `STOPPED` of a service that raised while it stopped.

Breaks: R4
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
            self.state = State.STOPPED if self._stopping else State.FAILED
            raise
        finally:
            self.ended.set()
