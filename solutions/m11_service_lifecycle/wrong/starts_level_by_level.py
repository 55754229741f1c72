"""Starts the services in levels: the next level when all of the one before are running.

Breaks: R1
Also: R3 R5 R6
"""


@asynccontextmanager
async def running(
    services: Sequence[Service], *, start_timeout: float, health_interval: float = 10.0, check_timeout: float = 1.0
) -> AsyncIterator[Host]:
    lives = _lives_of(services)
    checking = CancelScope()
    async with create_task_group() as group:
        try:
            sorter = TopologicalSorter({name: life.service.requires for name, life in lives.items()})
            sorter.prepare()
            while level := sorter.get_ready():
                for name in level:
                    group.start_soon(lives[name].live, start_timeout)
                for name in level:
                    await lives[name].ready.wait()
                sorter.done(*level)
            group.start_soon(_check_health, list(lives.values()), health_interval, check_timeout, checking)
            yield Host(lives)
        finally:
            checking.cancel()
            for life in lives.values():
                if life.state is State.PENDING:
                    life.ended.set()
            with CancelScope(shield=True):
                async with create_task_group() as stops:
                    for life in lives.values():
                        stops.start_soon(life.stop)
