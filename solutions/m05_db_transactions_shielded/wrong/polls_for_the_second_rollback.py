"""Looks every twentieth of a second whether the rollback of a failed commit has ended.

Base: right/plain
Breaks: G6
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
        with anyio.move_on_after(finish_timeout, shield=True) as scope:
            await conn.commit()
    except BaseException:
        ended = []

        async def roll_back() -> None:
            await _roll_back(conn, finish_timeout)
            ended.append(True)

        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as group:
                group.start_soon(roll_back)
                while not ended:
                    await anyio.sleep(0.05)
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError
