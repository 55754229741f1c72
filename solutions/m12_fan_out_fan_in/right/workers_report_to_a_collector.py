"""Built with named pairs, a worker class, a collector between workers and body, and a started handshake."""

from contextlib import asynccontextmanager
from typing import NamedTuple

import anyio


class Finished(NamedTuple):
    item: object
    result: object


class Crew:
    def __init__(self, source, worker, outbox):
        self.items, self.worker, self.outbox = iter(source), worker, outbox

    async def run(self, *, task_status):
        task_status.started()
        with self.outbox.clone() as outbox:
            for item in self.items:
                if outbox.statistics().open_receive_streams == 0:
                    return
                finished = Finished(item, await self.worker(item))
                try:
                    await outbox.send(finished)
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    return


def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError(f"cannot work with {workers=} and {buffer=}")
    return _block(source, worker, workers, buffer)


@asynccontextmanager
async def _block(source, worker, workers, buffer):
    outbox, inbox = anyio.create_memory_object_stream(0)
    kept, results = anyio.create_memory_object_stream(buffer)

    async def collect():
        with inbox, kept:
            async for finished in inbox:
                try:
                    await kept.send(finished)
                except anyio.BrokenResourceError:
                    return

    try:
        async with anyio.create_task_group() as outer:
            async with anyio.create_task_group() as group:
                crew = Crew(source, worker, outbox)
                group.start_soon(collect)
                with outbox:
                    for _ in range(workers):
                        await group.start(crew.run)
                yield results
                group.cancel_scope.cancel()
            outer.cancel_scope.cancel()
    finally:
        await results.aclose()


async def fan_in(source, worker, *, workers):
    finished = {}
    async with fan_out(enumerate(source), lambda entry: worker(entry[1]), workers=workers, buffer=1) as results:
        async for pair in results:
            finished[pair.item[0]] = pair.result
    return [finished[number] for number in sorted(finished)]
