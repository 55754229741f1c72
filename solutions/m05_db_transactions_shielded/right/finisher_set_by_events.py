"""Built with a finisher task that an event lets go; the block waits for another event, in a shield that the finisher bounds."""

from contextlib import asynccontextmanager

from anyio import CancelScope, Event, create_task_group, fail_after


class Finisher:
    def __init__(self, seconds):
        self.seconds = seconds
        self.go, self.over = Event(), Event()
        self.error = None

    async def run(self, act):
        await self.go.wait()
        try:
            with fail_after(self.seconds) as scope:
                await act()
        except Exception as error:
            self.error = error
        else:
            self.error = None
        self.late = scope.cancelled_caught
        self.over.set()


async def finish(act, seconds):
    """Return the error of the call, and whether it was given up."""
    finisher = Finisher(seconds)
    try:
        with CancelScope(shield=True):
            async with create_task_group() as group:
                group.start_soon(finisher.run, act)
                finisher.go.set()
                await finisher.over.wait()
    except BaseExceptionGroup as group:
        # Only what is not an `Exception` comes this way: one of it, as nothing else runs in the group.
        raise group.exceptions[0] from None
    return finisher.error, finisher.late


async def undo(conn, seconds):
    well = False
    try:
        error, late = await finish(conn.rollback, seconds)
        well = error is None and not late
    finally:
        if not well:
            conn.invalidate()


@asynccontextmanager
async def transaction(conn, *, finish_timeout=5.0):
    try:
        await conn.begin()
        yield conn
    except BaseException:
        await undo(conn, finish_timeout)
        raise
    try:
        error, late = await finish(conn.commit, finish_timeout)
    except BaseException:
        await undo(conn, finish_timeout)
        raise
    if late:
        conn.invalidate()
        raise TimeoutError("commit")
    if error is not None:
        await undo(conn, finish_timeout)
        raise error
