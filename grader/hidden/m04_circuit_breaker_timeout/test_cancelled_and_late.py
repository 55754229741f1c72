"""Hidden checks of m04: cancelled calls, late calls and calls side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from grader import Play, Trace, cancel, check, checkpoint, cleanup, fail, give, hang, near, wait

from .plans import (
    CROWD,
    FIVE,
    HIGH,
    OPENING,
    START,
    V,
    at,
    call,
    circuit,
    crowd,
    expect_run,
    interrupted,
    let_through,
    look,
    looks,
    opened,
    outcomes,
    states,
)

# -- R5: cancelled from outside --------------------------------------------------------------------------------------
#: Each ends by the cancellation; the last one when the timeout is over.
CANCELLED = {"quick": [hang()], "past its timeout": [cleanup(wait(9)), hang()]}


@check("R5", misconception="cancelled-is-failed", step="tell-cancellation-apart")
def test_cancelled_is_no_failure(play: Play) -> None:
    """A call that is cancelled from outside, or by a tighter deadline around it, is not a failure."""
    for name in CANCELLED:
        trial = circuit(play, {**crowd(call(name)), "eye": looks(20)}, jobs=CANCELLED)
        for t in interrupted(trial, a=4, b=4, c=4, d=4):
            expect_run(t, name)
            t.expect(f"state after four cancelled calls ({name})", states(t), ["CLOSED"])


@check("R5", misconception="cancelled-is-success", step="tell-cancellation-apart")
def test_cancelled_is_no_success(play: Play) -> None:
    """A call that is cancelled is not a success: the failures before and after it are in a row."""
    actors = {"eye": [*FIVE, at(20), *FIVE, look()]}
    wanted = states(circuit(play, actors, threshold=HIGH))
    for name in CANCELLED:
        trial = circuit(play, {**actors, "a": [at(1), call(name)]}, jobs=CANCELLED, threshold=HIGH)
        for t in interrupted(trial, a=4):
            expect_run(t, "bad", name)
            t.expect(f"state with five failures before and five after it ({name})", states(t), wanted)


def expect_no_trace(play: Play, then: list[Any], traces: Iterable[Trace], after: str = "a cancelled probe") -> None:
    """Fail the subject unless `then`, what ``eye`` does, goes in each run as it would had nobody called before."""
    alone = opened(play, {"eye": then}, jobs=THEN)
    alone.expect_that("the call after the cooldown", bool(let_through(alone, "eye")), "did not call func")
    for t in traces:
        part = "A probe that is cancelled frees its place: the next call is let through."
        through, wanted = len(let_through(t, "eye")), len(let_through(alone, "eye"))
        t.expect(f"calls let through after {after}", through, wanted, part=part if through < wanted else "")
        part = "After a probe that was cancelled it is the next one that decides."
        if states(t)[:1] != states(alone)[:1]:
            part = "A probe that is cancelled is neither a failure nor a success: the circuit stays `HALF_OPEN`."
        t.expect(f"states after {after}, and after the next call", states(t), states(alone), part=part)


THEN = {"fails": [wait(1), fail("E")]}


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_cancelled_probe(play: Play) -> None:
    """A cancelled probe frees its place, also if its caller was cancelled before it called: the next call is let through."""
    then = [*looks(50), call("ok"), look()]
    trials = [opened(play, {"a": [at(31), call(name)], "eye": then}, jobs=CANCELLED) for name in CANCELLED]
    before = opened(play, {"a": [at(31), cancel("a"), call("slow")], "eye": then})
    expect_no_trace(play, then, [*(t for trial in trials for t in interrupted(trial, a=35)), before])


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_next_probe_at_once(play: Play) -> None:
    """The place of a probe is free as soon as the cancelled one has ended, and the next one decides."""
    then = [*looks(33.5), call("fails"), look()]
    trial = opened(play, {"a": [at(31), call("slow")], "eye": then}, jobs=THEN)
    expect_no_trace(play, then, interrupted(trial, a=33))


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_many_cancelled_probes(play: Play) -> None:
    """However many probes are cancelled, one after the other, the next call is let through."""
    probes = {who: [at(31 + 3 * n), call("slow")] for n, who in enumerate(CROWD)}
    then = [*looks(60), call("ok"), look()]
    expect_no_trace(
        play, then, interrupted(opened(play, {**probes, "eye": then}), a=33, b=36, c=39, d=42), "four of them"
    )


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_probe_cancelled_at_every_step(play: Play) -> None:
    """At whatever moment a probe is cancelled, its place is free afterwards; only how its `func` ended counts."""
    then = [*looks(40), call("ok"), look()]
    alone, succeeded = opened(play, {"eye": then}), opened(play, {"a": [at(31), call("ok")], "eye": then})
    wanted = {False: states(alone), True: states(succeeded)}
    trial = opened(
        play, {"a": [at(31), call("probe")], "eye": then}, jobs={"probe": [wait(1), checkpoint(), give("V")]}
    )
    for t in trial.cancelled("a"):
        returned = any(run.how == "returned" for run in t.all("run", "probe"))
        part = "At whatever moment a probe is cancelled, its place is free for the next one."
        t.expect("calls let through after it", len(let_through(t, "eye")), 1, part=part)
        part = "A probe whose `func` was cancelled is neither a failure nor a success."
        if returned:
            part = "A probe whose `func` has returned is a success, also if its call is cancelled then."
        t.expect("states after it, and after the next call", states(t), wanted[returned], part=part)


@check("R5", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_cancelled_while_it_cleans_up(play: Play) -> None:
    """A probe that is cancelled while it cleans up after its timeout frees its place, whatever it counts as."""
    actors = {"a": [at(31), call("probe")], "eye": [at(90), call("ok")]}
    for t in interrupted(opened(play, actors, jobs={"probe": [cleanup(wait(5)), hang()]}), a=43):
        t.expect("calls let through when a cooldown has passed", len(let_through(t, "eye")), 1)


@check("R5", misconception="cancelled-is-failed", step="tell-cancellation-apart")
def test_cancelled_beside_others(play: Play) -> None:
    """A cancelled call does not affect other calls."""
    actors = {"a": [call("slow")], "b": [call("long")], "c": [at(1), call("wrong")]}
    jobs = {"long": [wait(9), give("V")], "wrong": [wait(7), fail("E1")]}
    for t in interrupted(circuit(play, actors, jobs=jobs, timeout=900), a=4):
        t.expect("what was returned beside it", outcomes(t, "b"), [V])
        t.expect("what was raised beside it", t.one("call", "c").errors, ["E1"])


# -- R6: late calls, and calls side by side --------------------------------------------------------------------------
#: How calls may end that were let through before the circuit opened.
LATE = ("returned", "failed", "ran out of time", "were cancelled", "exited")


def expect_late_change_nothing(
    play: Play, actors: dict, what: str, *, end: float, hows: tuple[str, ...] = LATE[:2], **more: Any
) -> None:
    """Fail the subject unless all goes as it would without four calls that begin at -5, before it opens, until `end`."""
    lasts = end + 5
    jobs = {"probe": [wait(10), give("V")], "returned": [wait(lasts), give("V")], "failed": [wait(lasts), fail("E1")]}
    jobs |= {"ran out of time": [hang()], "were cancelled": [hang()], "exited": [wait(lasts), fail("X", "Abandon")]}
    jobs |= more.pop("jobs", {})
    alone = opened(play, {**actors, "watch": looks(0.5)}, jobs=jobs, timeout=900, **more)
    alone.expect("state after the failures, without late calls", states(alone, "watch"), ["OPEN"])
    for how in hows:
        timeout = lasts if how == "ran out of time" else 900
        t = opened(play, {**crowd(at(-5), call(how)), **actors}, jobs=jobs, timeout=timeout, **more)
        for who in CROWD if how == "were cancelled" else ():
            t = t.cancel(who, at=START + end)
        expect_run(t, how)
        through, wanted = (len(let_through(trace, "eye")) for trace in (t, alone))
        t.expect(f"states before and after late ones {how} {what}", states(t), states(alone))
        t.expect(f"calls let through after late ones {how} {what}", through, wanted)


@check("R6", misconception="late-calls-count", step="know-the-late-ones", core=False)
def test_late_while_open(play: Play) -> None:
    """A call let through before the circuit opened that ends while it is open neither closes it nor prolongs the cooldown."""
    expect_late_change_nothing(play, {"eye": looks(21, 29.5, 30.5)}, "while OPEN", end=20, hows=LATE)


@check("R6", misconception="late-calls-count", step="know-the-late-ones", core=False)
def test_late_while_half_open(play: Play) -> None:
    """A call let through before the circuit opened that ends while it is `HALF_OPEN` neither closes nor opens it."""
    expect_late_change_nothing(play, {"eye": [*looks(34), call("ok"), look()]}, "while HALF_OPEN", end=33)


@check("R6", misconception="late-calls-count", step="know-the-late-ones", core=False)
def test_late_beside_a_probe(play: Play) -> None:
    """A call let through before the circuit opened that ends beside a probe leaves it its place and lets it decide."""
    actors = {"p": [at(31), call("probe")], "eye": [*looks(35), call("ok"), *looks(42)]}
    for end in (give("V"), fail("E")):
        expect_late_change_nothing(play, actors, "beside a probe", end=34, jobs={"probe": [wait(10), end]}, hows=LATE)


@check("R6", misconception="late-calls-count-again", step="know-the-late-ones", core=False)
def test_late_when_closed_again(play: Play) -> None:
    """A call let through before the circuit opened that ends when it has closed again is neither a failure nor a success."""
    actors = {"opener": OPENING * 2, "eye": [at(31), call("ok"), *FIVE, *looks(41), *FIVE, look()]}
    expect_late_change_nothing(play, actors, "between five failures and five more", end=40, hows=LATE, threshold=HIGH)


@check("R6", misconception="late-calls-count-again", step="know-the-late-ones", core=False)
def test_late_when_opened_again(play: Play) -> None:
    """A call let through before the circuit opened that ends when it has opened once more changes nothing."""
    actors = {"p": [at(31), call("bad")], "eye": looks(46, 60.5, 61.5)}
    expect_late_change_nothing(play, actors, "after a failed probe", end=45)
    actors = {"p": [at(31), call("ok"), *FIVE], "eye": looks(51, 61.5, 62.5)}
    expect_late_change_nothing(play, actors, "when it has opened again", end=50)


@check("R6", misconception="late-calls-count", step="know-the-late-ones", core=False)
def test_more_failures_at_the_end(play: Play) -> None:
    """Of calls that fail one after the other, those after the one that opened the circuit do not prolong the cooldown."""
    jobs = {f"job{n}": [wait(n), fail("E")] for n in (2, 4, 6)}
    t = circuit(
        play, {**{name: [call(name)] for name in jobs}, "opener": [at(1), *FIVE], "eye": looks(30.5, 31.5)}, jobs=jobs
    )
    t.expect("states 29.5 and 30.5 s after the circuit opened", states(t), ["OPEN", "HALF_OPEN"])


@check("R6", misconception="late-calls-count-again", step="know-the-late-ones", core=False)
def test_many_late_calls(play: Play) -> None:
    """Calls let through before the circuit opened change nothing when they end, however many they are."""
    ends = [fail("E1"), give("V"), give(None), fail("E2", "TimeoutError")]
    jobs = {f"job{n}": [wait(1 + time), ends[n % 4]] for n, time in enumerate(play.draw(24, step=3))}
    jobs["probe"] = [wait(10), give("V")]
    eye = [*looks(15, 29.5, 30.5, 36, 42), at(45), *FIVE, *looks(50, 60), at(73), *FIVE, look()]
    actors = {"opener": OPENING * 2, "p": [at(31), call("probe")], "eye": eye}
    many = {name: [at(-1), call(name)] for name in jobs if name != "probe"}
    t, alone = (opened(play, {**actors, **more}, jobs=jobs, timeout=900, threshold=HIGH) for more in (many, {}))
    alone.expect("the first state, without late calls", states(alone)[:1], ["OPEN"])
    t.expect("states in two cooldowns, beside a probe, and with five and five failures", states(t), states(alone))


@check("R6", misconception="one-after-another", step="know-the-late-ones", core=False)
def test_side_by_side(play: Play) -> None:
    """While `CLOSED`, calls do not wait for each other, however many they are."""
    for first, begin, crowded in ({}, 1, 101), ({"opener": [*OPENING, at(31), call("ok")]}, 33, 5):
        callers = {f"caller{n}": [at(begin), call("long")] for n in range(crowded)}
        t = circuit(play, {**first, **callers}, jobs={"long": [wait(3)]}, timeout=900)
        expect_run(t, "long")
        last = max(run.end or 0 for run in t.all("run", "long"))
        t.expect(f"{crowded} calls of 3 s at the same time took", last - START - begin, near(3))
