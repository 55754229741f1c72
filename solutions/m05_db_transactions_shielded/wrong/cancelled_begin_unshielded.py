"""Rolls back after a cancelled `begin` without a shield, and invalidates when that is interrupted.

Base: right/plain
Breaks: R2
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
    except BaseException:
        try:
            await conn.rollback()
        except BaseException:
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
