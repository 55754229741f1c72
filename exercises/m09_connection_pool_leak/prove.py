"""Write the test: something that several tasks share, and that must be closed when nobody uses it.

The contract of `Shared`
------------------------
`shared = Shared(connect)`, then `async with shared.use() as conn`, in as many tasks as you like:

- While nobody uses it, `use` awaits `connect()`. While somebody does, `use` gives the same connection. A task that comes
  while another one connects waits for that connection.
- When the last of those blocks ends, however it ends, `await conn.aclose()` runs: once, and to its end, even when the
  caller is cancelled. What the block raised goes on.
- A task that comes after that, or while `aclose` runs, gets a new connection.
- If `connect` raises, the caller gets that exception. A caller that is cancelled while it connects does not use it. In
  both cases the next one connects again.

`grader prove m09` runs your tests with versions of `Shared` that you cannot see: right ones and wrong ones. A test passes
each right one, and fails wrong ones. What the contract does not say, a right version may do either way.
Compare times with `pytest.approx`: the virtual clock goes a tiny bit ahead with each step.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from subject import Shared


class Connection:
    """A connection to test with: it takes a second to close."""

    def __init__(self) -> None:
        self.closed = 0

    async def aclose(self) -> None:
        """Close it."""
        await anyio.sleep(1)
        self.closed += 1


# Write your tests below. The first one could begin like this:
#
# @pytest.mark.explore
# async def test_the_last_one_closes(explore):
#     made = []
#
#     async def connect():
#         await anyio.sleep(1)
#         made.append(Connection())
#         return made[-1]
