"""Hidden checks of m02: estimates, a deadline that has passed, and the hard variant."""

from __future__ import annotations

from grader import Play, Trace, at_once, check, cleanup, fail, give, hang, on_cancel, wait

from .plans import LONG, START, both, drained, expect_report, expect_started, queue_of, report_of


def expect_hard_if_left(
    t: Trace, part: str = "`drain_or_fail` raises `TimeoutError` if tasks are left in the queue."
) -> None:
    """Expect a hard end: `TimeoutError` if the queue is not empty, as `part` says, else a report. Why a task is left, others ask."""
    if t.call.how == "cancelled":
        return  # it waited until a deadline around it struck: R1's
    if queue_of(t):
        left = ", ".join(map(str, queue_of(t)))
        seen = f"{t.call.ending}, where it should raise `TimeoutError`, as tasks are left in the queue: {left}"
        t.expect_that(t.call.name, "TimeoutError" in t.call.errors, seen, part=part)
    else:
        report_of(t)


# -- R4: estimates ---------------------------------------------------------------------------------------------------
@check("R4", misconception="first-misfit-ends-it", step="deadlines-around", core=False)
def test_misfits_are_skipped(play: Play) -> None:
    """A task whose estimate is more than the time left is not started; later ones that fit still run."""
    tasks = {name: [wait(1)] for name in "abcdefg"}
    estimates = {"a": 11, "b": 9.5, "c": 9.5, "d": 30, "e": 8.5, "f": 3, "g": 8}
    for t in both(play, tasks, estimates=estimates):
        expect_started(t, ["b", "e", "f"])
        t.expect("what of a, c, d, g is in the queue", sorted({*"acdg"} & {*map(str, queue_of(t))}), [*"acdg"])


@check("R4", misconception="first-misfit-ends-it", step="deadlines-around", core=False)
def test_soft_end_with_misfits(play: Play) -> None:
    """`drain_until` reports what ran; tasks that did not fit are neither done nor failed."""
    t = drained(play, "drain_until", {"a": [wait(1)], "b": [wait(1)], "c": [wait(1)]}, estimates={"a": 11, "c": 9.5})
    expect_report(t, ["b"])


@check("R4", misconception="estimates-added-up", step="deadlines-around", core=False)
def test_looked_at_when_it_would_start(play: Play) -> None:
    """Whether a task fits is decided when it would start, by the time that is left then."""
    slow = {"a": [wait(6)], "b": [wait(1)], "c": [wait(1)]}
    for t in both(play, slow, estimates={"a": 2, "b": 5, "c": 3.5}):
        expect_started(t, ["a", "c"])
    quick = {"a": [wait(1)], "b": [wait(1)], "c": [wait(1)]}
    for t in both(play, quick, estimates={"a": 8, "b": 8.5, "c": 7.5}):
        expect_started(t, ["a", "b", "c"])


@check("R4", misconception="estimate-is-a-timeout", step="deadlines-around", core=False)
def test_an_estimate_is_no_limit(play: Play) -> None:
    """A task that takes longer than its estimate is not cancelled for that."""
    for t in both(play, {"a": [wait(6)], "b": [wait(1)]}, estimates={"a": 2, "b": 0.5}):
        t.expect("a and b", [t.of("a").how, t.of("b").how], ["returned", "returned"])


@check("R4", misconception="own-deadline-only", step="deadlines-around", core=False)
def test_tightest_deadline(play: Play) -> None:
    """The time left ends at `deadline`, or at the tightest of the deadlines around the call if that is sooner."""
    tasks = {"a": [wait(2)], "b": [wait(1)], "c": [wait(1)]}
    for left, ends, enclosing in ((6, 60, (6, 80)), (6, 60, (80, 6, 90)), (10, 10, (60, 30))):
        estimates = {"a": left - 0.5, "b": left - 1.5, "c": left - 2.5}
        for t in both(play, tasks, ends=ends, estimates=estimates, enclosing=[START + end for end in enclosing]):
            expect_started(t, ["a", "c"])


@check("R4", misconception="first-misfit-ends-it", step="soft-or-hard", core=False)
def test_fits_in_the_next_call(play: Play) -> None:
    """A task that did not fit runs in a later call with more time."""
    for t in both(play, {"a": [wait(1)], "b": [wait(1)]}, estimates={"a": 12}, again=START + 60):
        t.expect_that("a", "a" in t.names("run"), "was not started in the second call either")


# -- R5: a deadline that has passed ----------------------------------------------------------------------------------
@check("R5", misconception="cancellation-stops-the-loop", step="one-clock")
def test_deadline_has_passed(play: Play) -> None:
    """With a deadline that has passed nothing is started, not even called; with one that is ahead the same tasks are."""
    for ends, first in ((-0.25, [give(1)]), (-START - 5, [at_once(), fail("E")])):
        for t in both(play, {"a": first, "b": [wait(1)]}, ends=ends):
            expect_started(t, [], "With a deadline that has passed before the call nothing is started, nor called.")
    for t in both(play, {"a": [give(1)], "b": [wait(1)]}, ends=5):
        t.expect_begun("a", part="With a deadline that is ahead the task is started.")


@check("R5", misconception="cancellation-stops-the-loop", step="one-clock")
def test_nothing_started_after_the_deadline(play: Play) -> None:
    """When a task ended after the deadline, however it ended, no other is started."""
    late = (
        [on_cancel(wait(1), give(1)), hang()],
        [on_cancel(wait(1), fail("E")), hang()],
        [cleanup(wait(2)), hang()],
        [cleanup(wait(12)), give(1)],
        [cleanup(wait(12)), fail("E")],
    )
    for steps in late:
        for t in both(play, {"a": [wait(1)], "b": steps, "c": [give(1)], "d": [wait(1)]}):
            expect_started(t, ["a", "b"])


# -- R6: the hard variant --------------------------------------------------------------------------------------------
@check("R6", misconception="hard-means-loud", step="soft-or-hard")
def test_all_of_it(play: Play) -> None:
    """`drain_or_fail` returns the report if no task is left, also when some or all have failed."""
    expect_report(drained(play, "drain_or_fail", {"a": [wait(3)], "b": [wait(4)]}), ["a", "b"])
    for first in ([wait(4)], [wait(4), fail("E1")]):
        tasks = {"a": first, "b": [wait(1), fail("E", "TimeoutError")]}
        expect_hard_if_left(drained(play, "drain_or_fail", tasks))


@check("R6", misconception="hard-means-loud", step="soft-or-hard")
def test_last_task_ends_late(play: Play) -> None:
    """`drain_or_fail` returns the report if the last task finished or failed after the deadline: nothing is left."""
    for end in (give(1), fail("E", "TimeoutError")):
        for last in ([on_cancel(wait(1), end), hang()], [cleanup(wait(12)), end]):
            t = drained(play, "drain_or_fail", {"a": [wait(4)], "b": last})
            t.expect_begun("a", "b")
            expect_hard_if_left(t)


@check("R6", misconception="cancelled-means-undone", step="soft-or-hard")
def test_tasks_left_although_none_was_interrupted(play: Play) -> None:
    """`drain_or_fail` raises `TimeoutError` if tasks are left because the running one ended after the deadline."""
    for end in (give(1), fail("E")):
        for running in ([on_cancel(wait(1), end), hang()], [cleanup(wait(12)), end]):
            t = drained(play, "drain_or_fail", {"a": running, "b": [wait(1)]})
            t.expect_begun("a")
            expect_hard_if_left(t)


@check("R6", misconception="hard-means-loud", step="soft-or-hard")
def test_too_late_to_begin(play: Play) -> None:
    """With a deadline that has passed and tasks in the queue, `drain_or_fail` raises `TimeoutError`; with time it does not."""
    late = "With a deadline that has passed and tasks in the queue, `drain_or_fail` raises `TimeoutError`."
    enough = "With time for all tasks `drain_or_fail` returns its report."
    for ends, part in ((-1, late), (10, enough)):
        t = drained(play, "drain_or_fail", {"a": [wait(1)], "b": [wait(1)]}, ends=ends)
        expect_hard_if_left(t.naming(part), part)
    drained(play, "drain_or_fail", {"a": [wait(1)], "b": [wait(1)]}).expect_begun("a", part=enough)


@check("R6", misconception="hard-means-loud", step="soft-or-hard")
def test_empty_queue(play: Play) -> None:
    """An empty queue gives an empty report, also when the deadline has passed."""
    for ends in (10, -1):
        for t in both(play, {}, ends=ends):
            expect_report(t, [])


@check("R6", misconception="report-for-all-calls", step="soft-or-hard")
def test_a_second_call_finds_an_empty_queue(play: Play) -> None:
    """A second call, when the first did all, gives an empty report: each call has its own."""
    for t in both(play, {"a": [wait(1)], "b": [fail("E")]}, again=START + 60):
        t.expect_begun("a")
        if not queue_of(t):
            expect_report(t, [], number=1)


@check("R6", misconception="hard-means-loud", step="deadlines-around", core=False)
def test_misfits_are_left_because_of_time(play: Play) -> None:
    """`drain_or_fail` raises `TimeoutError` just if tasks are left, also those that do not fit in any of the deadlines."""
    plans: list[tuple[dict[str, float], list[float]]] = [
        ({"a": LONG}, []),
        ({"b": LONG}, []),
        ({"a": LONG, "b": LONG}, []),
        ({"b": 8}, [START + 6]),
        ({"b": 8}, [START + 90]),
    ]
    for estimates, enclosing in plans:
        tasks = {"first": [wait(1)], "a": [wait(1)], "b": [wait(1)]}
        t = drained(play, "drain_or_fail", tasks, estimates=estimates, enclosing=enclosing)
        t.expect_begun("first")
        expect_hard_if_left(t)
