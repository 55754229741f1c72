"""`graphlib` finds the circle; transfer passes a shielded checkpoint between the two changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

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
    __slots__ = ("_lock", "_monitor", "name")

    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self._monitor = monitor
        self._lock = anyio.Lock()

    async def acquire(self) -> None:
        if self._lock.statistics().owner != anyio.get_current_task():  # else the lock itself refuses
            self._monitor.learn(self.name)
        await self._lock.acquire()

    def release(self) -> None:
        self._lock.release()

    def locked(self) -> bool:
        return self._lock.locked()

    def owner(self) -> anyio.TaskInfo | None:
        return self._lock.statistics().owner

    async def __aenter__(self) -> MonitoredLock:
        await self.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()


class LockMonitor:
    """Tries the new orders on a copy of the graph and lets `graphlib` look for a circle."""

    def __init__(self) -> None:
        self._locks: dict[str, MonitoredLock] = {}
        self._before: dict[str, set[str]] = {}

    def lock(self, name: str) -> MonitoredLock:
        if name not in self._locks:
            self._locks[name] = MonitoredLock(name, self)
        return self._locks[name]

    def holders(self) -> dict[str, str]:
        return {name: str(owner.name) for name, lock in self._locks.items() if (owner := lock.owner())}

    def learn(self, wanted: str) -> None:
        me = anyio.get_current_task()
        held = {name for name, lock in self._locks.items() if lock.owner() == me}
        trial = self._before | {wanted: self._before.get(wanted, set()) | held}
        try:
            TopologicalSorter(trial).prepare()
        except CycleError as circle:
            error = LockOrderError(str(circle))
            error.cycle = tuple(circle.args[1][1:])
            raise error from None
        self._before = trial
