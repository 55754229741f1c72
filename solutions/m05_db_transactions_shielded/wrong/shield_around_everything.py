"""Puts one shield around the whole transaction: nobody can cancel the body.

Base: right/plain
Breaks: R4
Also: R5 R7 G3
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    with anyio.CancelScope(shield=True):
        try:
            await conn.begin()
            yield conn
        except BaseException:
            await _roll_back(conn, finish_timeout)
            raise
        try:
            with anyio.move_on_after(finish_timeout, shield=True) as scope:
                await conn.commit()
        except BaseException:
            await _roll_back(conn, finish_timeout)
            raise
        if scope.cancelled_caught:
            conn.invalidate()
            raise TimeoutError
