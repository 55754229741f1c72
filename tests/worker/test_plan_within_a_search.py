"""A check that plays another plan in the middle of a search would lose the rest of the search: it is told."""

import pytest

from grader import NotRun

ONE_WAIT = """
import anyio

async def main(world):
    await anyio.sleep(1)
"""


def test_a_plan_played_in_the_middle_of_a_search_is_no_verdict(playing):
    play = playing(ONE_WAIT)
    search = play().cancelled("caller")
    assert next(search).call.how == "returned"
    assert play().call.how == "returned"
    with pytest.raises(NotRun, match="in the middle of a search"):
        next(search)


def test_a_plan_played_before_a_search_is_fine(playing):
    play = playing(ONE_WAIT)
    alone = play()
    assert alone.call.how == "returned"
    hows = [(t.call.how, alone.call.how) for t in play().cancelled("caller")]
    assert hows[0] == ("returned", "returned")
    assert ("cancelled", "returned") in hows
