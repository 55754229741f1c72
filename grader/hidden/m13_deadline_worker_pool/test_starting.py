"""Hidden checks of m13: as many at once as there are workers, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from grader import Play, Trace, Trial, at_least, at_most, check, cleanup, fail, give, hang, near, token, wait

from .plans import NEVER, START, Jobs, expect_some_run, pool, report, takes


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
    t.expect_begun(*waiting)
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
            what = f"jobs running {middle - call.start:.2f} s after the call, while {idle[0]} waits"
            t.expect(what, running, at_least(workers))


# -- R2: never more than workers, and that many ----------------------------------------------------------------------
@check("R2", misconception="limit-is-a-hint", step="workers-share-a-queue")
def test_never_more_than_workers(play: Play) -> None:
    """Never more than `workers` jobs run at once."""
    times = play.draw(8)
    jobs: dict[str, Any] = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 3 == 0 else give(f"V{n}")] for n in range(8)}
    jobs |= {"i1": [cleanup(wait(2)), hang()], "i2": [cleanup(wait(1)), hang()]}
    for workers in (1, 3):
        for t in pool(play, jobs, workers=workers, ends=60, deadlines={"i1": 3, "i2": 4}).orders(4):
            expect_some_run(t)
            t.expect("jobs at once", t.most_open("run"), at_most(workers))


@check("R2", misconception="chunks", step="workers-share-a-queue")
def test_workers_are_busy(play: Play) -> None:
    """While jobs wait, `workers` of them run: a worker that is free takes the next job at once."""
    jobs = {f"i{n}": [wait(time), give(f"V{n}")] for n, time in enumerate(play.draw(9, step=1.3))}
    for workers in (1, 3):
        for t in pool(play, jobs, workers=workers, ends=200).orders(4):
            expect_busy(t, workers, list(jobs))


@check("R2", misconception="worker-per-share", step="workers-share-a-queue")
def test_long_jobs_hold_up_nobody(play: Play) -> None:
    """A long job keeps only its own worker busy: the other workers take all the other jobs."""
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


@check("R2", misconception="state-of-all-calls", step="workers-share-a-queue", wide=True)
def test_workers_of_each_pool(play: Play) -> None:
    """Two pools that run at the same time do not share their workers."""
    jobs = {f"a{n}": takes(time) for n, time in enumerate(play.draw(4))}
    more = {f"b{n}": takes(time) for n, time in enumerate(play.draw(5))}
    for workers in (3, 2):
        t = pool(play, jobs, workers=2, ends=60, beside={"jobs": more, "workers": workers, "deadline": START + 60})
        expect_busy(t, 2, list(jobs), jobs=list(jobs))
        expect_busy(t, workers, list(more), "other", jobs=list(more))


@check("R2", misconception="jobs-are-their-callables", step="workers-share-a-queue")
def test_one_callable_at_once(play: Play) -> None:
    """Jobs that share one callable as their `run` run at the same time, like any others."""
    t = pool(play, {f"i{n}": takes(1 + n / 4) for n in range(5)}, workers=2, one_callable=True)
    expect_busy(t, 2, [f"i{n}" for n in range(5)])


@check("R2", misconception="state-of-all-calls", step="workers-share-a-queue", wide=True)
def test_next_pool(play: Play) -> None:
    """However a pool ended, the next one has all its workers, and runs its own jobs only."""
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
        part = "A pool runs its own jobs only, and none of the pool before it."
        t.expect("jobs of the first pool that ran in the next one", late, [], part=part)


# -- R6: the most urgent first ---------------------------------------------------------------------------------------
def expect_order(t: Trace, wanted: Sequence[str]) -> None:
    """Expect that no job was started later than one that comes after it; at the same moment any order will do."""
    starts = {name: t.of(name).start for name in wanted}
    for first, second in pairwise(wanted):
        t.expect_that(
            f"{first} should start before {second}",
            starts[first] <= starts[second] + 1e-6,
            f"counted from the call, they started at {round(starts[first] - START, 4):g} and {round(starts[second] - START, 4):g} s",
        )


@check("R6", misconception="first-come-first-served", step="most-urgent-first", core=False)
def test_earliest_deadline_first(play: Play) -> None:
    """Of the jobs that wait, the one with the earliest `deadline` starts first."""
    names = [f"i{n}" for n in range(7)]
    urgent = play.shuffled(names)
    deadlines = {name: 30 + 0.03 * place for place, name in enumerate(urgent)}  # within one second
    times = dict(zip(names, play.draw(7, step=0.4), strict=True))
    jobs = {name: takes(times[name]) for name in names}
    far = {name: 30 + 3 * place for place, name in enumerate(urgent)}
    wide = pool(play, jobs, workers=1, ends=99, deadlines=far).accepting("deadlock")
    starts = [span.start for name in urgent for span in wide.all("run", name)]
    part = (
        "Deadlines that differ by a fraction of a second are different, too."
        if len(starts) == 7 and starts == sorted(starts)
        else ""
    )
    for workers in (1, 2, 3):
        for t in pool(play, jobs, workers=workers, ends=99, deadlines=deadlines).naming(part).orders(6):
            expect_order(t, urgent)


@check("R6", misconception="ends-are-deadlines", step="most-urgent-first", core=False)
def test_deadlines_after_the_end_of_the_pool(play: Play) -> None:
    """Jobs are ordered by the `deadline` that they were given, also where the pool ends before it."""
    names = [f"i{n}" for n in range(5)]
    urgent = play.shuffled(names)
    while urgent == names:
        urgent = play.shuffled(names)
    deadlines = {name: 50 + 2 * place for place, name in enumerate(urgent[:-1])}  # the last one has none
    for t in pool(play, {name: takes(1) for name in names}, workers=1, ends=20, deadlines=deadlines).orders(4):
        expect_order(t, urgent)


@check("R6", misconception="order-for-equals", step="most-urgent-first", core=False)
def test_equal_deadlines(play: Play) -> None:
    """Jobs with equal deadlines, or with none, start in the order of `jobs`, whatever their names and estimates."""
    for deadlines in ({}, {"e": 40, "b": 40, "d": 40}, dict.fromkeys("ecbdaf", 40)):
        names = play.shuffled([*"abcdef"])
        wanted = sorted(names, key=lambda name: deadlines.get(name, NEVER))
        times = play.draw(6, step=0.4)
        jobs = {name: takes(times[n]) for n, name in enumerate(names)}
        plan = {"deadlines": deadlines, "estimates": dict(zip(names, (0.3, 0.1, 0.4, 0.2, 0.6, 0.5), strict=True))}
        for t in pool(play, jobs, workers=2 if deadlines else 1, ends=99, **plan).orders(4):
            expect_order(t, wanted)


@check("R6", misconception="ends-are-deadlines", step="most-urgent-first", core=False)
def test_estimates_do_not_change_the_order(play: Play) -> None:
    """Neither estimates nor failed, late and skipped jobs change the order of the others."""
    jobs: dict[str, Any] = {name: [wait(2), give(1)] for name in ("f", "e", "d", "c", "b", "a")}
    jobs |= {"b": [wait(1), fail("E")], "c": [hang()]}
    deadlines = {"a": 20, "b": 21, "c": 22, "d": 23, "e": 40, "f": 41}
    t = pool(play, jobs, workers=1, ends=90, deadlines=deadlines, estimates={"a": 18, "e": 1, "f": 30, "b": 2})
    expect_order(t, [name for name in "abcef" if t.all("run", name)])
    t.expect("a and b were started", [bool(t.all("run", name)) for name in "ab"], [True, True])
