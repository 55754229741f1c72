"""Hidden checks of m13: the rules of every exercise."""

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
    give,
    hang,
    near,
    on_cancel,
    wait,
)

from .plans import NEVER, START, expect_at, expect_some_run, expect_status, pool, refusals, status, takes


def interrupted(t: Trace) -> bool:
    """Whether a job was cut by a cancellation from outside."""
    return any(run.outside and run.how == "cancelled" for run in t.all("run"))


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="workers-share-a-queue")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""
    jobs = {"a": takes(1), "b": [wait(1), fail("E")], "c": [hang()], "d": takes(1), "e": takes(1)}
    plan: dict[str, Any] = {"workers": 1, "deadlines": {"c": 4, "b": 3, "a": 2, "d": 8}, "estimates": {"e": 9}}
    wanted = ["DONE", "FAILED", "TIMED_OUT", "DONE", "SKIPPED"]
    t = play.expect_portable(
        "what happened to the jobs",
        lambda on: pool(on, jobs, **plan),
        lambda t: list(status(t, *jobs).values()),
        wanted,
    )
    expect_some_run(t)


@check("G2", misconception="streams-close-themselves", step="workers-share-a-queue")
def test_nothing_left_behind(play: Play) -> None:
    """When the call ends, however it ends, no task, stream or lock of it is left."""
    jobs: dict[str, Any] = {"a": takes(1), "b": [wait(1), fail("E")], "c": [cleanup(wait(1)), hang()], "d": takes(2)}
    for trial in (pool(play, jobs, workers=1, deadlines={"c": 5}), pool(play, jobs, workers=2, ends=2.5)):
        expect_some_run(trial)
        trial.expect_nothing_left()
    pool(play, jobs, estimates=dict.fromkeys(jobs, 99)).expect_nothing_left()
    pool(play, {}, workers=2).expect_nothing_left()
    pool(play, {**jobs, "d": [wait(3), fail("stop", "Abandon")]}, workers=2).expect_nothing_left()
    pool(play, jobs, workers=0).expect_nothing_left()
    for t in pool(play, jobs, workers=2, deadlines={"c": 6}).cancelled("caller"):
        t.expect_nothing_left()


@check("G3", misconception="every-cancellation-is-my-deadline", step="every-ending-is-an-outcome")
def test_cancellation_passes(play: Play) -> None:
    """A cancellation from outside that cuts a job short is not an outcome of that job: the call itself is cancelled."""
    jobs: dict[str, Any] = {"a": takes(2), "b": [wait(1), fail("E")], "c": [cleanup(wait(1)), wait(9)], "d": takes(4)}
    for t in pool(play, jobs, workers=1, ends=20, deadlines={"c": 8}).cancelled("caller"):
        if not t.notes("cancel"):
            expect_some_run(t)
        if interrupted(t):
            moment = t.notes("cancel", "caller")[0]["t"]
            t.expect_cancelled()
            part = "A call that is cancelled from outside ends as soon as the jobs have cleaned up."
            expect_at(t, "the call ended", t.call.end, at_most(moment - START + 1.05), part=part)


@check("G3", misconception="every-cancellation-is-my-deadline", step="every-ending-is-an-outcome")
def test_nothing_is_reported_that_did_not_happen(play: Play) -> None:
    """A call that is cancelled from outside does not report jobs as late or skipped that had time enough."""
    jobs: dict[str, Any] = {"a": takes(2), "b": takes(3), "c": takes(4)}
    undisturbed: list[Any] = []
    for t in pool(play, jobs, workers=2, ends=60).cancelled("caller"):
        seen = [note["value"] for note in t.notes("report")]
        if not t.notes("cancel"):
            t.expect_begun(*jobs)
            undisturbed = seen
        elif t.call.how == "returned":
            t.expect("the report", seen, undisturbed)


@check("G3", misconception="every-cancellation-is-my-deadline", step="every-ending-is-an-outcome")
def test_cancelled_with_a_long_cleanup(play: Play) -> None:
    """A call that is cancelled from outside ends cancelled, also if a job's cleanup lasts until after the job's end."""
    jobs = {"a": [cleanup(wait(8)), hang()], "b": takes(9)}
    for deadlines in ({}, {"a": 6}):
        for workers in (1, 2):
            t = pool(play, jobs, workers=workers, deadlines={"b": 30, **deadlines}).cancel("caller", at=START + 4)
            expect_some_run(t)
            t.expect_cancelled()
            part = "A call that is cancelled from outside ends as soon as the jobs have cleaned up."
            expect_at(t, "the call ended", t.call.end, at_most(12.05), part=part)


@check("G3", misconception="shield-the-jobs", step="every-ending-is-an-outcome")
def test_cancelled_while_a_late_job_cleans_up(play: Play) -> None:
    """Cancelled from outside while a job that ran out of time cleans up, the others are cancelled too."""
    jobs = {"a": [cleanup(wait(3)), hang()], "b": takes(9), "c": takes(9)}
    t = pool(play, jobs, workers=2, ends=60, deadlines={"a": 4, "b": 20}).cancel("caller", at=START + 5)
    expect_at(t, "b was cancelled", t.of("b").cancelled_at, about(5))
    t.expect_cancelled(part="A call that is cancelled from outside ends cancelled, also while a late job cleans up.")
    part = "A call that is cancelled from outside ends as soon as the jobs have cleaned up."
    expect_at(t, "the call ended", t.call.end, at_most(7.05), part=part)


@check("G4", misconception="blocking-is-short", step="workers-share-a-queue")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop, however the jobs end."""
    jobs = {"a": takes(0.1), "b": [wait(0.1), fail("E")], "c": [hang()], "d": takes(1)}
    for workers in (1, 3):
        t = pool(play, jobs, workers=workers, ends=0.5, estimates={"d": 0.6})
        expect_some_run(t)
        t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="every-ending-is-an-outcome")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is not an `Exception`, such as `SystemExit`, is not an outcome: it leaves the call."""
    for kind in play.interrupts:
        for first in (wait(2), at_once()):
            t = pool(play, {"a": takes(1), "b": [first, fail("stop", kind)], "c": takes(3)}, workers=2)
            t.expect_that("`stop` of b should leave the call", "stop" in t.call.errors, f"it {t.call.ending}")


@check("G5", misconception="catch-everything", step="every-ending-is-an-outcome")
def test_groups_of_interrupts_pass(play: Play) -> None:
    """A `BaseExceptionGroup` that is not an `ExceptionGroup`, since an interrupt is in it, is not an outcome: it leaves the call."""
    t = pool(play, {"a": takes(1), "b": [wait(2), fail("stop", "BaseExceptionGroup")], "c": takes(3)}, workers=2)
    t.expect_that("what b raised should leave the call", "Abandon" in t.call.errors, f"it {t.call.ending}")


@check("G5", misconception="catch-everything", step="every-ending-is-an-outcome")
def test_interrupts_in_the_cleanup_pass(play: Play) -> None:
    """An exception that is not an `Exception` leaves the call, also if a job raises it as it is cancelled at its end."""
    for steps in ([on_cancel(fail("stop", "Abandon"))], [cleanup(wait(1), fail("stop", "Abandon"))]):
        for deadlines in ({"b": 4}, {}):
            t = pool(play, {"a": takes(1), "b": [*steps, hang()]}, workers=1, deadlines={"a": 3, **deadlines})
            t.expect_that("`stop` of b should leave the call", "stop" in t.call.errors, f"it {t.call.ending}")


@check("G5", misconception="catch-everything", step="every-ending-is-an-outcome")
def test_an_interrupt_ends_the_others(play: Play) -> None:
    """When a job raises what is not an `Exception`, such as `SystemExit`, the jobs that run are cancelled, and no other starts."""
    jobs = {"a": [wait(2), fail("stop", "Abandon")], "b": takes(9), "c": takes(1.7), "d": takes(1.7)}
    t = pool(play, jobs, workers=2, ends=60, deadlines={"a": 20, "b": 30})
    stop = t.one("run", "a").end or t.time
    for run in t.all("run"):
        if run.who != "a" and run.start < stop - 0.05 and (run.end or NEVER) > stop - 0.05:
            part = "When a job raises what is not an `Exception`, the jobs that run are cancelled."
            wanted = near(stop - START, within=0.05)
            expect_at(t, f"{run.who} was cancelled", run.cancelled_at, wanted, part=part)
    late = [run.who for run in t.all("run") if run.start > stop - 0.05 and run.how != "cancelled"]
    part = "When a job has raised what is not an `Exception`, no other job starts."
    t.expect("jobs that ran afterwards", late, [], part=part)


@check("G6", misconception="look-again-and-again", step="workers-share-a-queue")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: waiting forty times as long takes no more wake-ups."""
    trials: list[Trace] = []
    for s in (1, 40):
        jobs = {"a": takes(2 * s), "b": [cleanup(wait(5 * s)), hang()], "c": takes(3 * s)}
        for workers in (1, 8):
            t = pool(play, jobs, workers=workers, ends=30 * s, deadlines={"b": 9 * s}, enclosing=[50 * s], margin=s)
            expect_some_run(t)
            trials.append(t)
    for quick, slow in zip(trials[:2], trials[2:], strict=True):
        wanted = at_most(quick.call.steps + 20)
        slow.expect("wake-ups when all takes forty times as long", slow.call.steps, wanted)


@check("G6", misconception="look-again-and-again", step="start-what-can-finish")
def test_no_busy_waiting_for_misfits(play: Play) -> None:
    """Tasks sleep until something happens: jobs that do not fit, and idle workers, take no wake-ups."""
    t = pool(play, {"a": takes(100), "b": takes(1), "c": takes(1)}, workers=9, ends=200, estimates={"b": 300, "c": 400})
    t.expect_begun("a")
    t.expect("wake-ups", t.call.steps, at_most(120))


@check("G8", misconception="refused-too-late", step="workers-share-a-queue")
def test_refused_at_once(play: Play) -> None:
    """Bad arguments raise a bare `ValueError` before any job is called."""
    for words, t in refusals(play):
        grouped = "ValueError" in t.call.errors
        part = "The `ValueError` for bad arguments is not in a group." if grouped else f"{words} `ValueError`."
        t.expect_that("bad arguments", t.call.raised == "ValueError", f"run_pool {t.call.ending}", part=part)
        part = "Bad arguments are refused at once."
        expect_at(t, "the call was refused", t.call.end, near(0), part=part)
        part = "Bad arguments are refused before any job is called."
        t.expect("jobs that were called", t.names("run"), [], part=part)


@check("G9", misconception="run-is-a-coroutine-function", step="every-ending-is-an-outcome")
def test_any_callable(play: Play) -> None:
    """`run` may be anything that returns an awaitable when it is called."""
    jobs = {"a": [awaitable(), wait(1), give("A")], "b": [wait(1), give("B")], "c": [awaitable(), wait(1), fail("E")]}
    for workers in (1, 3):
        for partials in (False, True):
            t = pool(play, jobs, workers=workers, partials=partials)
            part = "`run` may be a callable without a `__name__`, such as a `functools.partial`." if partials else ""
            expect_status(t, part=part, a="DONE", b="DONE", c="FAILED")


@check("G9", misconception="run-is-a-coroutine-function", step="every-ending-is-an-outcome")
def test_any_callable_has_its_end(play: Play) -> None:
    """A job whose `run` returns an awaitable that is not a coroutine is cancelled at its end too."""
    t = pool(play, {"a": [awaitable(), hang()], "b": takes(1)}, workers=1, deadlines={"a": 4})
    t.expect("how `run` of a ended", t.of("a").how, "cancelled")
    expect_status(t, b="DONE")


@check("G9", misconception="run-is-a-coroutine-function", step="every-ending-is-an-outcome")
def test_raises_at_once(play: Play) -> None:
    """A job whose `run` raises when it is called, before anything is awaited, is `FAILED` like any other."""
    jobs: dict[str, Any] = {"a": [at_once(), fail("E1")], "b": takes(1), "c": [at_once(), fail("E2", "OSError")]}
    for workers in (1, 3):
        t = pool(play, {**jobs, "d": takes(1)}, workers=workers)
        expect_status(t, a="FAILED", b="DONE", c="FAILED", d="DONE")
