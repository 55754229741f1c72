"""Sleeps a moment, with `time.sleep`, before it invalidates.

Base: right/plain
Breaks: G4
"""

import time


async def _roll_back(conn: Connection, timeout: float) -> None:
    rolled_back = False
    try:
        with anyio.move_on_after(timeout, shield=True):
            await conn.rollback()
            rolled_back = True
    except Exception:
        pass
    finally:
        if not rolled_back:
            time.sleep(0.01)
            conn.invalidate()
