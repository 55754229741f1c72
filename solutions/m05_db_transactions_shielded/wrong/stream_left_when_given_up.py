"""Closes its stream after a rollback that ended by itself, but not after one that was given up.

Base: right/plain
Breaks: G2
"""


async def _roll_back(conn: Connection, timeout: float) -> None:
    send, receive = anyio.create_memory_object_stream[bool](1)
    try:
        with anyio.move_on_after(timeout, shield=True):
            await conn.rollback()
            send.send_nowait(True)
            send.close()
            receive.close()
            return
    except Exception:
        send.close()
        receive.close()
        conn.invalidate()
        return
    except BaseException:
        send.close()
        receive.close()
        conn.invalidate()
        raise
    conn.invalidate()
