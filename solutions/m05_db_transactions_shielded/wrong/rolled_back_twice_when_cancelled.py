"""Rolls back where it sees the cancellation, and once more where it sees any exception.

Breaks: R1
"""

from anyio import get_cancelled_exc_class


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    """Commit when the body of the block ends, roll back when it raises or is cancelled.

    Args:
        conn: the connection; the body gets it from `as`.
        finish_timeout: seconds that `commit` has, and seconds that `rollback` has.

    Raises:
        TimeoutError: `commit` took longer.
    """
    try:
        await conn.begin()
        try:
            yield conn
        except get_cancelled_exc_class():
            await _roll_back(conn, finish_timeout)
            raise
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise

    try:
        # A shield without a deadline could hang for ever: bound it from the inside.
        with move_on_after(finish_timeout, shield=True) as scope:
            await conn.commit()
    except BaseException:
        await _roll_back(conn, finish_timeout)
        raise
    if scope.cancelled_caught:
        # Nobody knows whether it was committed: a rollback would not tell either.
        conn.invalidate()
        raise TimeoutError(f"commit took longer than {finish_timeout} s")
