"""Gives each waiter a memory object stream and leaves it open when the wait is over.

Breaks: G2
"""


class ConnectionPool:
    async def _slot(self) -> C | None:
        if self._closed:
            raise PoolClosedError
        if self._idle:
            return self._idle.pop()
        if self._empty:
            self._empty -= 1
            return None
        waiter: Waiter[C] = Waiter()
        self._line.append(waiter)
        try:
            send, receive = anyio.create_memory_object_stream[None](1)
            async with anyio.create_task_group() as group:

                async def tell() -> None:
                    await waiter.ready.wait()
                    send.send_nowait(None)

                group.start_soon(tell)
                await receive.receive()
        except BaseException:
            if waiter in self._line:
                self._line.remove(waiter)
            elif not waiter.refused:
                await self._give_back(waiter.conn)
            raise
        if waiter.refused:
            raise PoolClosedError
        return waiter.conn
