"""Looks every tenth of a second whether the commit has ended.

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
    done = False

    async def commit() -> None:
        nonlocal done
        await conn.commit()
        done = True

    try:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as group:
                group.start_soon(commit)
                end = anyio.current_time() + finish_timeout
                while not done and anyio.current_time() < end:
                    await anyio.sleep(min(0.1, end - anyio.current_time()))
                group.cancel_scope.cancel()
    except BaseExceptionGroup as group_of_one:
        await _roll_back(conn, finish_timeout)
        raise group_of_one.exceptions[0]
    if not done:
        conn.invalidate()
        raise TimeoutError
