"""Orders of a cancelled wait are dropped; transfer passes a checkpoint after both changes and sorts ids as texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
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


@asynccontextmanager
async def both(*accounts: Account) -> AsyncIterator[None]:
    taken: list[Account] = []
    try:
        for account in sorted(set(accounts), key=lambda account: str(account.id)):
            await account.lock.acquire()
            taken.append(account)
        yield
    finally:
        for account in taken:  # in the order of taking: nothing asks for the reverse
            account.lock.release()


async def transfer(source: Account, target: Account, amount: int, *, audit: Audit) -> None:
    if amount < 0:
        raise ValueError("negative")
    async with both(source, target):
        if source.balance < amount:
            raise InsufficientFunds
        await audit(source, target, amount)
        source.balance -= amount
        target.balance += amount
        await checkpoint()  # both have changed: cancelled here, the money has moved


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
        self._lock = anyio.Lock()

    async def acquire(self) -> None:
        with self._monitor.about_to_take(self.name):
            await self._lock.acquire()

    def release(self) -> None:
        self._lock.release()
        del self._monitor.owners[self.name]

    def locked(self) -> bool:
        return self._lock.locked()

    async def __aenter__(self) -> MonitoredLock:
        await self.acquire()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.release()


class LockMonitor:
    """An order that a task only waits for counts while it waits; once the lock is taken it counts for good."""

    def __init__(self) -> None:
        self.owners: dict[str, anyio.TaskInfo] = {}
        self._locks: dict[str, MonitoredLock] = {}
        self._learned: set[tuple[str, str]] = set()
        self._waiting: Counter[tuple[str, str]] = Counter()

    def lock(self, name: str) -> MonitoredLock:
        if name not in self._locks:
            self._locks[name] = MonitoredLock(name, self)
        return self._locks[name]

    def holders(self) -> dict[str, str]:
        return {name: str(task.name) for name, task in self.owners.items()}

    @contextmanager
    def about_to_take(self, wanted: str) -> Iterator[None]:
        me = anyio.get_current_task()
        if self.owners.get(wanted) == me:
            raise RuntimeError("held already")
        after: dict[str, list[str]] = {}
        for first, later in [*self._learned, *(+self._waiting)]:
            after.setdefault(first, []).append(later)
        held = [name for name, task in self.owners.items() if task == me]
        for name in held:
            if way := find_path(after, wanted, name):
                error = LockOrderError(f"{way}")
                error.cycle = tuple(way)
                raise error
        orders = [(name, wanted) for name in held]
        self._waiting.update(orders)
        try:
            yield
        finally:
            self._waiting.subtract(orders)
        self._learned.update(orders)
        self.owners[wanted] = me
