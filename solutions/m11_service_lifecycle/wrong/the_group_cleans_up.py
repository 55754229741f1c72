"""When a start fails the task group cancels all services at once.

Breaks: R3
Also: R4 R5 R6 R8 G5
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
                group.start_soon(life.live, start_timeout)
            for life in lives.values():
                await life.ready.wait()
            group.start_soon(_check_health, list(lives.values()), health_interval, check_timeout, checking)
            yield Host(lives)
        except BaseException:
            group.cancel_scope.cancel()
            raise
        else:
            checking.cancel()
            with CancelScope(shield=True):
                async with create_task_group() as stops:
                    for life in lives.values():
                        stops.start_soon(life.stop)


class _Life:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.requires: list[_Life] = []
        self.dependants: list[_Life] = []
        self.state = State.PENDING
        self.healthy = True
        self.ready, self.ended = Event(), Event()
        self._scope = CancelScope()
        self._stopping = False
