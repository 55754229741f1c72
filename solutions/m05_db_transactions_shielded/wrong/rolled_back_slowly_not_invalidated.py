"""Gives up a slow rollback and leaves the connection as it is.

Base: right/plain
Breaks: R3
Also: R6 R7
"""


async def _roll_back(conn: Connection, timeout: float) -> None:
    try:
        with anyio.move_on_after(timeout, shield=True):
            await conn.rollback()
    except BaseException as error:
        conn.invalidate()
        if not isinstance(error, Exception):
            raise
