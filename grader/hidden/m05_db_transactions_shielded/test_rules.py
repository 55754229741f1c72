"""Hidden checks of m05: the rules of every exercise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader import Play, at_most, check, fail, wait

from .plans import SLOW, START, ends, expect_invalidated, happened, rare_ways, runs, struck, unlucky_ways


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="begin-and-end")
def test_both_backends(play: Play) -> None:
    """A transaction commits, and rolls back, on asyncio and on trio."""
    t = play(begin=[wait(1)], body=[wait(1)], commit=[wait(1)]).naming("A transaction commits, on asyncio and on trio.")
    t.expect("the commit", t.one("commit").ending, "returned")
    trial = play(begin=[wait(1)], body=[wait(1), fail("E1")], rollback=[wait(1)])
    t = trial.naming("A transaction whose body raises is rolled back, on asyncio and on trio.")
    t.expect("the rollback", t.one("rollback").ending, "returned")


@check("G2", misconception="tasks-end-by-themselves", step="exactly-one-end")
def test_nothing_is_left(play: Play) -> None:
    """When the block has ended, no task and no stream of its own is left."""
    plans = (
        {"body": [wait(1)], "commit": [wait(0.7)]},
        {"body": [wait(1), fail("E1")], "rollback": [wait(0.7)]},
        {"body": [wait(1)], "commit": SLOW},
    )
    for plan in plans:
        for t in runs(play(**plan, finish_timeout=2.3).cancelled("caller"), list(plan)[-1]):
            t.expect_nothing_left()
    for t in unlucky_ways(play):
        t.expect_nothing_left()


@check("G2", misconception="tasks-end-by-themselves", step="when-finishing-fails", core=False)
def test_nothing_is_left_in_rare_cases(play: Play) -> None:
    """No task and no stream is left either if `commit` or `rollback` fails, or `begin` was cancelled."""
    for t in rare_ways(play):
        t.expect_nothing_left()


@check("G3", misconception="handled-once-is-done", step="leave-the-rest-open")
def test_cancellation_goes_on(play: Play) -> None:
    """When `begin` or the body was cancelled from outside, the block ends cancelled, and `begin` is not called again."""
    a, b, c = play.draw(3)
    plan = {"begin": [wait(a)], "body": [wait(b), wait(1)], "commit": [wait(c)], "rollback": [wait(c)]}
    part = "When `begin` or the body was cancelled from outside, the block ends cancelled."
    for t in runs(play(**plan, finish_timeout=60).naming(part).cancelled("caller"), "begin", "body"):
        t.expect_cancellation_passes(jobs="body")
        if struck(t, "begin", "body"):
            t.expect("the block", t.call.how, "cancelled")
            once = "`begin` is called once: it is not called again after a cancellation."
            t.expect("calls of `begin`", len(t.all("begin")), 1, part=once)
    for rollback in (SLOW, [wait(0.6), fail("R1")]):
        t = happened(play(body=SLOW, rollback=rollback, finish_timeout=2.3).cancel("caller", at=START + a), "body")
        went_on = struck(t, "body") and t.call.how == "returned"
        t.expect_that("cancelled from outside", not went_on, "the block just ended", part=part)


@check("G4", misconception="blocking-is-short", step="begin-and-end")
def test_blocks_nothing(play: Play) -> None:
    """No call blocks the event loop."""
    second = {"body": [wait(1.3)], "commit": [wait(1)]}
    trials = (
        happened(play(body=[wait(1)], commit=[wait(1)], others={"second": second}), "commit"),
        happened(play(body=[wait(1)], commit=SLOW, finish_timeout=2.3), "commit"),
        happened(play(body=SLOW, rollback=[wait(1)]).cancel("caller", at=START + 1.4), "body"),
    )
    for t in (*trials, *unlucky_ways(play)):
        t.expect_not_blocked()


@check("G4", misconception="blocking-is-short", step="when-finishing-fails", core=False)
def test_blocks_nothing_in_rare_cases(play: Play) -> None:
    """No call blocks the event loop either if `commit` or `rollback` fails, or `begin` was cancelled."""
    for t in rare_ways(play):
        t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="begin-and-end")
def test_other_base_exceptions_of_the_body(play: Play) -> None:
    """A `BaseException` of `begin` or the body, such as KeyboardInterrupt, leaves the block; the body is rolled back."""
    t = play(begin=[wait(1), fail("stop", "Abandon")], rollback=[wait(0.7)])
    part = "A `BaseException` of `begin`, such as KeyboardInterrupt, leaves the block."
    t.expect("what leaves the block", t.call.errors, ["stop"], part=part)
    trial = play(body=[wait(1), fail("stop", "Abandon")], rollback=[wait(0.7)])
    t = trial.naming("A body that raises a `BaseException`, such as KeyboardInterrupt, is rolled back.")
    part = "A `BaseException` of the body, such as KeyboardInterrupt, leaves the block."
    t.expect("what leaves the block", t.call.errors, ["stop"], part=part)
    t.expect("the rollback", t.one("rollback").ending, "returned")
    t = play(body=[wait(1), fail("stop", "Abandon")], rollback=SLOW, finish_timeout=2.3)
    part = "A `BaseException` of the body leaves the block also if the rollback is given up."
    t.expect("what leaves the block", t.call.errors, ["stop"], part=part)


@check("G5", misconception="last-exception-counts", step="when-finishing-fails", core=False)
def test_failed_rollback_hides_no_base_exception(play: Play) -> None:
    """A `BaseException` of the body, such as KeyboardInterrupt, leaves the block also if `rollback` raises."""
    t = happened(play(body=[wait(1), fail("stop", "Abandon")], rollback=[wait(0.7), fail("R1")]), "rollback")
    t.expect("what leaves the block", t.call.errors, ["stop"])


@check("G5", misconception="catch-everything", step="when-finishing-fails", core=False)
def test_other_base_exceptions_of_commit(play: Play) -> None:
    """A `BaseException` of `commit`, such as KeyboardInterrupt, leaves the block, and nothing stays open."""
    for rollback in ([wait(0.7)], [wait(0.7), fail("R1")], SLOW):
        commit = [wait(0.7), fail("stop", "Abandon")]
        t = play(body=[wait(1)], commit=commit, rollback=rollback, finish_timeout=2.3)
        t.expect("what leaves the block", t.call.errors, ["stop"])
        if all(s.how == "returned" for s in t.all("rollback")):
            t.expect_that("how it ended", bool(ends(t)), "neither rolled back nor invalidated")


@check("G5", misconception="catch-everything", step="when-finishing-fails", core=False)
def test_other_base_exceptions_of_rollback(play: Play) -> None:
    """A `BaseException` of `rollback`, such as KeyboardInterrupt, leaves the block, and nothing stays open."""
    plans = ({"body": [wait(1), fail("E1")]}, {"body": [wait(1)], "commit": [wait(0.7), fail("C1")]})
    for plan in plans:
        t = happened(play(**plan, rollback=[wait(0.7), fail("stop", "Abandon")]), "rollback")
        seen = f"not the BaseException: it {t.call.ending}"
        t.expect_that("what leaves the block", "stop" in t.call.errors, seen)
        expect_invalidated(t)


def steps_of(play: Play, scale: float, *plans: Mapping[str, Any], cancelled: bool = False) -> int:
    """Wake-ups of transactions in which each step takes that long; each must come to what its plan names last."""
    steps = 0
    for plan in plans:
        t = play(**plan, finish_timeout=2 * scale)
        t = t.cancel("caller", at=START + scale) if cancelled else t
        steps += happened(t, list(plan)[-1]).steps
    return steps


@check("G6", misconception="look-again-and-again", step="bound-the-shield")
def test_no_busy_waiting(play: Play) -> None:
    """Waiting a thousand times as long takes no more wake-ups."""

    def steps(scale: float) -> int:
        slow = [wait(scale)]
        plans = (
            {"begin": slow, "body": slow, "commit": slow},
            {"body": [*slow, fail("E1")], "rollback": slow},
            {"body": slow, "commit": [wait(9 * scale)]},
            {"body": [fail("E1")], "rollback": [wait(9 * scale)]},
        )
        last = {"rollback": slow, "body": [wait(2 * scale)]}
        return steps_of(play, scale, *plans) + steps_of(play, scale, last, cancelled=True)

    few, many = steps(1.0), steps(1000.0)
    play.last.expect("wake-ups of transactions a thousand times as long", many, at_most(few + 10))


@check("G6", misconception="look-again-and-again", step="when-finishing-fails", core=False)
def test_no_busy_waiting_in_rare_cases(play: Play) -> None:
    """A `rollback` after a failed `commit` takes no more wake-ups if it takes a thousand times as long."""

    def steps(scale: float) -> int:
        return steps_of(play, scale, *({"commit": [fail("C1")], "rollback": [wait(n * scale)]} for n in (1, 9)))

    few, many = steps(1.0), steps(1000.0)
    play.last.expect("wake-ups of a rollback a thousand times as long", many, at_most(few + 10))
