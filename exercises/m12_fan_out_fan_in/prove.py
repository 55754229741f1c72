"""Write the test: a source that several listeners hear, each of them all of it.

The contract of `broadcast`
---------------------------
`async with broadcast(source, listeners=2) as streams:` with a source for `async for`. `streams` is a list of as many
streams to receive from as there are listeners.

- Each stream has every item of the source, in the order of the source. It ends after the last one.
- A slow listener loses nothing. A listener that closes its stream early changes nothing for the others.
- The listeners receive at the same time: one may have to wait until slower ones have received what came before.
- An error of the source leaves the block, and so does what the block raises; perhaps in an exception group.
- When the block is left, however it is left, the source is not read any more, and no task or stream stays open. A source
  that has `aclose`, as an async generator has, is closed.

`grader prove m12` runs your tests with versions of `broadcast` that you cannot see: right ones and wrong ones. A test
passes each right one, and fails wrong ones. What the contract does not say, a right version may do either way.
Compare times with `pytest.approx`: the virtual clock goes a tiny bit ahead with each step.
"""

from __future__ import annotations

import anyio
import pytest
from subject import broadcast


class Source:
    """A source to test with: so many numbers, each after some seconds, then perhaps an error."""

    def __init__(self, count: float, *, seconds: float = 0, error: Exception | None = None) -> None:
        self.count, self.seconds, self.error = count, seconds, error
        self.read = 0

    def __aiter__(self) -> Source:
        """Give itself."""
        return self

    async def __anext__(self) -> int:
        """Give the next number."""
        await anyio.sleep(self.seconds)
        if self.read >= self.count:
            raise self.error or StopAsyncIteration
        self.read += 1
        return self.read


# Write your tests below. The first one could begin like this:
#
# async def listen(stream, heard):
#     async with stream:
#         async for item in stream:
#             heard.append(item)
#
#
# @pytest.mark.explore
# async def test_one_listener_hears_everything():
#     heard = []
#     async with broadcast(Source(3), listeners=1) as [stream]:
