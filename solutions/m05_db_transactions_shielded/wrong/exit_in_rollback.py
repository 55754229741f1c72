"""Catches whatever the rollback raises, also what is not an error.

Base: right/plain
Breaks: G5
"""


async def _roll_back(conn: Connection, timeout: float) -> None:
    rolled_back = False
    try:
        with anyio.move_on_after(timeout, shield=True):
            await conn.rollback()
            rolled_back = True
    except BaseException:
        pass
    finally:
        if not rolled_back:
            conn.invalidate()
