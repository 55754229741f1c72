"""Starts a service when the first of those that it requires is running.

Breaks: R1
"""


class _Life:
    async def live(self, start_timeout: float) -> None:
        try:
            await checkpoint()
            for life in self.requires[:1]:
                await life.ready.wait()
            self.state = State.STARTING
            await self._run(start_timeout)
            self.state = State.STOPPED
        except Exception:
            self.state = State.FAILED
            raise
        finally:
            self.ended.set()
