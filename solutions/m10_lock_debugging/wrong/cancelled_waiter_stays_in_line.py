"""Who is cancelled just stops waiting.

Base: right/own_queue
Breaks: R9
Also: R10 R6 R7
"""


class MonitoredLock:
    async def acquire(self) -> None:
        me = anyio.get_current_task()
        if self.owner == me:
            raise RuntimeError(f"{self.name} is held by this task already")
        self._monitor.learn(me, self.name)
        await checkpoint_if_cancelled()
        if self.owner is None:
            self.owner = me
            return
        turn = anyio.Event()
        self._waiters.append((me, turn))
        await turn.wait()
