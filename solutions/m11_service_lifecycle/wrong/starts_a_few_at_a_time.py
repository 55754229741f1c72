"""Lets at most eight services start at the same time.

Breaks: R1
Also: R5
"""

from anyio import Semaphore
from anyio.abc import TaskGroup


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    lives = _lives_of(services)
    checking = CancelScope()
    places = Semaphore(8)
    async with create_task_group() as group:
        try:
            for life in lives.values():
                group.start_soon(life.live, start_timeout, places, group)
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


class _Life:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.requires: list[_Life] = []
        self.dependants: list[_Life] = []
        self.state = State.PENDING
        self.healthy = True
        self.ready, self.settled, self.ended = Event(), Event(), Event()
        self._scope = CancelScope(shield=True)
        self._stopping = False

    def started(self, value: None = None) -> None:
        if self._scope.cancel_called:
            return
        self._scope.deadline = math.inf
        self.state = State.RUNNING
        self.ready.set()
        self.settled.set()

    async def live(self, start_timeout: float, places: Semaphore, group: TaskGroup) -> None:
        try:
            await checkpoint()
            for life in self.requires:
                await life.ready.wait()
            async with places:
                group.start_soon(self.run, start_timeout)
                await self.settled.wait()
        finally:
            if self.state is State.PENDING:
                self.ended.set()

    async def run(self, start_timeout: float) -> None:
        try:
            self.state = State.STARTING
            await self._run(start_timeout)
            self.state = State.STOPPED
        except Exception:
            self.state = State.FAILED
            raise
        finally:
            self.settled.set()
            self.ended.set()
