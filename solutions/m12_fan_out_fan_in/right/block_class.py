"""Built as a class with `__aenter__` and `__aexit__`; arguments are refused when it is made; errors leave bare."""

import anyio
from anyio import BrokenResourceError, create_memory_object_stream, create_task_group


class fan_out:
    def __init__(self, source, worker, *, workers, buffer=0):
        if workers < 1:
            raise ValueError(f"workers={workers}")
        if buffer < 0:
            raise ValueError(f"buffer={buffer}")
        self._source, self._worker = source, worker
        self._count, self._buffer = workers, buffer

    async def __aenter__(self):
        self._items = iter(self._source)
        self._send, self._receive = create_memory_object_stream(self._buffer)
        self._running = self._count
        self._group = create_task_group()
        await self._group.__aenter__()
        for _ in range(self._count):
            self._group.start_soon(self._work)
        return self._receive

    async def __aexit__(self, kind, error, trace):
        self._group.cancel_scope.cancel()
        try:
            return await self._group.__aexit__(kind, error, trace)
        except BaseExceptionGroup as errors:
            first = errors
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from None
        finally:
            self._send.close()
            self._receive.close()

    async def _work(self):
        for item in self._items:
            pair = item, await self._worker(item)
            try:
                await self._send.send(pair)
            except BrokenResourceError:
                break
        self._running -= 1
        if self._running == 0:
            self._send.close()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError(f"workers={workers}")
    limiter = anyio.CapacityLimiter(workers)
    results = {}

    async def one(number, item):
        async with limiter:
            results[number] = await worker(item)

    async with anyio.create_task_group() as group:
        for number, item in enumerate(source):
            group.start_soon(one, number, item)
    return [results[number] for number in sorted(results)]
