"""Commits in `finally`: the changes of a body that raised are made to last.

Breaks: R1
Also: R2 R3 R5 R6 R7 G1 G5 G2 G4 G6 R4 R1
"""

import anyio

del _roll_back


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    finally:
        with anyio.move_on_after(finish_timeout, shield=True) as scope:
            await conn.commit()
        if scope.cancelled_caught:
            conn.invalidate()
            raise TimeoutError
