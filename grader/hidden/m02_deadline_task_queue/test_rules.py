"""Hidden checks of m02: the rules of every exercise."""

from __future__ import annotations

from typing import Any

from grader import (
    Play,
    Trace,
    about,
    at_most,
    at_once,
    awaitable,
    check,
    cleanup,
    fail,
    hang,
    on_cancel,
    one_of,
    wait,
)

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
    expect_started,
    queue_of,
)

CANCELLED = "Cancelled from outside, the call ends cancelled: no report, no `TimeoutError`."


def expect_cancelled(t: Trace, *, by: float, part: str = CANCELLED) -> None:
    """Expect that the first call was left by the cancellation from outside, as `part` says, at that time at the latest."""
    t.expect_that("cancelled from outside", t.call.is_cancelled, f"{t.call.name} {t.call.ending}", part=part)
    part = "Cancelled from outside, the call ends as soon as the running task has cleaned up."
    t.expect("the call ended", after(t.call.end), at_most(by - START + 0.05), unit=AFTER, part=part)


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="one-clock")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""
    tasks = {"a": [wait(1)], "b": [wait(1), fail("E")], "c": [hang()], "d": [wait(1)]}
    for function, right in zip(BOTH, ("returned", "raised"), strict=True):
        t = play.expect_portable(
            "tasks started, tasks left, ending",
            lambda on, function=function: drained(on, function, tasks),
            lambda t: [t.names("run"), queue_of(t), t.call.how],
            [["a", "b", "c"], ["c", "d"], right],
        )
        t.expect_begun("a")


@check("G2", misconception="things-close-themselves", step="let-cancellation-through")
def test_nothing_left_behind(play: Play) -> None:
    """When a call ends, however it ends, no task, stream or lock of it is left."""
    plans: list[Tasks] = [
        {"a": [wait(1)], "b": [wait(1), fail("E")]},
        {"a": [wait(1)], "b": [on_cancel(fail("E")), hang()]},
        {"a": [wait(1), fail("stop", "Abandon")], "b": [wait(1)]},
    ]
    for tasks in plans:
        for t in both(play, tasks):
            t.expect_begun("a")
            t.expect_nothing_left()
    for t in both(play, {"a": [wait(1)]}, ends=-1):
        t.expect_nothing_left()
    for function in BOTH:
        tasks = {"a": [wait(1)], "b": [cleanup(wait(1)), hang()], "c": [wait(1)]}
        for t in drained(play, function, tasks).cancelled("caller"):
            expect_begun_unless_cancelled(t, "a")
            t.expect_nothing_left()


@check("G3", misconception="every-cancellation-is-my-deadline", step="let-cancellation-through")
def test_cancelled_from_outside(play: Play) -> None:
    """Cancelled from outside, the call ends cancelled, at once: no report, no `TimeoutError`, and no task goes on."""
    tasks = {"a": [wait(2)], "b": [wait(3)], "c": [cleanup(wait(1)), hang()]}
    for moment, task, by in ((1.5, "a", 1.5), (4, "b", 4), (7.5, "c", 8.5)):
        for t in both(play, tasks, cancelled=moment):
            part = "Cancelled from outside, the task that runs is cancelled at once."
            t.expect(f"{task} was cancelled", after(t.of(task).cancelled_at), about(moment), unit=AFTER, part=part)
            expect_cancelled(t, by=START + by)


@check("G3", misconception="every-cancellation-is-my-deadline", step="let-cancellation-through")
def test_tighter_deadline_strikes(play: Play) -> None:
    """A tighter deadline around the call cancels the running task and then the call: it is somebody else's deadline."""
    for t in both(play, {"a": [wait(2)], "b": [hang()], "c": [wait(1)]}, within=6):
        part = "A tighter deadline around the call cancels the task that runs."
        t.expect("b was cancelled", after(t.of("b").cancelled_at), about(6), unit=AFTER, part=part)
        part = "A tighter deadline around the call is somebody else's: the call ends cancelled."
        expect_cancelled(t, by=START + 6, part=part)


@check("G3", misconception="every-cancellation-is-my-deadline", step="let-cancellation-through")
def test_cancelled_with_a_long_cleanup(play: Play) -> None:
    """Cancelled from outside before the deadline, the call ends cancelled, also if a cleanup lasts past the deadline."""
    for t in both(play, {"a": [cleanup(wait(8)), hang()], "b": [wait(1)]}, cancelled=4):
        t.expect_begun("a")
        expect_cancelled(t, by=START + 12)


@check("G3", misconception="shield-keeps-the-queue", step="let-cancellation-through")
def test_cancellation_passes_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment before the deadline, the call does not go on."""
    tasks = {"a": [wait(2)], "b": [wait(1), fail("E")], "c": [cleanup(wait(1)), wait(2)], "d": [wait(9)]}
    for function in BOTH:
        for t in drained(play, function, tasks).cancelled("caller"):
            expect_begun_unless_cancelled(t, "a")
            moments = [entry["t"] for entry in t.notes("cancel")]
            if any(run.outside and run.how == "cancelled" for run in t.all("run")):
                expect_cancelled(t, by=moments[0] + 1)


@check("G4", misconception="blocking-is-short", step="one-clock")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop, however the tasks end."""
    tasks = {"a": [wait(0.1)], "b": [wait(0.1), fail("E")], "e": [wait(0.1)], "c": [hang()], "d": [wait(1)]}
    more: list[dict[str, Any]] = [{}, {"ends": 0.5}, {"ends": 0.5, "cancelled": 0.3}, {"ends": -1}]
    for plan in more:
        for t in both(play, tasks, estimates={"e": LONG}, **plan):
            t.expect_not_blocked()
            if not plan:
                t.expect_begun("a")


@check("G5", misconception="catch-everything", step="whose-timeout")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is not an `Exception`, such as `SystemExit`, is not a failed task: it leaves the call, and no other runs."""
    stops = [[wait(2), fail("stop", kind)] for kind in play.interrupts]
    for steps in (*stops, [at_once(), fail("stop", "Abandon")]):
        for t in both(play, {"a": [wait(1)], "b": steps, "c": [wait(1)]}):
            seen = f"{t.call.ending}, where `stop` of b should leave it"
            part = "An exception that is not an `Exception`, such as `SystemExit`, is not a failed task: it leaves the call."
            t.expect_that(t.call.name, "stop" in t.call.errors, seen, part=part)
            expect_started(t, ["a", "b"], "When a task raised what is not an `Exception`, no other is started.")


@check("G5", misconception="catch-everything", step="whose-timeout")
def test_groups_of_interrupts_pass(play: Play) -> None:
    """A group that holds an exception that is not an `Exception` leaves the call: its task has not failed."""
    for t in both(play, {"a": [wait(1), fail("stop", "BaseExceptionGroup")], "b": [wait(1)]}):
        t.expect_that(
            t.call.name, t.call.how == "raised", f"{t.call.ending}, where the group that a raised should leave it"
        )
        expect_started(t, ["a"], "When a task raised what is not an `Exception`, no other is started.")


@check("G5", misconception="catch-everything", step="whose-timeout")
def test_interrupts_in_the_cleanup_pass(play: Play) -> None:
    """An exception that is not an `Exception` leaves the call also when a task raises it at the deadline."""
    for steps in ([on_cancel(fail("stop", "Abandon"))], [cleanup(wait(1), fail("stop", "Abandon"))]):
        for t in both(play, {"a": [wait(1)], "b": [*steps, hang()], "c": [wait(1)]}):
            t.expect_that(t.call.name, "stop" in t.call.errors, f"{t.call.ending}, where `stop` of b should leave it")


@check("G5", misconception="catch-everything", step="look-then-take")
def test_interrupted_tasks_are_given_back(play: Play) -> None:
    """When a task raises what is not an `Exception`, the tasks after it stay in the queue, in order."""
    for stop in ([wait(2), fail("stop", "Abandon")], [on_cancel(wait(1), fail("stop", "Abandon")), hang()]):
        for t in both(play, {"b": stop, "a": [wait(1)], "c": [wait(1)]}):
            t.expect_begun("b")
            # `b` raised, which says that it leaves the queue, and was interrupted, which says that it stays: either.
            t.expect("the queue after the call", queue_of(t), one_of(["b", "a", "c"], ["a", "c"]))


@check("G6", misconception="look-again-and-again", step="one-clock")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: waiting forty times as long takes no more wake-ups."""
    quick, slow = (
        list(both(play, {"a": [wait(2 * s)], "b": [cleanup(wait(5 * s)), hang()]}, ends=10 * s)) for s in (1, 40)
    )
    for before, t in zip(quick, slow, strict=True):
        t.expect_begun("a", "b")
        t.expect(
            f"wake-ups, where waits forty times shorter took {before.call.steps}",
            t.call.steps,
            at_most(before.call.steps + 20),
        )


@check("G6", misconception="look-again-and-again", step="deadlines-around", core=False)
def test_no_busy_waiting_for_misfits(play: Play) -> None:
    """Tasks that do not fit are not looked at again and again: they take no wake-ups."""
    for t in both(play, {"a": [wait(10)], "b": [wait(1)]}, ends=100, estimates={"b": 200}):
        t.expect_begun("a")
        t.expect("wake-ups", t.call.steps, at_most(30))


@check("G9", misconception="work-is-a-coroutine-function", step="look-then-take")
def test_any_callable(play: Play) -> None:
    """`work` may be anything that returns an awaitable when it is called."""
    for t in both(play, {"a": [awaitable(), wait(1)], "b": [wait(1)]}, partials=True):
        t.expect("how a and b ended", [t.of("a").how, t.of("b").how], ["returned", "returned"])
    t = drained(play, "drain_until", {"a": [awaitable(), wait(1), fail("E")], "b": [awaitable(), wait(1)]})
    expect_report(t, ["b"], {"a": None})


@check("G9", misconception="work-is-a-coroutine-function", step="whose-timeout")
def test_raises_at_once(play: Play) -> None:
    """A task whose `work` raises when it is called, before anything is awaited, has failed like any other."""
    for t in both(play, {"a": [at_once(), fail("E1")], "b": [wait(1)], "c": [at_once(), fail("E2")], "d": [wait(1)]}):
        expect_started(t, ["a", "b", "c", "d"])
        if t.call.what == "drain_until":
            expect_report(t, ["b", "d"], {"a": None, "c": None})
