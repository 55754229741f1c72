"""Stands in the line of a busy lock before it looks at the order, and stays there when it is refused.

Base: right/own_queue
Breaks: R6
"""


class MonitoredLock:
    async def acquire(self) -> None:
        me = anyio.get_current_task()
        if self.owner == me:
            raise RuntimeError(f"{self.name} is held by this task already")
        turn = anyio.Event()
        if self.owner is not None:
            self._waiters.append((me, turn))
        self._monitor.learn(me, self.name)
        if (me, turn) not in self._waiters:
            await checkpoint_if_cancelled()
            self.owner = me
            return
        try:
            await turn.wait()
        except BaseException:
            if (me, turn) in self._waiters:
                self._waiters.remove((me, turn))
            else:
                self._hand_over()
            raise
