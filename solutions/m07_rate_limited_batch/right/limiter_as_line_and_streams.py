"""A limiter of one as the line, on behalf of an object. A feeder takes the tokens and hands the items to the workers."""

import contextlib
import anyio


class TokenBucket:
    def __init__(self, *, rate, capacity):
        if rate <= 0 or capacity <= 0:
            raise ValueError
        self._rate, self._capacity, self._line = rate, capacity, anyio.CapacityLimiter(1)
        self._stamp = (anyio.current_time(), capacity)

    def _level(self, now):
        then, level = self._stamp
        return min(self._capacity, level + self._rate * (now - then))

    @property
    def available(self):
        return self._level(anyio.current_time())

    async def acquire(self, tokens=1.0):
        if not 0 < tokens <= self._capacity:
            raise ValueError
        async with contextlib.AsyncExitStack() as stack:
            borrower = object()
            await self._line.acquire_on_behalf_of(borrower)
            stack.callback(self._line.release_on_behalf_of, borrower)
            missing = tokens - self.available
            if missing > 0:
                await anyio.sleep(missing / self._rate)
                now = anyio.current_time()
                self._stamp = now, max(0.0, self._level(now) - tokens)
            else:
                self._stamp = anyio.current_time(), -missing


async def process_batch(items, worker, *, bucket, limit):
    if limit < 1:
        raise ValueError
    send, receive = anyio.create_memory_object_stream(0)
    back_send, back_receive = anyio.create_memory_object_stream(len(items))

    async def feed():
        async with send:
            for pair in enumerate(items):
                await bucket.acquire()
                await send.send(pair)

    async def work(source, sink):
        async with source, sink:
            async for n, item in source:
                sink.send_nowait((n, await worker(item)))

    async with receive, back_receive:
        async with anyio.create_task_group() as tg:
            tg.start_soon(feed)
            for _ in range(limit if limit < len(items) else len(items) or 1):
                tg.start_soon(work, receive.clone(), back_send.clone())
            back_send.close()
            receive.close()
        pairs = []
        while True:
            try:
                pairs.append(back_receive.receive_nowait())
            except (anyio.WouldBlock, anyio.EndOfStream):
                break
    return [r for _, r in sorted(pairs, key=lambda p: p[0])]
