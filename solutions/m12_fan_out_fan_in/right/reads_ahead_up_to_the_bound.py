"""Built with two bounded streams: items are read ahead as far as the bound allows, and a supervisor starts the crew."""

import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
from anyio.abc import ObjectReceiveStream

T = TypeVar("T")
R = TypeVar("R")


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("bad argument")
    await anyio.lowlevel.checkpoint()
    todo_tx, todo_rx = anyio.create_memory_object_stream(workers + buffer)
    done_tx, done_rx = anyio.create_memory_object_stream(buffer)

    async def feed():
        async with todo_tx:
            for item in source:
                await anyio.lowlevel.checkpoint()
                await todo_tx.send(item)

    async def work(inbox, outbox):
        async with inbox, outbox:
            async for item in inbox:
                await anyio.lowlevel.checkpoint()
                value = await worker(item)
                await outbox.send((item, value))

    async def supervise():
        try:
            async with anyio.create_task_group() as crew:
                crew.start_soon(feed)
                for _ in range(workers):
                    crew.start_soon(work, todo_rx.clone(), done_tx.clone())
                todo_rx.close()
                done_tx.close()
        except* anyio.BrokenResourceError as group:
            if done_rx.statistics().open_receive_streams > 0:
                raise

    async with AsyncExitStack() as stack:
        for stream in (todo_tx, todo_rx, done_tx, done_rx):
            stack.push_async_callback(stream.aclose)
        guard = await stack.enter_async_context(done_rx.clone())
        tg = await stack.enter_async_context(anyio.create_task_group())
        tg.start_soon(supervise)
        yield done_rx
        tg.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers")

    async def numbered(pair):
        return await worker(pair[1])

    got = {}
    async with fan_out(enumerate(source), numbered, workers=workers) as results:
        async for (index, _), value in results:
            got[index] = value
    return [got[index] for index in sorted(got)]
