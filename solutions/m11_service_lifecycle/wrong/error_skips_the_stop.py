"""Stops in order only if the body ends well: there is no `finally`.

Breaks: R5
Also: R3 R4 R6 R8 G2 G3 G5
"""


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    lives = _lives_of(services)
    checking = CancelScope()
    async with create_task_group() as group:
        for life in lives.values():
            group.start_soon(life.live, start_timeout)
        for life in lives.values():
            await life.ready.wait()
        group.start_soon(_check_health, list(lives.values()), health_interval, check_timeout, checking)
        yield Host(lives)
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
