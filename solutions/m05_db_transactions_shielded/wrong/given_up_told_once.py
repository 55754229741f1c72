"""Raises `TimeoutError` for the first commit that was given up only: later ones just end.

Base: right/plain
Breaks: R3
"""

_told: list[bool] = []


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
        await _roll_back(conn, finish_timeout)
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        if not _told:
            _told.append(True)
            raise TimeoutError
