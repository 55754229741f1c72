"""As a beginner writes it: flags, nested `try` and `finally`, and no helper function."""

from contextlib import asynccontextmanager

import anyio


@asynccontextmanager
async def transaction(conn, *, finish_timeout=5.0):
    body_is_done = False
    try:
        await conn.begin()
        yield conn
        body_is_done = True
    finally:
        if not body_is_done:
            finished = False
            try:
                with anyio.CancelScope(shield=True):
                    with anyio.move_on_after(finish_timeout):
                        try:
                            await conn.rollback()
                            finished = True
                        except Exception:
                            finished = False
            finally:
                if not finished:
                    conn.invalidate()

    commit_error = None
    timed_out = True
    with anyio.CancelScope(shield=True):
        with anyio.move_on_after(finish_timeout):
            try:
                await conn.commit()
            except Exception as error:
                commit_error = error
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException:
                conn.invalidate()
                raise
            timed_out = False
    if commit_error is not None:
        rolled_back = False
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(finish_timeout):
                try:
                    await conn.rollback()
                    rolled_back = True
                except Exception:
                    pass
                except BaseException:
                    conn.invalidate()
                    raise
        if not rolled_back:
            conn.invalidate()
        raise commit_error
    if timed_out:
        conn.invalidate()
        raise TimeoutError("commit took too long")
