"""Starts `connect` in a task group, which takes only coroutine functions.

Breaks: G9
Also: R9
"""

import inspect


class ConnectionPool:
    async def _acquire(self) -> C:
        conn = await self._slot()
        if conn is not None:
            return conn
        try:
            made: list[C] = []

            async def make(coroutine) -> None:
                made.append(await coroutine)

            coroutine = self._connect()
            if not inspect.iscoroutine(coroutine):
                raise TypeError("connect must be a coroutine function")
            return await coroutine
        except BaseException:
            self._hand_on(None)
            raise
