"""Built with a task that waits for the verdict and finishes, in a group around the body; the body's own exception is kept."""

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

    verdict: list[str] = []
    decided = anyio.Event()
    kept: list[BaseException] = []

    async def undo() -> None:
        ok = False
        try:
            with anyio.move_on_after(finish_timeout):
                await conn.rollback()
                ok = True
        except Exception:
            pass
        finally:
            if not ok:
                conn.invalidate()

    async def service() -> None:
        with anyio.CancelScope(shield=True):
            await decided.wait()
            if verdict[0] == "undo":
                await undo()
                return
            try:
                with anyio.move_on_after(finish_timeout) as scope:
                    await conn.commit()
            except BaseException as error:
                kept.append(error)
                await undo()
                return
            if scope.cancelled_caught:
                conn.invalidate()
                kept.append(TimeoutError())

    own: list[BaseException] = []
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(service)
            try:
                await conn.begin()
                yield conn
                verdict.append("keep")
            except BaseException as error:
                verdict.append("undo")
                own.append(error)
                if isinstance(error, anyio.get_cancelled_exc_class()):
                    raise
            finally:
                decided.set()
    except BaseExceptionGroup as problems:
        # what `undo` let through is not an Exception: it comes first
        raise problems.exceptions[0]
    if own:
        raise own[0]
    if kept:
        raise kept[0]
