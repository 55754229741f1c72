"""Many bare checkpoints before the line and at its head; subclasses of `ValueError` and of the list of results; a semaphore and slices."""

import anyio
from anyio.lowlevel import checkpoint


class BadArgument(ValueError):
    """An argument that makes no sense."""


class Results(list):
    """Results, with a word of its own."""

    def fill(self, place, value):
        self[place] = value


async def breathe(times):
    for _ in range(times):
        await checkpoint()


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if not (rate > 0 and capacity > 0):
            raise BadArgument(rate, capacity)
        self.rate = rate
        self.capacity = capacity
        self.tokens = capacity
        self.seen = anyio.current_time()
        self.turn = anyio.Semaphore(1, max_value=1)

    def refill(self):
        now = anyio.current_time()
        return min(self.capacity, self.tokens + self.rate * (now - self.seen)), now

    @property
    def available(self) -> float:
        return self.refill()[0]

    async def acquire(self, tokens: float = 1.0) -> None:
        if tokens <= 0 or tokens > self.capacity:
            raise BadArgument(tokens)
        async with self.turn:
            await breathe(7)
            while self.available < tokens:
                await anyio.sleep((tokens - self.available) / self.rate)
            await breathe(7)
            level, now = self.refill()
            self.tokens, self.seen = level - tokens, now


async def process_batch(items, worker, *, bucket, limit):
    if limit < 1:
        raise BadArgument(limit)
    results = Results([None] * len(items))
    queue = list(range(len(items)))

    async def run():
        while queue:
            place = queue.pop(0)
            await bucket.acquire()
            results.fill(place, await worker(items[place]))

    async with anyio.create_task_group() as group:
        for _ in range(min(limit, len(items))):
            group.start_soon(run)
    return results
