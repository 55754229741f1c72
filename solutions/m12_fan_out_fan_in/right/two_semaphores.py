"""Built with a semaphore for worker calls, one for results that wait, and a task for each item; `fan_in` starts all of them."""

from contextlib import AsyncExitStack, asynccontextmanager

import anyio


class Hub:
    """Who waits for a slot, and what is finished."""

    def __init__(self, workers, room):
        self.calls = anyio.Semaphore(workers)
        self.places = anyio.Semaphore(workers + room)


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError(f"{workers=}, {buffer=}")
    hub = Hub(workers, buffer)
    send, receive = anyio.create_memory_object_stream(float("inf"))

    async def one(item):
        try:
            result = await worker(item)
        finally:
            hub.calls.release()
        try:
            send.send_nowait((item, result))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass

    async def feed():
        async with anyio.create_task_group() as calls:
            iterator = iter(source)
            while True:
                await hub.places.acquire()
                await hub.calls.acquire()
                try:
                    item = next(iterator)
                except StopIteration:
                    break
                calls.start_soon(one, item)
        send.close()

    async with AsyncExitStack() as stack:
        stack.callback(receive.close)
        stack.callback(send.close)
        group = await stack.enter_async_context(anyio.create_task_group())
        group.start_soon(feed)
        yield Counted(receive, hub.places)
        group.cancel_scope.cancel()


class Counted(anyio.abc.ObjectReceiveStream):
    """Gives a place back for each pair that it hands on."""

    def __init__(self, stream, places):
        self.stream, self.places = stream, places

    async def receive(self):
        pair = await self.stream.receive()
        self.places.release()
        return pair

    async def aclose(self):
        self.stream.close()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError(workers)
    limiter = anyio.CapacityLimiter(workers)
    results = []

    async def one(number, item):
        async with limiter:
            results[number] = await worker(item)

    async with anyio.create_task_group() as group:
        for number, item in enumerate(source):
            results.append(None)
            group.start_soon(one, number, item)
    return results
