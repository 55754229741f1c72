"""Rolls back after a KeyboardInterrupt in the commit, and invalidates as well.

Base: right/plain
Breaks: R7
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
    except Exception:
        await _roll_back(conn, finish_timeout)
        raise
    except BaseException:
        await _roll_back(conn, finish_timeout)
        conn.invalidate()
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError
