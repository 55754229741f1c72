"""Built with a class for the finish and a class for the block; raises a subclass of `TimeoutError`, a failed commit leaves in two groups."""

from contextlib import AbstractAsyncContextManager

import anyio


class CommitTimeout(TimeoutError):
    """The commit was given up."""


class Finish:
    """One call that must end within its time: `error` is what it raised, `in_time` whether it ended."""

    def __init__(self, act, seconds):
        self.act, self.seconds = act, seconds
        self.error, self.in_time = None, False

    async def run(self):
        with anyio.CancelScope(shield=True, deadline=anyio.current_time() + self.seconds):
            try:
                await self.act()
            except Exception as error:
                self.error = error
            self.in_time = True
        return self

    @property
    def done(self):
        return self.in_time and self.error is None


class transaction(AbstractAsyncContextManager):
    def __init__(self, conn, *, finish_timeout=5.0):
        self.conn, self.seconds = conn, finish_timeout

    async def roll_back(self):
        finish = Finish(self.conn.rollback, self.seconds)
        try:
            await finish.run()
        finally:
            if not finish.done:
                self.conn.invalidate()

    async def __aenter__(self):
        try:
            await self.conn.begin()
        except BaseException:
            await self.roll_back()
            raise
        return self.conn

    async def __aexit__(self, kind, error, traceback):
        if kind is not None:
            await self.roll_back()
            return
        finish = Finish(self.conn.commit, self.seconds)
        try:
            await finish.run()
        except BaseException:
            await self.roll_back()
            raise
        if not finish.in_time:
            self.conn.invalidate()
            raise CommitTimeout("commit")
        if finish.error is not None:
            await self.roll_back()
            raise ExceptionGroup("commit", [ExceptionGroup("failed", [finish.error])])
