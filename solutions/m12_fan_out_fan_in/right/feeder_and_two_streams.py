"""Built with a feeder task, a stream of items and a stream of results; workers have clones."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1:
        raise ValueError("workers must be at least 1")
    if buffer < 0:
        raise ValueError("buffer must not be negative")
    todo_in, todo_out = anyio.create_memory_object_stream(buffer)
    done_in, done_out = anyio.create_memory_object_stream(buffer)

    async def feed():
        async with todo_in:
            for item in source:
                try:
                    await todo_in.send(item)
                except anyio.BrokenResourceError:
                    break

    async def work(inbox, outbox):
        async with inbox, outbox:
            async for item in inbox:
                result = await worker(item)
                try:
                    await outbox.send((item, result))
                except anyio.BrokenResourceError:
                    break

    async with anyio.create_task_group() as group:
        group.start_soon(feed)
        with todo_out, done_in:
            for _ in range(workers):
                group.start_soon(work, todo_out.clone(), done_in.clone())
        async with done_out:
            try:
                yield done_out
            finally:
                group.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    async def numbered(entry):
        return await worker(entry[1])

    done = []
    async with fan_out(enumerate(source), numbered, workers=workers) as results:
        async for (number, _), result in results:
            done.append((number, result))
    done.sort(key=lambda pair: pair[0])
    return [result for _, result in done]
