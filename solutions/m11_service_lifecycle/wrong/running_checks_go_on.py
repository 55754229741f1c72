"""Makes no further checks when the body has ended, and lets the running ones go on.

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

    async with create_task_group() as checks:
        with until:
            moment = current_time()
            while True:
                moment += interval
                await sleep_until(moment)
                for life in lives:
                    checks.start_soon(check, life)
