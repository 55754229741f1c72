"""Shields the stop, and not the services: a cancellation reaches them all at once.

Breaks: R5
Also: R3 R4 R6 R8 G5 G3
"""


class _Life:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.requires: list[_Life] = []
        self.dependants: list[_Life] = []
        self.state = State.PENDING
        self.healthy = True
        self.ready, self.ended = Event(), Event()
        self._scope = CancelScope()
        self._stopping = False
