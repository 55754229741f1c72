"""A queue of events, `release` names the next owner; transfer by `if` and `else`, nothing sorted."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

import anyio
from anyio.lowlevel import checkpoint_if_cancelled


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
        raise ValueError("amount must not be negative")
    if source is target:
        async with source.lock:
            await _move(source, target, amount, audit)
    elif source.id < target.id:
        async with source.lock, target.lock:
            await _move(source, target, amount, audit)
    else:
        async with target.lock, source.lock:
            await _move(source, target, amount, audit)


async def _move(source: Account, target: Account, amount: int, audit: Audit) -> None:
    if amount > source.balance:
        raise InsufficientFunds
    await audit(source, target, amount)
    source.balance -= amount
    target.balance += amount


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
        self.owner: anyio.TaskInfo | None = None
        self._monitor = monitor
        self._waiters: deque[tuple[anyio.TaskInfo, anyio.Event]] = deque()

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
        self._waiters.append((me, turn))
        try:
            await turn.wait()
        except BaseException:
            if self.owner == me:  # handed over while the cancellation was on its way
                self._hand_over()
            else:
                self._waiters.remove((me, turn))
            raise

    def release(self) -> None:
        if self.owner != anyio.get_current_task():
            raise RuntimeError(f"{self.name} is not held by this task")
        self._hand_over()

    def _hand_over(self) -> None:
        self.owner = None
        if self._waiters:
            self.owner, turn = self._waiters.popleft()
            turn.set()

    def locked(self) -> bool:
        return self.owner is not None

    async def __aenter__(self) -> MonitoredLock:
        await self.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()


class LockMonitor:
    def __init__(self) -> None:
        self._locks: dict[str, MonitoredLock] = {}
        self._after: dict[str, list[str]] = {}

    def lock(self, name: str) -> MonitoredLock:
        return self._locks.setdefault(name, MonitoredLock(name, self))

    def holders(self) -> dict[str, str]:
        return {name: str(lock.owner.name) for name, lock in self._locks.items() if lock.owner is not None}

    def learn(self, me: anyio.TaskInfo, wanted: str) -> None:
        held = [name for name, lock in self._locks.items() if lock.owner == me]
        for name in held:
            path = find_path(self._after, wanted, name)
            if path is not None:
                error = LockOrderError(" -> ".join(path))
                error.cycle = tuple(path)
                raise error
        for name in held:
            self._after.setdefault(name, []).append(wanted)
