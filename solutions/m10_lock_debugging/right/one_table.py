"""A table of rows in the monitor, one for each that has or wants a lock, by ids of tasks; locks are no more than a name; the first row of a name has the lock."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled


@dataclass(eq=False)
class Account:
    """An account."""

    id: int
    balance: int
    lock: anyio.Lock


class InsufficientFunds(Exception):
    """The source has not enough money."""


class LockOrderError(RuntimeError):
    """A lock was about to be taken against the learned order."""

    cycle: tuple[str, ...]


@dataclass(eq=False)
class Row:
    lock: str
    task: int
    who: str
    turn: anyio.Event = field(default_factory=anyio.Event)


async def transfer(source, target, amount, *, audit):
    if amount < 0:
        raise ValueError(amount)

    async def with_locks(accounts):
        if accounts:
            async with accounts[0].lock:
                await with_locks(accounts[1:])
        elif amount > source.balance:
            raise InsufficientFunds(f"{amount} is more than {source.balance}")
        else:
            await audit(source, target, amount)
            for account, change in ((source, -amount), (target, amount)):
                account.balance += change

    await with_locks([source] if source is target else sorted([source, target], key=lambda account: account.id))


class MonitoredLock:
    def __init__(self, name, monitor):
        self.name = name
        self.acquire = lambda: monitor.take(name)
        self.release = lambda: monitor.drop(name)
        self.locked = lambda: name in monitor.holders()

    async def __aenter__(self):
        await self.acquire()
        return self

    async def __aexit__(self, *_):
        self.release()


class LockMonitor:
    def __init__(self):
        self.table = []
        self.locks = {}
        self.orders = []

    def lock(self, name):
        try:
            return self.locks[name]
        except KeyError:
            self.locks[name] = MonitoredLock(name, self)
            return self.locks[name]

    def firsts(self):
        rows = {}
        for row in self.table:
            rows.setdefault(row.lock, row)
        return rows

    def holders(self):
        return {name: row.who for name, row in self.firsts().items()}

    def circle(self, names):
        """A way along the orders from the last of the names to the first of them, or nothing."""
        if names[-1] == names[0] and len(names) > 1:
            return names[1:]
        for before, after in self.orders:
            if before == names[-1] and after not in names[1:] and (found := self.circle([*names, after])):
                return found
        return None

    async def take(self, name):
        me = anyio.get_current_task()
        mine = [row.lock for row in self.firsts().values() if row.task == me.id]
        if name in mine:
            raise RuntimeError(f"{name} is held")
        for held in mine:
            if found := self.circle([held, name]):
                error = LockOrderError(str(found))
                error.cycle = tuple(found)
                raise error
        self.orders += [(held, name) for held in mine if (held, name) not in self.orders]
        await checkpoint_if_cancelled()
        row = Row(name, me.id, me.name)
        self.table.append(row)
        try:
            if self.firsts()[name] is not row:
                await row.turn.wait()
            else:
                await checkpoint()
        except BaseException:
            self.leave(row)
            raise

    def drop(self, name):
        row = self.firsts().get(name)
        if row is None or row.task != anyio.get_current_task().id:
            raise RuntimeError(f"{name} is not held")
        self.leave(row)

    def leave(self, row):
        self.table.remove(row)
        if row.lock in (rows := self.firsts()):
            rows[row.lock].turn.set()
