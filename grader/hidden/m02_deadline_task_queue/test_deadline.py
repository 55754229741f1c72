"""Hidden checks of m02: the deadline, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grader import Play, Trace, about, cancel, check, cleanup, fail, give, hang, on_cancel, wait

from .plans import (
    AFTER,
    BOTH,
    LONG,
    START,
    Tasks,
    after,
    both,
    drained,
    expect_begun_unless_cancelled,
    expect_report,
    expect_settled,
    expect_timeout_error,
    is_failure,
    names_that_ended,
    queue_of,
    report_of,
)


def expect_queue(t: Trace, names: Sequence[str], part: str = "") -> None:
    """Expect those tasks in the queue after the first call; `part` is said if nothing plainer is wrong with it."""
    seen = queue_of(t)
    t.expect("the queue after the call", seen, list(names), part=wrong_queue(t, seen, names) or part)


def wrong_queue(t: Trace, seen: Sequence[Any], wanted: Sequence[str]) -> str:
    """What is wrong with the queue after a call, as a sentence; empty if nothing is, or nobody can say."""
    if list(seen) == list(wanted) or not all(type(name) is str for name in seen):
        return ""
    missing, others = set(wanted) - set(seen), set(seen) - set(wanted)
    if names_that_ended(t, missing, "cancelled"):
        return "The task that was interrupted is not lost: it is still in the queue."
    if names_that_ended(t, missing, "returned") or names_that_ended(t, missing, "raised"):
        return ""
    if missing:
        return "Tasks that were not started are not lost: they are still in the queue."
    if len(set(seen)) < len(seen):
        return "Each task that is left is in the queue once."
    if names_that_ended(t, others, "cancelled"):
        return "A task that was interrupted is in the queue alone, and not in the report too."
    if others:
        changed = any(run.cancelled_at is not None for run in t.all("run") if run.who in others)
        return "" if changed else "A task that has ended, done or failed, is no longer in the queue."
    keeps = "The task that was interrupted keeps its place: the queue has its tasks in the order in which they were."
    return (
        keeps
        if names_that_ended(t, wanted, "cancelled")
        else "The queue has its tasks in the order in which they were."
    )


def expect_nothing_lost(t: Trace, tasks: Tasks) -> None:
    """Expect each task either settled or in the queue, once: settled is what the report says, else what happened."""
    if t.call.how == "returned":
        done, failed = report_of(t)
        settled = [*done, *failed]
        t.expect_that(
            "done and failed together",
            len(set(map(repr, settled))) == len(settled),
            f"{', '.join(map(str, settled))}: one of them twice",
            part="A task is in `done` or in `failed`, and in a report once.",
        )
    else:
        settled = [run.who for run in t.all("run") if run.how == "returned" or is_failure(run)]
    # A task whose error left the call (R1, G5) is in the queue or not: in neither case is it counted twice.
    either = [run.who for run in t.all("run") if run.raised is not None and run.raised in t.call.errors]
    seen = [name for name in queue_of(t) if name not in either]
    wanted = [name for name in tasks if name not in [*settled, *either]]
    t.expect("the queue after the call", seen, wanted, part=wrong_queue(t, seen, wanted))


# -- R2: the deadline ------------------------------------------------------------------------------------------------
@check("R2", misconception="relative-deadline", step="one-clock")
def test_cancelled_at_the_deadline(play: Play) -> None:
    """At `deadline`, a point in time, the task that runs is cancelled, and the call ends."""
    for running in ([hang()], [wait(9)]):
        for t in both(play, {"a": [wait(4)], "b": [wait(3)], "c": running, "d": [wait(1)]}):
            part = "At `deadline`, a point in time, the task that runs is cancelled."
            t.expect("c was cancelled", after(t.of("c").cancelled_at), about(10), unit=AFTER, part=part)
            part = "When the deadline has cancelled the running task, the call ends."
            t.expect("the call ended", after(t.call.end), about(10), unit=AFTER, part=part)


@check("R2", misconception="relative-deadline", step="one-clock")
def test_not_cancelled_before_the_deadline(play: Play) -> None:
    """A task that ends just before `deadline` is not disturbed."""
    for t in both(play, {"a": [wait(4)], "b": [wait(5.9)]}):
        t.expect("b", t.of("b").how, "returned")


@check("R2", misconception="hard-means-loud", step="soft-or-hard")
def test_soft_end(play: Play) -> None:
    """When the deadline interrupts a task, `drain_until` returns its report of what was done by then."""
    t = drained(play, "drain_until", {"a": [wait(4)], "b": [hang()], "c": [wait(1)]})
    expect_report(t, ["a"])


@check("R2", misconception="hard-means-loud", step="soft-or-hard")
def test_soft_end_with_nothing_done(play: Play) -> None:
    """`drain_until` returns a report also where no task has ended by `deadline`, or where that has passed already."""
    trial = drained(play, "drain_until", {"a": [hang()], "b": [wait(1)]})
    t = trial.naming("`drain_until` returns a report also where no task has ended by `deadline`.")
    t.expect_begun("a", part="With a deadline that is ahead the first task is started.")
    expect_report(t, [])
    late = drained(play, "drain_until", {"a": [wait(1)]}, ends=-1)
    expect_report(late.naming("`drain_until` returns a report also with a deadline that has passed."), [])


@check("R2", misconception="hard-means-loud", step="soft-or-hard")
def test_hard_end(play: Play) -> None:
    """When the deadline interrupts a task, `drain_or_fail` raises a bare `TimeoutError`, not one in a group."""
    t = drained(play, "drain_or_fail", {"a": [wait(4)], "b": [hang()], "c": [wait(1)]})
    t.expect_begun("a", "b")
    expect_timeout_error(t)


def expect_interrupted(t: Trace) -> None:
    """Expect what R2 says of a call whose second task was interrupted: a report without it, or `TimeoutError`."""
    if t.call.what == "drain_until":
        expect_report(t, ["a"])
    else:
        expect_timeout_error(t)


@check("R2", misconception="waiting-ends-the-task", step="look-then-take")
def test_cleanup_awaited(play: Play) -> None:
    """The call ends when the cleanup of the interrupted task has ended; the task counts as interrupted."""
    for t in both(play, {"a": [wait(4)], "b": [cleanup(wait(3)), hang()], "c": [wait(1)]}):
        part = "At `deadline` the task that runs is cancelled."
        t.expect("b was cancelled", after(t.of("b").cancelled_at), about(10), unit=AFTER, part=part)
        part = "The call ends when the cleanup of the interrupted task has ended."
        t.expect("the call ended", after(t.call.end), about(13), unit=AFTER, part=part)
        expect_interrupted(t)


@check("R2", misconception="own-deadline-only", step="one-clock")
def test_later_deadline_around(play: Play) -> None:
    """A later deadline around the call changes nothing: `deadline` expires."""
    for t in both(play, {"a": [wait(4)], "b": [hang()], "c": [wait(1)]}, enclosing=[START + 90, START + 50]):
        t.expect("b was cancelled", after(t.of("b").cancelled_at), about(10), unit=AFTER)
        expect_interrupted(t)


@check("R2", misconception="cancelled-means-undone", step="whose-timeout")
def test_error_at_the_deadline(play: Play) -> None:
    """A task that raises an `Exception`, of any class, when the deadline cancels it has failed with that exception."""
    answers = ([fail("E")], [wait(1), fail("E", "TimeoutError")], [wait(1), fail("E", "ConnectionError")])
    for steps in answers:
        for t in both(play, {"a": [wait(4)], "b": [on_cancel(*steps), hang()]}):
            expect_settled(t, ["a"], {"b": "E"})


@check("R2", misconception="cancelled-means-undone", step="whose-timeout")
def test_error_in_the_cleanup(play: Play) -> None:
    """A task whose cleanup raises an `Exception` at the deadline has failed, and has left the queue."""
    for kind in ("Fault", "TimeoutError"):
        for t in both(play, {"a": [wait(4)], "b": [cleanup(wait(2), fail("E", kind)), hang()], "c": [wait(1)]}):
            expect_settled(t, ["a"], {"b": None})


@check("R2", misconception="cancelled-means-undone", step="whose-timeout")
def test_finishes_all_the_same(play: Play) -> None:
    """A task that finishes although the deadline interrupted it is done, and has left the queue."""
    for steps in ([give(1)], [wait(1), give(None)]):
        for t in both(play, {"a": [wait(4)], "b": [on_cancel(*steps), hang()], "c": [wait(1)]}):
            expect_settled(t, ["a", "b"])


@check("R2", misconception="cancelled-means-undone", step="whose-timeout")
def test_never_noticed_the_deadline(play: Play) -> None:
    """A task that a shield kept from being cancelled at the deadline, and that ended later, is done or has failed."""
    for t in both(play, {"a": [wait(4)], "b": [cleanup(wait(9)), give(1)], "c": [wait(1)]}):
        expect_settled(t, ["a", "b"])
    for t in both(play, {"a": [wait(4)], "b": [cleanup(wait(9)), fail("E")], "c": [wait(1)]}):
        expect_settled(t, ["a"], {"b": None})


# -- R3: nothing is lost ---------------------------------------------------------------------------------------------
@check("R3", misconception="pop-before-work", step="look-then-take")
def test_interrupted_stays(play: Play) -> None:
    """The task that the deadline interrupts is still in the queue, in its place."""
    names = play.shuffled(["a", "b", "c", "d", "e"])
    for place in (0, play.pick(1, 3), 4):
        tasks = {name: [cleanup(wait(1)), hang()] if i == place else [wait(1)] for i, name in enumerate(names)}
        for t in both(play, tasks):
            t.expect_begun(names[place])
            expect_nothing_lost(t, tasks)


@check("R3", misconception="pop-before-work", step="look-then-take")
def test_failed_and_interrupted(play: Play) -> None:
    """Where tasks failed before, the task that the deadline interrupts and those after it still stay in order."""
    tasks = {"c": [wait(1), fail("E1")], "b": [wait(1)], "e": [fail("E2")], "d": [hang()], "a": [wait(1)]}
    for t in both(play, tasks):
        t.expect_begun("c")
        expect_nothing_lost(t, tasks)


@check("R3", misconception="cancelled-means-undone", step="look-then-take")
def test_in_one_place_only(play: Play) -> None:
    """A task that ends by itself when the deadline cancels it is done, has failed, or is in the queue: one of the three."""
    for end in (give(1), fail("E")):
        tasks = {"a": [wait(2)], "b": [on_cancel(wait(1), end), hang()], "c": [wait(1)]}
        t = drained(play, "drain_until", tasks)
        t.expect_begun("b")
        expect_nothing_lost(t, tasks)


@check("R3", misconception="pop-after-a-checkpoint", step="let-cancellation-through")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment: what has ended is out of the queue, all else is in it, once, in order."""
    tasks = {"d": [wait(2)], "a": [wait(1), fail("E")], "c": [cleanup(wait(1)), wait(3)], "b": [hang()], "e": [wait(1)]}
    for function in BOTH:
        for t in drained(play, function, tasks).cancelled("caller"):
            expect_begun_unless_cancelled(t, "d")
            expect_nothing_lost(t, tasks)


@check("R3", misconception="pop-before-work", step="let-cancellation-through")
def test_deadline_around_interrupts(play: Play) -> None:
    """The task that a tighter deadline around the call interrupts is still in the queue, in its place."""
    tasks = {"c": [wait(2)], "a": [cleanup(wait(1)), hang()], "b": [wait(1)]}
    for t in both(play, tasks, within=6):
        t.expect_begun("a")
        expect_nothing_lost(t, tasks)


@check("R3", misconception="every-cancellation-is-my-deadline", step="let-cancellation-through")
def test_deadline_and_cancellation(play: Play) -> None:
    """When the deadline expires and the call is cancelled during one cleanup, in either order, no task is lost."""
    tasks = {"c": [wait(2)], "a": [cleanup(wait(9)), hang()], "b": [wait(1)]}
    for moment in (6, 12):
        for t in both(play, tasks, cancelled=moment):
            t.expect_begun("a")
            expect_nothing_lost(t, tasks)


@check("R3", misconception="cancelled-means-undone", step="let-cancellation-through")
def test_ends_all_the_same_when_cancelled(play: Play) -> None:
    """A task that finishes or fails although the call was cancelled from outside is not left in the queue."""
    ends = ([cleanup(wait(5)), give(1)], [on_cancel(wait(1), give(1)), hang()], [on_cancel(fail("E")), hang()])
    for steps in ends:
        for t in both(play, {"a": [wait(2)], "b": steps, "c": [hang()]}, cancelled=4):
            expect_queue(t, ["c"])


@check("R3", misconception="pop-before-work", step="let-cancellation-through")
def test_cancelled_before_the_call(play: Play) -> None:
    """When the caller was cancelled before the call, the queue is as it was; else the same tasks run."""
    tasks = {"b": [wait(1)], "c": [wait(1)], "a": [wait(1)]}
    for function in BOTH:
        part = "When the caller was not cancelled, the tasks of the queue run."
        drained(play, function, tasks).expect_begun("b", part=part)
        t = drained(play, function, tasks, begin=[wait(START), cancel("caller")])
        expect_queue(t, ["b", "c", "a"], "When the caller was cancelled before the call, the queue is as it was.")


@check("R3", misconception="put-back-at-the-end", step="deadlines-around", core=False)
def test_skipped_stay_in_order(play: Play) -> None:
    """Tasks that were not started for their estimates are still in the queue, in the original order."""
    names = ["first", *play.shuffled(["a", "b", "c", "d", "e", "f"])]
    tasks = {name: [wait(1)] for name in names}
    estimates = {names[index]: LONG + index for index in (1, 2, 4, 5)}
    for t in both(play, tasks, estimates=estimates):
        t.expect_begun("first")
        expect_nothing_lost(t, tasks)


@check("R3", misconception="put-back-at-the-end", step="deadlines-around", core=False)
def test_skipped_and_interrupted(play: Play) -> None:
    """A task that is interrupted after others were skipped keeps its place in the queue, and so do they."""
    names = ("first", "c", "e", "a", "d", "f", "b")
    tasks = {name: [hang()] if name == "d" else [wait(1)] for name in names}
    estimates = {"c": LONG, "a": LONG, "f": LONG}
    for function in BOTH:  # the first run of a sweep is undisturbed: there the deadline interrupts
        for t in drained(play, function, tasks, estimates=estimates).cancelled("caller"):
            expect_begun_unless_cancelled(t, "first")
            expect_nothing_lost(t, tasks)


@check("R3", misconception="catch-everything", step="deadlines-around", core=False)
def test_skipped_and_left_by_an_interrupt(play: Play) -> None:
    """An exception that is not an `Exception` ends the call: the tasks that were skipped before keep their places."""
    tasks = {name: [wait(1)] for name in ("first", "c", "e", "a", "d", "b")}
    tasks["a"] = [wait(1), fail("stop", "Abandon")]
    for t in both(play, tasks, estimates={"c": LONG, "d": LONG}):
        t.expect_begun("first")
        if "stop" in t.call.errors:  # else G5 is broken; whether `a` is given back is G5's too
            expect_nothing_lost(t, tasks)
