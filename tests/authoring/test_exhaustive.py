"""All orders within two deviations: they are the ones that there are, each once; what was not covered is said."""

import itertools

import pytest

from grader.authoring.exhaustive import cover
from grader.checks.play import Covered
from grader.cli import main
from grader.judging.pool import fork_server
from grader.judging.searches import play_search

THREE = [3, 2, 2]  # ready tasks at each choice, whatever was chosen before


def traces_of(played):
    def play_runs(runs):
        for run in runs:
            played.append([tuple(choice) for choice in run["choices"]])
            yield {"offered": THREE, **run}

    return play_runs


def everything(within):
    """The choices out of order that `THREE` offers, at most so many in a run."""
    options = [[(number, which) for which in range(ready)] for number, ready in enumerate(THREE)]
    runs = ([choice for choice in run if choice[1]] for run in itertools.product(*options))
    return sorted(run for run in runs if len(run) <= within)


@pytest.mark.parametrize(
    ("most", "within", "left", "runs"), [(5000, 2, 0, 10), (9, 1, 5, 5), (5, 1, 5, 5), (4, 0, 4, 1)]
)
def test_each_order_within_the_deviations_is_played_once(most, within, left, runs):
    played, covered = [], Covered(most)
    assert len(list(play_search({"kind": "deviations", "covered": covered}, traces_of(played)))) == runs
    assert sorted(played) == everything(within)
    assert (covered.runs, covered.within, covered.left, covered.exhausted) == (runs, within, left, False)


def test_a_plan_without_a_choice_is_exhausted_at_once():
    covered = Covered(5)
    list(play_search({"kind": "deviations", "covered": covered}, lambda runs: ({**run, "offered": []} for run in runs)))
    assert (covered.runs, covered.within, covered.exhausted) == (1, 0, True)


TWO_AT_ONCE = '''\
"""Two callers at once."""


async def scene(subject, world, *, value, delay):
    async def go():
        await world.call("later", subject.later, value, delay=delay)
        await world.after()

    await world.actors({"a": [["go"]], "b": [["go"]], "c": [["go"]]}, {"go": go})
'''
ORDER_MATTERS = """
import anyio
from anyio.lowlevel import checkpoint

from dataclasses import dataclass
running = 0

@dataclass
class Given:
    number: int = 0

async def later(value: int, *, delay: float) -> int:
    global running
    running += 1
    mine = running
    await checkpoint()
    await checkpoint()
    try:
        return value if mine == running or running == 3 else None
    finally:
        await anyio.sleep(delay)
"""


@pytest.fixture
def module(tiny):
    module = tiny.module("m01")
    module.scene.write_text(TWO_AT_ONCE)
    return module


def test_a_solution_that_holds_in_all_orders_passes_and_what_was_covered_is_said(module):
    found = cover(module, fork_server(None, walls=False))
    assert not found.failures
    assert {check.check for check in found.checks} == {"test_value"}  # the others ask for no orders
    assert {check.backend for check in found.checks} == {"asyncio", "trio"}
    assert all(each.within == 2 and each.runs > 10 for each in found.plans)
    text = "\n".join(found.lines())
    assert (
        f"all orders within 2 deviations from first in, first out: {len(found.plans)} of {len(found.plans)} plans"
        in text
    )
    assert "not covered: what a check plays once" in text


def test_an_order_that_two_deviations_need_is_found(module):
    module.solution.write_text(ORDER_MATTERS)
    found = cover(module, fork_server(None, walls=False))
    assert {check.check for check in found.failures} == {"test_value"}
    assert any("✗ test_value on trio: " in line for line in found.lines())


def test_what_would_be_too_many_runs_is_left_out_and_named(module):
    found = cover(module, fork_server(None, walls=False), most=12)
    assert all(each.within < 2 and each.left > 12 - each.runs for each in found.plans)
    assert any("only within" in line and "test_value on asyncio" in line for line in found.lines())


@pytest.mark.slow
def test_the_command_says_what_was_covered(module, capsys):
    assert main(["--root", str(module.root), "verify", "m01", "--exhaustive"]) == 0
    assert "all orders within 2 deviations" in capsys.readouterr().out
    module.solution.write_text(ORDER_MATTERS)
    assert main(["--root", str(module.root), "verify", "m01", "--exhaustive"]) == 1
    assert "✗ test_value" in capsys.readouterr().out
