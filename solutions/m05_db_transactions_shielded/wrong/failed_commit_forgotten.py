"""Does nothing after a failed commit.

Base: right/plain
Breaks: R6
Also: R7 G5 G6 R2 R3 G2 G4
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    with anyio.move_on_after(finish_timeout, shield=True) as scope:
        await conn.commit()
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError
