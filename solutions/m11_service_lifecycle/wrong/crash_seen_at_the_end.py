"""Keeps the errors of services until the block ends.

Breaks: R6
Also: R4 R5
"""


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    lives = _lives_of(services)
    checking = CancelScope()
    async with create_task_group() as group:
        try:
            for life in lives.values():
                group.start_soon(life.live_quietly, start_timeout)
            for life in lives.values():
                await life.ready.wait()
            group.start_soon(_check_health, list(lives.values()), health_interval, check_timeout, checking)
            yield Host(lives)
        finally:
            checking.cancel()
            with CancelScope(shield=True):
                async with create_task_group() as stops:
                    for life in lives.values():
                        stops.start_soon(life.stop)
                for life in lives.values():
                    if life.state is not State.PENDING:
                        await life.ended.wait()
            await checkpoint()
            if errors := [life.error for life in lives.values() if life.error]:
                raise ExceptionGroup("services", errors)


class _Life:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.requires: list[_Life] = []
        self.dependants: list[_Life] = []
        self.state = State.PENDING
        self.error: Exception | None = None
        self.healthy = True
        self.ready, self.ended = Event(), Event()
        self._scope = CancelScope(shield=True)
        self._stopping = False

    async def live_quietly(self, start_timeout: float) -> None:
        try:
            await self.live(start_timeout)
        except Exception as error:
            if not self.ready.is_set():
                raise
            self.error = error
