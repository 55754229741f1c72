"""The first error is kept, a scope around the body is cancelled, and the error is raised bare when all is over."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("workers < 1 or buffer < 0")
    failures = []
    send, receive = anyio.create_memory_object_stream(buffer)
    iterator = iter(source)
    running = workers

    def fail(error):
        failures.append(error)
        outer.cancel()

    async def work():
        nonlocal running
        while True:
            try:
                item = next(iterator)
            except StopIteration:
                break
            except Exception as error:
                return fail(error)
            try:
                result = await worker(item)
            except Exception as error:
                return fail(error)
            try:
                await send.send((item, result))
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return None
        running -= 1
        if not running:
            send.close()
        return None

    with send, receive:
        with anyio.CancelScope() as outer:
            async with anyio.create_task_group() as group:
                for _ in range(workers):
                    group.start_soon(work)
                try:
                    yield receive
                finally:
                    group.cancel_scope.cancel()
        if failures:
            raise failures[0]


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers < 1")
    limiter = anyio.CapacityLimiter(workers)
    failures, results = [], {}

    async def one(number, item):
        async with limiter:
            try:
                results[number] = await worker(item)
            except Exception as error:
                failures.append(error)
                group.cancel_scope.cancel()

    count = 0
    async with anyio.create_task_group() as group:
        for item in source:
            group.start_soon(one, count, item)
            count += 1
    if failures:
        raise failures[0]
    return [results[number] for number in range(count)]
