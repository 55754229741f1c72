"""Feeder and workers in a crew of their own; closing the stream cancels the crew at once; errors come wrapped three times."""

import contextlib

import anyio
from anyio.abc import ObjectReceiveStream


class Closing(ObjectReceiveStream):
    """Cancels the crew before it closes, so that nobody sends into a closed stream."""

    def __init__(self, receive, scope):
        self._receive = receive
        self._scope = scope

    async def receive(self):
        return await self._receive.receive()

    async def aclose(self):
        self._scope.cancel()
        await self._receive.aclose()


@contextlib.asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if not workers >= 1:
        raise ValueError("workers")
    if not buffer >= 0:
        raise ValueError("buffer")
    send, receive = anyio.create_memory_object_stream(buffer)
    item_send, item_receive = anyio.create_memory_object_stream(0)
    crew_scope = anyio.CancelScope()

    async def feed():
        with item_send:
            for item in source:
                await item_send.send(item)

    async def work():
        async for item in item_receive:
            pair = (item, await worker(item))
            with contextlib.suppress(anyio.BrokenResourceError):
                await send.send(pair)

    async def manage():
        with send, item_receive, crew_scope:
            async with anyio.create_task_group() as crew:
                crew.start_soon(feed)
                async with anyio.create_task_group() as inner:
                    for _ in range(workers):
                        inner.start_soon(work)

    with send, receive, item_send, item_receive:
        async with anyio.create_task_group() as group:
            group.start_soon(manage)
            yield Closing(receive, crew_scope)
            group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    results = []
    async with fan_out(enumerate(source), lambda entry: worker(entry[1]), workers=workers) as stream:
        async for (number, _), result in stream:
            results.append((number, result))
    results.sort(key=lambda entry: entry[0])
    return [result for _, result in results]
