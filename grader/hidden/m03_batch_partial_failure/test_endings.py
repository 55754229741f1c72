"""Hidden checks of m03: all failures together, bad arguments, cancellation from outside."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, Trial, check, cleanup, fail, give, hang, near, token, wait

from .plans import AFTER, START, after, batch, expect_some_work, expect_worked, settled, tries


def expect_over(t: Trace, *, cleaned: float = 0.0) -> None:
    """Fail the subject if the call went on, or called the worker, after it was cancelled from outside."""
    for cancelled in t.notes("cancel", "caller"):
        what = f"the call, cancelled {cancelled['t'] - START:.2f} s after it began, ended"
        part = "Cancelled from outside, the call ends at once."
        if cleaned:
            part = "Cancelled from outside, the call ends when the workers that ran have cleaned up."
        t.expect(what, after(t.call.end), near(cancelled["t"] - START + cleaned), unit=AFTER, part=part)
        for work in t.all("work"):
            begun = work.begun < cancelled["order"] or (
                work.cancelled_at == near(work.start) and work.how == "cancelled"
            )
            seen = f"worker was called for {work.who} afterwards"
            part = "Once the call was cancelled, no further worker is called."
            t.expect_that("cancelled from outside", begun, seen, part=part)


# -- R6: all failures together ---------------------------------------------------------------------------------------
def group_calls(t: Trace) -> list[Any]:
    """The calls of `raise_for_failures`."""
    _ = t.call.value
    t.first(t.calls("raise_for_failures"), "raise_for_failures", "was never called")
    return t.calls("raise_for_failures")


@check("R6", misconception="raises-anyway", step="tell-all-failures")
def test_nothing_failed(play: Play) -> None:
    """If nothing failed, `raise_for_failures()` returns."""
    t = batch(play, {"a": [wait(1), give("A")], "b": [wait(2), give("B")]}, ask=1)
    expect_worked(t, "ab")
    t.expect("raise_for_failures() returned", group_calls(t)[0].value, None)


@check("R6", misconception="finishing-order", step="tell-all-failures")
def test_failures_in_index_order(play: Play) -> None:
    """`raise_for_failures()` raises an `ExceptionGroup` of just the failures, in index order."""
    times = play.draw(14)
    jobs = {f"i{n}": [wait(times[n]), give("V") if n % 6 == 1 else fail(f"E{n}")] for n in range(14)}
    t = batch(play, jobs, ask=1, limit=5)
    asked, failures = group_calls(t)[0], list(settled(t, "failed").values())
    part = "`raise_for_failures()` raises if something failed." if asked.how == "returned" else ""
    if asked.raised is not None and asked.raised.token and token(asked.raised.token) in failures:
        part = "`raise_for_failures()` raises an `ExceptionGroup` of all failures, not one of them."
    is_group = asked.raised is not None and "ExceptionGroup" in asked.raised.kinds
    t.expect_that("raise_for_failures()", is_group, asked.ending, part=part)
    members = t.first(t.notes("members"), "raise_for_failures()", "raised no group")["value"]
    part = ""
    if sorted(members, key=repr) == sorted(failures, key=repr):
        part = "The failures in the group are in the order of the indices, not in that in which they failed."
    elif len(members) < len(failures):
        part = "`raise_for_failures()` raises all failures, not only some of them."
    t.expect("exceptions in the group", members, failures, part=part)


@check("R6", misconception="one-error-needs-no-group", step="tell-all-failures")
def test_single_failure(play: Play) -> None:
    """A single failure comes in an `ExceptionGroup` too, each time that one asks."""
    t = batch(play, {"a": [wait(1), give("A")], "b": [wait(2), fail("E", "TimeoutError")]}, ask=2)
    for number, call in enumerate(group_calls(t)):
        part = "A single failure comes in an `ExceptionGroup` too."
        if call.how == "returned":
            part = "`raise_for_failures()` raises if something failed."
            part = "`raise_for_failures()` raises each time that one asks." if number else part
        t.expect_that("raise_for_failures()", call.raised is not None and call.raised.is_group, call.ending, part=part)
    failures = list(settled(t, "failed").values())
    part = "The group has the failure, and nothing else, each time that one asks."
    members = [note["value"] for note in t.notes("members")]
    t.expect("exceptions in the group", members, [failures, failures], part=part)


@check("R6", misconception="group-is-flat", step="tell-all-failures")
def test_group_stays_whole(play: Play) -> None:
    """A failure that is an exception group itself is one member of the group, as it is."""
    for jobs in (
        {"a": [wait(2), fail("G", "ExceptionGroup")], "b": [wait(1), fail("E")]},
        {"a": [fail("G", "ExceptionGroup")]},
    ):
        t = batch(play, jobs, ask=1)
        _ = group_calls(t)
        members = t.first(t.notes("members"), "raise_for_failures()", "raised no group")["value"]
        t.expect("exceptions in the group", members, list(settled(t, "failed").values()))


# -- R7, G8: bad arguments -------------------------------------------------------------------------------------------
OF_ITEMS = 5
"""So many of the `refused` calls are of a batch that is not empty: these come first."""


def refused(play: Play) -> list[Trial]:
    """Calls with arguments that must be refused; the subject has failed if it does not call `worker` with the smallest good ones."""
    some = {"a": [wait(1), give("A")], "b": [wait(1), fail("E")]}
    smallest = batch(play, {"a": some["a"]}, limit=1, attempts=1)
    expect_some_work(smallest.naming("With `limit=1` and `attempts=1` the worker is called."))
    bad = [{"limit": 0}, {"limit": -2}, {"attempts": 0}, {"attempts": -1}, {"limit": 0, "attempts": 0}]
    return [batch(play, some, **options) for options in bad] + [batch(play, {}, **options) for options in bad[::2]]


@check("R7", misconception="only-zero-is-wrong", step="bound-how-many")
def test_bad_arguments(play: Play) -> None:
    """`limit` or `attempts` below 1 raises `ValueError`, also for an empty batch."""
    for number, t in enumerate(refused(play)):
        part = "`limit` or `attempts` below 1 raises `ValueError`."
        if number >= OF_ITEMS:
            part = "`limit` or `attempts` below 1 raises `ValueError` also for an empty batch."
        seen = f"{t.call.ending}, where it should raise `ValueError`"
        t.expect_that("run_batch with bad arguments", "ValueError" in t.call.errors, seen, part=part)


@check("R7", misconception="refused-too-late", step="bound-how-many")
def test_nothing_called(play: Play) -> None:
    """With `limit` or `attempts` below 1 no worker is called."""
    for t in refused(play):
        t.expect("calls of worker", [note["who"] for note in t.notes("called")], [])


@check("G8", misconception="refused-too-late", step="bound-how-many")
def test_refused_at_once(play: Play) -> None:
    """Bad arguments raise a bare `ValueError` before anything starts."""
    for t in refused(play):
        part = "Bad arguments raise `ValueError`."
        if "ValueError" in t.call.errors:
            part = "Bad arguments raise a bare `ValueError`, not one in a group."
        seen = f"{t.call.ending}, where it should raise a bare `ValueError`"
        t.expect_that("run_batch with bad arguments", t.call.raised == "ValueError", seen, part=part)
        part = "Bad arguments are refused at once, before anything starts."
        t.expect("the refused call took", t.call.took, near(0), part=part)
        part = "With bad arguments no worker is called."
        t.expect("calls of worker", [note["who"] for note in t.notes("called")], [], part=part)


# -- R8: cancelled from outside --------------------------------------------------------------------------------------
@check("R8", misconception="cancelled-goes-on", step="let-cancellation-through")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment, the call ends at once, and no worker is called afterwards."""
    times = play.draw(4)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 3 == 1 else give(f"V{n}")] for n in range(4)}
    for t in batch(play, jobs, limit=2).cancelled("caller"):
        expect_some_work(t)
        expect_over(t)


@check("R8", misconception="cancelled-goes-on", step="let-cancellation-through")
def test_cancelled_in_the_midst(play: Play) -> None:
    """Cancelled from outside while all slots are taken, the call ends when the workers have cleaned up, and starts no other."""
    jobs = {f"i{n}": [wait(1), cleanup(wait(n / 5)), wait(9), give("V")] for n in range(6)}
    for limit in (1, 3):
        for t in batch(play, jobs, limit=limit).cancel("caller", at=START + 4).orders(4):
            begun = [int(work.who[1:]) for work in t.all("work") if work.start < START + 1]
            t.expect_that("worker", bool(begun), "was not called")
            expect_over(t, cleaned=max(begun, default=0) / 5)


@check("R8", misconception="shield-everything", step="let-cancellation-through", core=False)
def test_cancelled_between_attempts(play: Play) -> None:
    """Cancelled from outside while items wait to be retried, the call ends at once and tries nothing more."""
    for busy in ([wait(1), fail("E2")], [wait(30), give("B")]):
        for limit in (1, 2):
            jobs = {"a": [wait(1), fail("E1")], "b": busy, "c": [wait(1.5), fail("E3")]}
            t = batch(play, jobs, limit=limit, attempts=4, backoff=20, timeout=50).cancel("caller", at=START + 9)
            expect_some_work(t)
            expect_over(t)


@check("R8", misconception="cancelled-goes-on", step="let-cancellation-through", core=False)
def test_attempts_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment of several attempts, the call ends at once and tries nothing more."""
    times = play.draw(2)
    jobs = {f"i{n}": tries([wait(times[n]), fail(f"E{n}")], [hang()], [wait(1), give(n)]) for n in range(2)}
    for t in batch(play, jobs, limit=1, attempts=3, backoff=0.8, timeout=6).cancelled("caller"):
        expect_some_work(t)
        expect_over(t)


@check("R8", misconception="cancelled-goes-on", step="let-cancellation-through", core=False)
def test_cancelled_while_a_late_one_cleans_up(play: Play) -> None:
    """Cancelled from outside while an attempt that ran out of time cleans up, the call ends with that cleanup."""
    jobs = {"a": [cleanup(wait(5)), hang()], "b": [wait(2), give("B")]}
    t = batch(play, jobs, attempts=3, backoff=0.5, timeout=4).cancel("caller", at=START + 6)
    expect_some_work(t)
    expect_over(t, cleaned=3)
