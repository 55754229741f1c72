"""Tries a `begin` that was cancelled once more, shielded, before it rolls back.

Base: right/plain
Breaks: G3
Also: R6 R1
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        try:
            await conn.begin()
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(finish_timeout, shield=True):
                await conn.begin()
            raise
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
