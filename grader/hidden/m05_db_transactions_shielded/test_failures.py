"""Hidden checks of m05: a cancelled body is rolled back, and commit or rollback raises."""

from __future__ import annotations

from grader import Play, Trace, check, checkpoint, fail, on_cancel, wait

from .plans import SLOW, START, expect_an_end, expect_invalidated, expect_none_twice, happened, rare_ways, runs, struck


# -- R5: a cancelled body is rolled back -----------------------------------------------------------------------------
@check("R5", misconception="cancellation-is-an-exception", step="shield-what-must-finish")
def test_cancelled_body_is_rolled_back(play: Play) -> None:
    """After the body was cancelled, by hand or by an enclosing deadline, `rollback` runs, and runs to its end."""
    a, b = play.draw(2)
    trial = play(body=SLOW, rollback=[wait(b), checkpoint(), wait(0.5)], finish_timeout=60)
    for t in (trial.cancel("caller", at=START + a), trial.within("caller", START + a)):
        happened(t, "body")
        if struck(t, "body"):
            expect_rolled_back(t, "After the body was cancelled, `rollback` runs.")
            part = "After the body was cancelled there is no `commit`."
            t.expect("commits", t.names("commit"), [], part=part)


def expect_rolled_back(t: Trace, part: str) -> None:
    """Expect that `rollback` runs to its end; `part` says that it runs at all."""
    if t.all("commit"):
        part = "After the body was cancelled, `rollback` runs, and no `commit`."
    t.expect_that("the rollback", bool(t.all("rollback")), "never happened", part=part)
    part = "The `rollback` after a cancelled body runs to its end."
    t.expect("the rollback", t.one("rollback").ending, "returned", part=part)


@check("R5", misconception="cancellation-is-an-exception", step="shield-what-must-finish")
def test_cancelled_at_every_step_of_the_body(play: Play) -> None:
    """At whatever moment the body is cancelled, `rollback` runs, and runs to its end."""
    a, b = play.draw(2)
    body = [checkpoint(), wait(a), checkpoint(), wait(b), checkpoint(), wait(1)]
    for t in runs(play(body=body, rollback=[checkpoint(), wait(b)], finish_timeout=60).cancelled("caller"), "body"):
        if struck(t, "body"):
            expect_rolled_back(t, "At whatever moment the body is cancelled, `rollback` runs.")


@check("R5", misconception="shield-after-cancellation-only", step="shield-what-must-finish")
def test_body_that_answers_a_cancellation_with_an_error(play: Play) -> None:
    """A body that raises an error as it is cancelled is rolled back too, and `rollback` runs to its end."""
    a, b = play.draw(2)
    body = [on_cancel(wait(0.4), fail("E1")), *SLOW]
    t = play(body=body, rollback=[wait(b), wait(0.5)], finish_timeout=60).cancel("caller", at=START + a)
    if t.one("body").how == "raised":
        expect_rolled_back(t, "A body that raises an error as it is cancelled is rolled back too.")


# -- R6: commit or rollback raises -----------------------------------------------------------------------------------
@check("R6", misconception="failed-commit-changed-nothing", step="when-finishing-fails", core=False)
def test_failed_commit_is_rolled_back(play: Play) -> None:
    """If `commit` raises, `rollback` is tried."""
    for early in ([], [wait(0.7)]):
        t = play(body=[wait(1)], commit=[*early, fail("C1")], rollback=[wait(1.2)])
        t.expect("the rollback", t.one("rollback").ending, "returned")
    for t in play(body=[wait(1)], commit=[wait(0.7)], rollback=[wait(1.2)]).faults("db"):
        if any(s.how == "raised" for s in t.all("commit")):
            t.expect("the rollback", t.one("rollback").ending, "returned")


@check("R6", misconception="last-exception-counts", step="when-finishing-fails", core=False)
def test_exception_of_commit_goes_on(play: Play) -> None:
    """The exception of a `commit` that raises leaves the block."""
    for kind in (fail("C1"), fail("C1", "ConnectionError")):
        t = play(body=[wait(1)], commit=[wait(0.7), kind], rollback=[wait(1.2)])
        t.expect("what leaves the block", t.call.errors, ["C1"])
    given_up = play(body=[wait(1)], commit=[on_cancel(fail("C1")), *SLOW], finish_timeout=2.3)
    cancelled = play(body=[wait(1)], commit=[wait(2), fail("C1")]).cancel("caller", at=START + 2.4)
    for t in (given_up, cancelled):
        if t.one("commit").how == "raised":
            t.expect_that("a commit that failed", t.call.how != "returned", "the block just ended")


@check("R6", misconception="every-timeout-error-is-mine", step="when-finishing-fails", core=False)
def test_timeout_error_of_commit_is_an_error(play: Play) -> None:
    """A `TimeoutError` that `commit` itself raises is an error of `commit`: `rollback` is tried, and it goes on."""
    t = play(body=[wait(1)], commit=[wait(0.7), fail("C1", "TimeoutError")], rollback=[wait(1.2)])
    t.expect("the rollback", t.one("rollback").ending, "returned")
    t.expect("what leaves the block", t.call.errors, ["C1"])


@check("R6", misconception="rollback-never-fails", step="when-finishing-fails", core=False)
def test_commit_and_rollback_fail(play: Play) -> None:
    """If `commit` raises and then `rollback` raises or is given up, the connection is invalidated."""
    plan = {"body": [wait(1)], "commit": [wait(0.7), fail("C1")]}
    for kind in ("Fault", "TimeoutError"):
        t = play(**plan, rollback=[wait(0.6), fail("R1", kind)])
        expect_invalidated(happened(t, "commit", "rollback"))
    t = happened(play(**plan, rollback=SLOW, finish_timeout=2.3), "commit", "rollback")
    if struck(t, "rollback"):
        expect_invalidated(t)


@check("R6", misconception="last-exception-counts", step="when-finishing-fails", core=False)
def test_exception_of_commit_before_that_of_rollback(play: Play) -> None:
    """If `commit` raises and then `rollback` raises or is given up, it is still the exception of `commit` that goes on."""
    for rollback in ([wait(0.6), fail("R1")], [fail("R1", "TimeoutError")], SLOW):
        t = play(body=[wait(1)], commit=[wait(0.7), fail("C1")], rollback=rollback, finish_timeout=2.3)
        t.expect("what leaves the block", t.call.errors, ["C1"])


@check("R6", misconception="rollback-never-fails", step="when-finishing-fails", core=False)
def test_failed_rollback_is_invalidated(play: Play) -> None:
    """If `rollback` raises after the body did, or was cancelled, the connection is invalidated."""
    for rollback in ([wait(0.6), fail("R1")], [fail("R1", "TimeoutError")], [on_cancel(fail("R1")), *SLOW]):
        trial = play(body=[wait(1), fail("E1")], rollback=rollback, finish_timeout=2.3)
        cancelled = play(body=SLOW, rollback=rollback, finish_timeout=2.3).cancel("caller", at=START + 1.4)
        for t in (happened(trial, "rollback"), happened(cancelled, "body")):
            if any(s.how == "raised" for s in t.all("rollback")):
                expect_invalidated(t)
    for t in play(body=[wait(1), fail("E1")], rollback=[wait(1.2)]).faults("db"):
        happened(t, "begin")
        if any(s.how == "raised" for s in t.all("rollback")) and not any(s.how == "raised" for s in t.all("begin")):
            expect_invalidated(t)


@check("R6", misconception="last-exception-counts", step="when-finishing-fails", core=False)
def test_exception_of_the_body_before_that_of_rollback(play: Play) -> None:
    """If `rollback` raises after the body did, the body's own exception goes on, not that of `rollback`."""
    for rollback in ([wait(0.6), fail("R1")], [fail("R1", "TimeoutError")], [on_cancel(fail("R1")), *SLOW]):
        t = happened(play(body=[wait(1), fail("E1")], rollback=rollback, finish_timeout=2.3), "rollback")
        t.expect("what leaves the block", t.call.raised, "E1")


@check("R6", misconception="last-exception-counts", step="when-finishing-fails", core=False)
def test_cancellation_before_the_exception_of_rollback(play: Play) -> None:
    """If `rollback` raises after `begin` or the body was cancelled, the cancellation goes on."""
    for rollback in ([wait(0.6), fail("R1")], [fail("R1", "TimeoutError")]):
        for slow in ({"body": SLOW}, {"begin": SLOW}):
            t = happened(play(**slow, rollback=rollback).cancel("caller", at=START + 1.4), *slow)
            expect_an_end(t)
            if any(s.how == "raised" for s in t.all("rollback")):
                t.expect("the block", t.call.how, "cancelled")


@check("R6", misconception="twice-is-safer", step="when-finishing-fails", core=False)
def test_what_failed_is_not_tried_again(play: Play) -> None:
    """A `commit` or `rollback` that raised is not called again."""
    for t in rare_ways(play):
        expect_none_twice(t)
    for kind in ("Fault", "ConnectionError", "TimeoutError"):
        plan = {"body": [wait(1)], "commit": [wait(0.7), fail("C1", kind)], "rollback": [wait(0.6), fail("R1", kind)]}
        expect_none_twice(happened(play(**plan), "commit"))
        expect_none_twice(happened(play(**{**plan, "body": [wait(1), fail("E1")]}), "rollback"))
