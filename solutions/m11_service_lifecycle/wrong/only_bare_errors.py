"""Raises the one error that matters most: that of the body, or of the start, or the first of the stop.

Breaks: R4
Also: R5 R6 G5
"""


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    lives = _lives_of(services)
    checking = CancelScope()
    async with _first_error_only(), create_task_group() as group:
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
                async with create_task_group() as stops:
                    for life in lives.values():
                        stops.start_soon(life.stop)


@asynccontextmanager
async def _first_error_only() -> AsyncIterator[None]:
    try:
        yield
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
