"""Built with a mailbox made of a deque and an event, a scope and an event in an entry for each service, and times in absolute seconds."""

import collections
import dataclasses
import signal
from typing import Any

import anyio


class Mailbox:
    def __init__(self):
        self._items = collections.deque()
        self._wake = anyio.Event()

    def put(self, item):
        self._items.append(item)
        self._wake.set()

    async def get(self):
        while not self._items:
            self._wake = anyio.Event()
            await self._wake.wait()
        return self._items.popleft()


@dataclasses.dataclass
class Entry:
    service: Any
    event: anyio.Event = dataclasses.field(default_factory=anyio.Event)
    scope: anyio.CancelScope = dataclasses.field(default_factory=anyio.CancelScope)
    alive: bool = True
    errors: list = dataclasses.field(default_factory=list)

    async def run(self, box):
        with self.scope:
            try:
                await self.service.run(self.event)
            except Exception as exc:
                self.errors.append(exc)
                box.put("stop")
        self.alive = False
        box.put("over")

    async def clean(self, timeout):
        hung = True
        with anyio.move_on_after(timeout):
            try:
                await self.service.cleanup()
            except Exception as exc:
                self.errors.append(exc)
            hung = False
        if hung:
            self.errors.append(TimeoutError(f"{self.service.name}: no end in {timeout} s"))


async def _conduct(entries, box, grace):
    async with anyio.create_task_group() as tg:
        for entry in entries:
            tg.start_soon(entry.run, box)
        limit = None
        while any(entry.alive for entry in entries):
            item = "kill"
            with anyio.CancelScope(deadline=float("inf") if limit is None else limit):
                item = await box.get()
            if item == "stop" and limit is None:
                limit = anyio.current_time() + grace
                for entry in entries:
                    entry.event.set()
            elif item == "kill":
                for entry in entries:
                    entry.scope.cancel()
                return


async def _host(services, box, grace, cleanup_timeout):
    entries = [Entry(service) for service in services]
    try:
        await _conduct(entries, box, grace)
    finally:
        with anyio.CancelScope(shield=True):
            while entries:
                last = entries.pop()
                await last.clean(cleanup_timeout)
                box.errors.extend(last.errors)


async def _with(feeder, services, box, grace, cleanup_timeout):
    box.errors = []
    async with anyio.create_task_group() as tg:
        tg.start_soon(feeder)
        await _host(services, box, grace, cleanup_timeout)
        tg.cancel_scope.cancel()
    if box.errors:
        raise ExceptionGroup("", box.errors)


async def run_until(services, stop, *, grace, cleanup_timeout):
    box = Mailbox()

    async def feed():
        await stop.wait()
        box.put("stop")

    await _with(feed, services, box, grace, cleanup_timeout)


async def serve(services, *, grace, cleanup_timeout, signals=(signal.SIGTERM, signal.SIGINT)):
    box = Mailbox()

    async def feed():
        words = iter(["stop", "kill"])
        async for _ in received:
            if word := next(words, None):
                box.put(word)

    with anyio.open_signal_receiver(*signals) as received:
        await _with(feed, services, box, grace, cleanup_timeout)
