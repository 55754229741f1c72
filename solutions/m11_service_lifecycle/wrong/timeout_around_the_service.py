"""The timeout of the start stays on when the service is running.

Breaks: R3
Also: R4 R5 R6 R7 R8 G1 G2 G3 G4 G5 G6 G9 R1
"""


class _Life:
    def started(self, value: None = None) -> None:
        if self._scope.cancel_called:
            return
        self.state = State.RUNNING
        self.ready.set()
