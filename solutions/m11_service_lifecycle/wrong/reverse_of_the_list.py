"""Stops the services in the reverse order of the list.

Breaks: R4
Also: R3 R5 R6 R8 G5 G2 G3
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
                for life in reversed(lives.values()):
                    await life.stop()
                    if life.ready.is_set() or life.state is State.STOPPING:
                        await life.ended.wait()


class _Life:
    async def stop(self) -> None:
        self._stopping = True
        if not self.ended.is_set():
            self.state = State.STOPPING
        self._scope.cancel()
