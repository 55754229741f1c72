"""Built as a beginner would: a stream class around a deque and a condition; `fan_in` takes the source as a list first."""

from collections import deque
from contextlib import asynccontextmanager

import anyio
from anyio.abc import ObjectReceiveStream


class Results(ObjectReceiveStream):
    def __init__(self, room):
        self.room = room
        self.pairs = deque()
        self.changed = anyio.Condition()
        self.finished = False
        self.closed = False
        self.asking = 0

    async def put(self, pair):
        async with self.changed:
            # A pair takes its place at once, so that pairs come in the order of finishing; then it waits for room.
            self.pairs.append(pair)
            self.changed.notify_all()
            while not self.closed and pair in self.waiting():
                await self.changed.wait()

    def waiting(self):
        return Identical(list(self.pairs)[self.room :])

    async def finish(self):
        async with self.changed:
            self.finished = True
            self.changed.notify_all()

    async def receive(self):
        async with self.changed:
            while not self.pairs:
                if self.closed:
                    raise anyio.ClosedResourceError
                if self.finished:
                    raise anyio.EndOfStream
                await self.changed.wait()
            pair = self.pairs.popleft()
            self.changed.notify_all()
            return pair

    async def aclose(self):
        self.closed = True
        self.pairs.clear()
        with anyio.CancelScope(shield=True):
            async with self.changed:
                self.changed.notify_all()


class Identical(list):
    """A list whose `in` looks for the very object."""

    def __contains__(self, wanted):
        return any(entry is wanted for entry in self)


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1:
        raise ValueError("workers")
    if buffer < 0:
        raise ValueError("buffer")
    results = Results(buffer)
    iterator = iter(source)

    async def work():
        for item in iterator:
            result = await worker(item)
            await results.put((item, result))
            if results.closed:
                return

    async def all_workers():
        async with anyio.create_task_group() as crew:
            for _ in range(workers):
                crew.start_soon(work)
        await results.finish()

    async with anyio.create_task_group() as group:
        group.start_soon(all_workers)
        yield results
        group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    items = list(source)
    if workers < 1:
        raise ValueError("workers")
    results = [None] * len(items)
    numbers = deque(range(len(items)))

    async def work():
        while numbers:
            number = numbers.popleft()
            results[number] = await worker(items[number])

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
    return results
