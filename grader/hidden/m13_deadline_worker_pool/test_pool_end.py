"""Hidden checks of m13: the pool's end, the report in time, cancellation from outside."""

from __future__ import annotations

from typing import Any

from grader import (
    Play,
    Trace,
    about,
    at_least,
    at_most,
    at_once,
    check,
    cleanup,
    fail,
    give,
    hang,
    near,
    on_cancel,
    wait,
)

from .plans import (
    NEVER,
    START,
    Jobs,
    expect_at,
    expect_called_with,
    expect_some_run,
    expect_status,
    move,
    outcomes,
    pool,
    refusals,
    since,
    status,
    takes,
)


def expect_not_started(t: Trace, *names: str, end: float = NEVER, started: str = "") -> None:
    """Expect that these jobs are `SKIPPED` and were not called; at the very end of the pool either goes.

    `started` is what is wrong if one was called, in place of the check's sentence.
    """
    found = status(t, *names)
    for name in names:
        runs = t.all("run", name)
        if runs and runs[0].start == near(START + end) and found[name] in {"SKIPPED", "TIMED_OUT", "DONE"}:
            continue
        seen = f"it was, {round(runs[0].start - START, 4):g} s after the call" if runs else ""
        t.expect_that(f"{name} should not be started", not runs, seen, part=started)
        part = "A job that was not started is `SKIPPED`."
        t.expect(f"outcome of {name}, which was not started", found[name], "SKIPPED", part=part)


def started_before(t: Trace, name: str, moment: float) -> bool:
    """Whether the job was started by then (s after `START`): whichever comes first is for R6."""
    return any(run.start < START + moment for run in t.all("run", name))


# -- R5: what is not started, and the pool's end ---------------------------------------------------------------------
@check("R5", misconception="fits-the-pool", step="start-what-can-finish")
def test_estimate(play: Play) -> None:
    """A job is `SKIPPED`, and not started, if less time than its estimate is left until its own end; else it is started."""
    jobs = {name: takes(1) for name in ("a", "b", "c", "d", "e")}
    estimates = {"a": 5.5, "b": 4.5, "c": 10.5, "d": 9.5, "e": 10.5}
    plan = {"deadlines": {"a": 5, "b": 5, "e": 50}, "estimates": estimates}
    for pools in (
        {"ends": 10},
        {"ends": 80, "enclosing": [70, 12, 90], "margin": 2},
        {"ends": None, "enclosing": [10.5], "margin": 0.5},
    ):
        t = pool(play, jobs, **plan, **pools)
        expect_not_started(t, "a", "c", "e", started=MISFIT)
        expect_status(t, part=FIT, b="DONE", d="DONE")


MISFIT = "A job is not started if less time than its estimate is left until its own end."
FIT = "A job is started if its whole estimate is left until its own end."


@check("R5", misconception="times-are-whole-seconds", step="start-what-can-finish")
def test_estimates_of_any_size(play: Play) -> None:
    """A job is started if its whole estimate is left, be that fractions of a second or hours, and `SKIPPED` otherwise."""
    for scale in (0.02, 1, 360):
        jobs = {name: takes(scale) for name in ("a", "b", "c", "d")}
        estimates = {"a": 5.1 * scale, "b": 4.9 * scale, "c": 10.2 * scale, "d": 9.8 * scale}
        plan = {"deadlines": {"a": 5 * scale, "b": 5 * scale}, "estimates": estimates}
        t = pool(play, jobs, ends=10 * scale, **plan)
        expect_not_started(t, "a", "c", started=MISFIT)
        expect_status(t, part=FIT, b="DONE", d="DONE")


@check("R5", misconception="looked-at-up-front", step="start-what-can-finish")
def test_looked_at_when_it_would_start(play: Play) -> None:
    """Whether a job still fits is decided when a worker is free for it, by the time that is left then."""
    slow = {"a": takes(6), "b": takes(1), "c": takes(1)}
    estimates = {"a": 2.0, "b": 5.0, "c": 2.5}
    t = pool(play, slow, workers=1, estimates=estimates)
    expect_some_run(t)
    found = status(t, *slow)
    free = max([START, *(run.end or NEVER for run in t.all("run"))])
    for name, estimate in estimates.items():
        for run in t.all("run", name):
            part = "A job is not started if less time than its estimate is left when a worker is free for it."
            what = f"seconds left when {name} was started"
            t.expect(what, START + 10 - run.start, at_least(estimate), part=part)
        fitted = found[name] == "SKIPPED" and START + 10 - free >= estimate
        part = "A job is started if the time that is left when a worker is free for it is enough for its estimate."
        t.expect_that(
            f"{name} should be started", not fitted, "it was skipped, though there was time enough", part=part
        )
    quick = {"a": takes(1), "b": takes(1), "c": takes(1)}
    t = pool(play, quick, workers=1, estimates={"a": 7.5, "b": 7.8, "c": 7.2})
    t.expect_begun(*quick)
    expect_status(t, a="DONE", b="DONE", c="DONE")


@check("R5", misconception="misfit-ends-the-worker", step="start-what-can-finish")
def test_others_that_fit_are_started(play: Play) -> None:
    """After a job that is skipped, the worker goes on with the other jobs."""
    jobs = {name: takes(1) for name in ("a", "b", "c", "d", "e")}
    for workers in (1, 2, 9):
        t = pool(play, jobs, workers=workers, deadlines={"a": 1, "b": 2, "c": 4}, estimates={"a": 50, "b": 50})
        expect_status(t, a="SKIPPED", b="SKIPPED", c="DONE", d="DONE", e="DONE")


@check("R5", misconception="own-deadline-only", step="start-what-can-finish")
def test_infinite_time(play: Play) -> None:
    """Without any deadline every job is started, whatever its estimate, and runs until it ends by itself."""
    t = pool(play, {"a": takes(900), "b": takes(1)}, workers=1, ends=None, estimates={"a": 1e6, "b": 1e9}, margin=3)
    t.expect_begun("a", "b")
    expect_status(t, a="DONE", b="DONE")


@check("R5", misconception="cancellation-stops-the-worker", step="start-what-can-finish")
def test_its_end_has_passed(play: Play) -> None:
    """A job whose own deadline passed before its turn is `SKIPPED` and never called."""
    jobs = {"a": takes(5), "b": takes(1), "c": [give("C")], "d": takes(1), "e": [at_once(), fail("E")]}
    deadlines = {"a": 2, "b": 3, "c": 4, "d": 30, "e": 3.5}
    t = pool(play, {**jobs, "a": [cleanup(wait(6)), hang()]}, workers=1, deadlines=deadlines)
    late = [name for name in ("b", "c", "e") if not started_before(t, name, deadlines[name])]
    started = "A job whose own deadline passed before its turn is never called."
    expect_not_started(t, *late, started=started)
    others = "After a job whose own deadline has passed, the other jobs are run."
    expect_status(t, part=others, d="DONE")
    t = pool(play, jobs, deadlines={"b": -1, "c": -START, "e": -0.5})
    expect_not_started(t, "b", "c", "e", started=started)
    expect_status(t, part=others, a="DONE", d="DONE")


@check("R5", misconception="cancellation-stops-the-worker", step="room-to-report", wide=True)
def test_nothing_is_started_after_the_end(play: Play) -> None:
    """When the pool's end has passed, no other job is called: all that wait are `SKIPPED`."""
    late: list[list[Any]] = [
        [cleanup(wait(3)), hang()],
        [cleanup(wait(12)), give(1)],
        [on_cancel(wait(1), fail("E")), hang()],
    ]
    for running in late:
        jobs = {"a": running, "b": [give(1)], "c": takes(1), "d": [at_once(), fail("F")]}
        for plan in ({}, {"ends": 80, "enclosing": [90], "margin": 80}):
            t = pool(play, jobs, workers=1, deadlines={"a": 70, "b": 75, "d": 85}, **plan)
            t.expect_begun("a")
            waiting = [name for name in ("b", "c", "d") if not started_before(t, name, 9.9)]
            expect_not_started(t, *waiting, started="When the pool's end has passed, no other job is called.")


@check("R5", misconception="cancellation-stops-the-worker", step="room-to-report")
def test_pool_has_ended_before_it_began(play: Play) -> None:
    """If the pool's end has passed at the call, everything is `SKIPPED`, and the call returns at once."""
    jobs = {"a": [give(1)], "b": takes(1), "c": [at_once(), fail("F")]}
    for plan in (
        {"ends": -1},
        {"ends": 80, "enclosing": [5], "margin": 7},
        {"ends": None, "enclosing": [3], "margin": 4},
    ):
        t = pool(play, jobs, workers=2, deadlines={"a": 60, "b": 50}, **plan)
        expect_not_started(t, "a", "b", "c", started="If the pool's end has passed at the call, no job is called.")
        part = "If the pool's end has passed at the call, the call returns at once."
        expect_at(t, "the call ended", t.call.end, about(0), part=part)


#: pools, and their ends (s after `START`)
POOLS: list[tuple[dict[str, Any], float]] = [
    ({"ends": 10}, 10),
    ({"ends": 10, "margin": 3}, 10),
    ({"ends": 10, "margin": 3, "enclosing": [60]}, 10),
    ({"ends": 10, "margin": 3, "enclosing": [12]}, 9),
    ({"ends": 10, "margin": 3, "enclosing": [10]}, 7),
    ({"ends": 60, "margin": 1.5, "enclosing": [50, 10, 40]}, 8.5),
    ({"ends": 60, "margin": 1.5, "enclosing": [10, 30]}, 8.5),
    ({"ends": None, "margin": 1.5, "enclosing": [10]}, 8.5),
    ({"ends": 9.5, "margin": 2, "enclosing": [10]}, 8),
]


@check("R5", misconception="margin-always", step="room-to-report")
def test_end_of_the_pool(play: Play) -> None:
    """The pool ends at `deadline`, or `margin` before the tightest deadline around the call, whichever is sooner."""
    for plan, end in POOLS:
        t = pool(play, {"a": [hang()], "b": [hang()]}, deadlines={"b": 70}, **plan)
        for name in ("a", "b"):
            moment = t.of(name).cancelled_at
            expect_at(t, f"{name} was cancelled", moment, about(end), part=about_margin(plan, since(moment)))


def about_margin(plan: dict[str, Any], seen: Any) -> str:
    """What is wrong with the end of a pool, if that is plain, as a sentence."""
    margin, own, around = plan.get("margin", 0), plan["ends"], min(plan.get("enclosing", [NEVER]))
    if own is not None and margin and seen == near(own - margin, within=0.05):
        return "The `margin` is taken off the deadline around the call, not off the pool's own `deadline`."
    if own is not None and margin and seen == near(own, within=0.05) and own < around < NEVER:
        return "The `margin` is taken off the deadline around the call, also where the pool's own deadline is sooner than that."
    if around < NEVER and seen in (near(around, within=0.05), near(own or NEVER, within=0.05)):
        return (
            "The pool ends `margin` before the tightest deadline around the call, if its own `deadline` is not sooner."
        )
    return ""


@check("R5", misconception="own-deadline-only", step="room-to-report")
def test_deadline_around_without_margin(play: Play) -> None:
    """With `margin=0`, or without one, the pool ends at the tightest deadline around the call, if that is sooner."""
    for given in ({}, {"margin": 0}):
        jobs = {"a": takes(1), "b": [hang()], "c": takes(1)}
        t = pool(play, jobs, workers=1, ends=60, enclosing=[90, 10], **given)
        expect_at(t, "b was cancelled", t.of("b").cancelled_at, about(10))
        expect_at(t, "the call ended", t.call.end, about(10))


@check("R5", misconception="own-deadline-only", step="room-to-report")
def test_enclosing_deadline_of_the_call(play: Play) -> None:
    """The pool's end is fixed when the call is made: a deadline around it that is moved later does not move it."""
    jobs: Jobs = {name: [wait(1), move(0, START + 70), wait(1)] for name in ("a", "b", "c")}
    t = pool(play, jobs, workers=1, ends=90, enclosing=[20], margin=2, deadlines={"a": 50, "b": 60})
    part = "The pool's end is fixed when the call is made: a deadline around it that is moved later does not move it."
    for name in jobs:
        expect_called_with(t, name, 18, part)
    t = pool(play, {"d": [move(0, START + 70), hang()]}, ends=90, enclosing=[20], margin=2)
    expect_at(t, "d was cancelled", t.of("d").cancelled_at, about(18))


@check("R5", misconception="late-is-skipped", step="room-to-report")
def test_all_that_waits_is_skipped(play: Play) -> None:
    """At the pool's end every job that was not started is `SKIPPED`, and the call returns."""
    jobs = {"a": [hang()], "b": takes(9.2), "c": [hang()], "d": takes(1), "e": takes(2)}
    for number, (plan, end) in enumerate(POOLS[::2]):
        t = pool(play, jobs, workers=1 + number % 2, **plan)
        expect_some_run(t)
        started = {run.who for run in t.all("run") if run.start < START + end - 1e-3}
        waiting = [name for name in jobs if name not in started]
        expect_not_started(t, *waiting, end=end, started="At the pool's end no other job is started.")
        expect_at(t, "the call ended", t.call.end, about(end), part="At the pool's end the call returns.")


@check("R5", misconception="wait-for-the-deadline", step="room-to-report")
def test_returns_sooner(play: Play) -> None:
    """The call returns as soon as every job has its outcome, whatever the outcomes are."""
    plans: list[tuple[dict[str, Any], float]] = [
        ({"jobs": {"a": takes(1), "b": takes(2)}}, 2),
        ({"jobs": {"a": takes(1), "b": [wait(2), fail("E")]}, "ends": None}, 2),
        ({"jobs": {"a": takes(1), "b": [hang()]}, "deadlines": {"b": 4}}, 4),
        ({"jobs": {"a": takes(1), "b": takes(1)}, "estimates": {"b": 99}}, 1),
        ({"jobs": {"a": takes(1), "b": takes(1)}, "estimates": {"a": 99, "b": 99}}, 0),
        ({"jobs": {"a": takes(3), "b": takes(1)}, "deadlines": {"a": 9, "b": -1}, "workers": 1}, 3),
        ({"jobs": {}}, 0),
        ({"jobs": {}, "ends": None}, 0),
    ]
    for plan, end in plans:
        t = pool(play, **plan)
        t.expect_begun(*(["a"] if end else []))
        expect_at(t, "the call ended", t.call.end, about(end))


# -- R7: the report is there in time ---------------------------------------------------------------------------------
@check("R7", misconception="report-when-it-strikes", step="room-to-report", core=False)
def test_report_in_time(play: Play) -> None:
    """With a margin, however small, the report is there before the tightest deadline around the call expires."""
    jobs = {"a": takes(1), "b": [hang()], "c": takes(30), "d": takes(1)}
    for margin, ends, workers in ((3, 60, 1), (0.5, 10, 2), (0.01, None, 1), (0.01, 9.995, 2), (1, 10, 3)):
        t = pool(play, jobs, workers=workers, ends=ends, enclosing=[80, 10, 50], margin=margin)
        t.expect_that("under a deadline around the call", t.call.how == "returned", f"it {t.call.ending}")
        expect_some_run(t)
        expect_at(t, "the call ended", t.call.end, at_most(10 - margin + 0.004))


@check("R7", misconception="report-when-it-strikes", step="room-to-report", core=False)
def test_report_in_time_in_many_orders(play: Play) -> None:
    """Under a deadline of the caller all outcomes are reported before it expires, whatever the order of events."""
    jobs: dict[str, Any] = {f"i{n}": takes(time) for n, time in enumerate(play.draw(5))}
    jobs |= {"late": [hang()], "slow": takes(20), "bad": [wait(1), fail("E")]}
    for t in pool(play, jobs, workers=3, ends=60, margin=0.5).within("caller", START + 8).orders(8):
        t.expect_that("under a deadline of the caller", t.call.how == "returned", f"it {t.call.ending}")
        t.expect("jobs that have an outcome", sorted(outcomes(t)), sorted(jobs))
        expect_some_run(t)


# -- R8: cancelled from outside, bad arguments -----------------------------------------------------------------------
def expect_over(t: Trace, *, cleaned: float = 0.0) -> None:
    """Fail the subject if, cancelled from outside, it went on, or called another job."""
    for cancelled in t.notes("cancel", "caller"):
        moment = cancelled["t"]
        what = f"the call, cancelled at {moment - START:.2f} s, ended"
        part = "When the call is cancelled from outside, it ends as soon as the jobs have cleaned up."
        expect_at(t, what, t.call.end, at_most(moment - START + cleaned + 0.05), part=part)
        for run in t.all("run"):
            cut = run.how == "cancelled" and run.cancelled_at == near(run.start, within=0.001)
            begun = run.begun < cancelled["order"] or cut
            part = "When the call has been cancelled from outside, no other job is started."
            t.expect_that("cancelled from outside", begun, f"{run.who} was started afterwards", part=part)
            if run.start < moment - 1e-6 and (run.end or NEVER) > moment + 1e-6:
                part = "When the call is cancelled from outside, the jobs that run are cancelled at once."
                expect_at(t, f"{run.who} was cancelled", run.cancelled_at, at_most(moment - START + 0.05), part=part)


@check("R8", misconception="cancelled-goes-on", step="every-ending-is-an-outcome")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment, all jobs are cancelled, none is started any more, and the call ends."""
    times = play.draw(4)
    jobs: dict[str, Any] = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 3 == 1 else give("V")] for n in range(4)}
    jobs |= {"late": [hang()]}
    for t in pool(play, jobs, workers=2, ends=20, deadlines={"late": 3}).cancelled("caller"):
        if not t.notes("cancel"):
            expect_some_run(t)
        expect_over(t)


@check("R8", misconception="cancelled-goes-on", step="every-ending-is-an-outcome")
def test_cancelled_in_the_midst(play: Play) -> None:
    """Cancelled from outside while all workers are busy, the call ends when the jobs have cleaned up, and starts no other."""
    jobs = {f"i{n}": [wait(1), cleanup(wait(n / 5)), wait(9), give("V")] for n in range(6)}
    for workers in (1, 3):
        for t in pool(play, jobs, workers=workers, ends=60).cancel("caller", at=START + 4).orders(4):
            expect_some_run(t)
            begun = [int(run.who[1:]) for run in t.all("run") if run.start < START + 1]
            expect_over(t, cleaned=max(begun, default=0) / 5)
            part = "A call that is cancelled from outside does not return a report: it ends cancelled."
            t.expect_that("cancelled from outside", t.call.how != "returned", f"run_pool {t.call.ending}", part=part)


@check("R8", misconception="cancelled-goes-on", step="every-ending-is-an-outcome")
def test_a_job_answers_the_cancellation(play: Play) -> None:
    """Cancelled from outside, the call starts no other job, also if the running one returns or raises as it is cancelled."""
    for answer in (give(1), fail("E"), fail("E", "TimeoutError")):
        jobs = {f"i{n}": [on_cancel(wait(1), answer), wait(9)] for n in range(3)}
        for workers in (1, 2):
            t = pool(play, jobs, workers=workers, ends=60).cancel("caller", at=START + 4)
            expect_some_run(t)
            late = [run.who for run in t.all("run") if run.start > START + 1 and (run.end or NEVER) > run.start + 1.05]
            t.expect("jobs that ran on after the cancellation", late, [])


@check("R8", misconception="only-zero-is-wrong", step="workers-share-a-queue")
def test_bad_arguments(play: Play) -> None:
    """`workers < 1` or `margin < 0` raises `ValueError`, also without jobs."""
    for words, t in refusals(play):
        part = f"{words} `ValueError`."
        t.expect_that("bad arguments", "ValueError" in t.call.errors, f"run_pool {t.call.ending}", part=part)
