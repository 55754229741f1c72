"""Sleeps `health_interval` after each round: the time of the round comes on top.

Breaks: R7
"""

from anyio import sleep


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
            while True:
                await sleep(interval)
                async with create_task_group() as round:
                    for life in lives:
                        round.start_soon(check, life)
