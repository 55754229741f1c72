"""Hidden checks of m13: what `run_pool` promises, on both backends, in many orders, cancelled at every step."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from grader import (
    CheckFailed,
    Play,
    Trace,
    Trial,
    at_least,
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
    on_cancel,
    one_of,
    token,
    verb,
    wait,
)

START = 53.7
NEVER = float("inf")
look, move = verb("look"), verb("move")

Jobs = Mapping[str, Sequence[Any]]


# -- calls -------------------------------------------------------------------------------------------------------------
def pool(play: Play, jobs: Jobs, *, workers: int = 10, ends: float | None = 10, **plan: Any) -> Trial:
    """A pool called at `START` with a deadline `ends` seconds later (None: infinite).

    Args:
        play: what plays.
        jobs: name of a job → its script.
        workers: how many.
        ends: the pool's own deadline (s after `START`).
        plan: as for the scene; times in `deadlines` and `enclosing` are seconds after `START`.
    """
    if "deadlines" in plan:
        plan["deadlines"] = {name: START + moment for name, moment in plan["deadlines"].items()}
    plan["enclosing"] = [START + moment for moment in plan.get("enclosing", ())]
    return play(start=START, jobs=jobs, workers=workers, deadline=None if ends is None else START + ends, **plan)


def takes(seconds: float) -> list[Any]:
    """A job that takes that long and gives a value."""
    return [wait(seconds), give("V")]


def at(seconds: float) -> Any:
    """That long after the call, or a moment later: who blocks or polls for a moment breaks other clauses."""
    return near(START + seconds, within=0.05)


# -- what is read from them --------------------------------------------------------------------------------------------
def report(t: Trace, who: str = "caller") -> list[Any]:
    """Name, status, value and error of each outcome, in the order of the report."""
    call = t.first([call for call in t.calls("run_pool") if call.who == who], "the call", "was never made")
    t.expect_that("the report", call.value is not None, "run_pool returned None")
    rows = t.first(t.notes("report", who), "the report", "is not there")["value"]
    t.expect_that("the report", isinstance(rows, list), str(rows))
    strange = [row[0] for row in rows if not isinstance(row[0], str)]
    t.expect_that("the keys of the report", not strange, f"not names of jobs: {strange}")
    return list(rows)


def expect_run(t: Trace, *names: str) -> None:
    """Expect that these jobs were run at all: a check of what happens then would prove nothing otherwise."""
    never = [name for name in names if not t.all("run", name)]
    t.expect_that("jobs", not never, f"{', '.join(never)} never called")


def outcomes(t: Trace, who: str = "caller") -> dict[str, Any]:
    """Status, value and error of each outcome, by name."""
    return {str(name): rest for name, *rest in report(t, who)}


def status(t: Trace, *names: str) -> dict[str, Any]:
    """What became of these jobs."""
    found = outcomes(t)
    return {name: found[name][0] if name in found else "no outcome" for name in names}


def expect_status(t: Trace, **wanted: str) -> None:
    """Expect just that of these jobs; what became of others does not matter."""
    t.expect("what became of them", status(t, *wanted), wanted)


def expect_not_started(t: Trace, *names: str, end: float = NEVER) -> None:
    """Expect that these jobs are `SKIPPED` and were not called; at the very end of the pool either goes."""
    found = status(t, *names)
    for name in names:
        runs = t.all("run", name)
        if runs and runs[0].start == near(START + end) and found[name] in {"SKIPPED", "TIMED_OUT", "DONE"}:
            continue
        t.expect_that(f"{name} should not be started", not runs, f"it was, at {runs[0].start:g}" if runs else "")
        t.expect(f"what became of {name}", found[name], "SKIPPED")


def expect_busy(t: Trace, workers: int, waiting: Sequence[str], who: str = "caller", jobs: Sequence[str] = ()) -> None:
    """Fail the subject if fewer than `workers` jobs run while one of the named waits to be started.

    Args:
        t: the run.
        workers: how many must run.
        waiting: the jobs that can be started at any time.
        who: whose pool it is.
        jobs: the jobs of that pool, if there are others.
    """
    call = t.first([call for call in t.calls("run_pool") if call.who == who], "the call", "was never made")
    expect_run(t, *waiting)
    end = call.end or t.time
    runs = [run for run in t.all("run") if not jobs or run.who in jobs]
    begun = {run.who: run.start for run in reversed(runs)}
    turns = {name: begun.get(name, end) for name in waiting}
    moments = sorted({moment for run in runs for moment in (run.start, run.end or end)} | {call.start, end})
    for earlier, later in pairwise(moments):
        middle = (earlier + later) / 2
        idle = [name for name, turn in turns.items() if call.start < middle < turn]
        if idle and later - earlier > 0.05:  # who blocks or polls for a moment breaks other clauses
            running = sum(run.start < middle < (run.end or end) for run in runs)
            t.expect(f"jobs running at {middle:.2f} s, while {idle[0]} waits", running, at_least(workers))


def started_before(t: Trace, name: str, moment: float) -> bool:
    """Whether the job was started by then (s after `START`): whichever comes first is for R6."""
    return any(run.start < START + moment for run in t.all("run", name))


def interrupted(t: Trace) -> bool:
    """Whether a job was cut by a cancellation from outside."""
    return any(run.outside and run.how == "cancelled" for run in t.all("run"))


# -- R1: one outcome for each job --------------------------------------------------------------------------------------
@check("R1", misconception="finishing-order", step="every-ending-is-an-outcome")
def test_order_of_the_report(play: Play) -> None:
    """Every job has one outcome, in the order of `jobs`, whoever is ready first and however it ended."""
    names = play.shuffled([f"i{n}" for n in range(6)])
    times = dict(zip(names, play.draw(6), strict=True))
    jobs: dict[str, Any] = {name: [wait(times[name]), give(name)] for name in names}
    jobs |= {names[1]: [wait(1), fail("E")], names[2]: [hang()], names[4]: takes(2)}
    deadlines = {name: 20 + time for name, time in times.items()} | {names[4]: -1, names[5]: 15}
    for workers in (1, 3, 10):
        for t in pool(play, jobs, workers=workers, ends=60, deadlines=deadlines).orders(4):
            t.expect("names in the report", [row[0] for row in report(t)], names)
            t.one("run")


@check("R1", misconception="finishing-order", step="every-ending-is-an-outcome")
def test_values(play: Play) -> None:
    """A job that ended in time is `DONE` with its own value."""
    jobs = {f"i{n}": [wait(time), give(f"V{n}")] for n, time in enumerate(play.draw(6))}
    for workers in (1, 4):
        for t in pool(play, jobs, workers=workers, ends=60).orders(4):
            seen = {name: row[:2] for name, row in sorted(outcomes(t).items())}
            t.expect("statuses and values", seen, {f"i{n}": ["DONE", token(f"V{n}")] for n in range(6)})


@check("R1", misconception="empty-means-failed", step="every-ending-is-an-outcome")
def test_empty_values(play: Play) -> None:
    """A job that gives None, or something empty, is `DONE` with that, at whatever moment it ends."""
    values: dict[str, Any] = {"a": None, "b": 0, "c": False, "d": [], "e": True}
    jobs = {name: [wait(1 + n), give(value)] for n, (name, value) in enumerate(values.items())}
    jobs |= {"f": [give(None)]}
    t = pool(play, jobs)
    seen = {name: row[:2] for name, row in sorted(outcomes(t).items())}
    t.expect("statuses and values", seen, {name: ["DONE", value] for name, value in {**values, "f": None}.items()})


@check("R1", misconception="error-object-is-failure", step="every-ending-is-an-outcome")
def test_error_returned(play: Play) -> None:
    """A job that returns an exception object, without raising it, is `DONE`."""
    t = pool(play, {"a": [wait(1), give_error("E1")], "b": [wait(2), fail("E2")]})
    t.expect("a", outcomes(t).get("a", [])[:2], ["DONE", token("E1")])


@check("R1", misconception="error-class-guessed", step="every-ending-is-an-outcome")
def test_any_exception(play: Play) -> None:
    """A job that raises an `Exception`, whichever, is `FAILED` with that very exception: it is not tried again."""
    kinds = ["OSError", "ValueError", "RuntimeError", "ConnectionError", "IndexError", "KeyError", "AssertionError"]
    kinds += [
        "EndOfStream",
        "WouldBlock",
        "BrokenResourceError",
        "ClosedResourceError",
    ]  # as a queue in a stream raises
    jobs = {kind: [wait(1 + n / 2), fail(f"E{n}", kind)] for n, kind in enumerate(kinds)}
    for workers in (1, 10):
        t = pool(play, jobs, workers=workers, ends=60)
        seen = {kind: outcomes(t).get(kind, ["no outcome"])[::2] for kind in kinds}
        t.expect("statuses and errors", seen, {kind: ["FAILED", token(f"E{n}")] for n, kind in enumerate(kinds)})
        t.expect("jobs that were called", sorted(t.names("run")), sorted(kinds))


@check("R1", misconception="error-class-guessed", step="every-ending-is-an-outcome")
def test_group_of_errors(play: Play) -> None:
    """A job that raises an `ExceptionGroup` is `FAILED` with the group, not with one of the errors in it."""
    for kind in ("ExceptionGroup", "ExceptionGroup of one"):
        t = pool(play, {"a": [wait(1), fail("E", kind)], "b": takes(2)})
        wanted = ["FAILED", one_of(token("E"), "ExceptionGroup")]
        t.expect("a", outcomes(t).get("a", ["no outcome"])[::2], wanted)
        expect_status(t, b="DONE")


@check("R1", misconception="every-timeout-error-is-the-deadline", step="every-ending-is-an-outcome")
def test_own_timeout_error(play: Play) -> None:
    """A job that raises a `TimeoutError` of its own before its end is `FAILED` with it."""
    jobs = {"a": [wait(2), fail("E1", "TimeoutError")], "b": [wait(3), fail("E2", "TimeoutError")], "c": takes(4)}
    for workers in (1, 3):
        t = pool(play, jobs, workers=workers, ends=20, deadlines={"a": 12})
        seen = {name: outcomes(t).get(name, ["no outcome"])[::2] for name in ("a", "b")}
        t.expect("statuses and errors", seen, {"a": ["FAILED", token("E1")], "b": ["FAILED", token("E2")]})


@check("R1", misconception="every-timeout-error-is-the-deadline", step="every-ending-is-an-outcome")
def test_timeout_inside_a_job(play: Play) -> None:
    """A job in which a timeout of its own strikes, perhaps in a task group, before its end is `FAILED`, not `TIMED_OUT`."""
    for around in ([], [in_group()]):
        jobs = {"a": [*around, fail_after(1), hang()], "b": [*around, fail_after(2), hang()], "c": takes(4)}
        for workers in (1, 3):
            expect_status(pool(play, jobs, workers=workers, deadlines={"a": 8}), a="FAILED", b="FAILED", c="DONE")


@check("R1", misconception="failure-ends-the-pool", step="every-ending-is-an-outcome")
def test_failure_disturbs_nobody(play: Play) -> None:
    """When jobs fail, the others run on to their end, and those that wait are still run."""
    times = play.draw(6)
    jobs = {f"i{n}": [wait(times[n]), give("V") if n > 2 else fail(f"E{n}")] for n in range(6)}
    jobs |= {"i0": [fail("E0")]}
    for workers in (1, 3):
        for t in pool(play, jobs, workers=workers, ends=60).orders(4):
            ends = {who: t.one("run", who).how for who in jobs}
            t.expect("how the jobs ended", ends, {who: "raised" if who < "i3" else "returned" for who in jobs})
            expect_status(t, i3="DONE", i4="DONE", i5="DONE")


@check("R1", misconception="finishing-order", step="every-ending-is-an-outcome")
def test_no_jobs(play: Play) -> None:
    """Without jobs the report is empty."""
    for ends in (10, -1, None):
        t = pool(play, {}, workers=2, ends=ends)
        t.expect("the report", report(t), [])


@check("R1", misconception="finishing-order", step="workers-share-a-queue")
def test_many_jobs(play: Play) -> None:
    """With many jobs too each has its own outcome."""
    times = play.draw(130, step=0.01)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 5 == 2 else give(f"V{n}")] for n in range(130)}
    t = pool(play, jobs, workers=20, ends=99, form="tuple")
    found = outcomes(t)
    wanted = {
        name: ["FAILED", None, token(f"E{n}")] if n % 5 == 2 else ["DONE", token(f"V{n}"), None]
        for n, name in enumerate(jobs)
    }
    wrong = [name for name in jobs if [*found.get(name, [])] != wanted[name]]
    t.expect("jobs, of 130, without their own outcome", wrong, [])


@check("R1", misconception="state-of-all-calls", step="workers-share-a-queue")
def test_two_reports(play: Play) -> None:
    """Two pools that run at the same time keep their outcomes apart."""
    jobs = {"a": [wait(1), give("A")], "b": [wait(3), fail("E")]}
    more = {"c": [wait(2), fail("F")], "d": [wait(4), give("D")]}
    t = pool(play, jobs, workers=1, beside={"jobs": more, "workers": 1, "deadline": START + 20})
    expect_run(t, "a", "b", "c", "d")
    t.expect("names in the report", sorted(outcomes(t)), ["a", "b"])
    t.expect("names in the report of the other pool", sorted(outcomes(t, "other")), ["c", "d"])


@check("R1", misconception="state-of-all-calls", step="workers-share-a-queue")
def test_same_names_in_two_pools(play: Play) -> None:
    """Pools whose jobs have the same names, at the same time or one after the other, report on their own jobs."""
    jobs = {"a": [wait(1), give("A")], "b": [wait(3), fail("E")]}
    more = {"b": [wait(2), give("B")], "a": [wait(3), fail("F")]}
    for start in (START, START + 0.5, START + 30):
        t = pool(play, jobs, workers=2, beside={"jobs": more, "workers": 2, "deadline": START + 50, "start": start})
        t.expect("the report", report(t), [["a", "DONE", token("A"), None], ["b", "FAILED", None, token("E")]])
        other = [["b", "DONE", token("B"), None], ["a", "FAILED", None, token("F")]]
        t.expect("the report of the other pool", report(t, "other"), other)


@check("R1", misconception="jobs-are-their-callables", step="workers-share-a-queue")
def test_one_callable(play: Play) -> None:
    """Jobs with the same `run` are jobs of their own: each is called, and has its own outcome."""
    jobs = {f"i{n}": [wait(1 + n / 4), fail(f"E{n}") if n == 2 else give(f"V{n}")] for n in range(5)}
    wanted = [["FAILED", None, token(f"E{n}")] if n == 2 else ["DONE", token(f"V{n}"), None] for n in range(5)]
    for workers in (1, 5):
        t = pool(play, jobs, workers=workers, one_callable=True)
        t.expect("jobs in the report", list(outcomes(t)), list(jobs))
        t.expect("jobs that were called", len(t.all("run")), 5)
        seen = list(outcomes(t).values())  # who is called first gets the first script, whichever job that is
        t.expect("outcomes", sorted(seen, key=lambda row: str(row[1:])), sorted(wanted, key=lambda row: str(row[1:])))


# -- R2: never more than workers, and that many ------------------------------------------------------------------------
@check("R2", misconception="limit-is-a-hint", step="workers-share-a-queue")
def test_never_more_than_workers(play: Play) -> None:
    """Never more than `workers` jobs run at once, also after some failed or ran out of time."""
    times = play.draw(8)
    jobs: dict[str, Any] = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 3 == 0 else give(f"V{n}")] for n in range(8)}
    jobs |= {"i1": [cleanup(wait(2)), hang()], "i2": [cleanup(wait(1)), hang()]}
    for workers in (1, 3):
        for t in pool(play, jobs, workers=workers, ends=60, deadlines={"i1": 3, "i2": 4}).orders(4):
            t.one("run")
            t.expect("jobs at once", t.most_open("run"), at_most(workers))


@check("R2", misconception="chunks", step="workers-share-a-queue")
def test_workers_are_busy(play: Play) -> None:
    """As many jobs as there are workers run while others wait: a worker that is free takes the next one at once."""
    jobs = {f"i{n}": [wait(time), give(f"V{n}")] for n, time in enumerate(play.draw(9, step=1.3))}
    for workers in (1, 3):
        for t in pool(play, jobs, workers=workers, ends=200).orders(4):
            expect_busy(t, workers, list(jobs))


@check("R2", misconception="worker-per-share", step="workers-share-a-queue")
def test_long_jobs_hold_up_nobody(play: Play) -> None:
    """A long job keeps one worker busy; all other jobs go to the others."""
    for place in range(3):
        jobs = {f"i{n}": takes(50 if n == place else 1 + n / 8) for n in range(7)}
        t = pool(play, jobs, workers=2, ends=99)
        expect_busy(t, 2, list(jobs))


@check("R2", misconception="timeout-ends-the-worker", step="workers-share-a-queue")
def test_every_ending_frees_a_worker(play: Play) -> None:
    """Whether a job finished, failed or ran out of time, its worker takes the next one at once."""
    times = play.draw(8, step=0.9)
    jobs: dict[str, Any] = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 2 else give("V")] for n in range(8)}
    jobs |= {"i0": [cleanup(wait(1.5)), hang()], "i1": [hang()], "i2": [hang()]}
    plan = {"deadlines": {"i0": 2.4, "i1": 3.3, "i2": 1.2}, "ends": 200}
    for workers in (1, 3):
        for t in pool(play, jobs, workers=workers, **plan).orders(4):
            expect_busy(t, workers, ["i3", "i4", "i5", "i6", "i7"])


@check("R2", misconception="misfit-ends-the-worker", step="start-what-can-finish")
def test_skipped_jobs_need_no_worker(play: Play) -> None:
    """Jobs that are skipped keep no worker from the others."""
    jobs = {f"i{n}": takes(2 + n / 4) for n in range(8)}
    plan = {"deadlines": {"i0": -1, "i1": -2, "i4": 3}, "estimates": {"i2": 99, "i4": 4}}
    for workers in (2, 3):
        t = pool(play, jobs, workers=workers, ends=60, **plan)
        expect_busy(t, workers, ["i3", "i5", "i6", "i7"])


@check("R2", misconception="chunks", step="workers-share-a-queue")
def test_all_at_once(play: Play) -> None:
    """With as many workers as jobs all run at the same time, however many there are."""
    t = pool(play, {f"i{n}": takes(2) for n in range(60)}, workers=60)
    t.expect("jobs that began at once", sum(run.start == near(START) for run in t.all("run")), 60)


@check("R2", misconception="state-of-all-calls", step="workers-share-a-queue")
def test_workers_of_each_pool(play: Play) -> None:
    """Two pools that run at the same time have workers of their own each."""
    jobs = {f"a{n}": takes(time) for n, time in enumerate(play.draw(4))}
    more = {f"b{n}": takes(time) for n, time in enumerate(play.draw(5))}
    for workers in (3, 2):
        t = pool(play, jobs, workers=2, ends=60, beside={"jobs": more, "workers": workers, "deadline": START + 60})
        expect_busy(t, 2, list(jobs), jobs=list(jobs))
        expect_busy(t, workers, list(more), "other", jobs=list(more))


@check("R2", misconception="jobs-are-their-callables", step="workers-share-a-queue")
def test_one_callable_at_once(play: Play) -> None:
    """Jobs with the same `run` run at the same time like any others, as many as there are workers."""
    t = pool(play, {f"i{n}": takes(1 + n / 4) for n in range(5)}, workers=2, one_callable=True)
    expect_busy(t, 2, [f"i{n}" for n in range(5)])


@check("R2", misconception="state-of-all-calls", step="workers-share-a-queue")
def test_next_pool(play: Play) -> None:
    """A pool has all its workers and runs its own jobs only, however the pool before it ended."""
    more = {f"b{n}": [wait(1 + n / 4), give(f"B{n}")] for n in range(5)}
    plan = {"workers": 2, "beside": {"jobs": more, "workers": 2, "deadline": START + 60, "start": START + 20}}
    running: Jobs = {"a0": [hang()], "a1": [hang()], "a2": takes(1), "a3": takes(1)}
    before: list[Trial] = [
        pool(play, running, **plan),
        pool(play, {**running, "a0": [wait(2), fail("stop", "Abandon")]}, **plan),
        pool(play, running, **plan).cancel("caller", at=START + 3),
    ]
    for t in before:
        wanted = [[name, "DONE", token(f"B{n}"), None] for n, name in enumerate(more)]
        t.expect("the report of the next pool", report(t, "other"), wanted)
        expect_busy(t, 2, list(more), "other", jobs=list(more))
        late = [run.who for run in t.all("run") if run.who in running and run.start > START + 19]
        t.expect("jobs of the pool before that ran in the next", late, [])


# -- R3: each job has its end ------------------------------------------------------------------------------------------
def ends_of_jobs(play: Play, script: Sequence[Any], **more: Any) -> Iterator[tuple[Trace, dict[str, float]]]:
    """Pools whose jobs play that script, each with the end of every job (s after `START`)."""
    jobs = dict.fromkeys(("own", "late", "none"), script)
    plans: list[tuple[dict[str, Any], dict[str, float]]] = [
        ({"ends": 10}, {"own": 6, "late": 10, "none": 10}),
        ({"ends": 80, "enclosing": [90, 20, 95], "margin": 3}, {"own": 6, "late": 17, "none": 17}),
        ({"ends": 80, "enclosing": [50, 60], "margin": 45.5}, {"own": 4.5, "late": 4.5, "none": 4.5}),
        ({"ends": None, "enclosing": [25]}, {"own": 6, "late": 25, "none": 25}),
        ({"ends": None}, {"own": 6, "late": 40, "none": NEVER}),
        ({"ends": 8, "enclosing": [40], "margin": 2}, {"own": 6, "late": 8, "none": 8}),
    ]
    for number, (plan, ends) in enumerate(plans):
        yield pool(play, jobs, workers=3 if number % 2 else 1, deadlines={"own": 6, "late": 40}, **plan, **more), ends


@check("R3", misconception="one-end-for-all", step="an-end-for-each-job")
def test_called_with_its_end(play: Play) -> None:
    """A job is called with its own end, the sooner of its deadline and the pool's end: a point in time."""
    for t, ends in ends_of_jobs(play, takes(1)):
        for name, end in ends.items():
            t.expect(f"{name} was called with", t.of(name).args, [near(START + end)])


@check("R3", misconception="scope-around-start-soon", step="an-end-for-each-job")
def test_deadline_inside(play: Play) -> None:
    """Inside a job no deadline later than its end is in force, from its beginning on."""
    for t, ends in ends_of_jobs(play, [look(), wait(0.5), look()]):
        for name, end in ends.items():
            t.expect(f"how often {name} looked", len(t.all("look", name)), 2)
            for seen in t.all("look", name):
                t.expect(f"deadline in force inside {name}", seen.value, at_most(START + end))


@check("R3", misconception="scope-around-start-soon", step="an-end-for-each-job")
def test_deadline_around_the_call_of_run(play: Play) -> None:
    """`run` is called under its end too: what it does before it returns an awaitable sees no later deadline."""
    for t, ends in ends_of_jobs(play, takes(1), plain=True):
        for name, end in ends.items():
            expect_run(t, name)
            for entry in t.notes("called", name):
                t.expect(f"deadline in force when {name} was called", entry["value"], at_most(START + end + 1e-6))


@check("R3", misconception="relative-end", step="an-end-for-each-job")
def test_end_of_a_job_that_waited(play: Play) -> None:
    """The time that a job waited for its turn does not move its end."""
    jobs = {f"i{n}": [wait(2), look(), wait(1)] for n in range(3)}
    for ends in (30, None):
        t = pool(play, jobs, workers=1, ends=ends, deadlines={"i0": 12, "i1": 15, "i2": 17})
        for name, end in (("i0", 12), ("i1", 15), ("i2", 17)):
            t.expect(f"{name} was called with", t.of(name).args, [near(START + end)])
            t.expect(f"deadline in force inside {name}", t.of(name)[look()].value, at_most(START + end))


@check("R3", misconception="a-second-try-is-free", step="an-end-for-each-job")
def test_called_once(play: Play) -> None:
    """A job is called at most once, however it ended and however much time is left then."""
    jobs: dict[str, Any] = {
        "a": takes(1),
        "b": [wait(1), fail("E1", "TimeoutError")],
        "c": [fail_after(1), hang()],
        "d": [hang()],
        "e": [at_once(), fail("E2", "OSError")],
        "f": [wait(2), fail("E3", "ExceptionGroup")],
        "g": [on_cancel(fail("E4", "TimeoutError")), hang()],
    }
    for workers in (1, 3):
        t = pool(play, jobs, workers=workers, ends=60, deadlines={"d": 20, "g": 25})
        t.one("run")
        called = {name: len(t.all("run", name)) for name in jobs}
        t.expect("jobs that were called again", [name for name, times in called.items() if times > 1], [])


# -- R4: a job that still runs at its end ------------------------------------------------------------------------------
@check("R4", misconception="late-is-a-failure", step="every-ending-is-an-outcome")
def test_timed_out(play: Play) -> None:
    """A job that still runs at its own deadline is cancelled then and `TIMED_OUT`; others are not disturbed."""
    jobs = {"a": [hang()], "b": takes(7), "c": takes(9), "d": takes(6)}
    for t in pool(play, jobs, deadlines={"a": 4, "b": 5.5, "d": 6.4}).orders(4):
        t.expect("a and b were cancelled at", [t.of(n).cancelled_at for n in ("a", "b")], [at(4), at(5.5)])
        expect_status(t, a="TIMED_OUT", b="TIMED_OUT")
        t.expect("c and d", [t.of(n).how for n in ("c", "d")], ["returned", "returned"])


@check("R4", misconception="times-are-whole-seconds", step="an-end-for-each-job")
def test_cancelled_at_its_end_however_soon(play: Play) -> None:
    """A job is cancelled at its end, and `TIMED_OUT`, whether that is a moment or minutes after its start."""
    for scale in (0.02, 60):
        jobs = {"a": [hang()], "b": takes(1.5 * scale), "c": [hang()]}
        plan = {"ends": 5 * scale, "deadlines": {"a": scale, "b": 3 * scale}}
        alone = [pool(play, {name: jobs[name]}, workers=1, **plan) for name in ("a", "c")]
        together = pool(play, jobs, workers=3, **plan)
        for t, name, end in ((alone[0], "a", 1), (alone[1], "c", 5), (together, "a", 1), (together, "c", 5)):
            late = near(START + end * scale, within=0.2 * scale)
            t.expect(f"{name}, which had {end * scale:g} s, was cancelled at", t.of(name).cancelled_at, late)
            expect_status(t, **{name: "TIMED_OUT"})
        expect_status(together, b="DONE")


@check("R4", misconception="late-is-skipped", step="every-ending-is-an-outcome")
def test_timed_out_at_the_end_of_the_pool(play: Play) -> None:
    """A job that still runs at the pool's end is cancelled and `TIMED_OUT`: it was started, so it was not skipped."""
    for workers in (1, 3):
        t = pool(play, {"a": takes(2), "b": [hang()], "c": takes(30)}, workers=workers, deadlines={"b": 40, "a": 30})
        late = [run for run in t.all("run") if run.how == "cancelled" and run.start < START + 9]
        t.expect_that("jobs that still ran at the pool's end", bool(late), "none was cancelled")
        for run in late:
            t.expect(f"{run.who} was cancelled at", run.cancelled_at, at(10))
            t.expect(f"what became of {run.who}", status(t, run.who)[run.who], "TIMED_OUT")


@check("R4", misconception="estimate-is-a-limit", step="an-end-for-each-job")
def test_not_cancelled_before_its_end(play: Play) -> None:
    """A job that ends just before its end is `DONE`, also if it took longer than its estimate."""
    jobs = {"a": takes(4.9), "b": takes(9.9), "c": takes(7)}
    t = pool(play, jobs, deadlines={"a": 5, "b": 30}, estimates={"c": 2, "a": 1})
    t.expect("how they ended", [t.of(name).how for name in jobs], ["returned"] * 3)
    expect_status(t, a="DONE", b="DONE", c="DONE")


@check("R4", misconception="waiting-ends-the-job", step="every-ending-is-an-outcome")
def test_cleanup_awaited(play: Play) -> None:
    """A job that ran out of time has cleaned up before its worker goes on and before the call returns."""
    t = pool(play, {"a": [cleanup(wait(2)), hang()], "b": takes(1)}, workers=1, deadlines={"a": 4})
    t.expect("a was cancelled at", t.of("a").cancelled_at, at(4))
    first = t.of("b").start < START + 0.5  # whichever is started first
    t.expect("b was started at", t.of("b").start, at(0 if first else 6))
    t.expect("the call ended at", t.call.end, at(6 if first else 7))
    expect_status(t, a="TIMED_OUT", b="DONE")
    t = pool(play, {"c": [cleanup(wait(3)), hang()]}, workers=1)
    t.expect("the call ended at", t.call.end, at(13))
    expect_status(t, c="TIMED_OUT")


@check("R4", misconception="timeout-ends-the-worker", step="workers-share-a-queue")
def test_worker_goes_on(play: Play) -> None:
    """After a job that ran out of time its worker goes on with the next."""
    jobs = {"a": [hang()], "b": takes(1), "c": [hang()], "d": [hang()], "e": takes(1)}
    deadlines = {"a": 2, "b": 14, "c": 5, "d": 6, "e": 18}
    for workers in (1, 2):
        t = pool(play, jobs, workers=workers, ends=20, deadlines=deadlines)
        late = [name for name in ("a", "c", "d") if t.all("run", name)]
        t.expect_that("a job that hangs", bool(late), "was never called")
        expect_status(t, b="DONE", e="DONE", **dict.fromkeys(late, "TIMED_OUT"))


@check("R4", misconception="late-is-a-failure", step="every-ending-is-an-outcome")
def test_answers_with_a_value_or_an_error(play: Play) -> None:
    """A job that answers the cancellation with a value or an error is `TIMED_OUT`, or has that outcome; the pool goes on."""
    answers: dict[str, list[Any]] = {
        "a": [on_cancel(wait(0.5), give("A")), hang()],
        "b": [on_cancel(fail("E1")), hang()],
        "c": [cleanup(wait(0.5), fail("E2", "TimeoutError")), hang()],
    }
    allowed = {"a": one_of("TIMED_OUT", "DONE"), "b": one_of("TIMED_OUT", "FAILED"), "c": one_of("TIMED_OUT", "FAILED")}
    for name, script in answers.items():
        jobs = {name: script, "next": takes(1), "beside": takes(9)}
        for deadlines in ({name: 4, "beside": 20}, {name: 20, "beside": 10.5}):
            t = pool(play, jobs, workers=2, ends=12, deadlines=deadlines)
            expect_run(t, name, "next", "beside")
            t.expect(f"{name}, cancelled at its end", status(t, name)[name], allowed[name])
            expect_status(t, next="DONE", beside="DONE")


@check("R4", misconception="late-is-a-failure", step="every-ending-is-an-outcome")
def test_never_noticed_its_end(play: Play) -> None:
    """A job that was busy with what must not be interrupted, and gave a value after its end, is `DONE` or `TIMED_OUT`."""
    t = pool(play, {"a": [cleanup(wait(7)), give("A")], "b": takes(1)}, workers=1, deadlines={"a": 4})
    expect_run(t, "a", "b")
    seen = outcomes(t).get("a", ["no outcome", None])[:2]
    t.expect("a", seen[0], one_of("DONE", "TIMED_OUT"))
    expect_status(t, b="DONE")


# -- R5: what is not started, and the pool's end -----------------------------------------------------------------------
@check("R5", misconception="fits-the-pool", step="start-what-can-finish")
def test_estimate(play: Play) -> None:
    """A job is not started, and `SKIPPED`, if less time than its estimate is left until its end; else it is started."""
    jobs = {name: takes(1) for name in ("a", "b", "c", "d", "e")}
    estimates = {"a": 5.5, "b": 4.5, "c": 10.5, "d": 9.5, "e": 10.5}
    plan = {"deadlines": {"a": 5, "b": 5, "e": 50}, "estimates": estimates}
    for pools in (
        {"ends": 10},
        {"ends": 80, "enclosing": [70, 12, 90], "margin": 2},
        {"ends": None, "enclosing": [10.5], "margin": 0.5},
    ):
        t = pool(play, jobs, **plan, **pools)
        expect_not_started(t, "a", "c", "e")
        expect_status(t, b="DONE", d="DONE")


@check("R5", misconception="times-are-whole-seconds", step="start-what-can-finish")
def test_estimates_of_any_size(play: Play) -> None:
    """Whether a job is started depends on its estimate and the time left alone, whether those are fractions of a second or hours."""
    for scale in (0.02, 1, 360):
        jobs = {name: takes(scale) for name in ("a", "b", "c", "d")}
        estimates = {"a": 5.1 * scale, "b": 4.9 * scale, "c": 10.2 * scale, "d": 9.8 * scale}
        plan = {"deadlines": {"a": 5 * scale, "b": 5 * scale}, "estimates": estimates}
        t = pool(play, jobs, ends=10 * scale, **plan)
        expect_not_started(t, "a", "c")
        expect_status(t, b="DONE", d="DONE")


@check("R5", misconception="looked-at-up-front", step="start-what-can-finish")
def test_looked_at_when_it_would_start(play: Play) -> None:
    """Whether a job still fits is looked at when it would start: what ran until then counts as long as it took."""
    slow = {"a": takes(6), "b": takes(1), "c": takes(1)}
    estimates = {"a": 2.0, "b": 5.0, "c": 2.5}
    t = pool(play, slow, workers=1, estimates=estimates)
    t.one("run")
    found = status(t, *slow)
    free = max([START, *(run.end or NEVER for run in t.all("run"))])
    for name, estimate in estimates.items():
        for run in t.all("run", name):
            t.expect(f"time left when {name} was started", START + 10 - run.start, at_least(estimate))
        fitted = found[name] == "SKIPPED" and START + 10 - free >= estimate
        t.expect_that(f"{name} should be started", not fitted, "it was skipped, though there was time enough")
    quick = {"a": takes(1), "b": takes(1), "c": takes(1)}
    t = pool(play, quick, workers=1, estimates={"a": 7.5, "b": 7.8, "c": 7.2})
    expect_run(t, *quick)
    expect_status(t, a="DONE", b="DONE", c="DONE")


@check("R5", misconception="misfit-ends-the-worker", step="start-what-can-finish")
def test_others_that_fit_are_started(play: Play) -> None:
    """A job that is skipped keeps no other from being started."""
    jobs = {name: takes(1) for name in ("a", "b", "c", "d", "e")}
    for workers in (1, 2, 9):
        t = pool(play, jobs, workers=workers, deadlines={"a": 1, "b": 2, "c": 4}, estimates={"a": 50, "b": 50})
        expect_status(t, a="SKIPPED", b="SKIPPED", c="DONE", d="DONE", e="DONE")


@check("R5", misconception="own-deadline-only", step="start-what-can-finish")
def test_infinite_time(play: Play) -> None:
    """Without any deadline every job is started, whatever its estimate, and runs as long as it likes."""
    t = pool(play, {"a": takes(900), "b": takes(1)}, workers=1, ends=None, estimates={"a": 1e6, "b": 1e9}, margin=3)
    expect_run(t, "a", "b")
    expect_status(t, a="DONE", b="DONE")


@check("R5", misconception="cancellation-stops-the-worker", step="start-what-can-finish")
def test_its_end_has_passed(play: Play) -> None:
    """A job whose own deadline passed before its turn is `SKIPPED` and never called."""
    jobs = {"a": takes(5), "b": takes(1), "c": [give("C")], "d": takes(1), "e": [at_once(), fail("E")]}
    deadlines = {"a": 2, "b": 3, "c": 4, "d": 30, "e": 3.5}
    t = pool(play, {**jobs, "a": [cleanup(wait(6)), hang()]}, workers=1, deadlines=deadlines)
    expect_not_started(t, *(name for name in ("b", "c", "e") if not started_before(t, name, deadlines[name])))
    expect_status(t, d="DONE")
    t = pool(play, jobs, deadlines={"b": -1, "c": -START, "e": -0.5})
    expect_not_started(t, "b", "c", "e")
    expect_status(t, a="DONE", d="DONE")


@check("R5", misconception="cancellation-stops-the-worker", step="room-to-report")
def test_nothing_is_started_after_the_end(play: Play) -> None:
    """When the pool's end has passed no job is started, not even called, and all that wait are `SKIPPED`."""
    late: list[list[Any]] = [
        [cleanup(wait(3)), hang()],
        [cleanup(wait(12)), give(1)],
        [on_cancel(wait(1), fail("E")), hang()],
    ]
    for running in late:
        jobs = {"a": running, "b": [give(1)], "c": takes(1), "d": [at_once(), fail("F")]}
        for plan in ({}, {"ends": 80, "enclosing": [90], "margin": 80}):
            t = pool(play, jobs, workers=1, deadlines={"a": 70, "b": 75, "d": 85}, **plan)
            expect_run(t, "a")
            expect_not_started(t, *(name for name in ("b", "c", "d") if not started_before(t, name, 9.9)))


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
        expect_not_started(t, "a", "b", "c")
        t.expect("the call ended at", t.call.end, at(0))


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
        t.expect("a and b were cancelled at", [t.of(name).cancelled_at for name in ("a", "b")], [at(end), at(end)])


@check("R5", misconception="own-deadline-only", step="room-to-report")
def test_deadline_around_without_margin(play: Play) -> None:
    """Without a margin, or with one of 0, the pool ends at the tightest deadline around the call, if that is sooner."""
    for given in ({}, {"margin": 0}):
        jobs = {"a": takes(1), "b": [hang()], "c": takes(1)}
        t = pool(play, jobs, workers=1, ends=60, enclosing=[90, 10], **given)
        t.expect("b was cancelled at", t.of("b").cancelled_at, at(10))
        t.expect("the call ended at", t.call.end, at(10))


@check("R5", misconception="own-deadline-only", step="room-to-report")
def test_enclosing_deadline_of_the_call(play: Play) -> None:
    """The deadline around the call is looked at when the call is made: moved to a later time, it does not move the pool's end."""
    jobs: Jobs = {name: [wait(1), move(0, START + 70), wait(1)] for name in ("a", "b", "c")}
    t = pool(play, jobs, workers=1, ends=90, enclosing=[20], margin=2, deadlines={"a": 50, "b": 60})
    for name in jobs:
        t.expect(f"{name} was called with", t.of(name).args, [near(START + 18)])
    t = pool(play, {"d": [move(0, START + 70), hang()]}, ends=90, enclosing=[20], margin=2)
    t.expect("d was cancelled at", t.of("d").cancelled_at, at(18))


@check("R5", misconception="late-is-skipped", step="room-to-report")
def test_all_that_waits_is_skipped(play: Play) -> None:
    """At the pool's end all that was not started is `SKIPPED`, and the call returns."""
    jobs = {"a": [hang()], "b": takes(9.2), "c": [hang()], "d": takes(1), "e": takes(2)}
    for number, (plan, end) in enumerate(POOLS[::2]):
        t = pool(play, jobs, workers=1 + number % 2, **plan)
        t.one("run")
        started = {run.who for run in t.all("run") if run.start < START + end - 1e-3}
        expect_not_started(t, *(name for name in jobs if name not in started), end=end)
        t.expect("the call ended at", t.call.end, at(end))


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
        expect_run(t, *(["a"] if end else []))
        t.expect("the call ended at", t.call.end, at(end))


# -- R6: the most urgent first -----------------------------------------------------------------------------------------
def expect_order(t: Trace, wanted: Sequence[str]) -> None:
    """Expect that no job was started later than one that comes after it; at the same moment any order will do."""
    starts = {name: t.of(name).start for name in wanted}
    for first, second in pairwise(wanted):
        t.expect_that(
            f"{first} should start before {second}",
            starts[first] <= starts[second] + 1e-6,
            f"they started at {starts[first]:g} and {starts[second]:g}",
        )


@check("R6", misconception="first-come-first-served", step="start-what-can-finish", core=False)
def test_earliest_deadline_first(play: Play) -> None:
    """Of the jobs that wait, the one with the earliest `deadline` starts first."""
    names = [f"i{n}" for n in range(7)]
    urgent = play.shuffled(names)
    deadlines = {name: 30 + 0.03 * place for place, name in enumerate(urgent)}  # within one second
    times = dict(zip(names, play.draw(7, step=0.4), strict=True))
    jobs = {name: takes(times[name]) for name in names}
    for workers in (1, 2, 3):
        for t in pool(play, jobs, workers=workers, ends=99, deadlines=deadlines).orders(6):
            expect_order(t, urgent)


@check("R6", misconception="ends-are-deadlines", step="start-what-can-finish", core=False)
def test_deadlines_after_the_end_of_the_pool(play: Play) -> None:
    """What counts is the `deadline` of each job as it was given, also if the pool ends before."""
    names = [f"i{n}" for n in range(5)]
    urgent = play.shuffled(names)
    while urgent == names:
        urgent = play.shuffled(names)
    deadlines = {name: 50 + 2 * place for place, name in enumerate(urgent[:-1])}  # the last one has none
    for t in pool(play, {name: takes(1) for name in names}, workers=1, ends=20, deadlines=deadlines).orders(4):
        expect_order(t, urgent)


@check("R6", misconception="order-for-equals", step="start-what-can-finish", core=False)
def test_equal_deadlines(play: Play) -> None:
    """Jobs with equal deadlines, or with none, start in the order of `jobs`, whatever their estimates are."""
    for deadlines in ({}, {"e": 40, "b": 40, "d": 40}, dict.fromkeys("ecbdaf", 40)):
        names = play.shuffled([*"abcdef"])
        wanted = sorted(names, key=lambda name: deadlines.get(name, NEVER))
        times = play.draw(6, step=0.4)
        jobs = {name: takes(times[n]) for n, name in enumerate(names)}
        plan = {"deadlines": deadlines, "estimates": dict(zip(names, (0.3, 0.1, 0.4, 0.2, 0.6, 0.5), strict=True))}
        for t in pool(play, jobs, workers=2 if deadlines else 1, ends=99, **plan).orders(4):
            expect_order(t, wanted)


@check("R6", misconception="ends-are-deadlines", step="start-what-can-finish", core=False)
def test_estimates_do_not_change_the_order(play: Play) -> None:
    """Neither estimates nor failed, late and skipped jobs change the order of the others."""
    jobs: dict[str, Any] = {name: [wait(2), give(1)] for name in ("f", "e", "d", "c", "b", "a")}
    jobs |= {"b": [wait(1), fail("E")], "c": [hang()]}
    deadlines = {"a": 20, "b": 21, "c": 22, "d": 23, "e": 40, "f": 41}
    t = pool(play, jobs, workers=1, ends=90, deadlines=deadlines, estimates={"a": 18, "e": 1, "f": 30, "b": 2})
    expect_order(t, [name for name in "abcef" if t.all("run", name)])
    t.expect("a and b were started", [bool(t.all("run", name)) for name in "ab"], [True, True])


# -- R7: the report is there in time -----------------------------------------------------------------------------------
@check("R7", misconception="report-when-it-strikes", step="room-to-report", core=False)
def test_report_in_time(play: Play) -> None:
    """With a margin, however small, the report is there before the tightest deadline around the call strikes."""
    jobs = {"a": takes(1), "b": [hang()], "c": takes(30), "d": takes(1)}
    for margin, ends, workers in ((3, 60, 1), (0.5, 10, 2), (0.01, None, 1), (0.01, 9.995, 2), (1, 10, 3)):
        t = pool(play, jobs, workers=workers, ends=ends, enclosing=[80, 10, 50], margin=margin)
        t.expect_that("under a deadline around the call", t.call.how == "returned", f"it {t.call.ending}")
        t.one("run")
        t.expect("the call ended at", t.call.end, at_most(START + 10 - margin + 0.004))


@check("R7", misconception="report-when-it-strikes", step="room-to-report", core=False)
def test_report_in_time_in_many_orders(play: Play) -> None:
    """Under a deadline of the caller all outcomes are reported before it strikes, whatever the order of events."""
    jobs: dict[str, Any] = {f"i{n}": takes(time) for n, time in enumerate(play.draw(5))}
    jobs |= {"late": [hang()], "slow": takes(20), "bad": [wait(1), fail("E")]}
    for t in pool(play, jobs, workers=3, ends=60, margin=0.5).within("caller", START + 8).orders(8):
        t.expect_that("under a deadline of the caller", t.call.how == "returned", f"it {t.call.ending}")
        t.expect("jobs that have an outcome", sorted(outcomes(t)), sorted(jobs))
        t.one("run")


# -- R8: cancelled from outside, bad arguments -------------------------------------------------------------------------
def expect_over(t: Trace, *, cleaned: float = 0.0) -> None:
    """Fail the subject if, cancelled from outside, it went on, or called another job."""
    for cancelled in t.notes("cancel", "caller"):
        moment = cancelled["t"]
        t.expect(f"the call, cancelled at {moment:.2f} s, ended at", t.call.end, at_most(moment + cleaned + 0.05))
        for run in t.all("run"):
            cut = run.how == "cancelled" and run.cancelled_at == near(run.start, within=0.001)
            begun = run.begun < cancelled["order"] or cut
            t.expect_that("cancelled from outside", begun, f"{run.who} was started afterwards")
            if run.start < moment - 1e-6 and (run.end or NEVER) > moment + 1e-6:
                t.expect(f"{run.who} was cancelled at", run.cancelled_at, at_most(moment + 0.05))


@check("R8", misconception="cancelled-goes-on", step="every-ending-is-an-outcome")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment, all jobs are cancelled, none is started any more, and the call ends."""
    times = play.draw(4)
    jobs: dict[str, Any] = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 3 == 1 else give("V")] for n in range(4)}
    jobs |= {"late": [hang()]}
    for t in pool(play, jobs, workers=2, ends=20, deadlines={"late": 3}).cancelled("caller"):
        if not t.notes("cancel"):
            t.one("run")
        expect_over(t)


@check("R8", misconception="cancelled-goes-on", step="every-ending-is-an-outcome")
def test_cancelled_in_the_midst(play: Play) -> None:
    """Cancelled from outside while all workers are busy, the call is left by that when the jobs have cleaned up; none starts."""
    jobs = {f"i{n}": [wait(1), cleanup(wait(n / 5)), wait(9), give("V")] for n in range(6)}
    for workers in (1, 3):
        for t in pool(play, jobs, workers=workers, ends=60).cancel("caller", at=START + 4).orders(4):
            t.one("run")
            begun = [int(run.who[1:]) for run in t.all("run") if run.start < START + 1]
            expect_over(t, cleaned=max(begun, default=0) / 5)
            t.expect_that("cancelled from outside", t.call.how != "returned", f"run_pool {t.call.ending}")


@check("R8", misconception="cancelled-goes-on", step="every-ending-is-an-outcome")
def test_a_job_answers_the_cancellation(play: Play) -> None:
    """Cancelled from outside, no other job is started, also if the one that runs answers with a value or an error."""
    for answer in (give(1), fail("E"), fail("E", "TimeoutError")):
        jobs = {f"i{n}": [on_cancel(wait(1), answer), wait(9)] for n in range(3)}
        for workers in (1, 2):
            t = pool(play, jobs, workers=workers, ends=60).cancel("caller", at=START + 4)
            t.one("run")
            late = [run.who for run in t.all("run") if run.start > START + 1 and (run.end or NEVER) > run.start + 1.05]
            t.expect("jobs that ran on after the cancellation", late, [])


def refused(play: Play) -> Iterator[Trial]:
    """Calls with arguments that must be refused."""
    some = {"a": takes(1), "b": [wait(1), fail("E")]}
    bad: list[dict[str, Any]] = [{"workers": 0}, {"workers": -3}, {"margin": -1}, {"margin": -0.001, "enclosing": [5]}]
    for options in [*bad, {"workers": 0, "ends": -1}]:
        yield pool(play, some, **options)
    for options in bad[1:3]:
        yield pool(play, {}, **options)


@check("R8", misconception="only-zero-is-wrong", step="workers-share-a-queue")
def test_bad_arguments(play: Play) -> None:
    """`workers < 1` or `margin < 0` raises `ValueError`, also without jobs."""
    for t in refused(play):
        t.expect_that("bad arguments", "ValueError" in t.call.errors, f"run_pool {t.call.ending}")


# -- rules for every exercise ------------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="workers-share-a-queue")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""
    other = Play(play.session, backend="trio" if play.backend == "asyncio" else "asyncio")
    jobs = {"a": takes(1), "b": [wait(1), fail("E")], "c": [hang()], "d": takes(1), "e": takes(1)}
    plan: dict[str, Any] = {"workers": 1, "deadlines": {"c": 4, "b": 3, "a": 2, "d": 8}, "estimates": {"e": 9}}
    wanted = ["DONE", "FAILED", "TIMED_OUT", "DONE", "SKIPPED"]
    here, there = (_seen(pool(which, jobs, **plan)) for which in (play, other))
    t = pool(play, jobs, **plan)
    t.one("run")
    if there == wanted:  # what is wrong on both is for other clauses
        t.expect(f"what became of the jobs (as on {other.backend})", here, wanted)


def _seen(t: Trial) -> list[Any]:
    try:
        return list(status(t, "a", "b", "c", "d", "e").values())
    except CheckFailed as failure:
        return [failure.sentence]


@check("G2", misconception="streams-close-themselves", step="workers-share-a-queue")
def test_nothing_left_behind(play: Play) -> None:
    """When the call ends, however it ends, no task, stream or lock of it is left."""
    jobs: dict[str, Any] = {"a": takes(1), "b": [wait(1), fail("E")], "c": [cleanup(wait(1)), hang()], "d": takes(2)}
    for trial in (pool(play, jobs, workers=1, deadlines={"c": 5}), pool(play, jobs, workers=2, ends=2.5)):
        trial.one("run")
        trial.expect_nothing_left()
    pool(play, jobs, estimates=dict.fromkeys(jobs, 99)).expect_nothing_left()
    pool(play, {}, workers=2).expect_nothing_left()
    pool(play, {**jobs, "d": [wait(3), fail("stop", "Abandon")]}, workers=2).expect_nothing_left()
    pool(play, jobs, workers=0).expect_nothing_left()
    for t in pool(play, jobs, workers=2, deadlines={"c": 6}).cancelled("caller"):
        t.expect_nothing_left()


@check("G3", misconception="every-cancellation-is-my-deadline", step="every-ending-is-an-outcome")
def test_cancellation_passes(play: Play) -> None:
    """A cancellation from outside that cuts a job is no outcome: the call ends by it, at any moment."""
    jobs: dict[str, Any] = {"a": takes(2), "b": [wait(1), fail("E")], "c": [cleanup(wait(1)), wait(9)], "d": takes(4)}
    for t in pool(play, jobs, workers=1, ends=20, deadlines={"c": 8}).cancelled("caller"):
        if not t.notes("cancel"):
            t.one("run")
        if interrupted(t):
            moment = t.notes("cancel", "caller")[0]["t"]
            t.expect_that("cancelled from outside", t.call.how == "cancelled", f"run_pool {t.call.ending}")
            t.expect("the call ended at", t.call.end, at_most(moment + 1.05))


@check("G3", misconception="every-cancellation-is-my-deadline", step="every-ending-is-an-outcome")
def test_nothing_is_reported_that_did_not_happen(play: Play) -> None:
    """Cancelled from outside, the call gives no report in which jobs are late or skipped that had time enough."""
    jobs: dict[str, Any] = {"a": takes(2), "b": takes(3), "c": takes(4)}
    undisturbed: list[Any] = []
    for t in pool(play, jobs, workers=2, ends=60).cancelled("caller"):
        seen = [note["value"] for note in t.notes("report")]
        if not t.notes("cancel"):
            expect_run(t, *jobs)
            undisturbed = seen
        elif t.call.how == "returned":
            t.expect("the report", seen, undisturbed)


@check("G3", misconception="every-cancellation-is-my-deadline", step="every-ending-is-an-outcome")
def test_cancelled_with_a_long_cleanup(play: Play) -> None:
    """Cancelled from outside, the call ends by that, also if a job's cleanup lasts until after its end."""
    jobs = {"a": [cleanup(wait(8)), hang()], "b": takes(9)}
    for deadlines in ({}, {"a": 6}):
        for workers in (1, 2):
            t = pool(play, jobs, workers=workers, deadlines={"b": 30, **deadlines}).cancel("caller", at=START + 4)
            t.one("run")
            t.expect_that("cancelled from outside", t.call.how == "cancelled", f"run_pool {t.call.ending}")
            t.expect("the call ended at", t.call.end, at_most(START + 12.05))


@check("G3", misconception="shield-the-jobs", step="every-ending-is-an-outcome")
def test_cancelled_while_a_late_job_cleans_up(play: Play) -> None:
    """Cancelled from outside while a job that ran out of time cleans up, the others are cancelled too."""
    jobs = {"a": [cleanup(wait(3)), hang()], "b": takes(9), "c": takes(9)}
    t = pool(play, jobs, workers=2, ends=60, deadlines={"a": 4, "b": 20}).cancel("caller", at=START + 5)
    t.expect("b was cancelled at", t.of("b").cancelled_at, at(5))
    t.expect_that("cancelled from outside", t.call.how == "cancelled", f"run_pool {t.call.ending}")
    t.expect("the call ended at", t.call.end, at_most(START + 7.05))


@check("G4", misconception="blocking-is-short", step="workers-share-a-queue")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop, whatever becomes of the jobs."""
    jobs = {"a": takes(0.1), "b": [wait(0.1), fail("E")], "c": [hang()], "d": takes(1)}
    for workers in (1, 3):
        t = pool(play, jobs, workers=workers, ends=0.5, estimates={"d": 0.6})
        t.one("run")
        t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="every-ending-is-an-outcome")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is no `Exception`, such as `SystemExit`, is no outcome: it leaves the call."""
    for kind in play.interrupts:
        for first in (wait(2), at_once()):
            t = pool(play, {"a": takes(1), "b": [first, fail("stop", kind)], "c": takes(3)}, workers=2)
            t.expect_that("`stop` of b should leave the call", "stop" in t.call.errors, f"it {t.call.ending}")


@check("G5", misconception="catch-everything", step="every-ending-is-an-outcome")
def test_groups_of_interrupts_pass(play: Play) -> None:
    """A `BaseExceptionGroup` that is no `ExceptionGroup`, since an interrupt is in it, is no outcome: it leaves the call."""
    t = pool(play, {"a": takes(1), "b": [wait(2), fail("stop", "BaseExceptionGroup")], "c": takes(3)}, workers=2)
    t.expect_that("what b raised should leave the call", "Abandon" in t.call.errors, f"it {t.call.ending}")


@check("G5", misconception="catch-everything", step="every-ending-is-an-outcome")
def test_interrupts_in_the_cleanup_pass(play: Play) -> None:
    """An exception that is no `Exception`, such as `SystemExit`, leaves the call also when a job raises it at its end."""
    for steps in ([on_cancel(fail("stop", "Abandon"))], [cleanup(wait(1), fail("stop", "Abandon"))]):
        for deadlines in ({"b": 4}, {}):
            t = pool(play, {"a": takes(1), "b": [*steps, hang()]}, workers=1, deadlines={"a": 3, **deadlines})
            t.expect_that("`stop` of b should leave the call", "stop" in t.call.errors, f"it {t.call.ending}")


@check("G5", misconception="catch-everything", step="every-ending-is-an-outcome")
def test_an_interrupt_ends_the_others(play: Play) -> None:
    """An exception that is no `Exception`, such as `SystemExit`, cancels the jobs that run, and no other is started."""
    jobs = {"a": [wait(2), fail("stop", "Abandon")], "b": takes(9), "c": takes(1.7), "d": takes(1.7)}
    t = pool(play, jobs, workers=2, ends=60, deadlines={"a": 20, "b": 30})
    stop = t.one("run", "a").end or t.time
    for run in t.all("run"):
        if run.who != "a" and run.start < stop - 0.05 and (run.end or NEVER) > stop - 0.05:
            t.expect(f"{run.who} was cancelled at", run.cancelled_at, near(stop, within=0.05))
    late = [run.who for run in t.all("run") if run.start > stop - 0.05 and run.how != "cancelled"]
    t.expect("jobs that ran afterwards", late, [])


@check("G6", misconception="look-again-and-again", step="workers-share-a-queue")
def test_no_busy_waiting(play: Play) -> None:
    """The call does not wake up more often if everything takes forty times as long."""
    steps = []
    for s in (1, 40):
        jobs = {"a": takes(2 * s), "b": [cleanup(wait(5 * s)), hang()], "c": takes(3 * s)}
        for workers in (1, 8):
            t = pool(play, jobs, workers=workers, ends=30 * s, deadlines={"b": 9 * s}, enclosing=[50 * s], margin=s)
            t.one("run")
            steps.append(t.call.steps)
    for before, after in zip(steps[:2], steps[2:], strict=True):
        t.expect("wake-ups when all takes forty times as long", after, at_most(before + 20))


@check("G6", misconception="look-again-and-again", step="start-what-can-finish")
def test_no_busy_waiting_for_misfits(play: Play) -> None:
    """The call does not wake up again and again for jobs that do not fit, nor for idle workers."""
    t = pool(play, {"a": takes(100), "b": takes(1), "c": takes(1)}, workers=9, ends=200, estimates={"b": 300, "c": 400})
    expect_run(t, "a")
    t.expect("wake-ups", t.call.steps, at_most(120))


@check("G8", misconception="refused-too-late", step="workers-share-a-queue")
def test_refused_at_once(play: Play) -> None:
    """Bad arguments raise a bare `ValueError` before any job is called."""
    for t in refused(play):
        t.expect_that("bad arguments", t.call.raised == "ValueError", f"run_pool {t.call.ending}")
        t.expect("refused at", t.call.end, near(START))
        t.expect("jobs that were called", t.names("run"), [])


@check("G9", misconception="run-is-a-coroutine-function", step="every-ending-is-an-outcome")
def test_any_callable(play: Play) -> None:
    """`run` may be anything that returns an awaitable when it is called."""
    jobs = {"a": [awaitable(), wait(1), give("A")], "b": [wait(1), give("B")], "c": [awaitable(), wait(1), fail("E")]}
    for workers in (1, 3):
        for partials in (False, True):
            t = pool(play, jobs, workers=workers, partials=partials)
            expect_status(t, a="DONE", b="DONE", c="FAILED")


@check("G9", misconception="run-is-a-coroutine-function", step="every-ending-is-an-outcome")
def test_any_callable_has_its_end(play: Play) -> None:
    """A job that gives an awaitable instead of a coroutine is cancelled at its end too."""
    t = pool(play, {"a": [awaitable(), hang()], "b": takes(1)}, workers=1, deadlines={"a": 4})
    t.expect("how a ended", t.of("a").how, "cancelled")
    expect_status(t, b="DONE")


@check("G9", misconception="run-is-a-coroutine-function", step="every-ending-is-an-outcome")
def test_raises_at_once(play: Play) -> None:
    """A `run` that raises when it is called has failed like any other."""
    jobs: dict[str, Any] = {"a": [at_once(), fail("E1")], "b": takes(1), "c": [at_once(), fail("E2", "OSError")]}
    for workers in (1, 3):
        t = pool(play, {**jobs, "d": takes(1)}, workers=workers)
        expect_status(t, a="FAILED", b="DONE", c="FAILED", d="DONE")
