"""All wait for one event, renewed at each change. Slots are tickets in a memory stream."""

import anyio


class TokenBucket:
    """All wait for the same event, which is renewed at each change; only the first sleeps with a limit."""

    def __init__(self, *, rate, capacity):
        if rate <= 0 or capacity <= 0:
            raise ValueError
        self._rate = rate
        self._capacity = capacity
        self._level = capacity
        self._at = anyio.current_time()
        self._line = []
        self._changed = anyio.Event()

    def _refill(self):
        now = anyio.current_time()
        self._level = min(self._capacity, self._level + (now - self._at) * self._rate)
        self._at = now

    @property
    def available(self):
        return min(self._capacity, self._level + (anyio.current_time() - self._at) * self._rate)

    async def acquire(self, tokens=1.0):
        if not 0 < tokens <= self._capacity:
            raise ValueError
        me = object()
        self._line.append(me)
        try:
            while True:
                self._refill()
                first = self._line[0] is me
                if first and self._level >= tokens - 1e-9:
                    self._level -= tokens
                    return
                with anyio.move_on_after((tokens - self._level) / self._rate if first else None):
                    await self._changed.wait()
        finally:
            self._line.remove(me)
            self._changed.set()
            self._changed = anyio.Event()


import contextlib


async def process_batch(items, worker, *, bucket, limit):
    if limit < 1:
        raise ValueError
    results = [None for _ in items]
    async with contextlib.AsyncExitStack() as stack:
        send, receive = anyio.create_memory_object_stream(max(limit, 1))
        stack.enter_context(send)
        stack.enter_context(receive)
        for _ in range(limit):
            send.send_nowait(None)
        tg = await stack.enter_async_context(anyio.create_task_group())

        async def run(i, item):
            results[i] = await worker(item)
            send.send_nowait(None)

        for i, item in enumerate(items):
            await receive.receive()
            await bucket.acquire()
            tg.start_soon(run, i, item)
    return results
