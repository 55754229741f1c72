"""Keeps the first crash; a later one is lost.

Breaks: R6
Also: R4
"""


def _lives_of(services: Sequence[Service]) -> "dict[str, _Life]":
    lives = {service.name: _Life(service) for service in services}
    if len(lives) < len(services):
        raise ValueError("two services have the same name")
    for life in lives.values():
        for name in life.service.requires:
            if name not in lives:
                raise ValueError(f"{life.service.name!r} requires {name!r}, which is not there")
            life.requires.append(lives[name])
            lives[name].dependants.append(life)
    TopologicalSorter({name: life.service.requires for name, life in lives.items()}).prepare()
    for life in lives.values():
        life.all = list(lives.values())
    return lives


class _Life:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.requires: list[_Life] = []
        self.dependants: list[_Life] = []
        self.state = State.PENDING
        self.all: list[_Life] = []
        self.healthy = True
        self.ready, self.ended = Event(), Event()
        self._scope = CancelScope(shield=True)
        self._stopping = False

    async def live(self, start_timeout: float) -> None:
        try:
            await checkpoint()
            for life in self.requires:
                await life.ready.wait()
            self.state = State.STARTING
            await self._run(start_timeout)
            self.state = State.STOPPED
        except Exception:
            self.state = State.FAILED
            if self._stopping or not any(life.state is State.FAILED for life in self.all if life is not self):
                raise
        finally:
            self.ended.set()
