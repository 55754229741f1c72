"""Hidden checks of m13: each job has its end, also when it still runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from grader import (
    Play,
    Trace,
    about,
    at_most,
    at_once,
    check,
    cleanup,
    fail,
    fail_after,
    give,
    hang,
    near,
    on_cancel,
    one_of,
    wait,
)

from .plans import (
    CUT_OFF,
    NEVER,
    START,
    expect_at,
    expect_called_with,
    expect_late,
    expect_some_run,
    expect_status,
    look,
    outcomes,
    pool,
    since,
    status,
    takes,
)

# -- R3: each job has its end ----------------------------------------------------------------------------------------
ENCLOSED = "Where a deadline is around the call, no job's end is later than `margin` before the tightest of them."


def ends_of_jobs(play: Play, script: Sequence[Any], **more: Any) -> Iterator[tuple[Trace, dict[str, float], str]]:
    """Pools whose jobs play that script, each with the end of every job (s after `START`), and what that is about."""
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
        part = ENCLOSED if plan.get("enclosing") else ""
        t = pool(play, jobs, workers=3 if number % 2 else 1, deadlines={"own": 6, "late": 40}, **plan, **more)
        yield t, ends, part


def expect_bounded(t: Trace, where: str, seen: float, end: float) -> None:
    """Expect that no deadline later than that (s after `START`) is in force there."""
    t.expect(f"the deadline in force {where}, in seconds after the call", since(seen), at_most(end))


@check("R3", misconception="one-end-for-all", step="an-end-for-each-job")
def test_called_with_its_end(play: Play) -> None:
    """A job is called with its own end, the sooner of its deadline and the pool's end: a point in time."""
    for t, ends, part in ends_of_jobs(play, takes(1)):
        for name, end in ends.items():
            expect_called_with(t, name, end, part)


@check("R3", misconception="scope-around-start-soon", step="an-end-for-each-job")
def test_deadline_inside(play: Play) -> None:
    """A job runs under its end: inside it no later deadline is in force, from the beginning on."""
    for t, ends, _ in ends_of_jobs(play, [look(), wait(0.5), look()]):
        for name, end in ends.items():
            t.expect(f"how often {name} came to look at the deadline", len(t.all("look", name)), 2)
            for seen in t.all("look", name):
                expect_bounded(t, f"inside {name}", seen.value, end)


@check("R3", misconception="scope-around-start-soon", step="an-end-for-each-job")
def test_deadline_around_the_call_of_run(play: Play) -> None:
    """`run` itself is called under the job's end: also before it returns an awaitable, no later deadline is in force."""
    for t, ends, _ in ends_of_jobs(play, takes(1), plain=True):
        for name, end in ends.items():
            t.expect_begun(name)
            for entry in t.notes("called", name):
                expect_bounded(t, f"when {name} was called", entry["value"], end + 1e-6)


@check("R3", misconception="relative-end", step="an-end-for-each-job")
def test_end_of_a_job_that_waited(play: Play) -> None:
    """A job that had to wait for a free worker has the same end as if it had not: its end is a point in time."""
    jobs = {f"i{n}": [wait(2), look(), wait(1)] for n in range(3)}
    for ends in (30, None):
        t = pool(play, jobs, workers=1, ends=ends, deadlines={"i0": 12, "i1": 15, "i2": 17})
        for name, end in (("i0", 12), ("i1", 15), ("i2", 17)):
            part = "A job that had to wait for a free worker has the same end as if it had not."
            expect_called_with(t, name, end, part)
            expect_bounded(t, f"inside {name}", t.of(name)[look()].value, end)


@check("R3", misconception="a-second-try-is-free", step="an-end-for-each-job")
def test_called_once(play: Play) -> None:
    """A job is called at most once, however it ended and however much time is left: nothing is tried again."""
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
        expect_some_run(t)
        called = {name: len(t.all("run", name)) for name in jobs}
        t.expect("jobs that were called again", [name for name, times in called.items() if times > 1], [])


# -- R4: a job that still runs at its end ----------------------------------------------------------------------------
@check("R4", misconception="late-is-a-failure", step="every-ending-is-an-outcome")
def test_timed_out(play: Play) -> None:
    """A job that still runs at its own deadline is cancelled then and `TIMED_OUT`; others are not disturbed."""
    jobs = {"a": [hang()], "b": takes(7), "c": takes(9), "d": takes(6)}
    for t in pool(play, jobs, deadlines={"a": 4, "b": 5.5, "d": 6.4}).orders(4):
        for name, end in (("a", 4), ("b", 5.5)):
            part = "A job that still runs at its own deadline is cancelled then."
            expect_at(t, f"{name} was cancelled", t.of(name).cancelled_at, about(end), part=part)
        expect_late(t, "a", "b")
        part = "A job that runs out of time does not disturb the others."
        t.expect("how c and d ended", [t.of(n).how for n in ("c", "d")], ["returned", "returned"], part=part)


@check("R4", misconception="times-are-whole-seconds", step="an-end-for-each-job", wide=True)
def test_cancelled_at_its_end_however_soon(play: Play) -> None:
    """A job is cancelled at its end, and `TIMED_OUT`, whether that is a moment or minutes after its start."""
    for scale in (0.02, 60):
        jobs = {"a": [hang()], "b": takes(1.5 * scale), "c": [hang()]}
        plan = {"ends": 5 * scale, "deadlines": {"a": scale, "b": 3 * scale}}
        alone = [pool(play, {name: jobs[name]}, workers=1, **plan) for name in ("a", "c")]
        together = pool(play, jobs, workers=3, **plan)
        for t, name, end in ((alone[0], "a", 1), (alone[1], "c", 5), (together, "a", 1), (together, "c", 5)):
            late = near(end * scale, within=0.2 * scale)
            what = f"{name}, which had {end * scale:g} s, was cancelled"
            part = "A job is cancelled at its end, whether that is a moment or minutes after its start."
            expect_at(t, what, t.of(name).cancelled_at, late, part=part)
            expect_late(t, name)
        expect_status(together, b="DONE")


@check("R4", misconception="late-is-skipped", step="every-ending-is-an-outcome")
def test_timed_out_at_the_end_of_the_pool(play: Play) -> None:
    """A job that still runs at the pool's end is cancelled and `TIMED_OUT`: it was started, so it was not skipped."""
    for workers in (1, 3):
        t = pool(play, {"a": takes(2), "b": [hang()], "c": takes(30)}, workers=workers, deadlines={"b": 40, "a": 30})
        late = [run for run in t.all("run") if run.how == "cancelled" and run.start < START + 9]
        t.expect_that("jobs that still ran at the pool's end", bool(late), "none was cancelled then")
        for run in late:
            part = "A job that still runs at the pool's end is cancelled then."
            expect_at(t, f"{run.who} was cancelled", run.cancelled_at, about(10), part=part)
            skipped = status(t, run.who)[run.who] == "SKIPPED"
            part = "A job that was started and still ran at the pool's end is `TIMED_OUT`, not `SKIPPED`."
            expect_status(t, part=part if skipped else CUT_OFF, **{run.who: "TIMED_OUT"})


@check("R4", misconception="estimate-is-a-limit", step="an-end-for-each-job")
def test_not_cancelled_before_its_end(play: Play) -> None:
    """A job that ends just before its end is `DONE`, also if it took longer than its estimate."""
    jobs = {"a": takes(4.9), "b": takes(9.9), "c": takes(7)}
    t = pool(play, jobs, deadlines={"a": 5, "b": 30}, estimates={"c": 2, "a": 1})
    by_estimate = t.of("b").how == "returned" != t.of("c").how
    part = "A job may take longer than its estimate: only at its end it is cancelled." if by_estimate else ""
    t.expect("how a, b and c ended", [t.of(name).how for name in jobs], ["returned"] * 3, part=part)
    expect_status(t, a="DONE", b="DONE", c="DONE")


@check("R4", misconception="waiting-ends-the-job", step="every-ending-is-an-outcome", wide=True)
def test_cleanup_awaited(play: Play) -> None:
    """A job that ran out of time has cleaned up before its worker goes on and before the call returns."""
    t = pool(play, {"a": [cleanup(wait(2)), hang()], "b": takes(1)}, workers=1, deadlines={"a": 4})
    expect_at(t, "a was cancelled", t.of("a").cancelled_at, about(4))
    first = t.of("b").start < START + 0.5  # whichever is started first
    part = "A job that ran out of time has cleaned up before its worker goes on with the next job."
    expect_at(t, "b was started", t.of("b").start, about(0 if first else 6), part=part)
    part = "The call returns only when every job that ran out of time has cleaned up."
    expect_at(t, "the call ended", t.call.end, about(6 if first else 7), part=part)
    expect_status(t, a="TIMED_OUT", b="DONE")
    t = pool(play, {"c": [cleanup(wait(3)), hang()]}, workers=1)
    expect_at(t, "the call ended", t.call.end, about(13), part=part)
    expect_late(t, "c")


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
    """A job that returns or raises when it is cancelled at its end is `TIMED_OUT`, or `DONE` or `FAILED`; the pool goes on."""
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
            t.expect_begun(name, "next", "beside")
            part = "A job that returns or raises when it is cancelled at its end is `TIMED_OUT`, or `DONE` or `FAILED`."
            t.expect(f"outcome of {name}, cancelled at its end", status(t, name)[name], allowed[name], part=part)
            part = "After a job that returned or raised as it was cancelled at its end, the pool goes on."
            expect_status(t, part=part, next="DONE", beside="DONE")


@check("R4", misconception="late-is-a-failure", step="every-ending-is-an-outcome")
def test_never_noticed_its_end(play: Play) -> None:
    """A job that a shield kept from being cancelled at its end, and that returned later, is `DONE` or `TIMED_OUT`."""
    t = pool(play, {"a": [cleanup(wait(7)), give("A")], "b": takes(1)}, workers=1, deadlines={"a": 4})
    t.expect_begun("a", "b")
    seen = outcomes(t).get("a", ["no outcome", None])[:2]
    t.expect("outcome of a", seen[0], one_of("DONE", "TIMED_OUT"))
    expect_status(t, b="DONE")
