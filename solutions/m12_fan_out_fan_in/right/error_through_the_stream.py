"""Built so that the iteration ends when something fails, and the error leaves as the block is left; it is bare."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("at least one worker, and no negative buffer")
    iterator = iter(source)
    send, receive = anyio.create_memory_object_stream(max_buffer_size=buffer)
    failure = None

    async def work():
        nonlocal failure
        try:
            while True:
                try:
                    item = next(iterator)
                except StopIteration:
                    return
                result = await worker(item)
                if closed():
                    return
                with anyio.CancelScope():
                    try:
                        await send.send((item, result))
                    except anyio.BrokenResourceError:
                        return
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:
            failure = failure or error
            send.close()
            body.cancel()
            group.cancel_scope.cancel()

    def closed():
        return receive.statistics().open_receive_streams == 0

    async def all_of_them():
        async with anyio.create_task_group() as inner:
            for _ in range(workers):
                inner.start_soon(work)
        send.close()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(all_of_them)
            with anyio.CancelScope() as body:
                yield receive
            group.cancel_scope.cancel()
    except BaseExceptionGroup as errors:
        if failure is None:
            if len(errors.exceptions) == 1:
                raise errors.exceptions[0] from None
            raise
    finally:
        send.close()
        receive.close()
    if failure is not None:
        raise failure


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("at least one worker")
    results = []
    entries = iter(source)

    async def work():
        for item in entries:
            place = len(results)
            results.append(None)
            results[place] = await worker(item)

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
    return results
