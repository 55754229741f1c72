"""Stops at most eight services at the same time.

Breaks: R4
"""

from anyio import Semaphore


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
        finally:
            group.cancel_scope.cancel()
            checking.cancel()
            with CancelScope(shield=True):
                places = Semaphore(8)
                async with create_task_group() as stops:
                    for life in lives.values():
                        stops.start_soon(life.stop, places)


class _Life:
    async def stop(self, places: Semaphore) -> None:
        for life in self.dependants:
            await life.ended.wait()
        async with places:
            self._stopping = True
            if not self.ended.is_set():
                self.state = State.STOPPING
            self._scope.cancel()
            await self.ended.wait()
