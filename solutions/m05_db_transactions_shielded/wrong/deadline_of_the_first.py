"""Keeps the deadline of the first finish for those that come meanwhile.

Base: right/plain
Breaks: R3
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    try:
        with anyio.CancelScope(deadline=_deadline(finish_timeout), shield=True) as scope:
            await conn.commit()
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError


_deadlines: dict[float, float] = {}


def _deadline(timeout: float) -> float:
    now = anyio.current_time()
    if _deadlines.get(timeout, now) <= now:
        _deadlines[timeout] = now + timeout
    return _deadlines[timeout]
