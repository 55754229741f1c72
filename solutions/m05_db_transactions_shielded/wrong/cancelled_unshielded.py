"""Awaits the rollback of a cancelled body without a shield: it ends at its first checkpoint.

Base: right/plain
Breaks: R5
Also: R2 R6 R7
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except Exception:
        await _roll_back(conn, finish_timeout)
        raise
    except anyio.get_cancelled_exc_class():
        await conn.rollback()
        raise
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
