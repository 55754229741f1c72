"""Takes a `TimeoutError` that the commit itself raises for its own timeout.

Base: right/plain
Breaks: R6
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
        with anyio.fail_after(finish_timeout, shield=True):
            await conn.commit()
    except TimeoutError:
        conn.invalidate()
        raise
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
