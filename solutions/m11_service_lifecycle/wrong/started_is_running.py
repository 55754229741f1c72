"""Starts a service when those that it requires were started, ready or not.

Breaks: R1
Also: R3 R5
"""


class _Life:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.requires: list[_Life] = []
        self.dependants: list[_Life] = []
        self.state = State.PENDING
        self.healthy = True
        self.ready, self.ended, self.begun = Event(), Event(), Event()
        self._scope = CancelScope(shield=True)
        self._stopping = False

    async def live(self, start_timeout: float) -> None:
        try:
            await checkpoint()
            for life in self.requires:
                await life.begun.wait()
            self.begun.set()
            self.state = State.STARTING
            await self._run(start_timeout)
            self.state = State.STOPPED
        except Exception:
            self.state = State.FAILED
            raise
        finally:
            self.ended.set()
