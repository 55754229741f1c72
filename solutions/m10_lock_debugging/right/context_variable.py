"""Held locks in a context variable, told apart by task; a transfer that undoes a half change when cancelled between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass

import anyio
from anyio.lowlevel import checkpoint


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
    first, second = sorted((source, target), key=lambda account: account.id)
    await first.lock.acquire()
    try:
        if first is not second:
            await second.lock.acquire()
    except BaseException:
        first.lock.release()
        raise
    try:
        if source.balance < amount:
            raise InsufficientFunds
        await audit(source, target, amount)
        before = source.balance, target.balance
        try:
            source.balance -= amount
            await checkpoint()
            target.balance += amount
        except BaseException:  # cancelled half-way: as if nothing had happened, and on it goes
            source.balance, target.balance = before
            raise
    finally:
        first.lock.release()
        if first is not second:
            second.lock.release()


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


# (coroutine of the task, what it holds): a child task starts with a copy of its parent's, and is told apart by this
_held: ContextVar[tuple[object, tuple[tuple[LockMonitor, str], ...]]] = ContextVar("_held", default=(None, ()))


def held_here() -> tuple[tuple[LockMonitor, str], ...]:
    coro, held = _held.get()
    return held if coro is anyio.get_current_task().coro else ()


def hold(held: tuple[tuple[LockMonitor, str], ...]) -> None:
    _held.set((anyio.get_current_task().coro, held))


class MonitoredLock:
    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self.monitor = monitor
        self.holder = ""
        self._lock = anyio.Lock(fast_acquire=True)

    async def acquire(self) -> None:
        held = held_here()
        if (self.monitor, self.name) in held:
            raise RuntimeError("held already")
        self.monitor.learn([name for monitor, name in held if monitor is self.monitor], self.name)
        await self._lock.acquire()
        self.holder = str(anyio.get_current_task().name)
        hold((*held, (self.monitor, self.name)))

    def release(self) -> None:
        if (self.monitor, self.name) not in held_here():
            raise RuntimeError("not yours")
        self._lock.release()
        self.holder = ""
        hold(tuple(entry for entry in held_here() if entry != (self.monitor, self.name)))

    def locked(self) -> bool:
        return self._lock.locked()

    async def __aenter__(self) -> MonitoredLock:
        await self.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()


class LockMonitor:
    def __init__(self) -> None:
        self._locks: dict[str, MonitoredLock] = {}
        self._after: defaultdict[str, set[str]] = defaultdict(set)

    def lock(self, name: str) -> MonitoredLock:
        if name not in self._locks:
            self._locks[name] = MonitoredLock(name, self)
        return self._locks[name]

    def holders(self) -> dict[str, str]:
        return {name: lock.holder for name, lock in self._locks.items() if lock.holder}

    def learn(self, held: list[str], wanted: str) -> None:
        for name in held:
            if way := find_path(self._after, wanted, name):
                error = LockOrderError("wrong order")
                error.cycle = tuple(way[1:] + way[:1])
                raise error
        for name in held:
            self._after[name].add(wanted)
