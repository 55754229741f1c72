"""A cancelled waiter takes its name off the list.

Base: right/own_queue
Breaks: R9
Also: R10
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
        try:
            await turn.wait()
        except BaseException:
            if (me, turn) in self._waiters:
                self._waiters.remove((me, turn))
            raise
