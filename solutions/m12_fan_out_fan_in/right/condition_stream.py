"""Built with a stream of its own, a deque under a condition; the workers wait for room before they take an item."""

from collections import deque
from contextlib import asynccontextmanager

import anyio
from anyio.abc import ObjectReceiveStream


class Results(ObjectReceiveStream):
    def __init__(self, limit):
        self.condition = anyio.Condition()
        self.ready = deque()
        self.limit = limit
        self.pending = 0
        self.over = False
        self.closed = False

    async def receive(self):
        if self.closed:
            raise anyio.ClosedResourceError
        async with self.condition:
            while not self.ready:
                if self.over and self.pending == 0:
                    raise anyio.EndOfStream
                if self.closed:
                    raise anyio.ClosedResourceError
                await self.condition.wait()
            pair = self.ready.popleft()
            self.pending -= 1
            self.condition.notify_all()
            return pair

    async def aclose(self):
        self.closed = True
        self.ready.clear()
        await anyio.lowlevel.checkpoint()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1:
        raise ValueError(f"workers={workers}")
    if buffer < 0:
        raise ValueError(f"buffer={buffer}")
    results = Results(2 * workers + buffer)
    iterator = iter(source)
    nothing = object()

    async def work():
        while True:
            async with results.condition:
                while results.pending >= results.limit and not results.over:
                    await results.condition.wait()
                if results.over:
                    return
                item = next(iterator, nothing)
                if item is nothing:
                    results.over = True
                    results.condition.notify_all()
                    return
                results.pending += 1
            value = await worker(item)
            async with results.condition:
                results.ready.append((item, value))
                results.condition.notify_all()

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
        try:
            yield results
        finally:
            results.closed = True
            group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    results = {}

    async def numbered(entry):
        return await worker(entry[1])

    async with fan_out(enumerate(source), numbered, workers=workers) as stream:
        async for (number, _), value in stream:
            results[number] = value
    return [results[number] for number in range(len(results))]
