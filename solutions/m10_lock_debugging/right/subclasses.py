"""Subclasses of all that is named (errors with an `__init__`, a `dict` of holders, a `tuple` of a circle); a transfer that reads the balance first, for its message only."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import anyio


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


class Circle(tuple):
    __slots__ = ()

    def __str__(self):
        return " before ".join([*self, self[0]])


class AgainstTheOrder(LockOrderError):
    def __init__(self, cycle):
        super().__init__(f"this would close the circle {cycle}")
        self.cycle = cycle


class HeldAlready(RuntimeError):
    """By this task."""


class NotHeld(RuntimeError):
    """By this task."""


class TooLittle(InsufficientFunds):
    def __init__(self, account, amount, before):
        super().__init__(f"{account.balance} of {amount}; there were {before} when this was asked for")


class Negative(ValueError):
    """An amount that is less than nothing."""


class Holders(dict):
    def __missing__(self, name):
        return "nobody"


class Both(AbstractAsyncContextManager):
    """The locks of one or two accounts."""

    def __init__(self, *accounts):
        self.locks = [a.lock for a in sorted(dict.fromkeys(accounts), key=lambda account: (-account.id, account.id))]
        self.taken = []

    async def __aenter__(self):
        try:
            for lock in self.locks:
                await lock.acquire()
                self.taken.append(lock)
        except BaseException:
            self.give_back()
            raise
        return self

    async def __aexit__(self, *_):
        self.give_back()

    def give_back(self):
        while self.taken:
            self.taken.pop().release()


async def transfer(source, target, amount, *, audit):
    if amount < 0:
        raise Negative(amount)
    before = source.balance
    async with Both(source, target):
        if source.balance < amount:
            raise TooLittle(source, amount, before)
        await audit(source, target, amount)
        source.balance, money = source.balance - amount, amount
        target.balance += money


class MonitoredLock(AbstractAsyncContextManager):
    def __init__(self, name, orders):
        self.name = name
        self.orders = orders
        self.lock = anyio.Lock()
        self.task = None

    def is_mine(self):
        return self.task is not None and self.task == anyio.get_current_task()

    async def acquire(self):
        if self.is_mine():
            raise HeldAlready(self.name)
        self.orders.check(self.name)
        await self.lock.acquire()
        self.task = anyio.get_current_task()

    def release(self):
        if not self.is_mine():
            raise NotHeld(self.name)
        self.task = None
        self.lock.release()

    def locked(self):
        return self.lock.locked()

    async def __aenter__(self):
        await self.acquire()
        return self

    async def __aexit__(self, *_):
        self.release()


class Orders(set):
    """Pairs of names, with all that follows from them."""

    def __init__(self, locks):
        super().__init__()
        self.locks = locks
        self.links = {}

    def check(self, wanted):
        held = [name for name, lock in self.locks.items() if lock.is_mine()]
        for name in held:
            if (wanted, name) in self:
                raise AgainstTheOrder(Circle(self.path(wanted, name)))
        for name in held:
            self.links.setdefault(name, []).append(wanted)
            earlier = {name} | {a for a, b in self if b == name}
            later = {wanted} | {b for a, b in self if a == wanted}
            self.update((a, b) for a in earlier for b in later)

    def path(self, start, goal):
        if start == goal:
            return [start]
        step = next(name for name in self.links[start] if name == goal or (name, goal) in self)
        return [start, *self.path(step, goal)]


class LockMonitor:
    def __init__(self):
        self._locks = {}
        self._orders = Orders(self._locks)

    def lock(self, name):
        return self._locks.setdefault(name, MonitoredLock(name, self._orders))

    def holders(self):
        return Holders({name: lock.task.name for name, lock in self._locks.items() if lock.task is not None})
