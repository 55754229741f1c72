"""Lets the error of the rollback go on in place of the KeyboardInterrupt of the body.

Base: right/plain
Breaks: G5
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except (Exception, anyio.get_cancelled_exc_class()):
        await _roll_back(conn, finish_timeout)
        raise
    except BaseException:
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
        with anyio.move_on_after(finish_timeout, shield=True) as scope:
            await conn.commit()
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError
