"""Built with a stream class of its own, on a deque and a condition; closing it stops each worker by its own scope."""

from collections import deque
from contextlib import asynccontextmanager

import anyio
from anyio.abc import ObjectReceiveStream


class Results(ObjectReceiveStream):
    def __init__(self, room, workers):
        self.room, self.working = room, workers
        self.pairs, self.scopes = deque(), []
        self.put_in = self.taken_out = 0
        self.changed = anyio.Condition()
        self.closed = False

    async def receive(self):
        async with self.changed:
            while not self.pairs:
                if self.closed:
                    raise anyio.ClosedResourceError
                if not self.working:
                    raise anyio.EndOfStream
                await self.changed.wait()
            self.taken_out += 1
            self.changed.notify_all()
            return self.pairs.popleft()

    async def aclose(self):
        self.closed = True
        for scope in self.scopes:
            scope.cancel()
        await anyio.lowlevel.checkpoint()

    async def put(self, pair):
        async with self.changed:
            self.pairs.append(pair)
            self.put_in += 1
            ticket = self.put_in
            self.changed.notify_all()
            while self.taken_out + self.room < ticket:
                await self.changed.wait()

    async def one_less(self):
        async with self.changed:
            self.working -= 1
            self.changed.notify_all()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError
    items = iter(source)
    results = Results(buffer, workers)

    async def work():
        with anyio.CancelScope() as scope:
            results.scopes.append(scope)
            for item in items:
                await results.put((item, await worker(item)))
            await results.one_less()

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
        yield results
        group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    found = []
    entries = ((number, item) for number, item in enumerate(source))
    async with fan_out(entries, lambda entry: worker(entry[1]), workers=workers) as results:
        while True:
            try:
                (number, _), result = await results.receive()
            except anyio.EndOfStream:
                break
            found.append((number, result))
    return [result for _, result in sorted(found, key=lambda pair: pair[0])]
