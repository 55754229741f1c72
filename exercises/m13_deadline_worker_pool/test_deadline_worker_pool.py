"""Checks for your own use: run them with ``pytest exercises/m13_deadline_worker_pool``. Others count, but ask the same.

A plan gives each job a script: `wait(2)` sleeps two virtual seconds, `hang()` waits forever, `give("A")` ends with a
value, `fail("E")` raises, `look()` reads the deadline around the job. The call is made at `START`; other times are
seconds after that.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from grader import (
    Play,
    SentencePart,
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


def report(t: Trial, who: str = "caller", *, part: str = "") -> list[Any]:
    """Name, status, value and error of each outcome, in the order of that caller's report.

    Args:
        t: the run.
        who: the caller.
        part: of the check's sentence that does not hold if the call ends in another way than by returning.
    """
    if part:
        t.expect_that(
            f"`{t.call.what}`", t.call.how == "returned", f"{t.call.ending}, where it should return", part=part
        )
    t.expect_that("the report", t.call.value is not None, "`run_pool` returned None")
    rows = t.first(t.notes("report", who), f"the report of the {who}", "is not there")["value"]
    t.expect_that("the report", isinstance(rows, list), str(rows))
    strange = [row[0] for row in rows if not isinstance(row[0], str)]
    t.expect_that("the keys of the report", not strange, f"not names of jobs: {strange}")
    return list(rows)


def expect_at(t: Trial, what: str, moment: Any, wanted: Any, *, part: str = "") -> None:
    """Fail unless something happened at that time, in seconds after the call."""
    seen = moment - START if type(moment) in (int, float) else moment
    t.expect(f"counted from the call, {what} at", seen, wanted, part=part)


def expect_end(t: Trial, name: str, end: float) -> None:
    """Fail unless that job was called with an end so many seconds after the call, as a point in time."""
    what = f"the `end` that {name} was called with, where `run_pool` was called at {START} s"
    args = t.of(name).args
    late = [arg for arg in args if type(arg) in (int, float) and arg > START + 10.1]
    part = (
        "A job's end is never later than the pool's." if late else "A job is called with its own end, a point in time."
    )
    t.expect(what, args, [near(START + end)], part=part)


def expect_bounded(t: Trial, where: str, deadline: Any, end: float) -> None:
    """Fail unless the deadline in force there is at most so many seconds after the call."""
    seen = deadline - START if type(deadline) in (int, float) else deadline
    part = "A job runs under its own end: no later deadline is in force inside it, or when `run` is called."
    t.expect(f"the deadline in force {where}, in seconds after the call", seen, at_most(end), part=part)


def expect_run(t: Trial, *names: str) -> None:
    """Fail unless these jobs were run."""
    never = [name for name in names if not t.all("run", name)]
    part = "Jobs that have time enough are called."
    t.expect_that("jobs", not never, f"{', '.join(never)} never called", part=part)


def status(t: Trial, *names: str, part: str = "") -> list[Any]:
    """What happened to these jobs; `part` as for `report`."""
    found = {row[0]: row[1] for row in report(t, part=part)}
    return [found.get(name) for name in names]


def about_skipping(a: Any, b: Any, c: Any) -> str:
    """The part of what `test_skipped` says that does not hold: the end of `a` has passed, `b` does not fit, `c` does."""
    if None in (a, b):
        return SentencePart(
            "A job that is not called has its outcome too: it is `SKIPPED`.", step="start-what-can-finish"
        )
    if (a, b, c) == ("SKIPPED", "SKIPPED", "SKIPPED"):
        sentence = "After a job that is `SKIPPED` its worker goes on with the next one."
        return SentencePart(sentence, misconception="misfit-ends-the-worker", step="start-what-can-finish")
    if a != "SKIPPED":
        return "A job whose end has passed before it starts is `SKIPPED`, and not called."
    sentence = "A job is `SKIPPED`, and not called, if less time than its estimate is left."
    return SentencePart(sentence, step="start-what-can-finish")


def about_errors(rows: list[Any], kinds: list[str]) -> str:
    """The part of what `test_any_error` says that does not hold: about one kind of exception, or about all of them."""
    wrong = [kind for n, kind in enumerate(kinds) if rows[n : n + 1] != [[kind, "FAILED", None, token(f"E{n}")]]]
    after = [row[1] for row in rows if row[0] in wrong[1:]]
    if wrong == kinds[1:] and {row[1] for row in rows[1:]} == {"SKIPPED"}:
        return "After a job that raises its worker goes on with the next one."
    if len(wrong) != 1 and (set(after) != {"SKIPPED"} or wrong[:1] != kinds[:1]):
        return "A job that raises an `Exception`, of whatever class, is `FAILED` with that very exception."
    what = "a group with one exception in it" if wrong[0].endswith("of one") else f"a `{wrong[0]}`"
    return f"A job that raises {what} is `FAILED` with that very exception, as with any other class."


@check("R1", misconception="finishing-order", step="every-ending-is-an-outcome")
def test_report(play: Play) -> None:
    """Every job has one outcome, in the order of `jobs`: `DONE` with its value, `FAILED` with its exception."""
    t = pool(play, {"a": [wait(3), give("A")], "b": [wait(1), fail("E", "TimeoutError")], "c": [wait(2), give("C")]})
    wanted = [["a", "DONE", token("A"), None], ["b", "FAILED", None, token("E")], ["c", "DONE", token("C"), None]]
    part = "Every job has one outcome, in the order of `jobs`."
    raises = SentencePart(
        "A job that raises is `FAILED`: its exception does not leave the call, and the other jobs go on.",
        misconception="failure-ends-the-pool",
        step="every-ending-is-an-outcome",
    )
    rows = report(t, part=raises if "E" in t.call.errors else "")
    t.expect("the jobs of the report", [row[0] for row in rows], ["a", "b", "c"], part=part)
    others = [row[1] for row in report(t) if row[1] == "Outcome without a Status"]
    part = "The status of an outcome is a member of `Status`, such as `Status.DONE`: a text is not one."
    t.expect("outcomes with another status", others, [], part=part)
    part = "A job that raises is `FAILED`, also if what it raises is a `TimeoutError` of its own."
    t.expect("outcome of b, which raises a `TimeoutError`", status(t, "b"), ["FAILED"], part=part)
    rows = report(t)
    part = "A job that is `DONE` has the value that it returned." if [row[2] for row in rows] == [None] * 3 else ""
    if not part and [row[3] for row in rows] == [None] * 3:
        part = "A job that is `FAILED` has the exception that it raised."
    t.expect("the report", rows, wanted, part=part)
    part = SentencePart("Without jobs there is nothing to do: the report is empty.", step="every-ending-is-an-outcome")
    t.expect("the report on no jobs", report(pool(play, {}), part=part), [], part=part)


@check("R1", misconception="empty-means-failed", step="every-ending-is-an-outcome")
def test_any_value(play: Play) -> None:
    """Whatever a job returns, also `None`, 0 or an exception, it is `DONE` with that."""
    t = pool(play, {"a": [give(None)], "b": [wait(1), give(0)], "c": [give_error("E")]}, workers=1)
    t.expect(
        "the report", report(t), [["a", "DONE", None, None], ["b", "DONE", 0, None], ["c", "DONE", token("E"), None]]
    )
    t = pool(play, {"d": [wait(1), give("D")], "e": [wait(1), give("E")]}, workers=1, one_callable=True)
    values = sorted((row[2] for row in report(t)), key=repr)
    part = "Jobs that share one callable as their `run` are different jobs, each with its own outcome."
    t.expect("the values of two jobs with the same `run`", values, [token("D"), token("E")], part=part)


@check("R1", misconception="error-class-guessed", step="every-ending-is-an-outcome")
def test_any_error(play: Play) -> None:
    """A job that raises an `Exception`, of whatever class, is `FAILED` with that very exception, and is not tried again."""
    kinds = ["WouldBlock", "ConnectionError", "ExceptionGroup of one", "KeyError", "TimeoutError"]
    t = pool(play, {kind: [wait(1), fail(f"E{n}", kind)] for n, kind in enumerate(kinds)}, workers=1, ends=60)
    rows = report(t)
    wanted = [[kind, "FAILED", None, token(f"E{n}")] for n, kind in enumerate(kinds)]
    t.expect("the report", rows, wanted, part=about_errors(rows, kinds))
    t.expect("jobs that were called", len(t.all("run")), 5, part="A job that raises is not tried again.")
    t = pool(play, {"a": [in_group(), fail_after(1), hang()]})
    part = "A job whose own timeout expires, before its end, is `FAILED`, also if that comes in a group."
    t.expect("outcome of a job whose own timeout expires", status(t, "a"), ["FAILED"], part=part)


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
    t.expect("jobs at once", t.most_open("run"), at_most(2), part="Never more than `workers` jobs run at once.")
    ends = sorted(run.end for run in t.all("run") if run.end is not None)
    starts = sorted(run.start for run in t.all("run"))
    part = "When a job ends, its worker takes the next one at that moment."
    wanted = [near(moment - START) for moment in (START, START, *ends[:3])]
    t.expect("counted from the call, jobs start at", [moment - START for moment in starts], wanted, part=part)
    t = pool(play, {"a": [wait(2)], "b": [wait(1)]}, workers=2, one_callable=True)
    part = "Jobs that share one callable as their `run` run at the same time, like any others."
    t.expect("jobs at once that have the same `run`", t.most_open("run"), 2, part=part)
    beside = {"jobs": {"d": [wait(2)], "e": [wait(1)]}, "workers": 1, "deadline": START + 50}
    t = pool(play, {"a": [wait(2)], "b": [wait(1)]}, workers=1, beside=beside)
    part = "Two pools that run at the same time do not share their workers."
    t.expect("jobs at once, of two pools with one worker each", t.most_open("run"), 2, part=part)


@check("R3", misconception="one-end-for-all", step="an-end-for-each-job")
def test_end_of_a_job(play: Play) -> None:
    """A job is called once, with its own end, a point in time, and no later deadline is in force inside it."""
    t = pool(play, {"a": [look(), wait(1)], "b": [look(), wait(1), fail("E")]}, deadlines={"a": 6, "b": 60})
    t.expect("jobs that were called", sorted(t.names("run")), ["a", "b"], part="Each job is called once.")
    for name, end in (("a", 6), ("b", 10)):
        expect_end(t, name, end)
        expect_bounded(t, f"inside {name}", t.of(name)[look()].value, end)
    t = pool(play, {"c": [wait(1)]}, deadlines={"c": 6}, plain=True)
    called = t.first(t.notes("called", "c"), "c", "was never called")["value"]
    expect_bounded(t, "when `run` of c was called", called, 6)


@check("R4", misconception="late-is-a-failure", step="every-ending-is-an-outcome")
def test_timed_out(play: Play) -> None:
    """A job that still runs at its end is cancelled and `TIMED_OUT`; its worker goes on with the next."""
    t = pool(play, {"a": [hang()], "b": [wait(2)]}, workers=1, deadlines={"a": 4, "b": 9})
    expect_at(
        t, "a was cancelled", t.of("a").cancelled_at, near(4), part="A job that still runs at its end is cancelled."
    )
    a, b = status(t, "a", "b")
    t.expect(
        "outcome of a, which was cancelled at its end", a, "TIMED_OUT", part="A job cut off at its end is `TIMED_OUT`."
    )
    part = "When a job was cut off at its end, its worker goes on with the next job."
    t.expect("outcome of b, which waited for the worker", b, "DONE", part=part)
    t = pool(play, {"c": [hang()]}, workers=1)
    part = "A job that still runs at the pool's end is cancelled then, and `TIMED_OUT`."
    expect_at(t, "c was cancelled", t.of("c").cancelled_at, near(10), part=part)
    t.expect("outcome of c", status(t, "c", part=part), ["TIMED_OUT"], part=part)


@check("R5", misconception="cancellation-stops-the-worker", step="start-what-can-finish")
def test_skipped(play: Play) -> None:
    """A job is `SKIPPED`, and not called, if its end has passed or less time than its estimate is left."""
    jobs = {"a": [wait(1)], "b": [wait(1)], "c": [wait(1)]}
    t = pool(play, jobs, workers=1, deadlines={"a": -1, "b": 60}, estimates={"b": 11, "c": 4})
    seen = status(t, "a", "b", "c")
    t.expect("outcomes of a, b and c", seen, ["SKIPPED", "SKIPPED", "DONE"], part=about_skipping(*seen))
    t.expect("jobs that were called", t.names("run"), ["c"])
    t = pool(play, {"d": [wait(7)], "e": [wait(7)]}, workers=1, estimates={"d": 5, "e": 5})
    part = "Whether a job still fits is decided when a worker is free for it, by the time that is left then."
    seen = sorted(map(str, status(t, "d", "e")))
    if seen == ["SKIPPED", "TIMED_OUT"]:
        sentence = "An estimate is not a limit: a job that takes longer than its estimate runs on until its own end."
        part = SentencePart(sentence, misconception="estimate-is-a-limit", step="start-what-can-finish")
    t.expect("outcomes of d and e, whichever comes first", seen, ["DONE", "SKIPPED"], part=part)
    t = pool(play, {"f": [wait(1)], "g": [wait(1)]}, deadlines={"f": 6, "g": 6}, estimates={"f": 8, "g": 4})
    part = "A job is started only if its estimate fits into the time until its own end, not only until the pool's."
    t.expect("outcomes of f and g, with an end of their own", status(t, "f", "g"), ["SKIPPED", "DONE"], part=part)


@check("R5", misconception="own-deadline-only", step="room-to-report")
def test_end_of_the_pool(play: Play) -> None:
    """The pool ends `margin` before the tightest deadline around it, if that is sooner than its own deadline."""
    t = pool(play, {"a": [hang()]}, ends=60, enclosing=[20, 80], margin=2)
    expect_at(t, "a was cancelled", t.of("a").cancelled_at, near(18))
    t = pool(play, {"a": [hang()]}, ends=10, enclosing=[11], margin=2)
    ended = t.of("a").cancelled_at
    part = "The `margin` is taken off the deadline around the call, also where the pool's own deadline is sooner than that."
    if ended is not None and ended < START + 9:
        part = "The `margin` is taken off the deadline around the call alone, and not off the pool's own."
    expect_at(t, "under a deadline at 11 s, a was cancelled", ended, near(9), part=part)
    jobs = {name: [wait(1), move(0, START + 70)] for name in ("a", "b")}
    t = pool(play, jobs, workers=1, ends=60, enclosing=[20], margin=2)
    for name in jobs:  # the first of them moves the deadline around the call: that comes too late
        part = (
            "The pool's end is fixed when the call is made: a deadline around it that is moved later does not move it."
        )
        what = f"the `end` that {name} was called with, where `run_pool` was called at {START} s"
        t.expect(what, t.of(name).args, [near(START + 18)], part=part)


@check("R5", misconception="wait-for-the-deadline", step="room-to-report")
def test_ends_with_the_last_job(play: Play) -> None:
    """The call returns as soon as every job has its outcome."""
    t = pool(play, {"a": [wait(1), give("A")], "b": [wait(2), give("B")]}, margin=0)
    is_refused = "ValueError" in t.call.errors
    part = SentencePart("A `margin` of 0 is allowed.", step="room-to-report") if is_refused else ""
    expect_at(t, "the call ended", t.call.end, near(2), part=part)


@check("R6", misconception="first-come-first-served", step="most-urgent-first", core=False)
def test_most_urgent_first(play: Play) -> None:
    """The job with the earliest `deadline` starts first; equal ones start in the order of `jobs`."""
    jobs = {name: [wait(1)] for name in ("c", "b", "a", "d")}
    t = pool(play, jobs, workers=1, ends=20, deadlines={"c": 90, "b": 90, "d": 80})
    part = "The job with the earliest `deadline` starts first, also where the pool ends before all of them."
    if t.names("run") == ["d", "b", "c", "a"]:
        sentence = "Jobs with equal deadlines start in the order of `jobs`."
        part = SentencePart(sentence, misconception="order-for-equals", step="most-urgent-first")
    t.expect("jobs as they were started", t.names("run"), ["d", "c", "b", "a"], part=part)


@check("R7", misconception="report-when-it-strikes", step="room-to-report", core=False)
def test_report_in_time(play: Play) -> None:
    """With a margin the report is there before the deadline around the call expires."""
    t = pool(play, {"a": [wait(3), give("A")], "b": [hang()]}, enclosing=[9], margin=0.5)
    t.expect_that("under a deadline around the call", t.call.how == "returned", f"run_pool {t.call.ending}")
    expect_run(t, "a", "b")
    expect_at(t, "the call ended", t.call.end, at_most(8.5))


@check("R8", misconception="cancelled-goes-on", step="every-ending-is-an-outcome")
def test_cancelled(play: Play) -> None:
    """Cancelled from outside, all jobs are cancelled, and no other is started."""
    t = pool(play, {f"i{n}": [wait(6)] for n in range(4)}, workers=2).cancel("caller", at=START + 4)
    t.one("run")
    for run in t.all("run"):
        part = "Cancelled from outside, all jobs that run are cancelled at once."
        expect_at(t, f"{run.who} ended", run.end, at_most(4), part=part)
    late = [run.who for run in t.all("run") if run.start > START + 1 and run.how != "cancelled"]
    part = "When the call has been cancelled from outside, no other job is started."
    t.expect("jobs that were started afterwards", late, [], part=part)


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
    """Cancelled from outside, the call ends cancelled: nothing is reported."""
    t = pool(play, {"a": [wait(6)], "b": [wait(7)]}).cancel("caller", at=START + 4)
    expect_run(t, "a", "b")
    t.expect_that("cancelled from outside", t.call.how == "cancelled", f"run_pool {t.call.ending}")
    t = pool(play, {"c": [cleanup(wait(20)), hang()]}).cancel("caller", at=START + 4)
    ending = f"run_pool {t.call.ending} after a cleanup past the deadline"
    part = "Cancelled from outside, the call ends cancelled, also if a job cleans up until its own end has passed."
    t.expect_that("cancelled from outside", t.call.how == "cancelled", ending, part=part)


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
        part = "When a job raises what is not an `Exception`, the other jobs are cancelled, and the call ends at once."
        expect_at(t, "the call ended", t.call.end, near(1), part=part)


@check("G6", misconception="look-again-and-again", step="workers-share-a-queue")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: long jobs take no more wake-ups than short ones."""
    t = pool(play, {"a": [wait(4000)], "b": [wait(5000)], "c": [wait(3000)]}, workers=2, ends=9000)
    expect_run(t, "a", "b", "c")
    t.expect("wake-ups", t.call.steps, at_most(100))


@check("G8", misconception="refused-too-late", step="workers-share-a-queue")
def test_refused_at_once(play: Play) -> None:
    """The `ValueError` for bad arguments leaves the call bare, not in a group."""
    for options in ({"workers": 0}, {"margin": -1}):
        t = pool(play, {"a": [wait(1)]}, **options)
        t.expect_that("bad arguments", t.call.raised == "ValueError", f"run_pool {t.call.ending}")


@check("G9", misconception="run-is-a-coroutine-function", step="every-ending-is-an-outcome")
def test_any_callable(play: Play) -> None:
    """`run` may be anything that returns an awaitable; one that raises when it is called has failed."""
    t = pool(play, {"a": [awaitable(), wait(1)], "b": [at_once(), fail("E")]})
    a, b = status(t, "a", "b")
    part = "`run` may be any callable that returns an awaitable, not only an `async def` function."
    t.expect("outcome of a, which returns an awaitable that is not a coroutine", a, "DONE", part=part)
    part = "A job whose `run` raises when it is called, before anything is awaited, is `FAILED` like any other."
    t.expect("outcome of b, which raises when it is called", b, "FAILED", part=part)
    t = pool(play, {"c": [wait(1)]}, partials=True)
    part = "`run` may be a callable without a `__name__`, such as a `functools.partial`."
    t.expect("outcome of c, a `functools.partial`", status(t, "c"), ["DONE"], part=part)
