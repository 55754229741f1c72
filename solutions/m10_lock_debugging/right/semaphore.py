"""A semaphore of one below each lock; transfer with `acquire`, `try` and `finally`."""

from __future__ import annotations

from collections import defaultdict
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
        raise ValueError(amount)
    first, second = (source, target) if source.id <= target.id else (target, source)
    await first.lock.acquire()
    try:
        if second is not first:
            await second.lock.acquire()
        try:
            if source.balance < amount:
                raise InsufficientFunds
            await audit(source, target, amount)
            source.balance -= amount
            target.balance += amount
        finally:
            if second is not first:
                second.lock.release()
    finally:
        first.lock.release()


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
        self.holder: tuple[int, str] | None = None
        self._monitor = monitor
        self._free = anyio.Semaphore(1, max_value=1)

    async def acquire(self) -> None:
        me = anyio.get_current_task()
        mine = [lock.name for lock in self._monitor.locks.values() if lock.holder and lock.holder[0] == me.id]
        if self.name in mine:
            raise RuntimeError("held already")
        for name in mine:
            if path := find_path(self._monitor.after, self.name, name):
                error = LockOrderError(*path)
                error.cycle = tuple(path)
                raise error
        for name in mine:
            self._monitor.after[name].add(self.name)
        await self._free.acquire()
        self.holder = me.id, str(me.name)

    def release(self) -> None:
        if self.holder is None or self.holder[0] != anyio.get_current_task().id:
            raise RuntimeError("not yours")
        self.holder = None
        self._free.release()

    def locked(self) -> bool:
        return self._free.value == 0

    async def __aenter__(self) -> MonitoredLock:
        await self.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()


class LockMonitor:
    def __init__(self) -> None:
        self.locks: dict[str, MonitoredLock] = {}
        self.after: defaultdict[str, set[str]] = defaultdict(set)

    def lock(self, name: str) -> MonitoredLock:
        try:
            return self.locks[name]
        except KeyError:
            self.locks[name] = MonitoredLock(name, self)
            return self.locks[name]

    def holders(self) -> dict[str, str]:
        return {lock.name: lock.holder[1] for lock in self.locks.values() if lock.holder}
