"""Lock debugging: move money without a deadlock, and watch who holds which lock.

Core
----
`transfer` takes the locks of both accounts, in an order that is the same for every pair, before it decides
anything, and keeps them until both balances have changed. It awaits `audit` once, with both locks held, before
anything changes; what that raises leaves the call. Not enough money in the source: `InsufficientFunds`, no audit. A
negative amount: `ValueError`, at once. Source and target may be one account. Whatever happens, no lock is left held
and no money is lost.

`LockMonitor` makes named locks and knows which task holds which. Waiting tasks get a lock in the order in which they
came. Taking a lock twice, or releasing one that the task does not hold, raises `RuntimeError`. A cancelled `acquire`
leaves no trace.

Stretch
-------
The monitor learns orders: a task that holds `a` and takes, or waits for, `b` has taught it "a before b", for good.
A task that is about to take a lock against what was learned, also along a chain such as a-b-c, gets `LockOrderError`
before it waits. The lock is not taken, the order is not learned, and what the task held it still holds. `cycle` names
the locks around the circle, each once. Orders that agree never raise, nor do locks that are not held together.

Everything runs on asyncio and on trio: use only `anyio` and the standard library.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType

import anyio


@dataclass(eq=False)
class Account:
    """An account. Given. Ids are unique; `lock` guards `balance`."""

    id: int
    balance: int
    lock: anyio.Lock


class InsufficientFunds(Exception):
    """The source does not have enough money. Given."""


class LockOrderError(RuntimeError):
    """A lock was about to be taken against the learned order. Given: whoever raises it sets `cycle`."""

    cycle: tuple[str, ...]


class Holdings:
    """Which task holds which locks, by name. Complete: use it, change it or leave it."""

    def __init__(self) -> None:
        self._tasks: dict[str, anyio.TaskInfo] = {}

    def add(self, name: str) -> None:
        """Note that the current task now holds the lock `name`."""
        self._tasks[name] = anyio.get_current_task()

    def remove(self, name: str) -> None:
        """Note that nobody holds the lock `name` any more."""
        del self._tasks[name]

    def mine(self) -> list[str]:
        """Names of the locks that the current task holds, the one taken first comes first."""
        me = anyio.get_current_task()
        return [name for name, task in self._tasks.items() if task == me]

    def task_names(self) -> dict[str, str]:
        """Lock name -> name of the task that holds it."""
        return {name: str(task.name) for name, task in self._tasks.items()}


def find_path(after: Mapping[str, Iterable[str]], start: str, goal: str) -> list[str] | None:
    """The names on a way from `start` to `goal`, both included, or None. Complete, for the stretch part.

    `after["a"]` holds the locks that were taken while "a" was held: the steps of the way go from a lock to one of those.
    """
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
    # TODO: refuse a negative amount, before anything is locked.
    # TODO: take both locks, in an order that does not depend on who is source. One account has only one lock.
    # TODO: check the balance, await the audit, change both balances. No await between the two changes.
    # TODO: give both locks back, however it ends.
    raise NotImplementedError("TODO: write transfer")


class MonitoredLock:
    """A lock with a name, made by `LockMonitor.lock`."""

    def __init__(self, name: str, monitor: LockMonitor) -> None:
        self.name = name
        self._monitor = monitor
        self._lock = anyio.Lock()

    async def acquire(self) -> None:
        """Take the lock; wait in the queue while another task holds it.

        Raises `RuntimeError` if this task holds it already. Stretch: `LockOrderError` if that is against the order.
        """
        # TODO: refuse a task that holds this lock already.
        # TODO (stretch): let the monitor refuse or learn the order, before you wait: self._monitor.learn_order(self.name)
        # TODO: take the lock, then note who holds it. What if the wait is cancelled?
        raise NotImplementedError("TODO: write MonitoredLock.acquire")

    def release(self) -> None:
        """Give the lock to the task that has waited longest. Raises `RuntimeError` if this task does not hold it."""
        # TODO
        raise NotImplementedError("TODO: write MonitoredLock.release")

    def locked(self) -> bool:
        """Whether any task holds the lock."""
        # TODO
        raise NotImplementedError("TODO: write MonitoredLock.locked")

    async def __aenter__(self) -> None:
        # TODO
        raise NotImplementedError("TODO: write MonitoredLock.__aenter__")

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        # TODO
        raise NotImplementedError("TODO: write MonitoredLock.__aexit__")


class LockMonitor:
    """Makes locks and knows who holds them; learns in which order they are taken."""

    def __init__(self) -> None:
        self.holdings = Holdings()
        # TODO: keep the locks by name; for the stretch part also what was taken after what.

    def lock(self, name: str) -> MonitoredLock:
        """The lock of that name: the same object each time."""
        # TODO
        raise NotImplementedError("TODO: write LockMonitor.lock")

    def holders(self) -> dict[str, str]:
        """Lock name -> name of the task that holds it, for all locks that are held now."""
        # TODO
        raise NotImplementedError("TODO: write LockMonitor.holders")

    def learn_order(self, wanted: str) -> None:
        """Stretch: the current task is about to take `wanted`. Learn the order, or raise `LockOrderError`."""
        # TODO (stretch): is there a way from `wanted` to a lock that this task holds? Then the way is the circle.
        # TODO (stretch): otherwise each lock that it holds comes before `wanted`, from now on.
        raise NotImplementedError("TODO (stretch): write LockMonitor.learn_order")
