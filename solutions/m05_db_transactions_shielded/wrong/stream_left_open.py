"""Hears of the end of the commit over a stream that nobody closes.

Base: right/plain
Breaks: G2
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    send, receive = anyio.create_memory_object_stream[bool](1)
    try:
        with anyio.move_on_after(finish_timeout, shield=True) as scope:
            await conn.commit()
            send.send_nowait(True)
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError
    receive.receive_nowait()
