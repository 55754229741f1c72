"""Hidden checks of m04: the constructor, and the rules of every exercise."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, at_most, at_once, awaitable, check, checkpoint, cleanup, fail, give, hang, wait

from .plans import (
    FIVE,
    HIGH,
    OPENING,
    START,
    at,
    call,
    circuit,
    expect_run,
    interrupted,
    let_through,
    look,
    looks,
    opened,
    outcome,
    runs,
    states,
)


# -- R7, G8: the constructor -----------------------------------------------------------------------------------------
@check("R7", misconception="arguments-are-right", step="bound-the-call")
def test_bad_arguments(play: Play) -> None:
    """`threshold < 1`, `timeout <= 0` and `cooldown < 0` raise `ValueError` from the constructor, each by itself."""
    expect_run(circuit(play, {"caller": [call("ok")]}), "ok")
    bounds = {"threshold": "< 1", "timeout": "<= 0", "cooldown": "< 0"}
    for name, values in {"threshold": (0, -1), "timeout": (0, -0.5), "cooldown": (-0.001, -30)}.items():
        for value in values:
            t = circuit(play, {"caller": [call("ok")]}, **{name: value})
            part = f"`{name} {bounds[name]}` raises `ValueError` from the constructor."
            t.expect(f"CircuitBreaker with {name}={value}", outcome(t.call), "ValueError", part=part)


@check("R7", misconception="arguments-are-right", step="bound-the-call")
def test_smallest_arguments(play: Play) -> None:
    """A `threshold` of 1, a `timeout` of a moment and a `cooldown` of 0 are legal."""
    t = circuit(play, {"caller": [look()]}, threshold=1, timeout=0.001, cooldown=0)
    t.expect_that("CircuitBreaker with threshold=1, timeout=0.001, cooldown=0", t.call.how == "returned", t.call.ending)


@check("R7", misconception="clock-in-the-constructor", step="look-at-the-clock")
def test_made_before_the_loop(play: Play) -> None:
    """The constructor needs no event loop: a breaker can be made at the top of a module, and works."""
    t = circuit(play, {"eye": [look(), call("ok"), *FIVE, look()]}, before_the_loop=True)
    t.expect_that("CircuitBreaker(…) before the loop runs", t.call.how == "returned", t.call.ending)
    part = "A breaker that was made before the loop runs works like any other."
    t.expect("states: new, and after failures", states(t), ["CLOSED", "OPEN"], part=part)


@check("R7", misconception="zero-is-none", step="look-at-the-clock")
def test_no_cooldown(play: Play) -> None:
    """With `cooldown=0` a call is let through again, as a probe, a moment after the circuit opened."""
    t = opened(play, {"a": [at(1), call("ok")]}, cooldown=0)
    t.expect("calls let through 1 s after failures", len(let_through(t, "a")), 1)


@check("G8", misconception="arguments-are-right", step="bound-the-call")
def test_bad_arguments_at_once(play: Play) -> None:
    """Bad arguments raise a bare `ValueError` when the breaker is made, not later; good ones do not."""
    expect_run(circuit(play, {"caller": [call("ok")]}), "ok")
    t = circuit(play, {"caller": [call("ok")]}, threshold=0, timeout=-1, cooldown=-1)
    t.expect("what CircuitBreaker(…) with bad arguments raised", outcome(t.call), "ValueError")


# -- G: rules for every exercise -------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="bound-the-call")
def test_both_backends(play: Play) -> None:
    """The file runs on asyncio and on trio."""
    t = circuit(play, {"eye": [call("ok"), call("slow"), look()]}, threshold=HIGH)
    t.expect(
        "how a call of 1 s ended, and one that ran out of time", [s.how for s in t.all("call")], ["returned", "raised"]
    )
    t.expect("state", states(t), ["CLOSED"])


def every_end(play: Play, *, scale: float = 1, rounds: int = 1) -> Any:
    """Return a trial with every kind of call, at the end of which the circuit is closed."""
    jobs = {"late": [cleanup(wait(scale)), wait(50 * scale), give("V")], "fails": [wait(scale), fail("E")]}
    opening = [call("ok"), call("late"), call("fails"), *FIVE, call("ok")]
    script = [*opening, wait(31 * scale), call("late"), wait(31 * scale), call("ok")] * rounds
    return circuit(play, {"caller": script}, jobs=jobs, timeout=10 * scale, cooldown=30 * scale)


def open_streams(t: Trace) -> int:
    return len(t.data["probes"]["left"].get("streams", []))


@check("G2", misconception="left-for-later", step="probe-one-at-a-time")
def test_nothing_left(play: Play) -> None:
    """When a call has ended, however it ended, no task, stream or lock of it is left."""
    t, twice = every_end(play), every_end(play, rounds=2)
    expect_run(t, "ok", "late")
    for span in t.all("call", "caller"):
        t.expect_nothing_left(span, but=["streams"])
    # A stream may belong to the breaker; those of calls become more and more.
    twice.expect("open streams, when all calls were made twice", open_streams(twice), at_most(open_streams(t)))


@check("G2", misconception="left-for-later", step="probe-one-at-a-time")
def test_nothing_left_when_cancelled(play: Play) -> None:
    """When a call was cancelled from outside, at any moment, no task, stream or lock of it is left."""
    for opener, begin in ([], 1), (OPENING, 31):
        actors = {"opener": opener, "caller": [at(begin), call("ok")], "next": [at(begin + 9), call("ok")]}
        undisturbed, *cancelled = circuit(play, actors, jobs={"ok": [wait(1), checkpoint()]}).cancelled("caller")
        expect_run(undisturbed, "bad" if opener else "ok")
        for t in cancelled:
            for span in t.all("call"):
                t.expect_nothing_left(span, but=["streams"])
            t.expect("open streams", open_streams(t), at_most(open_streams(undisturbed)))


@check("G3", misconception="shield-everything", step="tell-cancellation-apart")
def test_cancellation_passes(play: Play) -> None:
    """A cancellation from outside takes effect at once, at any moment of a call, and the call ends cancelled."""
    for opener, begin in (([], 1), (OPENING, 31)):
        actors = {"opener": opener, "caller": [at(begin), call("work")]}
        for t in circuit(play, actors, jobs={"work": [wait(1), checkpoint(), wait(2)]}).cancelled("caller"):
            if not t.notes("cancel"):
                expect_run(t, "bad" if opener else "work")
            expect_cancelled(t)


@check("G3", misconception="shield-everything", step="tell-cancellation-apart")
def test_cancelled_in_a_long_wait(play: Play) -> None:
    """A call that is cancelled, or whose deadline around it expires, ends at once; only a cleanup of `func` is waited for."""
    for opener, begin in (([], 1), (OPENING, -1), (OPENING, 31)):
        actors = {"opener": opener, "caller": [at(begin), call("hangs")]}
        trial = circuit(play, actors, jobs={"hangs": [cleanup(wait(4)), hang()]})
        for t in interrupted(trial, caller=begin + 3):
            expect_run(t, "bad" if opener else "hangs")
            expect_cancelled(t, cleanup_takes=4)
            for span in let_through(t, "caller"):
                part = "A call that is cancelled from outside ends cancelled."
                t.expect("how the call ended", span.how, "cancelled", part=part)


def expect_cancelled(t: Trace, cleanup_takes: float = 0) -> None:
    """Fail the subject unless a call that was cancelled ended by it, at that time or when `func` had cleaned up."""
    t.expect_cancellation_passes()
    for struck in t.notes("cancel", "caller"):
        what = f"the call, cancelled {struck['t'] - START:g} s after the start, ended at"
        part = "A call that is cancelled from outside ends at once."
        if cleanup_takes:
            part = "A call that is cancelled from outside ends as soon as `func` has cleaned up."
        t.expect(what, t.one("call", "caller").end, at_most(struck["t"] + cleanup_takes), part=part)


@check("G4", misconception="blocking-is-short", step="look-at-the-clock")
def test_nothing_blocks(play: Play) -> None:
    """No call blocks the event loop, whether it is let through, refused, runs out of time or is cancelled."""
    actors = {"caller": [at(31), call("slow")], "other": [at(32), call("ok")]}
    cancelled = opened(play, actors).cancel("caller", at=START + 35)
    for t, job in ((every_end(play), "late"), (cancelled, "bad")):
        t.expect_not_blocked()
        expect_run(t, job)


EXITS = {
    "exit": [wait(1), fail("X", "Abandon")],
    "instant": [fail("X", "Abandon")],
    "at once": [at_once(), fail("X", "Abandon")],
}


@check("G5", misconception="catch-everything", step="count-failures")
def test_exits_pass(play: Play) -> None:
    """An exception that is not an `Exception`, such as `SystemExit`, leaves `call` and is not a failure."""
    t = circuit(play, {"eye": [*[call("exit"), call("instant")] * 2, look()]}, jobs=EXITS)
    for span in t.all("call"):
        part = "An exception that is not an `Exception`, such as `SystemExit`, leaves `call`."
        t.expect("what left the call", span.errors, ["X"], part=part)
    part = "An exception that is not an `Exception`, such as `SystemExit`, is not a failure."
    t.expect("state after four of them", states(t), ["CLOSED"], part=part)


@check("G5", misconception="catch-everything", step="count-failures")
def test_groups_with_exits_are_no_failure(play: Play) -> None:
    """A group that holds what is not an `Exception`, such as `SystemExit`, is neither an `Exception` nor a failure."""
    jobs = {"exits": [wait(1), fail("X", "BaseExceptionGroup")]}
    t = circuit(play, {"eye": [*[call("exits")] * 4, look()]}, jobs=jobs)
    expect_run(t, "exits")
    t.expect("state after four of them", states(t), ["CLOSED"])


@check("G5", misconception="catch-everything", step="count-failures")
def test_exits_are_no_success(play: Play) -> None:
    """An exception that is not an `Exception`, such as `SystemExit`, is not a success: the failures before and after it are in a row."""
    t, without = (
        circuit(play, {"eye": [*FIVE, *between, *FIVE, look()]}, jobs=EXITS, threshold=HIGH)
        for between in ([call("exit")], [])
    )
    expect_run(t, "bad", "exit")
    t.expect("state with five failures before and five after it", states(t), states(without))


@check("G5", misconception="catch-everything", step="probe-one-at-a-time")
def test_exits_give_the_place_back(play: Play) -> None:
    """A probe that raises what is not an `Exception`, such as `SystemExit`, frees its place for the next one."""
    for job in EXITS:
        t, without = (
            opened(play, {"eye": [at(31), *first, *looks(33), call("ok"), look()]}, jobs=EXITS)
            for first in ([call(job)], [])
        )
        expect_run(t, "bad")
        t.expect("states after it, and after the next call", states(t), states(without))


@check("G6", misconception="look-again-and-again", step="look-at-the-clock")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: waits that are a thousand times longer take no more wake-ups."""
    short, long = every_end(play).steps, every_end(play, scale=1000)
    expect_run(long, "ok", "late")
    long.expect("wake-ups when all times are 1000 times longer", long.steps, at_most(short + 20))


@check("G9", misconception="jobs-are-coroutines", step="bound-the-call")
def test_kinds_of_func(play: Play) -> None:
    """`func` is any callable that returns an awaitable: a partial, a method, an object, a plain function."""
    forms = {form: [form] for form in ("partial", "method", "instance", "function")}
    jobs = {name: [wait(1), give("V")] for name in forms} | {"awaitable": [awaitable(), wait(1), give("V")]}
    t = circuit(play, {"caller": [call(name, "A") for name in jobs]}, jobs=jobs, forms=forms)
    t.expect("how the calls ended", [span.how for span in t.all("call")], ["returned"] * 5)
    part = "`call` calls `func` once, whatever kind of callable it is."
    t.expect("how often each was called", [runs(t, name) for name in jobs], [1] * 5, part=part)


@check("G9", misconception="jobs-are-coroutines", step="count-failures")
def test_raises_at_once(play: Play) -> None:
    """A `func` that raises when it is called, before there is anything to await, has failed like one that raises later."""
    jobs = {"raises": [at_once(), fail("E1")]}

    def seen(job: str) -> list[Any]:
        t = circuit(
            play, {"eye": [*[call(job)] * 4, *looks(5, 31), call(job), look(), wait(31), call("ok"), look()]}, jobs=jobs
        )
        return [t, states(t)]

    (t, found), (_, wanted) = seen("raises"), seen("bad")
    expect_run(t, "raises")
    t.expect("states after failures, after a failed probe, after the next call", found, wanted)
