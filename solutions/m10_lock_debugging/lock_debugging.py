"""Both locks in the order of the ids; a monitor that refuses an order which could close a circle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType

import anyio


@dataclass(eq=False)
class Account:
    """An account. Ids are unique; `lock` guards `balance`."""

    id: int
    balance: int
    lock: anyio.Lock


class InsufficientFunds(Exception):
    """The source has not enough money."""


class LockOrderError(RuntimeError):
    """A lock was about to be taken against the learned order; `cycle` names the locks around the circle."""

    cycle: tuple[str, ...]


class Holdings:
    """Which task holds which locks, by name."""

    def __init__(self) -> None:
        self._tasks: dict[str, anyio.TaskInfo] = {}

    def add(self, name: str) -> None:
        """Note that the current task now holds the lock `name`."""
        self._tasks[name] = anyio.get_current_task()

    def remove(self, name: str) -> None:
        """Note that nobody holds the lock `name` any more."""
        del self._tasks[name]

    def mine(self) -> list[str]:
        """Names of the locks that the current task holds, the one taken first at the head."""
        me = anyio.get_current_task()
        return [name for name, task in self._tasks.items() if task == me]

    def task_names(self) -> dict[str, str]:
        """Lock name -> name of the task that holds it."""
        return {name: str(task.name) for name, task in self._tasks.items()}


def find_path(after: Mapping[str, Iterable[str]], start: str, goal: str) -> list[str] | None:
    """The names on a way from `start` to `goal`, both included, or None."""
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


async def transfer(
    source: Account,
    target: Account,
    amount: int,
    *,
    audit: Callable[[Account, Account, int], Awaitable[None]],
) -> None:
    """Move `amount` from `source` to `target`; `audit(source, target, amount)` is awaited before anything changes.

    Raises `InsufficientFunds`, or `ValueError` for a negative amount.
    """
    if amount < 0:
        raise ValueError("amount must not be negative")
    async with AsyncExitStack() as locks:
        for account in sorted({source, target}, key=lambda account: account.id):
            await locks.enter_async_context(account.lock)
        if source.balance < amount:
            raise InsufficientFunds(f"account {source.id} has {source.balance}, not {amount}")
        await audit(source, target, amount)
        source.balance -= amount
        target.balance += amount


class MonitoredLock:
    """A lock with a name, made by `LockMonitor.lock`."""

    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self._monitor = monitor
        self._lock = anyio.Lock()

    async def acquire(self) -> None:
        """Take the lock; wait in line while another task holds it.

        Raises `RuntimeError` if this task holds it already, `LockOrderError` if that is against the order.
        """
        if self.name in self._monitor.holdings.mine():
            raise RuntimeError(f"this task holds {self.name!r} already")
        self._monitor.learn_order(self.name)
        await self._lock.acquire()
        self._monitor.holdings.add(self.name)

    def release(self) -> None:
        """Give the lock to the task that has waited longest. Raises `RuntimeError` if this task does not hold it."""
        self._lock.release()
        self._monitor.holdings.remove(self.name)

    def locked(self) -> bool:
        """Whether any task holds the lock."""
        return self._lock.locked()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.release()


class LockMonitor:
    """Makes locks and knows who holds them; learns in which order they are taken."""

    def __init__(self) -> None:
        self.holdings = Holdings()
        self._locks: dict[str, MonitoredLock] = {}
        self._after: defaultdict[str, set[str]] = defaultdict(set)

    def lock(self, name: str) -> MonitoredLock:
        """The lock of that name: the same object each time."""
        if name not in self._locks:
            self._locks[name] = MonitoredLock(name, self)
        return self._locks[name]

    def holders(self) -> dict[str, str]:
        """Lock name -> name of the task that holds it, for all locks that are held now."""
        return self.holdings.task_names()

    def learn_order(self, wanted: str) -> None:
        """The current task is about to take `wanted`: learn the order, or raise `LockOrderError` and learn nothing."""
        held = self.holdings.mine()
        for name in held:
            if path := find_path(self._after, wanted, name):
                error = LockOrderError(f"{name!r} is held, but was learned to come later: {' -> '.join(path)}")
                error.cycle = tuple(path)
                raise error
        for name in held:
            self._after[name].add(wanted)
