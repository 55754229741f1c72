"""Hidden checks of m07: the rules of every exercise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grader import Play, Trace, at_most, at_once, awaitable, check, cleanup, fail, give, near, on_cancel, wait

from .plans import (
    AFTER,
    START,
    acquire,
    asked,
    at,
    batch,
    batch_call,
    bucket_calls,
    expect_no_new_work,
    granted,
    look,
    make,
    processed,
    relative,
    tokens,
)


def results_of(t: Trace) -> list[Any]:
    """What the batch returned; fails the subject if that is not a list."""
    value = batch_call(t).value
    t.expect_that("the results", isinstance(value, list), f"{value!r}, which is not a list")
    return list(value)


# -- the rules for every exercise ------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="wait-exactly")
def test_both_backends(play: Play) -> None:
    """The bucket works unchanged on asyncio and on trio."""
    t = tokens(play, 2, 4, {"a": [acquire(4), acquire(2)], "b": [at(0.2), acquire(1), look()]})
    for call in bucket_calls(t):
        t.expect_that(f"acquire of {call.who} should return", call.how == "returned", f"it {call.ending}")
    look_at = t.one("look")
    t.expect_that("reading `available` should work", look_at.how == "returned", f"it {look_at.ending}")


@check("G1", misconception="asyncio-is-everywhere", step="token-then-slot", core=False)
def test_both_backends_batch(play: Play) -> None:
    """The batch works unchanged on asyncio and on trio."""
    t = processed(play, 2, {f"i{n}": [wait(1 + n), give(n)] for n in range(4)})
    call = batch_call(t)
    t.expect_that("process_batch should return", call.how == "returned", f"it {call.ending}")
    t.expect("calls of the worker", len(t.all("work")), 4)


def undisturbed_waits(search: Iterator[Trace]) -> Iterator[Trace]:
    """The runs of a search; where nobody is cancelled, all must be granted, somebody after a wait."""
    for t in search:
        if not t.notes("cancel"):
            t.expect("requests granted", len(granted(t)), len(bucket_calls(t)))
        yield t


def undisturbed_work(search: Iterator[Trace], count: int) -> Iterator[Trace]:
    """The runs of a search; where nobody is cancelled, the worker must be called so many times."""
    for t in search:
        if not t.notes("cancel"):
            t.expect("calls of the worker", len(t.all("work")), count)
        yield t


def expect_tidy(t: Trace, what: str) -> None:
    """Fail the subject if its calls of that name left something behind."""
    for call in t.calls(what):
        words = ", ".join(f"{kind}: {', '.join(names)}" for kind, names in call.left.items())
        part = ""
        if what == "acquire" and list(call.left) == ["locks"]:
            part = "When `acquire` ends, also by a cancellation, it has given back every lock that it took."
        t.expect_that(f"left behind when {what} of {call.who} ended", not call.left, words, part=part)


@check("G2", misconception="lock-left-behind", step="leave-the-line")
def test_nothing_left(play: Play) -> None:
    """When `acquire` ends, also by a cancellation, it leaves no lock, task or stream behind."""
    actors = {"a": [acquire(3), acquire(2)], "b": [at(0.5), acquire(1)], "c": [at(0.7), acquire(1)]}
    for name in ("a", "b"):
        for t in undisturbed_waits(tokens(play, 1, 3, actors).cancelled(name)):
            expect_tidy(t, "acquire")


@check("G2", misconception="lock-left-behind", step="token-then-slot", core=False)
def test_nothing_left_of_a_batch(play: Play) -> None:
    """However `process_batch` ends, it leaves no task, stream or lock behind."""
    jobs = {"a": [wait(2), give("A")], "b": [cleanup(wait(1)), wait(1), give("B")], "c": [wait(1), give("C")]}
    for t in undisturbed_work(processed(play, 2, jobs, rate=0.5, capacity=2).cancelled("caller"), 3):
        expect_tidy(t, "process_batch")
    for end in (fail("E"), fail("X", "Abandon")):
        t = processed(play, 2, {**jobs, "d": [wait(1), end]}, rate=0.5, capacity=3)
        t.one("work", "d")
        expect_tidy(t, "process_batch")


@check("G3", misconception="cancellation-swallowed", step="leave-the-line")
def test_cancelled_while_waiting(play: Play) -> None:
    """A waiter that is cancelled from outside, first in the queue or not, ends at once by the cancellation."""
    actors = {"first": [acquire(4)], "a": [at(0.5), acquire(4)], "b": [at(0.6), acquire(2)], "c": [at(0.7), acquire(1)]}
    for name in ("a", "b", "c"):
        for t in (
            tokens(play, 0.2, 4, actors).cancel(name, at=START + 2.5),
            tokens(play, 0.2, 4, actors).within(name, START + 2.5),
        ):
            call = t.of(name)[acquire(actors[name][-1][1])]
            words = f"acquire of {name} should end by the cancellation"
            at_once = "A waiter that is cancelled from outside ends at once, first in the queue or not."
            by_it = "A waiter that is cancelled from outside ends by the cancellation, first in the queue or not."
            part = by_it if relative(call.end) == near(2.5, 0.05) else at_once
            t.expect_that(words, call.how == "cancelled", f"it {call.ending}", part=part)
            words = f"acquire of {name}, which was cancelled after 2.5 s, ended"
            part = at_once
            t.expect(words, relative(call.end), near(2.5, 0.05), unit=AFTER, part=part)


@check("G3", misconception="cancellation-swallowed", step="leave-the-line")
def test_cancelled_at_any_step(play: Play) -> None:
    """An `acquire` that is cancelled from outside while it runs ends at once by the cancellation."""
    actors = {"first": [acquire(4)], "a": [at(0.5), acquire(2), acquire(1)], "b": [at(0.7), acquire(2), acquire(1)]}
    for name in ("a", "b"):
        for t in undisturbed_waits(tokens(play, 1, 4, actors).cancelled(name)):
            expect_struck_calls_end(t, "acquire")


def expect_struck_calls_end(t: Trace, what: str) -> None:
    """Fail the subject if a call in which a cancellation from outside was raised ended otherwise, or later."""
    t.expect_cancellation_passes(jobs="work")
    for call in t.calls(what):
        if call.outside:
            ends = ("Cancelled", "CancelledError")
            passed = call.how != "raised" or any(error.kind in ends for error in call.errors)
            name = "An `acquire`" if what == "acquire" else "A batch"
            part = f"{name} that is cancelled from outside ends by the cancellation, not by an error."
            t.expect_that(f"{what} should end by the cancellation from outside", passed, f"it {call.ending}", part=part)
            words = f"{what}, which was cancelled from outside, ended"
            part = f"{name} that is cancelled from outside ends at once."
            seen, wanted = relative(call.end), near(call.cancelled_at - START, 0.05)
            t.expect(words, seen, wanted, unit=AFTER, part=part)


@check("G3", misconception="cancellation-swallowed", step="token-then-slot", core=False)
def test_batch_cancelled_at_any_step(play: Play) -> None:
    """A batch that is cancelled from outside ends at once by the cancellation, and no worker is called afterwards."""
    times = play.draw(3)
    jobs = {f"i{n}": [wait(times[n]), give(n)] for n in range(3)}
    for limit, rate, capacity in ((2, 1, 100), (3, 0.6, 2)):
        search = processed(play, limit, jobs, rate=rate, capacity=capacity).cancelled("caller")
        for t in undisturbed_work(search, 3):
            expect_struck_calls_end(t, "process_batch")
            for note in t.notes("cancel", "caller"):
                part = "After a batch was cancelled from outside no worker is called."
                expect_no_new_work(t, note["order"], "the cancellation", part=part)
                seen, wanted = relative(batch_call(t).end), near(note["t"] - START, 0.05)
                part = "A batch that is cancelled from outside ends at once."
                t.expect("the cancelled call ended", seen, wanted, unit=AFTER, part=part)


@check("G3", misconception="cancellation-swallowed", step="token-then-slot", core=False)
def test_batch_within_a_deadline(play: Play) -> None:
    """A deadline around a batch ends it at that moment, also while it waits for tokens."""
    for limit, rate, capacity in ((2, 1, 100), (9, 0.01, 2)):
        jobs = {"a": [wait(1), give("A")], "b": [wait(20), give("B")], "c": [wait(20), give("C")]}
        t = processed(play, limit, jobs, rate=rate, capacity=capacity).within("caller", START + 4)
        call = batch_call(t)
        t.one("work")
        t.expect_that("the deadline should end process_batch", call.how == "cancelled", f"it {call.ending}")
        t.expect("the call, with a deadline after 4 s, ended", relative(call.end), near(4, 0.05), unit=AFTER)


@check("G4", misconception="blocking-is-short", step="wait-exactly")
def test_loop_not_blocked(play: Play) -> None:
    """`acquire` does not block the event loop, whether it waits or not."""
    actors = {"a": [acquire(3), acquire(0.03)], "b": [at(0.005), acquire(0.02), look()]}
    t = tokens(play, 2, 3, actors)
    t.expect_not_blocked()
    granted(t)


@check("G4", misconception="blocking-is-short", step="token-then-slot", core=False)
def test_loop_not_blocked_by_a_batch(play: Play) -> None:
    """`process_batch` does not block the event loop, whether it waits for slots or for tokens."""
    jobs = {f"i{n}": [wait(0.1), give(n)] for n in range(4)}
    for limit, capacity in ((1, 100), (4, 2)):
        t = processed(play, limit, jobs, rate=20, capacity=capacity)
        t.expect_not_blocked()
        t.expect("calls of the worker", len(t.all("work")), 4)


@check("G5", misconception="catch-everything", step="token-then-slot", core=False)
def test_other_exceptions_pass(play: Play) -> None:
    """Something like `KeyboardInterrupt` that a worker raises leaves the call and ends the other workers."""
    for bad, form in (([wait(2), fail("X", "Abandon")], "async"), ([at_once(), fail("X", "Abandon")], "function")):
        jobs = {"a": bad, "b": [wait(40), give("B")], "c": [wait(9), give("C")]}
        for limit in (1, 2, 3):
            t = processed(play, limit, jobs, form=form)
            call = batch_call(t)
            part = "Something like `KeyboardInterrupt` that a worker raises leaves the call."
            seen = f"it {call.ending}"
            t.expect_that("the worker's exception should leave the call", "X" in call.errors, seen, part=part)
            ended = t.one("work", "a").finished
            later = [work.who for work in t.all("work") if work.how == "returned" and work.finished > ended]
            part = "Something like `KeyboardInterrupt` that a worker raises ends the other workers."
            t.expect("workers that ran on to their end", later, [], part=part)


@check("G5", misconception="catch-everything", step="token-then-slot", core=False)
def test_other_exceptions_pass_beside_errors(play: Play) -> None:
    """Something like `KeyboardInterrupt` leaves the call also if another worker raises an error, before or after it."""
    for kind in play.interrupts:
        for first, then in ((fail("E"), fail("X", kind)), (fail("X", kind), fail("E"))):
            jobs = {"a": [wait(2), first], "b": [on_cancel(then), wait(50)], "c": [wait(40), give("C")]}
            t = processed(play, 3, jobs)
            t.one("work", "a")
            call = batch_call(t)
            raised = any("X" in work.errors for work in t.all("work"))  # if an error cancels nobody, R7 says so
            passed = not raised or "X" in call.errors
            t.expect_that(f"the {kind} of a worker should leave the call", passed, f"it {call.ending}")


@check("G6", misconception="looks-again-and-again", step="wait-exactly")
def test_waiting_costs_nothing(play: Play) -> None:
    """An `acquire` that waits a thousand times as long does not wake up more often."""
    steps = []
    for factor in (1, 1000):
        actors = {"a": [acquire(4), acquire(3)], "b": [at(0.2), acquire(2)], "c": [at(0.3), acquire(1)]}
        t = tokens(play, 1 / factor, 4, actors)
        steps.append(sum(call.steps for call in granted(t)))
    t.expect("wake-ups when everything takes a thousand times as long", steps[1], at_most(2 * steps[0] + 20))


@check("G6", misconception="looks-again-and-again", step="token-then-slot", core=False)
def test_waiting_for_slots_costs_nothing(play: Play) -> None:
    """A batch that takes a thousand times as long does not wake up more often."""
    times = play.draw(5)
    for limit, capacity in ((2, 100), (9, 2)):
        steps = []
        for factor in (1, 1000):
            jobs = {f"i{n}": [wait(times[n] * factor), give(n)] for n in range(5)}
            t = processed(play, limit, jobs, rate=0.9 / factor, capacity=capacity)
            t.expect("calls of the worker", len(t.all("work")), 5)
            steps.append(batch_call(t).steps)
        t.expect("wake-ups when everything takes a thousand times as long", steps[1], at_most(2 * steps[0] + 20))


@check("G8", misconception="refused-too-late", step="wait-exactly")
def test_refused_at_once(play: Play) -> None:
    """Bad numbers raise a bare `ValueError` at once, also while other tasks wait for tokens."""
    for rate, capacity in ((0, 1), (1, 0)):
        t = tokens(play, 1, 1, {"a": [make(rate, capacity)]})
        made = t.one("make")
        words = f"TokenBucket(rate={rate}, capacity={capacity}) should raise ValueError"
        part = "`TokenBucket` raises a bare `ValueError` for a `rate` or `capacity` that is not positive."
        t.expect_that(words, made.raised == "ValueError", f"it {made.ending}", part=part)
    actors = {
        "a": [acquire(2), acquire(1.5)],
        "b": [at(0.3), acquire(1)],
        "zero": [at(0.4), acquire(0)],
        "much": [at(0.5), acquire(3)],
    }
    t = tokens(play, 0.5, 2, actors)
    bucket_calls(t)  # the others are not refused
    for name in ("zero", "much"):
        call = t.first(t.all("acquire", name), f"acquire of {name}", "was never called")
        words = f"acquire({asked(call):g}) with a capacity of 2"
        part = "A request that can never be granted raises a bare `ValueError`."
        seen = f"it {call.ending}"
        t.expect_that(f"{words} should raise ValueError", call.raised == "ValueError", seen, part=part)
        took = "forever" if call.end is None else call.end - call.start
        part = "A request that can never be granted is refused at once, also while others wait."
        t.expect(f"{words}, while others wait, took", took, near(0, 0.01), unit="s", part=part)


@check("G8", misconception="refused-too-late", step="token-then-slot", core=False)
def test_limit_refused_at_once(play: Play) -> None:
    """A bad `limit` raises a bare `ValueError` at once, also if the bucket is empty."""
    t = tokens(play, 0.1, 2, {"caller": [acquire(2), batch(0, {"a": [wait(1), give("A")]})]}).accepting("deadlock")
    call = batch_call(t)
    t.expect_that("limit=0 should raise ValueError", call.raised == "ValueError", f"process_batch {call.ending}")
    took = "forever" if call.end is None else call.end - call.start
    t.expect("process_batch with limit=0 took", took, near(0, 0.01), unit="s")
    t.expect("calls of the worker", t.names("work"), [])


@check("G9", misconception="worker-is-a-coroutine-function", step="token-then-slot", core=False)
def test_any_callable(play: Play) -> None:
    """`worker` may be any callable that returns an awaitable."""
    jobs = {"a": [awaitable(), wait(2), give("A")], "b": [wait(1), give("B")], "c": [awaitable(), wait(3), give("C")]}
    for form in ("function", "object"):
        t = processed(play, 2, jobs, form=form)
        t.expect("the results", sorted(map(str, results_of(t))), ["A", "B", "C"])


@check("G9", misconception="worker-is-a-coroutine-function", step="token-then-slot", core=False)
def test_worker_raises_when_called(play: Play) -> None:
    """A worker that raises when it is called ends the batch like one that raises later."""
    jobs = {"a": [wait(3), give("A")], "b": [at_once(), fail("E")], "c": [wait(1), give("C")]}
    for limit in (1, 3):
        t = processed(play, limit, jobs, form="function")
        call = batch_call(t)
        t.expect_that("the worker's error should leave the call", "E" in call.errors, f"it {call.ending}")
