"""Has the commit and its timeout inside the `try`: a commit that was given up is rolled back.

Base: right/plain
Breaks: R3
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
        with anyio.fail_after(finish_timeout, shield=True):
            await conn.commit()
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
