"""The results of a round of checks are published together, when the last check of the round has ended.

Breaks: R7
"""


async def _check_health(lives: Sequence[_Life], interval: float, timeout: float, until: CancelScope) -> None:
    async def check(life: _Life, healthy: dict[str, bool]) -> None:
        try:
            with fail_after(timeout):
                await life.service.check()
        except Exception:
            healthy[life.service.name] = False
        else:
            healthy[life.service.name] = True

    async def check_all() -> None:
        healthy: dict[str, bool] = {}
        async with create_task_group() as group:
            for life in lives:
                group.start_soon(check, life, healthy)
        for life in lives:
            life.healthy = healthy[life.service.name]

    with until:
        async with create_task_group() as checks:
            moment = current_time()
            while True:
                moment += interval
                await sleep_until(moment)
                checks.start_soon(check_all)
