"""Shields the rollback only after a cancellation: one that comes later interrupts the rollback after an error.

Base: right/plain
Breaks: R2
Also: R5
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except Exception:
        try:
            with anyio.fail_after(finish_timeout):
                await conn.rollback()
        except BaseException as error:
            conn.invalidate()
            if not isinstance(error, Exception):
                raise
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
