"""Checks for your own use: run them with ``pytest exercises/m02_deadline_task_queue``. Others count, but ask the same.

A plan gives each task a script: `wait(2)` sleeps two virtual seconds, `hang()` waits forever, `fail("E")` raises,
`cleanup(…)` is a ``finally`` block. The call is made at `START`; the deadline is ten seconds later.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from grader import (
    Play,
    Trial,
    at_most,
    at_once,
    awaitable,
    check,
    cleanup,
    fail,
    give,
    give_error,
    hang,
    near,
    on_cancel,
    one_of,
    token,
    wait,
)

BOTH = ("drain_until", "drain_or_fail")
START = 100
AFTER = "s after the call"
LATE = (on_cancel(wait(1), give(1)), hang())
"""A task that finishes one second after it was cancelled."""


def drained(play: Play, function: str, tasks: Mapping[str, Sequence[Any]], *, ends: float = 10, **more: Any) -> Trial:
    """A call at `START` with a deadline `ends` seconds later."""
    return play(tasks=tasks, functions=[function], deadline=START + ends, begin=[wait(START)], **more)


def queue_of(t: Trial) -> Any:
    """The tasks that are in the queue after the call."""
    notes = t.notes("queue")
    t.expect_that("the call", bool(notes), "was never made")
    return notes[0]["value"]


def reported(t: Trial, part: str, *, number: int = 0) -> Any:
    """What the report of the call of that number has as ``done`` (sorted: no clause orders it) or ``failed``."""
    report = t.first(t.calls()[number:], "the call", "was never made").value
    fields = getattr(report, "fields", {})
    fits = isinstance(fields.get("done"), list) and isinstance(fields.get("failed"), dict)
    t.expect_that("what the call returned", fits, f"{report!r}, which is not a `Report`")
    return sorted(fields["done"], key=repr) if part == "done" else fields["failed"]


def after(moment: float | None) -> float | str:
    """Seconds after the call, as feedback has them."""
    return "never" if moment is None else moment - START


def expect_started(t: Trial, *names: str, part: str = "") -> None:
    """Expect that those tasks were started, in that order, and no others."""
    seen = t.names("run")
    if len(set(seen)) < len(seen):
        part = "A task that has ended, done or failed, is not run again."
    t.expect("tasks as they were started", seen, list(names), part=part)


def expect_queue(t: Trial, *wanted: str, when: str = "") -> None:
    """Expect that those tasks are in the queue after the call, where one was interrupted; else say what is wrong with it."""
    seen, part = queue_of(t), ""
    if not isinstance(seen, list) or not all(type(name) is str for name in seen):
        pass
    elif sorted(seen) == sorted(wanted):
        part = "The task that was interrupted keeps its place: the queue has its tasks in the order in which they were."
    elif len(set(seen)) < len(seen):
        part = "Each task that is left is in the queue once."
    elif set(seen) > set(wanted):
        part = "A task that has finished is not in the queue any more."
    elif wanted[0] not in seen:
        lost = f"{when}the task that was interrupted is not lost: it is still in the queue."
        part = lost[0].upper() + lost[1:]
    t.expect("the queue after the call", seen, list(wanted), part=part)


def expect_timeout_error(t: Trial) -> None:
    """Expect that the call raised a `TimeoutError` that is not in a group."""
    seen = f"{t.call.ending}, where it should raise a bare `TimeoutError`"
    part = ""
    if t.call.how == "returned":
        part = "`drain_or_fail` raises `TimeoutError` if time left tasks in the queue."
        if not queue_of(t):
            part = "The tasks that were not done are not lost: they are still in the queue."
    t.expect_that(t.call.name, t.call.raised == "TimeoutError", seen, part=part)


@check("R1", misconception="queue-copied", step="look-then-take")
def test_done(play: Play) -> None:
    """Tasks run in the order of the queue; each one that finished, whatever it returned, is out of the queue and in `done`."""
    t = drained(play, "drain_until", {"b": [wait(1), give_error("E")], "a": [wait(2), give(0)]})
    t.expect("tasks that ran at the same time", t.most_open("run"), 1, part="Tasks run one at a time.")
    all_ran = {*t.names("run")} == {"a", "b"}
    part = "Tasks run in the order of the queue." if all_ran else "All tasks of the queue are run."
    expect_started(t, "b", "a", part=part)
    part = "Each task that finished, whatever it returned, is in `done`."
    t.expect("the report's done", reported(t, "done"), ["a", "b"], part=part)
    part = "Each task that finished is out of the queue that the call was given."
    t.expect("the queue after the call", queue_of(t), [], part=part)
    part = "When the last task has ended the call ends: it does not wait for the deadline."
    t.expect("the call ended", after(t.call.end), near(3), unit=AFTER, part=part)


@check("R1", misconception="every-timeout-error-is-the-deadline", step="whose-timeout")
def test_failed(play: Play) -> None:
    """A task that raised is in `failed` with its exception, also a `TimeoutError`, and the next one runs."""
    t = drained(
        play, "drain_until", {"a": [fail("E1")], "b": [fail("E2", "TimeoutError")], "c": [wait(1)], "d": [fail("E3")]}
    )
    part = "When a task has raised, the next one runs."
    own = "A task that raises a `TimeoutError` of its own has failed like any other, and the next one runs."
    expect_started(t, "a", "b", "c", "d", part=own if t.names("run") == ["a", "b"] else part)
    errors, failed = {"a": token("E1"), "b": token("E2"), "d": token("E3")}, reported(t, "failed")
    part = "A task that raised is in `failed`, under its name."
    if isinstance(failed, dict) and [*failed] == ["a", "d"]:
        part = "A task that raises a `TimeoutError` of its own is in `failed` like any other that raised."
    elif isinstance(failed, dict) and failed.keys() == errors.keys():
        part = "A task that raised is in `failed` with the very exception that it raised."
    t.expect("the report's failed", failed, errors, part=part)
    t.expect(
        "the report's done", reported(t, "done"), ["c"], part="A task that raised is in `failed` alone, not in `done`."
    )


@check("R2", misconception="relative-deadline", step="one-clock")
def test_soft_end(play: Play) -> None:
    """At `deadline`, a point in time, `drain_until` cancels the running task and returns what was done."""
    t = drained(play, "drain_until", {"a": [wait(4)], "b": [hang()], "c": [wait(1)]})
    t.expect("b was cancelled", after(t.of("b").cancelled_at), near(10), unit=AFTER)
    done = reported(t, "done")
    part = "A task that the deadline interrupted is not in `done`."
    t.expect("the report's done", done, ["a"], part=part if "b" in done else "")
    t = drained(play, "drain_until", {"b": [hang()]})
    t.expect("the report's done when the first task is interrupted", reported(t, "done"), [], part=part)


@check("R2", misconception="hard-means-loud", step="soft-or-hard")
def test_hard_end(play: Play) -> None:
    """At `deadline`, `drain_or_fail` cancels the running task and raises a bare `TimeoutError`, not one in a group."""
    t = drained(play, "drain_or_fail", {"a": [wait(4)], "b": [hang()], "c": [wait(1)]})
    expect_timeout_error(t)


@check("R2", misconception="cancelled-means-undone", step="whose-timeout")
def test_error_at_the_deadline(play: Play) -> None:
    """A task that raises an error when the deadline cancels it has failed."""
    t = drained(play, "drain_until", {"a": [on_cancel(fail("E")), hang()], "b": [wait(1)]})
    t.expect("the report's failed", reported(t, "failed"), {"a": token("E")})


@check("R2", misconception="cancelled-means-undone", step="whose-timeout")
def test_finishes_all_the_same(play: Play) -> None:
    """A task that finishes although the deadline cancelled it is done."""
    t = drained(play, "drain_until", {"a": LATE, "b": [wait(1)]})
    t.expect("the report's done", reported(t, "done"), ["a"])


@check("R3", misconception="pop-before-work", step="look-then-take")
def test_interrupted_stays(play: Play) -> None:
    """The task that the deadline interrupts is still in the queue, in its place."""
    for function in BOTH:
        t = drained(play, function, {"a": [wait(4)], "b": [hang()], "c": [wait(1)]})
        expect_queue(t, "b", "c")


@check("R3", misconception="pop-after-a-checkpoint", step="look-then-take")
def test_in_one_place_only(play: Play) -> None:
    """A task that finishes although the deadline cancelled it leaves the queue, and those behind it stay in order."""
    for function in BOTH:
        t = drained(play, function, {"a": LATE, "b": [wait(1)], "c": [wait(1)]})
        t.expect("the queue after the call", queue_of(t), ["b", "c"])


@check("R3", misconception="pop-before-work", step="let-cancellation-through")
def test_cancelled_task_stays(play: Play) -> None:
    """When the call is cancelled from outside, the interrupted task is still in the queue, in its place."""
    for function in BOTH:
        t = drained(play, function, {"a": [wait(4)], "b": [wait(4)], "c": [wait(1)]}).cancel("caller", at=106)
        expect_queue(t, "b", "c", when="when the call is cancelled from outside, ")


@check("R4", misconception="first-misfit-ends-it", step="deadlines-around", core=False)
def test_misfits_are_skipped(play: Play) -> None:
    """A task whose estimate is more than the time left is not started; a later one that fits is."""
    t = drained(play, "drain_until", {"a": [wait(1)], "b": [wait(1)]}, estimates={"a": 30, "b": 5})
    expect_started(t, "b")


@check("R5", misconception="cancellation-stops-the-loop", step="one-clock")
def test_deadline_has_passed(play: Play) -> None:
    """With a deadline that has passed, also during the call, nothing is started; with one that is ahead the task is."""
    for function in BOTH:
        part = "With a deadline that has passed before the call nothing is started."
        expect_started(drained(play, function, {"a": [give(1)]}, ends=-0.25), part=part)
        part = "When the deadline has passed while a task ran, no other is started."
        expect_started(drained(play, function, {"a": LATE, "b": [give(1)]}), "a", part=part)
        part = "With a deadline that is ahead the task is started."
        expect_started(drained(play, function, {"a": [give(1)]}, ends=5), "a", part=part)


@check("R6", misconception="hard-means-loud", step="soft-or-hard")
def test_nothing_is_left(play: Play) -> None:
    """`drain_or_fail` returns the report if no task is left, also if one failed; a second call has a report of its own."""
    t = drained(play, "drain_or_fail", {"a": [wait(1)], "b": [fail("E")]}, again=START + 60)
    t.expect("the report's done", reported(t, "done"), ["a"])
    part = "A second call has a report of its own: what the first one did is not in it."
    t.expect("done, in the second report", reported(t, "done", number=1), [], part=part)


@check("R6", misconception="hard-means-loud", step="soft-or-hard")
def test_last_task_ends_late(play: Play) -> None:
    """`drain_or_fail` returns the report if the last task finished after the deadline: nothing is left."""
    t = drained(play, "drain_or_fail", {"a": LATE})
    t.expect("the report's done", reported(t, "done"), ["a"])


@check("R6", misconception="cancelled-means-undone", step="soft-or-hard")
def test_tasks_left_although_none_was_interrupted(play: Play) -> None:
    """`drain_or_fail` raises `TimeoutError` if tasks are left because the running one finished after the deadline."""
    t = drained(play, "drain_or_fail", {"a": LATE, "b": [wait(1)]})
    expect_timeout_error(t)


@check("G1", misconception="asyncio-is-everywhere", step="one-clock")
def test_both_backends(play: Play) -> None:
    """The file works on asyncio and on trio."""
    t = drained(play, "drain_until", {"a": [wait(1)], "b": [hang()]})
    expect_started(t, "a", "b")
    t.expect("drain_until", t.call.how, "returned")


@check("G2", misconception="things-close-themselves", step="let-cancellation-through")
def test_nothing_left_behind(play: Play) -> None:
    """When the call ends, no task and no stream of it is left."""
    t = drained(play, "drain_until", {"a": [cleanup(wait(1)), hang()]})
    expect_started(t, "a")
    t.expect_nothing_left()


@check("G3", misconception="every-cancellation-is-my-deadline", step="let-cancellation-through")
def test_cancelled_from_outside(play: Play) -> None:
    """Cancelled from outside, the call ends cancelled: no report, no `TimeoutError`."""
    for function in BOTH:
        t = drained(play, function, {"a": [wait(4)], "b": [wait(4)]}).cancel("caller", at=106)
        expect_started(t, "a", "b")
        t.expect_that("cancelled from outside", t.call.how == "cancelled", f"{function} {t.call.ending}")
        t = drained(play, function, {"a": [cleanup(wait(8)), hang()]}).cancel("caller", at=104)
        ending = f"{function} {t.call.ending} after a cleanup past the deadline"
        t.expect_that("cancelled from outside", t.call.how == "cancelled", ending)


@check("G4", misconception="blocking-is-short", step="one-clock")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop."""
    t = drained(play, "drain_until", {"a": [fail("E")], "b": [hang()]})
    t.expect_not_blocked()
    expect_started(t, "a", "b")


@check("G5", misconception="catch-everything", step="whose-timeout")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is not an `Exception` is not a failed task: it leaves the call."""
    for kind in play.interrupts:
        t = drained(play, "drain_until", {"a": [fail("stop", kind)], "b": [wait(1)]})
        seen = f"{t.call.ending}, where {kind} of a should leave it"
        t.expect_that(t.call.name, "stop" in t.call.errors, seen)
        t.expect("the queue after the call", queue_of(t), one_of(["a", "b"], ["b"]))


@check("G6", misconception="look-again-and-again", step="one-clock")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: nothing is looked at again and again."""
    t = drained(play, "drain_until", {"a": [wait(1000)], "b": [hang()]}, ends=5000)
    expect_started(t, "a", "b")
    t.expect("wake-ups", t.call.steps, at_most(40))


@check("G9", misconception="work-is-a-coroutine-function", step="look-then-take")
def test_any_callable(play: Play) -> None:
    """`work` may be anything that returns an awaitable when it is called; if it raises at once, the task has failed."""
    tasks = {"a": [awaitable(), wait(1)], "b": [at_once(), fail("E")], "c": [wait(1)]}
    t = drained(play, "drain_until", tasks, partials=True)
    t.expect("the report's done", reported(t, "done"), ["a", "c"])
    t.expect("the report's failed", reported(t, "failed"), {"b": token("E")})
