"""Shields the rollback after the body, but not the one after a failed commit.

Base: right/plain
Breaks: R2
Also: G5
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
    except BaseException:
        try:
            with anyio.fail_after(finish_timeout):
                await conn.rollback()
        except BaseException:
            conn.invalidate()
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError
