"""A transaction: all of the work counts, or none of it, whatever happens in between.

Core
----
`async with transaction(conn)` calls `begin`, hands `conn` to the body and then calls `commit`. If the body raises or is
cancelled, `rollback` runs instead, and the very same exception, or the cancellation, goes on.

Once `commit` or `rollback` has started, cancellation does not interrupt it; nothing else is protected. Each has
`finish_timeout` seconds. One that takes longer is given up and the connection invalidated. After such a commit the
block raises `TimeoutError`, without a rollback; after such a rollback the body's own exception goes on.

At the end the transaction was committed, rolled back or invalidated: exactly one of the three. None of the connection's
calls is made twice.

Stretch
-------
- A commit that raises: `rollback` is tried, and the commit's exception goes on.
- A rollback that raises: the connection is invalidated, and the exception that was there before goes on.
- A `begin` that is cancelled may have begun all the same: roll back.

Everything runs on asyncio and on trio: use only `anyio` and the standard library.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol


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
    # TODO: begin, then `yield conn`: the body runs there, and what it raises is raised there.
    # TODO: roll back if the body raised or was cancelled. What happens to an `await` once you are cancelled?
    # TODO: bound the rollback, and the commit too. Who learns that one of them was given up?
    # TODO (stretch): what if `commit` or `rollback` raises, or `begin` is cancelled?
    raise NotImplementedError("TODO: write transaction")
    yield conn
