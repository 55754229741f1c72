"""See that the lock is free, pass a checkpoint, take it.

Base: right/own_queue
Breaks: R10
Also: R6 R7
"""

from anyio.lowlevel import checkpoint


class MonitoredLock:
    async def acquire(self) -> None:
        me = anyio.get_current_task()
        if self.owner == me:
            raise RuntimeError(f"{self.name} is held by this task already")
        self._monitor.learn(me, self.name)
        if self.owner is None:
            await checkpoint()
            self.owner = me
            return
        turn = anyio.Event()
        self._waiters.append((me, turn))
        try:
            await turn.wait()
        except BaseException:
            if self.owner == me:  # handed over while the cancellation was on its way
                self._hand_over()
            else:
                self._waiters.remove((me, turn))
            raise
