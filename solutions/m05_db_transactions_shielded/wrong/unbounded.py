"""Shields commit and rollback for as long as they take.

Breaks: R3
"""

import anyio


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except BaseException:
        await _roll_back(conn)
        raise
    try:
        with anyio.CancelScope(shield=True):
            await conn.commit()
    except BaseException:
        await _roll_back(conn)
        raise


async def _roll_back(conn: Connection) -> None:
    try:
        with anyio.CancelScope(shield=True):
            await conn.rollback()
    except BaseException as error:
        conn.invalidate()
        if not isinstance(error, Exception):
            raise
