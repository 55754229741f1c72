"""A transaction that ends committed, rolled back or invalidated, whatever strikes in between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from anyio import move_on_after


class Connection(Protocol):
    """What a transaction needs of a connection. Given."""

    async def begin(self) -> None:
        """Open a transaction."""

    async def commit(self) -> None:
        """Make the changes last."""

    async def rollback(self) -> None:
        """Undo the changes."""

    def invalidate(self) -> None:
        """Give the connection up: it must not be used again. Not async: it cannot be interrupted."""


@asynccontextmanager
async def transaction(conn: Connection, *, finish_timeout: float = 5.0) -> AsyncIterator[Connection]:
    """Commit when the body of the block ends, roll back when it raises or is cancelled.

    Args:
        conn: the connection; the body gets it from `as`.
        finish_timeout: seconds that `commit` and `rollback` have, each.

    Raises:
        TimeoutError: `commit` took longer.
    """
    try:
        await conn.begin()
        yield conn
    except BaseException:  # cancellation too; a `begin` that was cancelled may have begun all the same
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


async def _roll_back(conn: Connection, timeout: float) -> None:
    """Roll back within `timeout` seconds, or invalidate; an error of `rollback` never hides why we are here."""
    rolled_back = False
    try:
        with suppress(Exception), move_on_after(timeout, shield=True):
            await conn.rollback()
            rolled_back = True
    finally:
        if not rolled_back:
            conn.invalidate()
