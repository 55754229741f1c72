"""Write the test: a function that asks again and again until the answer is yes, or until a deadline.

The contract of `wait_until`
----------------------------
`await wait_until(ask, deadline=point, every=seconds)`:

- It awaits `ask()` at once. After a no, it waits `every` seconds and asks again.
- It returns True as soon as the answer is true.
- `deadline` is a point in time on the clock of `anyio.current_time()`. No question starts after it. A question that still
  runs at the deadline is cancelled. Without a yes, `wait_until` returns False, at the latest at the deadline.
- When the deadline has passed already, it asks nothing and returns False.
- What `ask` raises goes on unchanged, even a `TimeoutError`, and so does a cancellation from outside.

`grader prove m02` runs your tests with versions of `wait_until` that you cannot see: right ones and wrong ones. A test
passes each right one, and fails wrong ones. What the contract does not say, a right version may do either way.
Compare times with `pytest.approx`: the virtual clock goes a tiny bit ahead with each step.
"""

import anyio
import pytest
from subject import wait_until

# Write your tests below. The first one could begin like this:
#
# @pytest.mark.explore
# async def test_the_third_answer_is_yes():
#     answers = [False, False, True]
#
#     async def ask():
#         return answers.pop(0)
