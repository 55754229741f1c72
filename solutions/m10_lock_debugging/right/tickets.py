"""A line whose head holds the lock, all woken at each move; orders learned from the last lock; a recursive transfer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

import anyio


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
    if amount < 0:
        raise ValueError("negative")
    await _locked(sorted({source, target}, key=lambda account: account.id), source, target, amount, audit)


async def _locked(todo: list[Account], source: Account, target: Account, amount: int, audit: Audit) -> None:
    if todo:
        async with todo[0].lock:
            return await _locked(todo[1:], source, target, amount, audit)
    if source.balance < amount:
        raise InsufficientFunds
    await audit(source, target, amount)
    source.balance, taken = source.balance - amount, amount
    target.balance += taken


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
    """The head of the line holds the lock; each change of the head wakes all who wait."""

    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self._monitor = monitor
        self._line: list[anyio.TaskInfo] = []
        self._moved = anyio.Event()

    async def acquire(self) -> None:
        me = anyio.get_current_task()
        if me in self._line:
            raise RuntimeError("held already")
        self._monitor.learn(self.name)
        self._line.append(me)
        try:
            while self._line[0] != me:
                await self._moved.wait()
        except BaseException:
            self._leave(me)
            raise
        self._monitor.taken[self.name] = me

    def release(self) -> None:
        me = anyio.get_current_task()
        if self._monitor.taken.get(self.name) != me:
            raise RuntimeError("not yours")
        del self._monitor.taken[self.name]
        self._leave(me)

    def _leave(self, task: anyio.TaskInfo) -> None:
        self._line.remove(task)
        self._moved.set()
        self._moved = anyio.Event()

    def locked(self) -> bool:
        return bool(self._line)

    async def __aenter__(self) -> MonitoredLock:
        await self.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()


class LockMonitor:
    """Asks and learns only with the lock that a task took last: the way to the older ones leads through it."""

    def __init__(self) -> None:
        self.taken: dict[str, anyio.TaskInfo] = {}
        self._locks: dict[str, MonitoredLock] = {}
        self._after: dict[str, set[str]] = {}

    def lock(self, name: str) -> MonitoredLock:
        if name not in self._locks:
            self._locks[name] = MonitoredLock(name, self)
        return self._locks[name]

    def holders(self) -> dict[str, str]:
        return {name: str(task.name) for name, task in self.taken.items()}

    def learn(self, wanted: str) -> None:
        me = anyio.get_current_task()
        mine = [name for name, task in self.taken.items() if task == me]
        if not mine:
            return
        last = mine[-1]
        if way := find_path(self._after, wanted, last):
            error = LockOrderError("wrong order")
            error.cycle = tuple(way)
            raise error
        self._after.setdefault(last, set()).add(wanted)
