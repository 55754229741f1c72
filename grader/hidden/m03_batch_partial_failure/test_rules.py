"""Hidden checks of m03: the rules of every exercise."""

from __future__ import annotations

from typing import Any

from grader import (
    Play,
    Trace,
    at_least,
    at_most,
    at_once,
    awaitable,
    check,
    cleanup,
    fail,
    give,
    hang,
    near,
    on_cancel,
    token,
    wait,
)

from .plans import AFTER, NEVER, START, after, batch, expect_some_work, settled, tries, values


def expect_all_left_by_cancellation(t: Trace) -> None:
    """Fail the subject if a cancellation from outside reached the call and something else came out of it."""
    t.expect_cancellation_passes(jobs="work")
    for call in t.calls("run_batch"):
        passed = call.how != "raised" or any(error.kind in ("Cancelled", "CancelledError") for error in call.errors)
        part = "Cancelled from outside, the call ends cancelled, and not by an error."
        t.expect_that("cancelled from outside", passed, f"run_batch {call.ending}", part=part)


# -- the rules for every exercise ------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="bound-how-many")
def test_both_backends(play: Play) -> None:
    """The file works unchanged on asyncio and on trio."""
    jobs = {"a": [wait(2), give("A")], "b": [wait(1), fail("E")], "c": [wait(3), give("C")]}
    t = batch(play, jobs, limit=1)
    t.expect_that("on this backend", t.call.how == "returned", f"run_batch {t.call.ending}")
    ended = {work.who for work in t.all("work") if work.how != "cancelled"}
    t.expect("workers that ended by themselves", sorted(ended), ["a", "b", "c"])


@check("G1", misconception="asyncio-is-everywhere", step="try-again-without-a-slot", core=False)
def test_both_backends_with_attempts(play: Play) -> None:
    """With `attempts` and `timeout` too the file works on asyncio and on trio."""
    t = batch(play, {"a": [wait(1), fail("E")], "b": [wait(60), give("B")]}, attempts=2, timeout=5)
    t.expect_that("on this backend", t.call.how == "returned", f"run_batch {t.call.ending}")
    t.expect("calls for a and b", [len(t.all("work", who)) for who in ("a", "b")], [at_least(2), at_least(1)])


def expect_tidy(t: Trace) -> None:
    """Fail the subject if its calls left something behind."""
    for call in t.calls():
        words = ", ".join(f"{kind}: {', '.join(names)}" for kind, names in call.left.items())
        t.expect_that(f"left behind when {call.what} ended", not call.left, words)


@check("G2", misconception="streams-close-themselves", step="bound-how-many")
def test_nothing_left(play: Play) -> None:
    """When the call ends, however it ends, no task, stream or lock of it is left."""
    jobs = {"a": [wait(1), fail("E1")], "b": [cleanup(wait(1)), wait(2), give("B")]}
    for t in batch(play, jobs, limit=1).cancelled("caller"):
        expect_some_work(t)
        expect_tidy(t)
    expect_tidy(batch(play, jobs | {"d": [wait(1), fail("X", "Abandon")]}, limit=2))
    expect_tidy(batch(play, {}, limit=2))


@check("G2", misconception="streams-close-themselves", step="try-again-without-a-slot", core=False)
def test_nothing_left_of_attempts(play: Play) -> None:
    """When a call with several attempts ends, however it ends, no task, stream or lock of it is left."""
    jobs: dict[str, Any] = {"a": tries([wait(1), fail("E1")], [hang()], [wait(1), give("A")])}
    for t in batch(play, jobs, limit=1, attempts=3, backoff=2, timeout=5).cancelled("caller"):
        expect_some_work(t)
        expect_tidy(t)
    jobs |= {"b": [wait(1), fail("E2")], "c": [wait(3), fail("X", "Abandon")]}
    expect_tidy(batch(play, jobs, limit=3, attempts=3, backoff=20, timeout=50))


@check("G3", misconception="cancellation-is-a-failure", step="let-cancellation-through")
def test_cancellation_passes(play: Play) -> None:
    """A cancellation from outside is not a result: at any moment the call ends cancelled, and at once."""
    jobs = {"a": [wait(1), fail("E1")], "b": [wait(2.2), give("B")], "c": [wait(3.5), give("C")]}
    part = "A cancellation from outside is not a result: at any moment the call ends cancelled."
    for limit in (1, 2):
        for t in batch(play, jobs, limit=limit).naming(part).cancelled("caller"):
            expect_some_work(t)
            expect_all_left_by_cancellation(t)
            expect_over_in_time(t)


def expect_over_in_time(t: Trace) -> None:
    """Fail the subject if the call went on after it was cancelled from outside."""
    for cancelled in t.notes("cancel", "caller"):
        what = f"the call, cancelled {cancelled['t'] - START:.2f} s after it began, ended"
        part = "Cancelled from outside, the call ends at once."
        t.expect(what, after(t.call.end), near(cancelled["t"] - START), unit=AFTER, part=part)


@check("G3", misconception="cancellation-is-a-failure", step="let-cancellation-through")
def test_cancelled_wait_is_no_failure(play: Play) -> None:
    """Items that wait for a slot when the call is cancelled have not failed, also if the worker in the slot then ends by itself."""
    jobs = {who: [cleanup(wait(5)), wait(1), give(who)] for who in ("a", "b", "c")}
    t = batch(play, jobs, limit=1).cancel("caller", at=START + 3)
    expect_some_work(t)
    ended = {work.who for work in t.all("work") if work.how == "returned"}
    left = t.call.how != "returned" or ended == set(jobs)
    t.expect_that("cancelled while items wait", left, "run_batch returned all the same")


@check("G3", misconception="cancellation-is-a-failure", step="let-cancellation-through")
def test_deadline_around_passes(play: Play) -> None:
    """A deadline around the call ends it as a cancellation: nothing is reported as failed because of it."""
    jobs = {"a": [wait(1), give("A")], "b": [hang()], "c": [wait(9), give("C")]}
    for limit in (1, 2, 5):
        t = batch(play, jobs, limit=limit).within("caller", START + 4)
        expect_some_work(t)
        expect_all_left_by_cancellation(t)
        t.expect_that("a deadline around the call", t.call.how != "returned", "run_batch returned all the same")


@check("G3", misconception="cancellation-is-a-failure", step="try-again-without-a-slot", core=False)
def test_cancellation_is_not_retried(play: Play) -> None:
    """A cancellation from outside is not a failure to be retried: at any moment of several attempts the call ends cancelled."""
    jobs = {"a": tries([wait(1), fail("E1")], [hang()], [wait(1), give("A")]), "b": [wait(2.2), fail("E2")]}
    for t in batch(play, jobs, limit=2, attempts=3, backoff=1.6, timeout=5).cancelled("caller"):
        expect_some_work(t)
        expect_all_left_by_cancellation(t)
        expect_over_in_time(t)


@check("G3", misconception="cancellation-is-a-failure", step="bound-each-attempt", core=False)
def test_deadline_around_is_no_timeout(play: Play) -> None:
    """A deadline around the call that is sooner than `timeout` cancels it: it is not a `TimeoutError` of an item."""
    jobs = {"a": [wait(1), give("A")], "b": [hang()], "c": [wait(9), give("C")]}
    for attempts in (1, 3):
        t = batch(play, jobs, attempts=attempts, backoff=2, timeout=10).within("caller", START + 4)
        expect_some_work(t)
        expect_all_left_by_cancellation(t)
        t.expect_that("a deadline around the call", t.call.how != "returned", "run_batch returned all the same")


@check("G3", misconception="cancellation-is-a-failure", step="try-again-without-a-slot", core=False)
def test_cancelled_pause_is_no_result(play: Play) -> None:
    """A call that is cancelled while all items wait to be retried gives no result."""
    jobs = {"a": [wait(1), fail("E1")], "b": [wait(2), fail("E2")]}
    t = batch(play, jobs, attempts=3, backoff=20).cancel("caller", at=START + 9)
    expect_some_work(t)
    t.expect_that("cancelled between two attempts", t.call.how != "returned", "run_batch returned all the same")
    expect_all_left_by_cancellation(t)


@check("G4", misconception="blocking-is-short", step="bound-how-many")
def test_loop_not_blocked(play: Play) -> None:
    """No call blocks the event loop while items wait for a slot."""
    jobs = {"a": [wait(1), fail("E1")], "b": [wait(2), give("B")], "c": [wait(1.7), give("C")]}
    for t in (batch(play, jobs, limit=1), batch(play, jobs, limit=1).cancel("caller", at=START + 1.8)):
        t.expect_not_blocked()
        expect_some_work(t)


@check("G4", misconception="blocking-is-short", step="try-again-without-a-slot", core=False)
def test_loop_not_blocked_between_attempts(play: Play) -> None:
    """No call blocks the event loop while items wait to be retried, or are bounded by `timeout`."""
    jobs = {"a": [wait(1), fail("E1")], "b": tries([hang()], [wait(1), give("B")])}
    t = batch(play, jobs, attempts=3, backoff=0.01, timeout=2)
    t.expect_not_blocked()
    expect_some_work(t)


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_interrupts_pass(play: Play) -> None:
    """`SystemExit`, `KeyboardInterrupt` and the like are not failures: each leaves the call."""
    for kind in play.interrupts:
        t = batch(play, {"a": [wait(1), fail("X", kind)], "b": [wait(2), give("B")]}, limit=1)
        t.expect_that(
            "the call", "X" in t.call.errors, f"{t.call.ending}, where the {kind} of the worker should leave it"
        )
    t = batch(play, {"a": [wait(1), fail("X", "BaseExceptionGroup")], "b": [wait(2), give("B")]}, limit=1)
    group = f"{t.call.ending}, where the BaseExceptionGroup of the worker should leave it"
    t.expect_that("the call", "Abandon" in t.call.errors, group)


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_other_exceptions_pass(play: Play) -> None:
    """An exception that is not an `Exception`, such as `KeyboardInterrupt`, is not a failure: it leaves the call at once."""
    jobs = {
        "a": [wait(2), fail("X", "Abandon")],
        "b": [cleanup(wait(1)), wait(40), give("B")],
        "c": [wait(9), give("C")],
    }
    for limit in (2, 3):
        t = batch(play, jobs, limit=limit)
        seen = f"{t.call.ending}, where the exception of the worker should leave it"
        part = "An exception that is not an `Exception`, such as `KeyboardInterrupt`, is not a failure: it leaves the call."
        t.expect_that("the call", "X" in t.call.errors, seen, part=part)
        later = [
            work.who
            for work in t.all("work")
            if work.how == "returned" and work.end > (t.one("work", "a").end or NEVER)
        ]
        part = "When a worker raises what is not an `Exception`, the other workers are cancelled."
        t.expect("workers that ran on to their end", later, [], part=part)


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_other_exceptions_pass_at_once(play: Play) -> None:
    """An exception that is not an `Exception` leaves the call also if `worker` raises it when it is called."""
    t = batch(play, {"a": [at_once(), fail("X", "Abandon")], "b": [wait(1), give("B")]}, form="function")
    t.expect_that(
        "the call", "X" in t.call.errors, f"{t.call.ending}, where the exception of the worker should leave it"
    )


@check("G5", misconception="catch-everything", step="try-again-without-a-slot", core=False)
def test_other_exceptions_are_not_retried(play: Play) -> None:
    """An exception that is not an `Exception` is not retried, also if it comes out of a cleanup after a timeout."""
    plain, late = [wait(2), fail("X", "Abandon")], [on_cancel(wait(1), fail("X", "Abandon")), wait(60)]
    for script, timeout in ((plain, None), (late, 4), (tries([wait(1), fail("E")], plain), None)):
        t = batch(play, {"a": script, "b": [wait(1), fail("E2")]}, attempts=3, backoff=30, timeout=timeout)
        t.expect_that(
            "the call", "X" in t.call.errors, f"{t.call.ending}, where the exception of the worker should leave it"
        )
        t.expect("calls that raised it", [work.raised == "X" for work in t.all("work", "a")].count(True), 1)


@check("G6", misconception="look-again-and-again", step="bound-how-many")
def test_no_polling(play: Play) -> None:
    """Tasks sleep until a slot is free: a batch that takes a thousand times longer takes no more wake-ups."""
    times = play.draw(5)
    steps = []
    for factor in (1, 1000):
        t = batch(play, {f"i{n}": [wait(times[n] * factor), give("V")] for n in range(5)}, limit=2)
        expect_some_work(t)
        steps.append(t.call.steps)
    t.expect(f"wake-ups, where the batch with shorter waits took {steps[0]}", steps[1], at_most(2 * steps[0] + 20))


@check("G6", misconception="look-again-and-again", step="try-again-without-a-slot", core=False)
def test_no_polling_between_attempts(play: Play) -> None:
    """Tasks sleep until the next attempt is due, or a timeout: longer waits take no more wake-ups."""
    steps = []
    for factor in (1, 1000):
        jobs = {
            "a": [wait(factor), fail("E")],
            "b": [cleanup(wait(factor)), wait(40 * factor)],
            "c": [wait(2 * factor), give("C")],
        }
        t = batch(play, jobs, limit=2, attempts=3, backoff=1.3 * factor, timeout=4 * factor)
        expect_some_work(t)
        steps.append(t.call.steps)
    t.expect(f"wake-ups, where the batch with shorter waits took {steps[0]}", steps[1], at_most(2 * steps[0] + 20))


@check("G9", misconception="worker-is-a-coroutine-function", step="failure-is-a-result")
def test_any_callable(play: Play) -> None:
    """`worker` may be any callable that returns an awaitable."""
    jobs = {"a": [awaitable(), wait(2), give("A")], "b": [wait(1), give("B")], "c": [awaitable(), wait(1.5), fail("E")]}
    for form in ("function", "object"):
        t = batch(play, jobs, limit=2, form=form)
        t.expect("values in succeeded", values(t, "succeeded"), [token("A"), token("B")])
        t.expect("number of failed items", len(settled(t, "failed")), 1)


@check("G9", misconception="worker-is-a-coroutine-function", step="failure-is-a-result")
def test_worker_raises_when_called(play: Play) -> None:
    """A worker that raises when it is called has failed like one that raises later, and its slot is free."""
    jobs = {
        "a": [at_once(), fail("E1")],
        "b": [wait(1), give("B")],
        "c": [at_once(), fail("E2")],
        "d": [wait(1), give("D")],
    }
    for limit in (1, 10):
        for t in batch(play, jobs, limit=limit, form="function").orders(2):
            started = {work.who for work in t.all("work")}
            part = (
                ""
                if {"b", "d"} <= started
                else "When `worker` raises as it is called, the other items are still worked on."
            )
            t.expect("values in succeeded", values(t, "succeeded"), [token("B"), token("D")], part=part)
            part = "A worker that raises when it is called has failed like one that raises later."
            t.expect("number of failed items", len(settled(t, "failed")), 2, part=part)


@check("G9", misconception="worker-is-a-coroutine-function", step="try-again-without-a-slot", core=False)
def test_any_callable_is_retried(play: Play) -> None:
    """A worker that raises when it is called is tried again like one that raises later."""
    jobs = {
        "a": tries([at_once(), fail("E1")], [wait(1), give("A")]),
        "b": tries([awaitable(), wait(1), fail("E2")], [awaitable(), wait(1), give("B")]),
    }
    t = batch(play, jobs, attempts=2, backoff=3, form="function")
    t.expect("values in succeeded", values(t, "succeeded"), [token("A"), token("B")])
