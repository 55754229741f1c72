"""Built with a list and an event that is rung when something changes; no stream of anyio's."""

import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
from anyio.abc import ObjectReceiveStream

T = TypeVar("T")
R = TypeVar("R")


class _Bell:
    def __init__(self):
        self.event = anyio.Event()

    def ring(self):
        self.event.set()
        self.event = anyio.Event()

    async def heard(self):
        await self.event.wait()


class _Results(ObjectReceiveStream):
    def __init__(self):
        self.pairs = []
        self.bell = _Bell()
        self.running = 0
        self.shut = False

    async def receive(self):
        await anyio.lowlevel.checkpoint()
        while not self.shut and not self.pairs and self.running:
            await self.bell.heard()
        if self.shut:
            raise anyio.ClosedResourceError
        if not self.pairs:
            raise anyio.EndOfStream
        pair = self.pairs.pop(0)
        self.bell.ring()
        return pair

    async def aclose(self):
        self.shut = True
        self.pairs.clear()
        self.bell.ring()
        await anyio.lowlevel.checkpoint()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("bad argument")
    results = _Results()
    results.running = workers
    it = iter(source)

    async def work():
        try:
            for item in it:
                value = await worker(item)
                results.pairs.append((item, value))
                results.bell.ring()
                while len(results.pairs) > buffer and not results.shut:
                    await results.bell.heard()
                if results.shut:
                    return
        finally:
            results.running -= 1
            results.bell.ring()

    async with anyio.create_task_group() as tg:
        for _ in range(workers):
            tg.start_soon(work)
        try:
            yield results
        finally:
            results.shut = True
            tg.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers")

    async def numbered(pair):
        return await worker(pair[1])

    got = {}
    async with fan_out(enumerate(source), numbered, workers=workers) as results:
        async for (index, _), value in results:
            got[index] = value
    return [got[index] for index in sorted(got)]
