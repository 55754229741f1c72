"""Has `begin` outside the `try`: one that was cancelled is left as it is.

Base: right/plain
Breaks: R7
Also: R2 R3 R6 G2 G4
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    await conn.begin()
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
