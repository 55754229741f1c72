"""Lets one transaction at a time into the database, whatever the connection.

Base: right/plain
Breaks: R4
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    async with _turn():
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
            raise TimeoutError


_turns: list[anyio.Semaphore] = []


def _turn() -> anyio.Semaphore:
    if not _turns:
        _turns.append(anyio.Semaphore(1))
    return _turns[0]
