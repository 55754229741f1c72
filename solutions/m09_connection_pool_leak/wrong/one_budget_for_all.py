"""Closes the idle connections one after the other under one `close_timeout`.

Breaks: R9
"""


class ConnectionPool:
    async def aclose(self) -> None:
        self._closed = True
        while self._line:
            waiter = self._line.popleft()
            waiter.refused = True
            waiter.ready.set()
        idle, self._idle = (self._idle, [])
        with anyio.move_on_after(self._close_timeout, shield=True):
            for conn in idle:
                with suppress(Exception):
                    await conn.aclose()
        for _ in idle:
            self._hand_on(None)
        if self._empty < self._size:
            await self._all_empty.wait()
