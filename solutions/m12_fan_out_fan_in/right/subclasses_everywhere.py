"""Pairs are named tuples, the list and the error of bad arguments are objects of subclasses; workers are a class."""

from typing import Any, NamedTuple

import anyio


class Pair(NamedTuple):
    item: Any
    result: Any


class Results(list):
    pass


class BadNumber(ValueError):
    pass


class fan_out:
    """A context manager like any other."""

    def __init__(self, source, worker, *, workers, buffer=0):
        for name, value, least in (("workers", workers, 1), ("buffer", buffer, 0)):
            if value < least:
                raise BadNumber(f"{name} must be at least {least}")
        self.source, self.worker, self.workers, self.buffer = source, worker, workers, buffer

    async def __aenter__(self):
        self.items = iter(self.source)
        self.outbox, self.inbox = anyio.create_memory_object_stream(self.buffer)
        self.crew = await anyio.create_task_group().__aenter__()
        for number in range(self.workers):
            self.crew.start_soon(self.work, self.outbox.clone(), name=f"worker {number}")
        self.outbox.close()
        return self.inbox

    async def work(self, outbox):
        with outbox:
            try:
                for item in self.items:
                    await self.hand_over(outbox, Pair(item, await self.worker(item)))
            except Closed:
                pass

    @staticmethod
    async def hand_over(outbox, pair):
        try:
            await outbox.send(pair)
        except anyio.BrokenResourceError:
            raise Closed from None

    async def __aexit__(self, kind, error, trace):
        self.inbox.close()
        if kind is None:
            self.crew.cancel_scope.cancel()
        return await self.crew.__aexit__(kind, error, trace)


class Closed(Exception):
    pass


async def fan_in(source, worker, *, workers):
    results = {}

    async def numbered(entry):
        number, item = entry
        results[number] = await worker(item)

    async with fan_out(enumerate(source), numbered, workers=workers) as stream:
        async for _ in stream:
            pass
    return Results(result for _, result in sorted(results.items(), key=lambda entry: entry[0]))
