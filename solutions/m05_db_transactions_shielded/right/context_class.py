"""Built as a class with `__aenter__` and `__aexit__`."""

from typing import Protocol

import anyio


class Connection(Protocol):
    async def begin(self) -> None: ...

    async def commit(self) -> None: ...

    async def rollback(self) -> None: ...

    def invalidate(self) -> None: ...


class transaction:
    def __init__(self, conn: Connection, *, finish_timeout: float = 5.0) -> None:
        self._conn, self._timeout = conn, finish_timeout

    async def __aenter__(self) -> Connection:
        try:
            await self._conn.begin()
        except anyio.get_cancelled_exc_class():
            await self._undo()
            raise
        return self._conn

    async def __aexit__(self, kind, error, trace) -> bool:
        if error is not None:
            await self._undo()
            return False
        try:
            with anyio.move_on_after(self._timeout, shield=True) as scope:
                await self._conn.commit()
        except BaseException:
            await self._undo()
            raise
        if scope.cancelled_caught:
            self._conn.invalidate()
            raise TimeoutError("commit")
        return False

    async def _undo(self) -> None:
        done = False
        try:
            with anyio.move_on_after(self._timeout, shield=True):
                await self._conn.rollback()
                done = True
        except Exception:
            pass
        finally:
            if not done:
                self._conn.invalidate()
