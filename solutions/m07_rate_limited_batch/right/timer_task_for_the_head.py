"""Each `acquire` that waits has a helper task of its own: a timer that sets its event, started when it comes to the head, and nearly a millionth late."""

from dataclasses import dataclass, field

from anyio import CapacityLimiter, Event, create_task_group, current_time, sleep_until


@dataclass(eq=False)
class Waiter:
    tokens: float
    is_head: Event = field(default_factory=Event)


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        for number in (rate, capacity):
            if number <= 0:
                raise ValueError(f"{number} is not positive")
        self._rate, self._capacity = rate, capacity
        self._full_at = current_time()  # when the bucket would be full if nobody took anything
        self._waiters: list[Waiter] = []

    def _level(self) -> float:
        return self._capacity - max(0.0, self._full_at - current_time()) * self._rate

    def _take(self, tokens: float) -> None:
        self._full_at = max(self._full_at, current_time()) + tokens / self._rate

    @property
    def available(self) -> float:
        return self._level()

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError(tokens)
        if not self._waiters and self._level() >= tokens:
            self._take(tokens)
            return
        waiter = Waiter(tokens)
        self._waiters.append(waiter)
        if self._waiters[0] is waiter:
            waiter.is_head.set()
        try:
            await waiter.is_head.wait()
            while self._level() < tokens:
                there = Event()

                async def timer(there: Event = there) -> None:
                    await sleep_until(self._full_at - (self._capacity - tokens) / self._rate + 9e-7)
                    there.set()

                async with create_task_group() as group:
                    group.start_soon(timer)
                    await there.wait()
            self._take(tokens)
        finally:
            self._waiters.remove(waiter)
            if self._waiters:
                self._waiters[0].is_head.set()


async def process_batch(items, worker, *, bucket, limit):
    if limit < 1:
        raise ValueError(limit)
    slots = CapacityLimiter(limit)
    results = {}

    async def one(place, item):
        await bucket.acquire()
        async with slots:
            results[place] = await worker(item)

    async with create_task_group() as group:
        for place, item in enumerate(items):
            group.start_soon(one, place, item)
    return [results[place] for place in sorted(results)]
