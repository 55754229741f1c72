"""Pass each right version of `wait_until`, and fail each wrong one."""

import anyio
import pytest
from pytest import approx
from subject import wait_until


class Questions:
    """Notes when it is asked, takes a while to answer, and says yes in the end."""

    def __init__(self, *answers, takes=0):
        self.answers, self.takes, self.begun = list(answers), takes, []

    async def ask(self):
        self.begun.append(anyio.current_time())
        await anyio.sleep(self.takes)
        return self.answers.pop(0) if self.answers else False


async def later():
    """The clock of a test need not begin at 0."""
    await anyio.sleep(100)
    return anyio.current_time()


@pytest.mark.explore
async def test_it_asks_at_once_and_again_after_each_no():
    questions, now = Questions(False, False, True, takes=1), await later()
    assert await wait_until(questions.ask, deadline=now + 60, every=10) is True
    assert questions.begun == approx([now, now + 11, now + 22])


@pytest.mark.explore
async def test_a_question_is_cut_off_at_the_deadline():
    questions, now = Questions(False, False, takes=4), await later()
    assert await wait_until(questions.ask, deadline=now + 6, every=1) is False
    assert questions.begun == approx([now, now + 5])
    assert anyio.current_time() == approx(now + 6)


@pytest.mark.explore
async def test_only_noes_are_a_no_by_the_deadline():
    questions, now = Questions(), await later()
    assert await wait_until(questions.ask, deadline=now + 6.5, every=2) is False
    assert anyio.current_time() <= now + 6.5 + 1e-6


@pytest.mark.explore
async def test_nothing_is_asked_after_the_deadline():
    now, asked = await later(), []

    async def ask():
        asked.append(1)
        return True

    assert await wait_until(ask, deadline=now - 1, every=1) is False
    assert asked == []


@pytest.mark.explore
@pytest.mark.parametrize("error", [TimeoutError, ValueError])
async def test_errors_go_on(error):
    async def ask():
        await anyio.sleep(1)
        raise error

    with pytest.raises(error):
        await wait_until(ask, deadline=await later() + 60, every=1)


@pytest.mark.explore
async def test_a_cancellation_goes_on(explore):
    deadline = await later() + 60
    after = []
    async with explore.cancelled() as block:
        answer = await wait_until(Questions(False, True, takes=1).ask, deadline=deadline, every=1)
        after.append(answer)
    assert after in ([], [True])
