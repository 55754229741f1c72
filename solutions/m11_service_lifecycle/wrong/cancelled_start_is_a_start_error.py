"""A start that was cancelled is a `StartError`.

Breaks: G3
Also: R5 R3 R6 G2 R8
"""

from anyio import get_cancelled_exc_class


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
            try:
                for life in lives.values():
                    await life.ready.wait()
            except get_cancelled_exc_class():
                late = [name for name, life in lives.items() if not life.ready.is_set()]
                raise StartError(f"did not start: {late}") from None
            group.start_soon(_check_health, list(lives.values()), health_interval, check_timeout, checking)
            yield Host(lives)
        finally:
            checking.cancel()
            with CancelScope(shield=True):
                async with create_task_group() as stops:
                    for life in lives.values():
                        stops.start_soon(life.stop)
