"""Which wrong solution is to meet which check, until each check is failed by one."""

from dataclasses import replace

import pytest

from grader.authoring.claims import Claim, Grading
from grader.authoring.uncaught import Uncaught
from grader.course import BACKENDS
from grader.judging.report import UNTRIED, Report, Row

HIDDEN = ["test_value", "test_delay", "test_long_delay", "test_cancelled"]


@pytest.fixture
def module(tiny):
    return tiny.module("m01")


@pytest.fixture
def wrong(module):
    def make(name, breaks, *also, wanted="failure", only=("test_delay", "test_long_delay")):
        path = module.root / f"{name}.py"
        return Grading(module, path, "hidden", Claim(breaks, None, frozenset(also)), frozenset(only), wanted=wanted)

    return make


def report(*rows):
    made = [Row(id_, "m01.R1", "result", backend, verdict, "") for id_, backend, verdict in rows]
    return Report("m01_tiny", "failed", None, None, 100, checks=tuple(made))


def left(uncaught):
    return [check.id for _, check in uncaught.open_checks()]


def next_of(uncaught):
    run = uncaught.next()
    return run and (run.path.stem, sorted(run.only))


def test_what_is_failed_is_not_left_but_what_is_untried(module, wrong):
    uncaught = Uncaught(module, ["hidden"])
    assert left(uncaught) == HIDDEN
    uncaught.note(wrong("a", "R2"), report(("test_delay", "trio", "failed"), ("test_value", "trio", "passed")))
    assert left(uncaught) == ["test_value", "test_long_delay", "test_cancelled"]
    hung = report(("test_value", "trio", "failed"))
    untried = replace(hung, checks=(replace(hung.checks[0], expected=UNTRIED, actual="hung earlier"),))
    assert untried.checks[0].untried
    uncaught.note(wrong("a", "R2"), untried)
    uncaught.note(replace(wrong("a", "R2"), claim=None), hung)
    assert left(uncaught) == ["test_value", "test_long_delay", "test_cancelled"]


def test_who_breaks_the_clause_comes_before_who_may_fail_it(module, wrong):
    uncaught = Uncaught(module, ["hidden"])
    for run in (wrong("may", "R1", "R2"), wrong("breaks", "R2")):
        uncaught.expect(run)
    for name in ("test_value", "test_cancelled"):
        uncaught.note(wrong("may", "R1", "R2"), report((name, "trio", "failed")))
    assert next_of(uncaught) == ("breaks", ["test_delay", "test_long_delay"])
    uncaught.note(wrong("breaks", "R2"), report(("test_delay", "trio", "failed")))
    assert next_of(uncaught) == ("may", ["test_long_delay"])
    assert uncaught.next() is None


def test_a_check_that_was_passed_on_both_backends_is_met_one_that_was_not_reached_is_not(module, wrong):
    uncaught = Uncaught(module, ["hidden"])
    run = wrong("a", "R2")
    uncaught.expect(run)
    uncaught.note(run, report(*(("test_delay", backend, "passed") for backend in BACKENDS)))
    assert next_of(uncaught) == ("a", ["test_long_delay"])
    uncaught = Uncaught(module, ["hidden"])
    uncaught.expect(run)
    uncaught.note(run, report(("test_delay", "trio", "passed")))
    assert next_of(uncaught) == ("a", ["test_delay", "test_long_delay"])


def test_who_meets_all_checks_anyway_meets_none_later(module, wrong):
    uncaught = Uncaught(module, ["hidden"])
    uncaught.expect(wrong("a", "R2", "R1", "G3", wanted="verdicts", only=()))
    assert uncaught.next() is None
    assert left(uncaught) == HIDDEN
