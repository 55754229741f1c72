"""A capacity limiter below each lock; transfer with a stack of callbacks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import anyio
from anyio.lowlevel import cancel_shielded_checkpoint


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
    accounts = [source] if source is target else sorted((source, target), key=lambda account: account.id)
    async with AsyncExitStack() as stack:
        for account in accounts:
            await account.lock.acquire()
            stack.callback(account.lock.release)
        if source.balance < amount:
            raise InsufficientFunds
        await audit(source, target, amount)
        source.balance -= amount
        await cancel_shielded_checkpoint()  # no cancellation can fall between the two
        target.balance += amount


class MonitoredLock:
    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self._monitor = monitor
        self._limiter = anyio.CapacityLimiter(1)

    async def acquire(self) -> None:
        monitor, me = self._monitor, anyio.get_current_task()
        held = monitor.held.setdefault(me, [])
        try:
            if self.name in held:
                raise RuntimeError("held already")
            monitor.learn(held, self.name)
            await self._limiter.acquire()
            held.append(self.name)
        finally:
            if not held:
                del monitor.held[me]

    def release(self) -> None:
        self._limiter.release()  # RuntimeError unless this task borrowed it
        me = anyio.get_current_task()
        self._monitor.held[me].remove(self.name)
        if not self._monitor.held[me]:
            del self._monitor.held[me]

    def locked(self) -> bool:
        return self._limiter.borrowed_tokens > 0

    async def __aenter__(self) -> MonitoredLock:
        await self.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()


class LockMonitor:
    """Keeps the set of all locks known to come later for each lock, and the first step of a way to each of them."""

    def __init__(self) -> None:
        self.held: dict[anyio.TaskInfo, list[str]] = {}
        self._locks: dict[str, MonitoredLock] = {}
        self._step: dict[str, dict[str, str]] = {}  # first -> later -> next lock on a way from first to later

    def lock(self, name: str) -> MonitoredLock:
        if name not in self._locks:
            self._locks[name] = MonitoredLock(name, self)
            self._step[name] = {}
        return self._locks[name]

    def holders(self) -> dict[str, str]:
        return {name: str(task.name) for task, names in self.held.items() for name in names}

    def learn(self, held: list[str], wanted: str) -> None:
        for name in held:
            if name in self._step[wanted]:
                way = [wanted]
                while way[-1] != name:
                    way.append(self._step[way[-1]][name])
                error = LockOrderError(f"circle {way}")
                error.cycle = tuple(way)
                raise error
        for name in held:
            for first, steps in self._step.items():
                if first == name or name in steps:
                    towards = wanted if first == name else steps[name]
                    for later in (wanted, *self._step[wanted]):
                        steps.setdefault(later, towards)
