"""Held locks by task id, the entry made in `finally`; the orders kept as insertion-ordered dictionaries."""

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
    """Notes the claim first, and takes it back, whatever stops it: orders, wait, cancellation."""

    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self._monitor = monitor
        self._lock = anyio.Lock()

    async def acquire(self) -> None:
        task = anyio.get_current_task()
        held = self._monitor.held.setdefault(task.id, {})
        if self.name in held:
            raise RuntimeError("held already")
        self._monitor.learn(held, self.name)
        got = False
        try:
            await self._lock.acquire()
            got = True
        finally:
            if got:
                held[self.name] = str(task.name)
            elif not held:
                self._monitor.held.pop(task.id, None)

    def release(self) -> None:
        task = anyio.get_current_task()
        held = self._monitor.held.get(task.id, {})
        if held.pop(self.name, None) is None:
            raise RuntimeError("not yours")
        if not held:
            del self._monitor.held[task.id]
        self._lock.release()

    def locked(self) -> bool:
        return self._lock.statistics().locked

    async def __aenter__(self) -> MonitoredLock:
        await self.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()


class LockMonitor:
    def __init__(self) -> None:
        self.held: dict[int, dict[str, str]] = {}
        self._locks: dict[str, MonitoredLock] = {}
        self._after: dict[str, dict[str, None]] = {}

    def lock(self, name: str) -> MonitoredLock:
        self._after.setdefault(name, {})
        return self._locks.setdefault(name, MonitoredLock(name, self))

    def holders(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for held in self.held.values():
            found |= held
        return found

    def learn(self, held: Iterable[str], wanted: str) -> None:
        for name in held:
            if way := find_path(self._after, wanted, name):
                error = LockOrderError("wrong order")
                error.cycle = tuple(way)
                raise error
        for name in held:
            self._after[name][wanted] = None
