"""Built as a class with an exit stack; the workers report that they have started, and a spare receiver keeps sends from failing."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import anyio.lowlevel
from anyio import TASK_STATUS_IGNORED, create_memory_object_stream, create_task_group


class FanOut:
    def __init__(self, source, worker, workers, buffer):
        self.iterator = iter(source)
        self.worker = worker
        self.workers = workers
        self.buffer = buffer

    async def _loop(self, sender, *, task_status=TASK_STATUS_IGNORED):
        async with sender:
            task_status.started()
            for item in self.iterator:
                value = await self.worker(item)
                await sender.send((item, value))

    async def __aenter__(self):
        async with AsyncExitStack() as stack:
            self.tg = await stack.enter_async_context(create_task_group())
            sender, receiver = create_memory_object_stream(self.buffer)
            stack.enter_context(receiver)
            self.spare = stack.enter_context(receiver.clone())
            with sender:
                for _ in range(self.workers):
                    await self.tg.start(self._loop, sender.clone())
            self.stack = stack.pop_all()
        return receiver

    async def __aexit__(self, *exc):
        self.tg.cancel_scope.cancel()
        return await self.stack.__aexit__(*exc)


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1:
        raise ValueError
    if buffer < 0:
        raise ValueError
    async with FanOut(source, worker, workers, buffer) as stream:
        yield stream


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError
    order = []

    class Cell:
        def __init__(self, item):
            self.item = item

    def cells():
        for item in source:
            order.append(Cell(item))
            yield order[-1]

    async def fill(cell):
        cell.value = await worker(cell.item)

    async with fan_out(cells(), fill, workers=workers) as done:
        async for _ in done:
            pass
    return [cell.value for cell in order]
