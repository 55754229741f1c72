"""Gives services a moment with `time.sleep`.

Breaks: G4
"""

import time


class _Life:
    def started(self, value: None = None) -> None:
        if self._scope.cancel_called:
            return
        self._scope.deadline = math.inf
        time.sleep(0.01)
        self.state = State.RUNNING
        self.ready.set()
