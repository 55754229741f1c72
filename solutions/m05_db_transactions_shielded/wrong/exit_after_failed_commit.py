"""Keeps the error of the commit when the rollback after it meets a KeyboardInterrupt.

Base: right/plain
Breaks: G5
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    try:
        with anyio.move_on_after(finish_timeout, shield=True) as scope:
            await conn.commit()
    except BaseException as error:
        try:
            await _roll_back(conn, finish_timeout)
        finally:
            raise error
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError
