"""Make the lock free and wake the first in line, who takes it when it runs.

Base: right/own_queue
Breaks: R10
Also: R7
"""


class MonitoredLock:
    async def acquire(self) -> None:
        me = anyio.get_current_task()
        if self.owner == me:
            raise RuntimeError(f"{self.name} is held by this task already")
        self._monitor.learn(me, self.name)
        await checkpoint_if_cancelled()
        while self.owner is not None:
            turn = anyio.Event()
            self._waiters.append((me, turn))
            try:
                await turn.wait()
            except BaseException:
                if turn.is_set() and self.owner is None and len(self._waiters) > 1:
                    self._waiters[1][1].set()
                raise
            finally:
                self._waiters.remove((me, turn))
        self.owner = me

    def _hand_over(self) -> None:
        self.owner = None
        if self._waiters:
            self._waiters[0][1].set()
