"""The next round waits until all checks of the last one have ended.

Breaks: R7
"""


async def _check_health(lives: Sequence[_Life], interval: float, timeout: float, until: CancelScope) -> None:

    async def check(life: _Life) -> None:
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
                async with create_task_group() as round:
                    for life in lives:
                        round.start_soon(check, life)
