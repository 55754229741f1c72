"""The solutions in all orders within two deviations: what fails, and what was not covered, is said."""

import pytest

from grader.authoring.exhaustive import cover
from grader.cli import main
from grader.judging.pool import fork_server

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
