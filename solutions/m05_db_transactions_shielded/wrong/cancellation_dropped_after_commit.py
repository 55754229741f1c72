"""Passes a checkpoint after the commit, and drops the cancellation that shows there.

Base: right/plain
Breaks: G3
"""

import anyio.lowlevel


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
        raise TimeoutError
    try:
        await anyio.lowlevel.checkpoint()
    except anyio.get_cancelled_exc_class():
        pass
