"""Each waiter has a memory stream of its own on which its turn arrives; transfer takes the highest id first."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import anyio
from anyio.streams.memory import MemoryObjectSendStream


@dataclass(eq=False)
class Account:
    id: int
    balance: int
    lock: anyio.Lock


class InsufficientFunds(Exception):
    pass


class LockOrderError(RuntimeError):
    cycle: tuple[str, ...]


Audit = Callable[[Account, Account, int], Awaitable[None]]


async def transfer(source: Account, target: Account, amount: int, *, audit: Audit) -> None:
    if not amount >= 0:
        raise ValueError("a transfer moves money forward only")
    low, high = sorted((source, target), key=lambda account: account.id)
    async with high.lock, nullcontext() if low is high else low.lock:
        if source.balance < amount:
            raise InsufficientFunds
        await audit(source, target, amount)
        for account, change in ((source, -amount), (target, amount)):
            account.balance += change


def find_path(after: Mapping[str, Iterable[str]], start: str, goal: str) -> list[str] | None:
    ways = [[start]]
    seen = {start}
    for way in ways:  # grows while we walk along it
        if way[-1] == goal:
            return way
        for name in after.get(way[-1], ()):
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None


class MonitoredLock:
    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self._monitor = monitor
        self._queue: deque[MemoryObjectSendStream[None]] = deque()
        self._busy = False

    async def acquire(self) -> None:
        if self.name in self._monitor.holdings:
            if self._monitor.holdings[self.name] == anyio.get_current_task():
                raise RuntimeError("held already")
        self._monitor.before_taking(self.name)
        if self._busy:
            send, receive = anyio.create_memory_object_stream[None](1)
            with send, receive:
                self._queue.append(send)
                try:
                    await receive.receive()
                except BaseException:
                    if send in self._queue:
                        self._queue.remove(send)
                    else:
                        self._pass_on()
                    raise
        self._busy = True
        self._monitor.holdings[self.name] = anyio.get_current_task()

    def release(self) -> None:
        if self._monitor.holdings.get(self.name) != anyio.get_current_task():
            raise RuntimeError("not yours")
        del self._monitor.holdings[self.name]
        self._pass_on()

    def _pass_on(self) -> None:
        if self._queue:
            self._queue.popleft().send_nowait(None)
        else:
            self._busy = False

    def locked(self) -> bool:
        return self._busy

    async def __aenter__(self) -> MonitoredLock:
        await self.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()


class LockMonitor:
    def __init__(self) -> None:
        self.holdings: dict[str, anyio.TaskInfo] = {}
        self._locks: dict[str, MonitoredLock] = {}
        self._after: dict[str, set[str]] = {}

    def lock(self, name: str) -> MonitoredLock:
        if name not in self._locks:
            self._locks[name] = MonitoredLock(name, self)
        return self._locks[name]

    def holders(self) -> dict[str, str]:
        return {name: str(task.name) for name, task in self.holdings.items()}

    def before_taking(self, wanted: str) -> None:
        me = anyio.get_current_task()
        held = [name for name, task in self.holdings.items() if task == me]
        ways = [find_path(self._after, wanted, name) for name in held]
        for way in filter(None, ways):
            error = LockOrderError("wrong order")
            error.cycle = tuple(way)
            raise error
        self._after.setdefault(wanted, set())
        for name in held:
            self._after.setdefault(name, set()).add(wanted)
