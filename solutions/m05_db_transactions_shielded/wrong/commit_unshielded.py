"""Shields the rollback only: a cancellation interrupts the commit, and the transaction is rolled back.

Base: right/plain
Breaks: R2
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
        with anyio.move_on_after(finish_timeout) as scope:
            await conn.commit()
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError
