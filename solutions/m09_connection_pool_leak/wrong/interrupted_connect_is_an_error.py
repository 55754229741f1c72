"""Catches whatever `connect` raises and tells it as an error of its own.

Breaks: G5
Also: R5 R9 G9
"""


class ConnectionPool:
    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        try:
            return await self._connect()
        except anyio.get_cancelled_exc_class():
            self._hand_on(None)
            raise
        except BaseException as error:
            self._hand_on(None)
            raise ConnectionError("cannot connect") from error
