"""Words for runs, moments that are spread, and orders made smaller."""

import pytest

from grader.explore.run_word import ExploredRun
from grader.explore.search import _spread
from grader.worker.loops.shrink import NO_ORDER, fewest_choices, order_in_words

RUNS = [
    ("trio:17", ExploredRun("trio", 17)),
    ("asyncio:0", ExploredRun("asyncio")),
    ("trio:17:cancel:4", ExploredRun("trio", 17, cancel=(1, 4))),
    ("trio:0:cancel:2.4", ExploredRun("trio", cancel=(2, 4))),
    ("asyncio:choices:5=1,9=2:fails:3", ExploredRun("asyncio", choices=((5, 1), (9, 2)), fails=3)),
]


@pytest.mark.parametrize(("word", "run"), RUNS)
def test_a_word_names_a_run_and_a_run_has_that_word(word, run):
    assert ExploredRun.parse(word) == run
    assert str(run) == word


def test_a_backend_alone_is_its_run_in_order():
    assert ExploredRun.parse("trio") == ExploredRun("trio")


def test_moments_are_all_there_or_spread_and_other_ones_in_another_order():
    assert _spread(range(1, 6), 10, 3) == [1, 2, 3, 4, 5]
    several = [_spread(range(1, 101), 10, turn) for turn in range(12)]
    assert all(len(each) == 10 for each in several)
    assert len({moment for each in several for moment in each}) > 90


def test_what_is_not_needed_of_an_order_is_left_out():
    tried = []

    def fails(choices):
        tried.append(choices)
        return [3, 1] in choices and [40, 2] in choices

    assert fewest_choices([[number, 1 if number != 40 else 2] for number in range(50)], fails) == [[3, 1], [40, 2]]
    assert len(tried) < 60


def test_when_time_is_up_the_best_so_far_counts():
    choices = [[number, 1] for number in range(50)]
    left = iter([False, False, True])
    assert fewest_choices(choices, lambda fewer: [0, 1] in fewer, lambda: next(left)) == choices[:25]


def test_an_order_in_a_sentence():
    assert order_in_words(0, []) == NO_ORDER
    assert (
        order_in_words(1, [("b", "a", 2.0)])
        == "It fails when `b` runs before `a` at 2 s; everything else may go in order."
    )
    assert order_in_words(3, [("b", "a", 2.0)] * 3) == (
        "It takes 3 steps out of order, the first at 2 s; everything else may go in order."
    )
