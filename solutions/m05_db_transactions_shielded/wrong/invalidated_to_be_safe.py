"""Invalidates the connection after every failure, also after a rollback that went well.

Base: right/plain
Breaks: R7
"""


async def _roll_back(conn: Connection, timeout: float) -> None:
    try:
        with anyio.move_on_after(timeout, shield=True):
            await conn.rollback()
    except Exception:
        pass
    finally:
        conn.invalidate()
