"""Hidden checks of m01: errors that leave the call, and cancellation from outside."""

from __future__ import annotations

from grader import Play, at_most, check, cleanup, fail, fail_after, give, hang, in_group, on_cancel, wait

from .plans import (
    ENDED,
    LONG,
    NOT_LOST,
    TIMED_OUT,
    B,
    expect_called_unless_cancelled,
    expect_cancellation_goes_on,
    expect_ends_by_cancellation,
    expect_error_leaves,
    expect_list,
)


# -- R4: errors leave the call ---------------------------------------------------------------------------------------
@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_error_cancels_the_others(play: Play) -> None:
    """A job that raises is not hidden: the others are cancelled at once, and its error leaves the call."""
    jobs = {"bad": [wait(2), fail("E1")], "a": [wait(1), give("A")], "b": [wait(9), give("B")]}
    t = play(jobs=jobs, timeout=LONG)
    expect_error_leaves(t, "A job that raises is not hidden: its error leaves the call.")
    part = "When a job has raised and the others have ended, the call ends too."
    t.expect("the call, in which a job raised after 2 s, took", t.call.took, at_most(2.5), part=part)


@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_error_of_the_last_job(play: Play) -> None:
    """Also when the job that raises is at the end of the list, the others are cancelled at once."""
    jobs = {"a": [wait(1), give("A")], "b": [cleanup(wait(3)), wait(50)], "bad": [wait(2), fail("E1", "OSError")]}
    t = play(jobs=jobs, timeout=LONG)
    expect_error_leaves(t, "Also when the job that raises is at the end of the list, its error leaves the call.")
    t.expect_all_ended(part="When a job raises, the call waits until the others have cleaned up.")


@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_error_without_waiting(play: Play) -> None:
    """A job that raises as soon as it starts is not hidden either: its error leaves the call."""
    bad, good = [fail("E1")], [wait(50), give("A")]
    for jobs in ({"bad": bad}, {"bad": bad, "a": good}, {"a": good, "bad": bad}):
        expect_error_leaves(play(jobs=jobs, timeout=LONG))


@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_error_when_the_others_are_done(play: Play) -> None:
    """A job that raises after all others have returned is not hidden either."""
    jobs = {"a": [wait(1), give("A")], "bad": [wait(3), fail("E1")], "b": [give("B")]}
    expect_error_leaves(play(jobs=jobs, timeout=LONG))


@check("R4", misconception="one-error-at-a-time", step="keep-what-is-finished")
def test_two_errors(play: Play) -> None:
    """When two jobs raise, at least one of their errors leaves the call, and no other error replaces it."""
    for second in ([wait(2), fail("E2")], [on_cancel(fail("E2")), wait(50)]):
        expect_error_leaves(play(jobs={"bad": [wait(2), fail("E1")], "b": second, "c": [wait(50)]}, timeout=LONG))


@check("R4", misconception="every-timeout-error-is-mine", step="tell-the-two-timeouts-apart")
def test_own_timeout_error(play: Play) -> None:
    """A `TimeoutError` that a job raises by itself is an error, not `TIMED_OUT`."""
    for bad in ([fail("E1", "TimeoutError")], [wait(2), fail("E1", "TimeoutError")]):
        for others in ({}, {"a": [wait(1), give("A")], "b": [wait(9), give("B")]}):
            expect_error_leaves(play(jobs={**others, "bad": bad}, timeout=LONG))


@check("R4", misconception="errors-are-results", step="keep-what-is-finished")
def test_errors_of_any_class(play: Play) -> None:
    """Any `Exception` that a job raises leaves the call, also a group, and also one of a class that your own code uses."""
    kinds = ["KeyError", "ValueError", "IndexError", "WouldBlock", "EndOfStream", "BrokenResourceError"]
    for kind in (*kinds, "ClosedResourceError", "ExceptionGroup", "ExceptionGroup of one"):
        jobs = {"a": [wait(1), give("A")], "bad": [wait(2), fail("E1", kind)], "b": [wait(9), give("B")]}
        expect_error_leaves(play(jobs=jobs, timeout=LONG))


@check("R4", misconception="every-timeout-error-is-mine", step="tell-the-two-timeouts-apart")
def test_timeout_inside_a_job(play: Play) -> None:
    """A job whose own, inner timeout expires has failed with an error: that is not `TIMED_OUT`."""
    for around in ([], [in_group()]):
        t = play(jobs={"bad": [*around, fail_after(3), hang()], "a": [wait(9)]}, timeout=LONG)
        left = f"{t.call.ending}, where a TimeoutError should leave it"
        t.expect_that("the call", "TimeoutError" in t.call.errors, left)


@check("R4", misconception="cancel-called", step="tell-the-two-timeouts-apart")
def test_error_of_a_late_job(play: Play) -> None:
    """A job that raises while it is being cancelled for its timeout is not hidden: its error leaves the call."""
    bad = [on_cancel(fail("E1")), wait(50)]
    for others in ({}, {"a": [wait(1), give("A")], "b": [wait(50)]}):
        expect_error_leaves(play(jobs={**others, "bad": bad}, timeout=10))


@check("R4", misconception="cancel-called", step="tell-the-two-timeouts-apart")
def test_error_after_a_cleanup(play: Play) -> None:
    """An error that a job raises at the end of its cleanup leaves the call, whether the other jobs still clean up or not."""
    for short, long in ((1, 5), (25, 2)):
        bad, other = [cleanup(wait(short), fail("E1")), wait(50)], [cleanup(wait(long)), wait(50)]
        t = play(jobs={"bad": bad, "a": other, "b": [wait(1), give("B")]}, timeout=10)
        expect_error_leaves(t)
        t.expect_all_ended(part="When a job raises, the call waits until the others have cleaned up.")


@check("R4", misconception="every-timeout-error-is-mine", step="tell-the-two-timeouts-apart")
def test_timeout_error_of_a_late_job(play: Play) -> None:
    """A `TimeoutError` that a job raises while it is being cancelled for its timeout is an error, not `TIMED_OUT`."""
    for steps in ([fail("E1", "TimeoutError")], [wait(1), fail("E1", "TimeoutError")]):
        jobs = {"a": [wait(1), give("A")], "bad": [on_cancel(*steps), wait(50)]}
        expect_error_leaves(play(jobs=jobs, timeout=10))


@check("R4", misconception="one-error-at-a-time", step="tell-the-two-timeouts-apart")
def test_two_errors_of_late_jobs(play: Play) -> None:
    """When two jobs raise while they are cancelled for their timeout, at least one of the errors leaves the call."""
    jobs = {"bad": [on_cancel(fail("E1")), wait(50)], "b": [on_cancel(wait(1), fail("E2")), wait(50)]}
    expect_error_leaves(play(jobs=jobs, timeout=10))


# -- R5: cancelled from outside --------------------------------------------------------------------------------------
@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment, every job ends, and the call ends cancelled, without a list."""
    jobs = {"a": [wait(1), give("A")], "b": [cleanup(wait(2)), wait(5), give("B")]}
    for t in play(jobs=jobs, timeout=LONG).cancelled("caller"):
        expect_called_unless_cancelled(t, *jobs)
        expect_cancellation_goes_on(t, cleanup_takes=2)


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_past_the_timeout(play: Play) -> None:
    """Cancelled from outside, the call returns no list, also if the jobs clean up until their timeout has passed."""
    slow = [cleanup(wait(400)), wait(700)]
    for jobs in ({"a": slow}, {"a": [wait(1), give("A")], "b": slow, "c": slow}):
        t = play(jobs=jobs, timeout=300).cancel("caller", at=104)
        t.expect_begun("a")
        expect_ends_by_cancellation(t, at=504)


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_deadline_of_the_caller(play: Play) -> None:
    """A tighter deadline around the call is not the timeout: every job ends, and the call is cancelled."""
    for took in (0, 1, 400):
        jobs = {"a": [wait(1), give("A")], "b": [cleanup(wait(took)), wait(700)]}
        t = play(jobs=jobs, timeout=300).within("caller", 104)
        t.expect_begun("a")
        part = "A tighter deadline around the call is not the timeout: it cancels the call."
        expect_ends_by_cancellation(t, at=104 + took, part=part)


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_before_the_call(play: Play) -> None:
    """A caller that is cancelled already gets no list of jobs that look as if they had run out of time."""
    jobs = {"a": [wait(50)], "b": [cleanup(wait(2)), wait(50)]}
    play(jobs=jobs, timeout=LONG).expect_begun("a", "b")
    expect_cancellation_goes_on(play(jobs=jobs, timeout=LONG, cancelled_before=True), cleanup_takes=2)


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_during_the_cleanup(play: Play) -> None:
    """Cancelled while jobs that ran out of time clean up, every job ends and the cancellation is not lost."""
    jobs = {"a": [cleanup(wait(5)), wait(50)], "b": [wait(1), give("B")], "c": [cleanup(wait(1)), wait(50)]}
    t = play(jobs=jobs, timeout=10).cancel("caller", at=112)
    t.expect_begun("a")
    t.expect_all_ended(part=ENDED)
    if t.call.how == "returned":
        expect_list(t, [TIMED_OUT, B, TIMED_OUT])
        t.expect("how the caller's next checkpoint ended", t.one("after").how, "cancelled", part=NOT_LOST)


@check("R5", misconception="every-cancellation-is-my-timeout", step="let-cancellation-through")
def test_cancelled_after_an_error(play: Play) -> None:
    """Cancelled while the others clean up after an error, the call gives no list, and every job ends."""
    jobs = {"bad": [wait(2), fail("E1")], "b": [cleanup(wait(5)), wait(50)]}
    t = play(jobs=jobs, timeout=LONG).cancel("caller", at=104)
    t.expect_begun("bad")
    t.expect_all_ended(part=ENDED)
    part = "Cancelled while the others clean up after an error, the call gives no list."
    t.expect_that("cancelled after an error", t.call.how != "returned", f"the call {t.call.ending}", part=part)
