"""Rolls back a cancelled `begin` by itself, and lets what that raises go on.

Base: right/plain
Breaks: R6
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
    except anyio.get_cancelled_exc_class():
        rolled_back = False
        try:
            with anyio.move_on_after(finish_timeout, shield=True):
                await conn.rollback()
                rolled_back = True
        finally:
            if not rolled_back:
                conn.invalidate()
        raise
    try:
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
