"""Checks for your own use: run them with ``pytest exercises/m13_deadline_worker_pool``. Others count, but ask the same.

A plan gives each job a script: `wait(2)` sleeps two virtual seconds, `hang()` waits forever, `give("A")` ends with a
value, `fail("E")` raises, `look()` reads the deadline around the job. The call is made at `START`; other times are
seconds after that.
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
    fail_after,
    give,
    give_error,
    hang,
    in_group,
    near,
    token,
    verb,
    wait,
)

START = 100
look, move = verb("look"), verb("move")


def pool(play: Play, jobs: Mapping[str, Sequence[Any]], *, workers: int = 10, ends: float = 10, **plan: Any) -> Trial:
    """A pool with a deadline `ends` seconds after `START`; so are the times in `deadlines` and `enclosing`."""
    if "deadlines" in plan:
        plan["deadlines"] = {name: START + moment for name, moment in plan["deadlines"].items()}
    plan["enclosing"] = [START + moment for moment in plan.get("enclosing", ())]
    return play(start=START, jobs=jobs, workers=workers, deadline=START + ends, **plan)


def report(t: Trial, who: str = "caller") -> list[Any]:
    """Name, status, value and error of each outcome, in the order of that caller's report."""
    t.expect_that("the report", t.call.value is not None, "run_pool returned None")
    rows = t.first(t.notes("report", who), f"the report of the {who}", "is not there")["value"]
    t.expect_that("the report", isinstance(rows, list), str(rows))
    strange = [row[0] for row in rows if not isinstance(row[0], str)]
    t.expect_that("the keys of the report", not strange, f"not names of jobs: {strange}")
    return list(rows)


def expect_run(t: Trial, *names: str) -> None:
    """Fail unless these jobs were run."""
    never = [name for name in names if not t.all("run", name)]
    t.expect_that("jobs", not never, f"{', '.join(never)} never called")


def status(t: Trial, *names: str) -> list[Any]:
    """What happened to these jobs."""
    found = {row[0]: row[1] for row in report(t)}
    return [found.get(name) for name in names]


@check("R1", misconception="finishing-order", step="every-ending-is-an-outcome")
def test_report(play: Play) -> None:
    """Every job has one outcome, in the order of `jobs`: `DONE` with its value, `FAILED` with its exception."""
    t = pool(play, {"a": [wait(3), give("A")], "b": [wait(1), fail("E", "TimeoutError")], "c": [wait(2), give("C")]})
    wanted = [["a", "DONE", token("A"), None], ["b", "FAILED", None, token("E")], ["c", "DONE", token("C"), None]]
    t.expect("the report", report(t), wanted)
    t.expect("the report on no jobs", report(pool(play, {})), [])


@check("R1", misconception="empty-means-failed", step="every-ending-is-an-outcome")
def test_any_value(play: Play) -> None:
    """Whatever a job returns, also `None`, 0 or an exception: it is `DONE`."""
    t = pool(play, {"a": [give(None)], "b": [wait(1), give(0)], "c": [give_error("E")]}, workers=1)
    t.expect(
        "the report", report(t), [["a", "DONE", None, None], ["b", "DONE", 0, None], ["c", "DONE", token("E"), None]]
    )
    t = pool(play, {"d": [wait(1), give("D")], "e": [wait(1), give("E")]}, workers=1, one_callable=True)
    values = sorted((row[2] for row in report(t)), key=repr)
    t.expect("the values of two jobs with the same `run`", values, [token("D"), token("E")])


@check("R1", misconception="error-class-guessed", step="every-ending-is-an-outcome")
def test_any_error(play: Play) -> None:
    """Whatever `Exception` a job raises, it is `FAILED` with that very exception, and is not called again."""
    kinds = ["WouldBlock", "ConnectionError", "ExceptionGroup of one", "KeyError", "TimeoutError"]
    t = pool(play, {kind: [wait(1), fail(f"E{n}", kind)] for n, kind in enumerate(kinds)}, workers=1)
    t.expect("the report", report(t), [[kind, "FAILED", None, token(f"E{n}")] for n, kind in enumerate(kinds)])
    t.expect("jobs that were called", len(t.all("run")), 5)
    t = pool(play, {"a": [in_group(), fail_after(1), hang()]})
    t.expect("a job in which a timeout of its own expires, in a task group", status(t, "a"), ["FAILED"])


@check("R1", misconception="state-of-all-calls", step="workers-share-a-queue")
def test_two_pools(play: Play) -> None:
    """Two pools at the same time report on their own jobs, also if those have the same names."""
    more = {"b": [wait(2), give("B")], "a": [wait(3), fail("F")]}
    beside = {"jobs": more, "workers": 2, "deadline": START + 50}
    t = pool(play, {"a": [wait(1), give("A")], "b": [wait(3), fail("E")]}, workers=2, beside=beside)
    t.expect("the report", report(t), [["a", "DONE", token("A"), None], ["b", "FAILED", None, token("E")]])
    other = [["b", "DONE", token("B"), None], ["a", "FAILED", None, token("F")]]
    t.expect("the report of the other pool", report(t, "other"), other)


@check("R2", misconception="limit-is-a-hint", step="workers-share-a-queue")
def test_workers(play: Play) -> None:
    """Never more than `workers` jobs run at once; when one ends, the next one starts at that moment."""
    t = pool(play, {f"i{n}": [wait(1 + n / 4 if n else 3.2), give(n)] for n in range(5)}, workers=2, ends=60)
    t.expect("jobs at once", t.most_open("run"), at_most(2))
    ends = sorted(run.end for run in t.all("run") if run.end is not None)
    starts = sorted(run.start for run in t.all("run"))
    t.expect("jobs start at", starts, [near(moment) for moment in (START, START, *ends[:3])])
    t = pool(play, {"a": [wait(2)], "b": [wait(1)]}, workers=2, one_callable=True)
    t.expect("jobs at once that have the same `run`", t.most_open("run"), 2)
    beside = {"jobs": {"d": [wait(2)], "e": [wait(1)]}, "workers": 1, "deadline": START + 50}
    t = pool(play, {"a": [wait(2)], "b": [wait(1)]}, workers=1, beside=beside)
    t.expect("jobs at once, of two pools with one worker each", t.most_open("run"), 2)


@check("R3", misconception="one-end-for-all", step="an-end-for-each-job")
def test_end_of_a_job(play: Play) -> None:
    """A job is called once, with its own end, a point in time, and no later deadline is in force inside it."""
    t = pool(play, {"a": [look(), wait(1)], "b": [look(), wait(1), fail("E")]}, deadlines={"a": 6, "b": 60})
    t.expect("jobs that were called", sorted(t.names("run")), ["a", "b"])
    for name, end in (("a", 6), ("b", 10)):
        t.expect(f"{name} was called with", t.of(name).args, [near(START + end)])
        t.expect(f"deadline in force inside {name}", t.of(name)[look()].value, at_most(START + end))
    t = pool(play, {"c": [wait(1)]}, deadlines={"c": 6}, plain=True)
    called = t.first(t.notes("called", "c"), "c", "was never called")["value"]
    t.expect("deadline in force when the plain function of c was called", called, at_most(START + 6))


@check("R4", misconception="late-is-a-failure", step="every-ending-is-an-outcome")
def test_timed_out(play: Play) -> None:
    """A job that still runs at its end is cancelled and `TIMED_OUT`; its worker goes on with the next."""
    t = pool(play, {"a": [hang()], "b": [wait(2)]}, workers=1, deadlines={"a": 4, "b": 9})
    t.expect("a was cancelled at", t.of("a").cancelled_at, near(START + 4))
    t.expect("a and b", status(t, "a", "b"), ["TIMED_OUT", "DONE"])
    t = pool(play, {"c": [hang()]}, workers=1)
    t.expect("c was cancelled at", t.of("c").cancelled_at, near(START + 10))
    t.expect("c", status(t, "c"), ["TIMED_OUT"])


@check("R5", misconception="cancellation-stops-the-worker", step="start-what-can-finish")
def test_skipped(play: Play) -> None:
    """A job is `SKIPPED`, and not called, if its end has passed or less time than its estimate is left."""
    jobs = {"a": [wait(1)], "b": [wait(1)], "c": [wait(1)]}
    t = pool(play, jobs, workers=1, deadlines={"a": -1, "b": 60}, estimates={"b": 11, "c": 4})
    t.expect("a, b and c", status(t, "a", "b", "c"), ["SKIPPED", "SKIPPED", "DONE"])
    t.expect("jobs that were called", t.names("run"), ["c"])
    t = pool(play, {"d": [wait(7)], "e": [wait(7)]}, workers=1, estimates={"d": 5, "e": 5})
    t.expect("d and e, whichever comes first", sorted(map(str, status(t, "d", "e"))), ["DONE", "SKIPPED"])
    t = pool(play, {"f": [wait(1)], "g": [wait(1)]}, deadlines={"f": 6, "g": 6}, estimates={"f": 8, "g": 4})
    t.expect("f and g, with an end of their own", status(t, "f", "g"), ["SKIPPED", "DONE"])


@check("R5", misconception="own-deadline-only", step="room-to-report")
def test_end_of_the_pool(play: Play) -> None:
    """The pool ends `margin` before the tightest deadline around it, if that is sooner than its own deadline."""
    t = pool(play, {"a": [hang()]}, ends=60, enclosing=[20, 80], margin=2)
    t.expect("a was cancelled at", t.of("a").cancelled_at, near(START + 18))
    t = pool(play, {"a": [hang()]}, ends=10, enclosing=[11], margin=2)
    t.expect("with a deadline around it at 11 s, a was cancelled at", t.of("a").cancelled_at, near(START + 9))
    jobs = {name: [wait(1), move(0, START + 70)] for name in ("a", "b")}
    t = pool(play, jobs, workers=1, ends=60, enclosing=[20], margin=2)
    for name in jobs:  # the first of them moves the deadline around the call: that comes too late
        t.expect(f"{name} was called with", t.of(name).args, [near(START + 18)])


@check("R5", misconception="wait-for-the-deadline", step="room-to-report")
def test_ends_with_the_last_job(play: Play) -> None:
    """The call returns as soon as every job has its outcome."""
    t = pool(play, {"a": [wait(1), give("A")], "b": [wait(2), give("B")]}, margin=0)
    t.expect("the call ended at", t.call.end, near(START + 2))


@check("R6", misconception="first-come-first-served", step="most-urgent-first", core=False)
def test_most_urgent_first(play: Play) -> None:
    """The job with the earliest `deadline` starts first; equal ones start in the order of `jobs`."""
    jobs = {name: [wait(1)] for name in ("c", "b", "a", "d")}
    t = pool(play, jobs, workers=1, ends=20, deadlines={"c": 90, "b": 90, "d": 80})
    t.expect("jobs as they were started", t.names("run"), ["d", "c", "b", "a"])


@check("R7", misconception="report-when-it-strikes", step="room-to-report", core=False)
def test_report_in_time(play: Play) -> None:
    """With a margin the report is there before the deadline around the call expires."""
    t = pool(play, {"a": [wait(3), give("A")], "b": [hang()]}, enclosing=[9], margin=0.5)
    t.expect_that("under a deadline around the call", t.call.how == "returned", f"run_pool {t.call.ending}")
    expect_run(t, "a", "b")
    t.expect("the call ended at", t.call.end, at_most(START + 8.5))


@check("R8", misconception="cancelled-goes-on", step="every-ending-is-an-outcome")
def test_cancelled(play: Play) -> None:
    """Cancelled from outside, all jobs are cancelled and none is started any more."""
    t = pool(play, {f"i{n}": [wait(6)] for n in range(4)}, workers=2).cancel("caller", at=START + 4)
    t.one("run")
    for run in t.all("run"):
        t.expect(f"{run.who} ended at", run.end, at_most(START + 4))
    late = [run.who for run in t.all("run") if run.start > START + 1 and run.how != "cancelled"]
    t.expect("jobs that were started afterwards", late, [])


@check("R8", misconception="only-zero-is-wrong", step="workers-share-a-queue")
def test_bad_arguments(play: Play) -> None:
    """`workers < 1` or `margin < 0` raises `ValueError`, and no job is called."""
    for options in ({"workers": 0}, {"margin": -1}):
        t = pool(play, {"a": [wait(1)]}, **options)
        t.expect_that("bad arguments", "ValueError" in t.call.errors, f"run_pool {t.call.ending}")
        t.expect("jobs that were called", t.names("run"), [])


@check("G1", misconception="asyncio-is-everywhere", step="workers-share-a-queue")
def test_both_backends(play: Play) -> None:
    """The file works on asyncio and on trio."""
    t = pool(play, {"a": [wait(1)], "b": [hang()]}, workers=1)
    t.one("run")
    t.expect_that("on this backend", t.call.how == "returned", f"run_pool {t.call.ending}")


@check("G2", misconception="streams-close-themselves", step="workers-share-a-queue")
def test_nothing_left(play: Play) -> None:
    """When the call ends, no task, stream or lock of it is left."""
    t = pool(play, {"a": [wait(1)], "b": [cleanup(wait(1)), hang()]})
    expect_run(t, "a", "b")
    t.expect_nothing_left()


@check("G3", misconception="every-cancellation-is-my-deadline", step="every-ending-is-an-outcome")
def test_cancellation_passes(play: Play) -> None:
    """Cancelled from outside, the call ends by that: nothing is reported."""
    t = pool(play, {"a": [wait(6)], "b": [wait(7)]}).cancel("caller", at=START + 4)
    expect_run(t, "a", "b")
    t.expect_that("cancelled from outside", t.call.how == "cancelled", f"run_pool {t.call.ending}")
    t = pool(play, {"c": [cleanup(wait(20)), hang()]}).cancel("caller", at=START + 4)
    ending = f"run_pool {t.call.ending} after a cleanup past the deadline"
    t.expect_that("cancelled from outside", t.call.how == "cancelled", ending)


@check("G4", misconception="blocking-is-short", step="workers-share-a-queue")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop."""
    t = pool(play, {"a": [wait(1)], "b": [fail("E")]})
    expect_run(t, "a", "b")
    t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="every-ending-is-an-outcome")
def test_interrupt_passes(play: Play) -> None:
    """An exception that is not an `Exception`, such as `KeyboardInterrupt`, is not an outcome: it leaves the call."""
    for kind in play.interrupts:
        t = pool(play, {"a": [wait(1), fail("stop", kind)], "b": [wait(9)]})
        t.expect_that("`stop` of a should leave the call", "stop" in t.call.errors, f"it {t.call.ending}")
        t.expect("the call ended at", t.call.end, near(START + 1))


@check("G6", misconception="look-again-and-again", step="workers-share-a-queue")
def test_no_busy_waiting(play: Play) -> None:
    """Long jobs do not make the call wake up more often."""
    t = pool(play, {"a": [wait(4000)], "b": [wait(5000)], "c": [wait(3000)]}, workers=2, ends=9000)
    expect_run(t, "a", "b", "c")
    t.expect("wake-ups", t.call.steps, at_most(100))


@check("G8", misconception="refused-too-late", step="workers-share-a-queue")
def test_refused_at_once(play: Play) -> None:
    """Bad arguments raise a `ValueError` that is in no group."""
    for options in ({"workers": 0}, {"margin": -1}):
        t = pool(play, {"a": [wait(1)]}, **options)
        t.expect_that("bad arguments", t.call.raised == "ValueError", f"run_pool {t.call.ending}")


@check("G9", misconception="run-is-a-coroutine-function", step="every-ending-is-an-outcome")
def test_any_callable(play: Play) -> None:
    """`run` may be anything that returns an awaitable; one that raises when it is called has failed."""
    t = pool(play, {"a": [awaitable(), wait(1)], "b": [at_once(), fail("E")]})
    t.expect("a and b", status(t, "a", "b"), ["DONE", "FAILED"])
    t = pool(play, {"c": [wait(1)]}, partials=True)
    t.expect("c, a `functools.partial` without a name", status(t, "c"), ["DONE"])
