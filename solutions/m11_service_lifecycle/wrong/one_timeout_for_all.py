"""One timeout around the start of all services.

Breaks: R3
Also: R5 G2 R4 R6
"""

from anyio import move_on_after


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
            with move_on_after(start_timeout) as start:
                for life in lives.values():
                    await life.ready.wait()
            if start.cancelled_caught:
                late = [name for name, life in lives.items() if not life.ready.is_set()]
                raise StartError(f"not ready in time: {late}")
            group.start_soon(_check_health, list(lives.values()), health_interval, check_timeout, checking)
            yield Host(lives)
        finally:
            checking.cancel()
            with CancelScope(shield=True):
                async with create_task_group() as stops:
                    for life in lives.values():
                        stops.start_soon(life.stop)


class _Life:
    async def _run(self, start_timeout: float) -> None:
        name = self.service.name
        try:
            with self._scope:
                await self.service.run(task_status=self)
        except Exception as error:
            if self.ready.is_set() or self._stopping:
                raise
            raise StartError(f"{name!r} did not start: {error}") from error
        if self._stopping:
            return
        if self.ready.is_set():
            raise RuntimeError(f"{name!r} ended by itself")
        raise StartError(f"{name!r} was not ready within {start_timeout} s, or ended before")
