"""Reckons one deadline when the block is entered: a long body leaves no time to finish.

Breaks: R3
Also: R5
"""

import anyio


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    deadline = anyio.current_time() + finish_timeout
    try:
        await conn.begin()
        yield conn
    except BaseException:
        await _roll_back(conn, deadline)
        raise
    try:
        with anyio.move_on_at(deadline, shield=True) as scope:
            await conn.commit()
    except BaseException:
        await _roll_back(conn, deadline)
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError


async def _roll_back(conn: Connection, deadline: float) -> None:
    rolled_back = False
    try:
        with anyio.move_on_at(deadline, shield=True):
            await conn.rollback()
            rolled_back = True
    except Exception:
        pass
    finally:
        if not rolled_back:
            conn.invalidate()
