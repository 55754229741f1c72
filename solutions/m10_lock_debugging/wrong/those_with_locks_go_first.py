"""A task that holds another lock goes to the head of the line, as others may wait for it.

Base: right/own_queue
Breaks: R10
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
        if self._monitor.held_by(me):
            self._waiters.appendleft((me, turn))
        else:
            self._waiters.append((me, turn))
        try:
            await turn.wait()
        except BaseException:
            if (me, turn) in self._waiters:
                self._waiters.remove((me, turn))
            else:
                self._hand_over()
            raise


class LockMonitor:
    def held_by(self, me: anyio.TaskInfo) -> list[str]:
        return [name for name, lock in self._locks.items() if lock.owner == me]

    def learn(self, me: anyio.TaskInfo, wanted: str) -> None:
        held = self.held_by(me)
        for name in held:
            path = find_path(self._after, wanted, name)
            if path is not None:
                error = LockOrderError(" -> ".join(path))
                error.cycle = tuple(path)
                raise error
        for name in held:
            self._after.setdefault(name, []).append(wanted)
