"""Calls a rollback that raised once more.

Breaks: R6
"""


async def _roll_back(conn: Connection, timeout: float) -> None:
    """Roll back within `timeout` seconds, or invalidate; an error of `rollback` never hides why we are here."""
    rolled_back = False
    try:
        with suppress(Exception), move_on_after(timeout, shield=True):
            try:
                await conn.rollback()
            except Exception:
                await conn.rollback()
            rolled_back = True
    finally:
        if not rolled_back:
            conn.invalidate()
