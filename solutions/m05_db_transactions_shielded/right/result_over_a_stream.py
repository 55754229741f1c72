"""Built with a finishing task that sends how it ended over a memory stream."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import anyio


class Connection(Protocol):
    async def begin(self) -> None: ...

    async def commit(self) -> None: ...

    async def rollback(self) -> None: ...

    def invalidate(self) -> None: ...


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:

    try:
        await conn.begin()
        yield conn
        verdict, error = "commit", None
    except BaseException as raised:
        verdict, error = "rollback", raised
    if verdict == "commit":
        how, problem = await _finish(conn.commit, finish_timeout)
        if how == "done":
            return
        if how == "late":
            conn.invalidate()
            raise TimeoutError("commit")
        error = problem
    how, problem = await _finish(conn.rollback, finish_timeout)
    if how != "done":
        conn.invalidate()
    if problem is not None and not isinstance(problem, Exception):
        raise problem
    raise error


async def _finish(call, limit):
    send, receive = anyio.create_memory_object_stream(1)

    async def work():
        with send:
            how = ("late", None)
            with anyio.move_on_after(limit):
                try:
                    await call()
                    how = ("done", None)
                except anyio.get_cancelled_exc_class():
                    raise
                except BaseException as error:
                    how = ("failed", error)
            send.send_nowait(how)

    with anyio.CancelScope(shield=True), receive:
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            return await receive.receive()
