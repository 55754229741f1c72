"""Hidden checks of m13: one outcome for each job."""

from __future__ import annotations

from typing import Any

from grader import Play, check, fail, fail_after, give, give_error, hang, in_group, one_of, token, wait

from .plans import START, expect_some_run, expect_status, outcomes, pool, report, takes


# -- R1: one outcome for each job ------------------------------------------------------------------------------------
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
            part = "A job that raises does not end the pool: the call returns an outcome for every job."
            t.expect_that("run_pool", t.call.how != "raised", t.call.ending, part=part)
            seen = [row[0] for row in report(t)]
            part = "Every job has an outcome, also one that was skipped, has failed or ran out of time."
            t.expect("jobs without an outcome", [name for name in names if name not in seen], [], part=part)
            part = "The outcomes are in the order of `jobs`, whoever is ready first and however it ended."
            t.expect("names in the report", seen, names, part=part if len(seen) == len(names) else "")
            expect_some_run(t, "After a job that is skipped, the worker goes on with the other jobs.")


@check("R1", misconception="finishing-order", step="every-ending-is-an-outcome")
def test_values(play: Play) -> None:
    """A job that ended in time is `DONE` with its own value."""
    jobs = {f"i{n}": [wait(time), give(f"V{n}")] for n, time in enumerate(play.draw(6))}
    for workers in (1, 4):
        for t in pool(play, jobs, workers=workers, ends=60).orders(4):
            seen = {name: row[:2] for name, row in sorted(outcomes(t).items())}
            others = [name for name, row in seen.items() if row[0] == "Outcome without a Status"]
            part = "The status of an outcome is a member of `Status`, such as `Status.DONE`: a text is not one."
            t.expect("jobs whose outcome has another status", others, [], part=part)
            t.expect("statuses and values", seen, {f"i{n}": ["DONE", token(f"V{n}")] for n in range(6)})


@check("R1", misconception="empty-means-failed", step="every-ending-is-an-outcome")
def test_empty_values(play: Play) -> None:
    """A job that returns `None`, 0, `False` or something empty is `DONE` with that value."""
    values: dict[str, Any] = {"a": None, "b": 0, "c": False, "d": [], "e": True}
    jobs = {name: [wait(1 + n), give(value)] for n, (name, value) in enumerate(values.items())}
    jobs |= {"f": [give(None)]}
    t = pool(play, jobs)
    seen = {name: row[:2] for name, row in sorted(outcomes(t).items())}
    t.expect("statuses and values", seen, {name: ["DONE", value] for name, value in {**values, "f": None}.items()})


@check("R1", misconception="error-object-is-failure", step="every-ending-is-an-outcome")
def test_error_returned(play: Play) -> None:
    """A job that returns an exception object, and does not raise it, is `DONE` with that object."""
    t = pool(play, {"a": [wait(1), give_error("E1")], "b": [wait(2), fail("E2")]})
    t.expect("outcome of a", outcomes(t).get("a", [])[:2], ["DONE", token("E1")])


@check("R1", misconception="error-class-guessed", step="every-ending-is-an-outcome")
def test_any_exception(play: Play) -> None:
    """A job that raises an `Exception`, of whatever class, is `FAILED` with that very exception."""
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
        wanted = {kind: ["FAILED", token(f"E{n}")] for n, kind in enumerate(kinds)}
        wrong = [kind for kind in kinds if seen[kind] != wanted[kind]]
        part = ""
        if 0 < len(wrong) < len(kinds):
            part = f"A job that raises an `Exception` is `FAILED` with it whatever its class, here {wrong[0]}."
        t.expect("statuses and errors", seen, wanted, part=part)
        part = "A job that raises is not tried again."
        t.expect("jobs that were called", sorted(t.names("run")), sorted(kinds), part=part)


@check("R1", misconception="error-class-guessed", step="every-ending-is-an-outcome")
def test_group_of_errors(play: Play) -> None:
    """A job that raises an `ExceptionGroup` is `FAILED` with the group, not with one of the errors in it."""
    for kind in ("ExceptionGroup", "ExceptionGroup of one"):
        t = pool(play, {"a": [wait(1), fail("E", kind)], "b": takes(2)})
        wanted = ["FAILED", one_of(token("E"), "ExceptionGroup")]
        t.expect("outcome of a", outcomes(t).get("a", ["no outcome"])[::2], wanted)
        expect_status(t, b="DONE")


@check("R1", misconception="every-timeout-error-is-the-deadline", step="every-ending-is-an-outcome")
def test_own_timeout_error(play: Play) -> None:
    """A job that raises a `TimeoutError` of its own before its end is `FAILED` with it."""
    jobs = {"a": [wait(2), fail("E1", "TimeoutError")], "b": [wait(3), fail("E2", "TimeoutError")], "c": takes(4)}
    for workers in (1, 3):
        t = pool(play, jobs, workers=workers, ends=20, deadlines={"a": 12})
        seen = {name: outcomes(t).get(name, ["no outcome"])[::2] for name in ("a", "b")}
        again = len(t.all("run")) > len(jobs)
        part = (
            "A job that raises a `TimeoutError` of its own is not tried again: it is `FAILED` with that."
            if again
            else ""
        )
        wanted = {"a": ["FAILED", token("E1")], "b": ["FAILED", token("E2")]}
        t.expect("statuses and errors", seen, wanted, part=part)


@check("R1", misconception="every-timeout-error-is-the-deadline", step="every-ending-is-an-outcome")
def test_timeout_inside_a_job(play: Play) -> None:
    """A job whose own timeout expires, perhaps in a task group, before its end is `FAILED`, not `TIMED_OUT`."""
    for around in ([], [in_group()]):
        jobs = {"a": [*around, fail_after(1), hang()], "b": [*around, fail_after(2), hang()], "c": takes(4)}
        for workers in (1, 3):
            t = pool(play, jobs, workers=workers, deadlines={"a": 8}, ends=60)
            part = "A job whose own timeout expires, before its end, is `FAILED`, also if that comes in a group."
            expect_status(t, part=part if around else "", a="FAILED", b="FAILED", c="DONE")


@check("R1", misconception="failure-ends-the-pool", step="every-ending-is-an-outcome")
def test_failure_disturbs_nobody(play: Play) -> None:
    """When a job fails, the other jobs go on, and those that still wait are run too."""
    times = play.draw(6)
    jobs = {f"i{n}": [wait(times[n]), give("V") if n > 2 else fail(f"E{n}")] for n in range(6)}
    jobs |= {"i0": [fail("E0")]}
    for workers in (1, 3):
        for t in pool(play, jobs, workers=workers, ends=60).orders(4):
            ends = {who: t.one("run", who).how for who in jobs}
            part = (
                "When a job fails, the other jobs go on: they are not cancelled."
                if "cancelled" in ends.values()
                else ""
            )
            wanted = {who: "raised" if who < "i3" else "returned" for who in jobs}
            t.expect("how the jobs ended", ends, wanted, part=part)
            expect_status(t, i3="DONE", i4="DONE", i5="DONE")


@check("R1", misconception="finishing-order", step="every-ending-is-an-outcome")
def test_no_jobs(play: Play) -> None:
    """Without jobs the report is empty."""
    for ends in (10, -1, None):
        t = pool(play, {}, workers=2, ends=ends)
        t.expect("the report", report(t), [])


@check("R1", misconception="finishing-order", step="workers-share-a-queue")
def test_many_jobs(play: Play) -> None:
    """However many jobs there are, each has its own outcome."""
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
    never = [name for name in ("a", "b", "c", "d") if not t.all("run", name)]
    t.expect(
        "jobs that were never called",
        never,
        [],
        part="Two pools at the same time each run their own jobs, and all of them.",
    )
    t.expect("names in the report", sorted(outcomes(t)), ["a", "b"])
    t.expect("names in the report of the other pool", sorted(outcomes(t, "other")), ["c", "d"])


@check("R1", misconception="state-of-all-calls", step="workers-share-a-queue")
def test_same_names_in_two_pools(play: Play) -> None:
    """Each pool reports on its own jobs, also if those of an earlier or a simultaneous pool have the same names."""
    jobs = {"a": [wait(1), give("A")], "b": [wait(3), fail("E")]}
    more = {"b": [wait(2), give("B")], "a": [wait(3), fail("F")]}
    for start in (START, START + 0.5, START + 30):
        t = pool(play, jobs, workers=2, beside={"jobs": more, "workers": 2, "deadline": START + 50, "start": start})
        t.expect("the report", report(t), [["a", "DONE", token("A"), None], ["b", "FAILED", None, token("E")]])
        other = [["b", "DONE", token("B"), None], ["a", "FAILED", None, token("F")]]
        t.expect("the report of the other pool", report(t, "other"), other)


@check("R1", misconception="jobs-are-their-callables", step="workers-share-a-queue")
def test_one_callable(play: Play) -> None:
    """Jobs that share one callable as their `run` are different jobs: each is called, and has its own outcome."""
    jobs = {f"i{n}": [wait(1 + n / 4), fail(f"E{n}") if n == 2 else give(f"V{n}")] for n in range(5)}
    wanted = [["FAILED", None, token(f"E{n}")] if n == 2 else ["DONE", token(f"V{n}"), None] for n in range(5)]
    for workers in (1, 5):
        t = pool(play, jobs, workers=workers, ends=60, one_callable=True)
        part = "Jobs that share one callable as their `run` are different jobs: each has its own outcome."
        t.expect("jobs in the report", list(outcomes(t)), list(jobs), part=part)
        part = "Jobs that share one callable as their `run` are different jobs: each is called, and once."
        t.expect("jobs that were called", len(t.all("run")), 5, part=part)
        seen = list(outcomes(t).values())  # who is called first gets the first script, whichever job that is
        t.expect("outcomes", sorted(seen, key=lambda row: str(row[1:])), sorted(wanted, key=lambda row: str(row[1:])))
