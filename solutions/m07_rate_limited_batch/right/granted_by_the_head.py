"""Whoever moves grants what can be granted; what was granted to a cancelled waiter is given back. Tokens before slots."""

from collections import deque
from dataclasses import dataclass, field
import anyio


@dataclass(eq=False)
class _Waiter:
    tokens: float
    granted: bool = False
    event: anyio.Event = field(default_factory=anyio.Event)


class TokenBucket:
    """The head keeps the clock; whoever moves serves all that can be served."""

    def __init__(self, *, rate, capacity):
        if rate <= 0 or capacity <= 0:
            raise ValueError
        self._rate, self._capacity = float(rate), float(capacity)
        self._level, self._at = self._capacity, anyio.current_time()
        self._line: deque[_Waiter] = deque()

    def _refill(self):
        now = anyio.current_time()
        self._level = min(self._capacity, self._level + self._rate * (now - self._at))
        self._at = now

    @property
    def available(self):
        self._refill()
        return self._level

    def _serve(self):
        self._refill()
        while self._line and self._line[0].tokens <= self._level + 1e-9:
            w = self._line.popleft()
            self._level -= w.tokens
            w.granted = True
            w.event.set()
        if self._line:
            self._line[0].event.set()

    async def acquire(self, tokens=1.0):
        if not 0 < tokens <= self._capacity:
            raise ValueError
        me = _Waiter(tokens)
        self._line.append(me)
        self._serve()
        try:
            while not me.granted:
                await me.event.wait()
                if me.granted:
                    break
                me.event = anyio.Event()
                self._refill()
                with anyio.move_on_after((tokens - self._level) / self._rate):
                    await me.event.wait()
                if not me.granted:
                    self._serve()
            else:
                await anyio.lowlevel.checkpoint()
        except BaseException:
            if me.granted:
                self._refill()
                self._level = min(self._capacity, self._level + tokens)
            else:
                self._line.remove(me)
            self._serve()
            raise


async def process_batch(items, worker, *, bucket, limit):
    if limit < 1:
        raise ValueError
    results = {}
    running = 0
    free = anyio.Condition()

    async def one(key, item):
        nonlocal running
        await bucket.acquire()
        async with free:
            while running >= limit:
                await free.wait()
            running += 1
        try:
            results[key] = await worker(item)
        finally:
            running -= 1
            with anyio.CancelScope(shield=True):
                async with free:
                    free.notify()

    async with anyio.create_task_group() as tg:
        for key, item in enumerate(items):
            tg.start_soon(one, key, item)
    return [results[key] for key in range(len(items))]
