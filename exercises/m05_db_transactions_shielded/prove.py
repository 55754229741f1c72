"""Write the test: the red light over the door of a studio, which is on while somebody works there.

The contract of `on_air`
------------------------
`async with on_air(light, limit=seconds):` with a light that has `await light.on()`, `await light.off()` and `light.report()`:

- It awaits `light.on()`, then the block runs, then it awaits `light.off()`: once, however the block ends. What the block
  raised goes on, and so does a cancellation.
- Once `off` has begun, no cancellation interrupts it. It has `limit` seconds. If it takes longer, it is given up,
  and `light.report()` is called once, which is an ordinary function. Giving up raises nothing.
- If `off` ends in time, nothing is reported. Nothing but `off` is protected from cancellation.
- If `on` raises or is cancelled, the block does not run, and the exception or the cancellation goes on.

`on` and `off` may take time; `off` does not raise.

`grader prove m05` runs your tests with versions of `on_air` that you cannot see: right ones and wrong ones. A test
passes each right one, and fails wrong ones. What the contract does not say, a right version may do either way.
Compare times with `pytest.approx`: the virtual clock goes a tiny bit ahead with each step.
"""

import anyio
import pytest
from subject import on_air


class Light:
    """A light to test with: it notes what was done to it, when it was done."""

    def __init__(self, takes: float = 1) -> None:
        self.takes = takes
        self.done: list[str] = []

    async def on(self) -> None:
        """Take a while, then be on."""
        await anyio.sleep(self.takes)
        self.done.append("on")

    async def off(self) -> None:
        """Take a while, then be off."""
        await anyio.sleep(self.takes)
        self.done.append("off")

    def report(self) -> None:
        """Note that it could not be switched off."""
        self.done.append("report")


# Write your tests below. The first one could begin like this:
#
# @pytest.mark.explore
# async def test_it_is_on_while_the_block_runs():
#     light = Light()
#     async with on_air(light, limit=5):
