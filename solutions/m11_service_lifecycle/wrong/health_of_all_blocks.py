"""Keeps in the module which services are unhealthy: in the next block they still are, before any check.

Breaks: R7
"""

UNHEALTHY: set[str] = set()


class Host:
    def healthy(self, name: str) -> bool:
        return name not in UNHEALTHY


class _Life:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.requires: list[_Life] = []
        self.dependants: list[_Life] = []
        self.state = State.PENDING
        self.ready, self.ended = Event(), Event()
        self._scope = CancelScope(shield=True)
        self._stopping = False


async def _check_health(lives: Sequence[_Life], interval: float, timeout: float, until: CancelScope) -> None:

    async def check(life: _Life) -> None:
        try:
            with fail_after(timeout):
                await life.service.check()
        except Exception:
            UNHEALTHY.add(life.service.name)
        else:
            UNHEALTHY.discard(life.service.name)

    with until:
        async with create_task_group() as checks:
            moment = current_time()
            while True:
                moment += interval
                await sleep_until(moment)
                for life in lives:
                    checks.start_soon(check, life)
