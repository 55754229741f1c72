"""As a beginner writes it: plain names, a list of tickets, one condition, and no helper but a method for the refill."""

import anyio


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0:
            raise ValueError("rate must be positive")
        if capacity <= 0:
            raise ValueError("capacity must be positive")
        self.rate = rate
        self.capacity = capacity
        self.level = capacity
        self.last = anyio.current_time()
        self.next_ticket = 0
        self.tickets = []
        self.changed = anyio.Condition()

    def refill(self):
        now = anyio.current_time()
        self.level = self.level + (now - self.last) * self.rate
        if self.level > self.capacity:
            self.level = self.capacity
        self.last = now

    @property
    def available(self) -> float:
        self.refill()
        return self.level

    async def acquire(self, tokens: float = 1.0) -> None:
        if tokens <= 0:
            raise ValueError("tokens must be positive")
        if tokens > self.capacity:
            raise ValueError("tokens must not be more than the capacity")
        ticket = self.next_ticket
        self.next_ticket = self.next_ticket + 1
        self.tickets.append(ticket)
        try:
            async with self.changed:
                while self.tickets[0] != ticket:
                    await self.changed.wait()
            while True:
                self.refill()
                missing = tokens - self.level
                if missing <= 0:
                    break
                await anyio.sleep(missing / self.rate)
            self.level = self.level - tokens
        finally:
            self.tickets.remove(ticket)
            with anyio.CancelScope(shield=True):
                async with self.changed:
                    self.changed.notify_all()


async def process_batch(items, worker, *, bucket, limit):
    if limit < 1:
        raise ValueError("limit must be at least 1")
    results = []
    for _ in items:
        results.append(None)
    semaphore = anyio.Semaphore(limit)

    async def work(index):
        async with semaphore:
            await bucket.acquire()
            results[index] = await worker(items[index])

    async with anyio.create_task_group() as tg:
        for index in range(len(items)):
            tg.start_soon(work, index)
    return results
