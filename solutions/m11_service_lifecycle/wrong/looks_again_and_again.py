"""Looks every 50 milliseconds whether a service is ready.

Breaks: G6
Also: R1 R3 R4 R5 R6 R7 R8 G2
"""

from anyio import sleep


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
                while not life.ready.is_set():
                    await sleep(0.05)
            group.start_soon(_check_health, list(lives.values()), health_interval, check_timeout, checking)
            yield Host(lives)
        finally:
            checking.cancel()
            with CancelScope(shield=True):
                async with create_task_group() as stops:
                    for life in lives.values():
                        stops.start_soon(life.stop)
