"""Built so that each worker hires the next one, with a stream that maps entries to pairs; `fan_in` begins at the end."""

from contextlib import asynccontextmanager, AsyncExitStack
import anyio
from anyio.abc import ObjectReceiveStream


class Mapped(ObjectReceiveStream):
    def __init__(self, inner):
        self.inner = inner

    async def receive(self):
        e = await self.inner.receive()
        return e["item"], e["result"]

    async def aclose(self):
        await self.inner.aclose()


@asynccontextmanager
async def fan_out(source, worker, *, workers, buffer=0):
    if workers < 1 or buffer < 0:
        raise ValueError("bad")
    it = iter(source)
    done_tx, done_rx = anyio.create_memory_object_stream(buffer)
    async with AsyncExitStack() as st:
        st.enter_context(done_rx)
        tg = await st.enter_async_context(anyio.create_task_group())

        async def manage():
            with done_tx:
                async with anyio.create_task_group() as crew:

                    async def w():
                        for item in it:
                            if hired[0] < workers:
                                hired[0] += 1
                                crew.start_soon(w)
                            e = {"item": item, "result": await worker(item)}
                            try:
                                await done_tx.send(e)
                            except anyio.BrokenResourceError:
                                break

                    hired = [1]
                    crew.start_soon(w)

        tg.start_soon(manage)
        try:
            yield Mapped(done_rx)
        finally:
            tg.cancel_scope.cancel()


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("bad")
    todo = list(enumerate(source))
    out = [None] * len(todo)

    async def w():
        while todo:
            i, x = todo.pop()
            out[i] = await worker(x)

    async with anyio.create_task_group() as tg:
        for _ in range(workers):
            tg.start_soon(w)
    return out
