"""Handles `Exception`: after any other all services are cancelled at once.

Breaks: G5
Also: R5 R8
"""

from anyio import get_cancelled_exc_class


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    lives = _lives_of(services)
    checking = CancelScope()
    ordered = False
    async with create_task_group() as group:
        try:
            for life in lives.values():
                group.start_soon(life.live, start_timeout)
            for life in lives.values():
                await life.ready.wait()
            group.start_soon(_check_health, list(lives.values()), health_interval, check_timeout, checking)
            yield Host(lives)
        except (Exception, get_cancelled_exc_class()):
            ordered = True
            raise
        else:
            ordered = True
        finally:
            checking.cancel()
            if not ordered:
                for life in lives.values():
                    life._stopping = True
                    life._scope.cancel()
            with CancelScope(shield=True):
                async with create_task_group() as stops:
                    for life in lives.values():
                        stops.start_soon(life.stop)
