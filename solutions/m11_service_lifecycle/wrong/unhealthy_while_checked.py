"""A service is unhealthy while its check runs.

Breaks: R7
"""


async def _check_health(lives: Sequence[_Life], interval: float, timeout: float, until: CancelScope) -> None:

    async def check(life: _Life) -> None:
        life.healthy = False
        try:
            with fail_after(timeout):
                await life.service.check()
        except Exception:
            life.healthy = False
        else:
            life.healthy = True

    with until:
        async with create_task_group() as checks:
            moment = current_time()
            while True:
                moment += interval
                await sleep_until(moment)
                for life in lives:
                    checks.start_soon(check, life)
