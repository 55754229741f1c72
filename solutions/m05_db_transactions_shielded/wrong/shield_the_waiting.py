"""Shields the waiting for the commit; the commit itself runs in a task of an unshielded group.

Base: right/plain
Breaks: R2
Also: R3
"""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    try:
        await conn.begin()
        yield conn
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    done = anyio.Event()

    async def commit() -> None:
        await conn.commit()
        done.set()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(commit)
            with anyio.move_on_after(finish_timeout, shield=True) as scope:
                await done.wait()
            group.cancel_scope.cancel()
    except BaseException as error:
        await _roll_back(conn, finish_timeout)
        if isinstance(error, BaseExceptionGroup):
            raise error.exceptions[0]
        raise
    if scope.cancelled_caught:
        conn.invalidate()
        raise TimeoutError
