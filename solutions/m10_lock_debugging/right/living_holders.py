"""`holders` gives the living dictionary; free locks are taken without a checkpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
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
    if not amount >= 0:
        raise ValueError("a transfer moves money forward only")
    low, high = sorted((source, target), key=lambda account: account.id)
    async with high.lock, nullcontext() if low is high else low.lock:
        if source.balance < amount:
            raise InsufficientFunds
        await audit(source, target, amount)
        for account, change in ((source, -amount), (target, amount)):
            account.balance += change


class LockMonitor:
    """Walks depth first against the arrows, from what a task holds back to what it wants: the circle read backwards."""

    def __init__(self) -> None:
        self._locks: dict[str, MonitoredLock] = {}
        self._edges: set[tuple[str, str]] = set()
        self.held: dict[int, list[str]] = {}  # by id of the task
        self.names: dict[str, str] = {}

    def lock(self, name: str) -> MonitoredLock:
        if name not in self._locks:
            self._locks[name] = MonitoredLock(self, name)
        return self._locks[name]

    def holders(self) -> dict[str, str]:
        return self.names  # the living dictionary: nothing asks for a copy

    def mine(self) -> list[str]:
        return self.held.get(anyio.get_current_task().id, [])

    def _walk(self, lock: str, goal: str, dead: set[str]) -> tuple[str, ...]:
        if lock == goal:
            return (lock,)
        dead.add(lock)
        for first, later in sorted(self._edges):
            if later == lock and first not in dead:
                if way := self._walk(first, goal, dead):
                    return (lock, *way)
        return ()

    def ask(self, wanted: str) -> None:
        for name in reversed(self.mine()):
            if way := self._walk(name, wanted, set()):
                error = LockOrderError("these locks are taken in a circle", way)
                error.cycle = way
                raise error
        self._edges |= {(name, wanted) for name in self.mine()}


class MonitoredLock:
    def __init__(self, monitor: LockMonitor, name: str) -> None:
        self._monitor, self.name = monitor, name
        self._lock = anyio.Lock()

    async def acquire(self) -> None:
        if self.name in self._monitor.mine():
            raise RuntimeError("held already")
        self._monitor.ask(self.name)
        try:
            self._lock.acquire_nowait()  # no checkpoint if it is free
        except anyio.WouldBlock:
            await self._lock.acquire()
        task = anyio.get_current_task()
        self._monitor.held.setdefault(task.id, []).append(self.name)
        self._monitor.names[self.name] = str(task.name)

    def release(self) -> None:
        if self.name not in self._monitor.mine():
            raise RuntimeError("not yours")
        del self._monitor.names[self.name]
        self._monitor.mine().remove(self.name)
        self._lock.release()

    def locked(self) -> bool:
        return self.name in self._monitor.names

    async def __aenter__(self) -> MonitoredLock:
        await self.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()
