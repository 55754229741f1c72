"""Dictionaries, flags and `while` loops only: each wait is a dictionary in a list, and the lock is handed on by `release`; a transfer is written out for each of its three cases."""

from __future__ import annotations

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


async def transfer(source, target, amount, *, audit):
    if amount < 0:
        raise ValueError("a negative amount")
    if source is target:
        await source.lock.acquire()
        try:
            await check_and_move(source, target, amount, audit)
        finally:
            source.lock.release()
    elif source.id > target.id:
        await source.lock.acquire()
        try:
            await target.lock.acquire()
            try:
                await check_and_move(source, target, amount, audit)
            finally:
                target.lock.release()
        finally:
            source.lock.release()
    else:
        await target.lock.acquire()
        try:
            await source.lock.acquire()
            try:
                await check_and_move(source, target, amount, audit)
            finally:
                source.lock.release()
        finally:
            target.lock.release()


async def check_and_move(source, target, amount, audit):
    if source.balance < amount:
        raise InsufficientFunds("not enough")
    await audit(source, target, amount)
    source.balance = source.balance - amount
    target.balance = target.balance + amount


class MonitoredLock:
    def __init__(self, name, monitor):
        self.name = name
        self.monitor = monitor
        self.owner = None
        self.owner_name = ""
        self.line = []

    async def acquire(self):
        me = anyio.get_current_task()
        if self.owner == me.id:
            raise RuntimeError("taken already, by this very task")
        self.monitor.look(self.name, me.id)
        if self.owner is None:
            await anyio.lowlevel.checkpoint_if_cancelled()
            self.owner = me.id
            self.owner_name = me.name
            return
        wait = {"event": anyio.Event(), "id": me.id, "name": me.name, "given": False}
        self.line.append(wait)
        try:
            await wait["event"].wait()
        except BaseException:
            if wait["given"]:
                self.pass_on()
            else:
                self.line.remove(wait)
            raise

    def release(self):
        if self.owner != anyio.get_current_task().id or self.owner is None:
            raise RuntimeError("not taken by this task")
        self.pass_on()

    def pass_on(self):
        if len(self.line) == 0:
            self.owner = None
            self.owner_name = ""
        else:
            wait = self.line.pop(0)
            wait["given"] = True
            self.owner = wait["id"]
            self.owner_name = wait["name"]
            wait["event"].set()

    def locked(self):
        return self.owner is not None

    async def __aenter__(self):
        await self.acquire()
        return self

    async def __aexit__(self, kind, error, traceback):
        self.release()
        return None


class LockMonitor:
    def __init__(self):
        self.locks = {}
        self.before = {}  # name: the names that come before it

    def lock(self, name):
        if name not in self.locks:
            self.locks[name] = MonitoredLock(name, self)
            self.before[name] = []
        return self.locks[name]

    def holders(self):
        result = {}
        for name in self.locks:
            if self.locks[name].owner is not None:
                result[name] = self.locks[name].owner_name
        return result

    def look(self, wanted, task):
        held = []
        for name in self.locks:
            if self.locks[name].owner == task:
                held.append(name)
        for name in held:
            way = self.way_back(name, wanted)
            if way is not None:
                error = LockOrderError("against the order: " + ", ".join(way))
                error.cycle = tuple(way)
                raise error
        for name in held:
            if name not in self.before[wanted]:
                self.before[wanted].append(name)

    def way_back(self, start, goal):
        """From a lock through those that come before it, up to `goal`."""
        ways = [[start]]
        seen = [start]
        while len(ways) > 0:
            way = ways.pop()
            if way[-1] == goal:
                return way
            for name in self.before[way[-1]]:
                if name not in seen:
                    seen.append(name)
                    ways.append(way + [name])
        return None
