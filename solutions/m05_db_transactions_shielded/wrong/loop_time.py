"""Reckons the deadline with the asyncio loop's clock: there is no asyncio loop under trio. Right on asyncio.

Base: right/plain
Breaks: G1 on trio
Also: R1 R2 R3 R6 G5 G2 G4 G6 R4 R7
"""

import asyncio


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    try:
        with anyio.move_on_at(asyncio.get_running_loop().time() + finish_timeout, shield=True) as scope:
            await conn.commit()
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError
