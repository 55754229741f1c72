"""Stops the services in levels: the next level when all of the one before have ended.

Breaks: R4
Also: R5
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
        finally:
            checking.cancel()
            with CancelScope(shield=True):
                left = dict(lives)
                while left:
                    level = [life for life in left.values() if not any(d.service.name in left for d in life.dependants)]
                    for life in level:
                        await life.stop()
                    for life in level:
                        await life.ended.wait()
                        del left[life.service.name]
