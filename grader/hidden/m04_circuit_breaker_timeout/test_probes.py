"""Hidden checks of m04: one probe at a time."""

from __future__ import annotations

from typing import Any

from grader import Play, check, checkpoint, cleanup, fail, give, hang, near, on_cancel, wait

from .plans import (
    CROWD,
    FIVE,
    OPENING,
    START,
    V,
    at,
    call,
    crowd,
    expect_refused,
    expect_run,
    let_through,
    look,
    looks,
    opened,
    outcomes,
    runs,
    states,
)


# -- R4: one probe at a time -----------------------------------------------------------------------------------------
@check("R4", misconception="look-await-act", step="probe-one-at-a-time")
def test_one_of_many(play: Play) -> None:
    """Of calls that come at one instant while `HALF_OPEN`, one is let through and the others are refused."""
    for job in ([wait(5), give("V")], [checkpoint(), checkpoint(), fail("E")]):
        for t in opened(play, crowd(at(31), call("probe")), jobs={"probe": job}).orders(12):
            through = [span.who for span in let_through(t, *CROWD)]
            later = len(through) > 1 and t.most_open("run") == 1
            part = "A probe that fails opens the circuit again: who comes after it is refused." if later else ""
            if not through:
                part = "When the cooldown is over, a call is let through as a probe."
            t.expect("calls let through", len(through), 1, part=part)
            part = "Calls that come beside a probe raise `CircuitOpenError`."
            expect_refused(t, *[who for who in CROWD if who not in through], part=part)


@check("R4", misconception="half-open-lets-all-through", step="probe-one-at-a-time")
def test_others_are_refused(play: Play) -> None:
    """While a probe runs, others are refused: they are not let through, and do not wait for it."""
    others = [step for time in (31.5, 34, 37, 39.5) for step in (at(time), call("ok"))]
    for job in ([wait(9), give("V")], [wait(9), fail("E")]):
        t = opened(play, {"a": [at(31), call("probe")], "b": others}, jobs={"probe": job})
        expect_run(t, "probe")
        expect_refused(t, "b")


@check("R4", misconception="place-free-too-soon", step="probe-one-at-a-time")
def test_long_probe(play: Play) -> None:
    """A probe keeps its place as long as it runs, even longer than the cooldown."""
    others = [step for time in (40, 62, 95) for step in (at(time), call("ok"))]
    t = opened(play, {"a": [at(31), call("long")], "b": others}, jobs={"long": [wait(66), give("V")]}, timeout=70)
    expect_run(t, "bad", "long")
    if outcomes(t, "a") == [V]:  # else it has not run as long, and that is for R1 to say
        expect_refused(t, "b")


@check("R4", misconception="half-open-lets-all-through", step="probe-one-at-a-time")
def test_func_is_not_called_beside_a_probe(play: Play) -> None:
    """A call that is refused beside a probe does not call `func`, not even to throw away what it gives."""
    actors = {"a": [at(31), call("probe")], "b": [at(33), call("job")]}
    t = opened(play, actors, jobs={"probe": [wait(9), give("V")], "job": []}, forms={"job": ["function"]})
    expect_run(t, "bad", "probe")
    t.expect("how often func was called beside a probe", len(t.notes("called")), 0)


@check("R4", misconception="half-open-lets-all-through", step="probe-one-at-a-time")
def test_call_from_inside_the_probe(play: Play) -> None:
    """A call that the probe's own `func` makes is another call: it is not let through."""
    t = opened(play, {"a": [at(31), call("nested")]}, jobs={"nested": [wait(1), call("ok"), fail("E1")]})
    expect_run(t, "bad", "nested")
    t.expect("how often func was called from inside the probe", runs(t, "ok"), 0)


@check("R4", misconception="place-free-too-soon", step="probe-one-at-a-time")
def test_probe_that_cleans_up(play: Play) -> None:
    """A probe that was cancelled, for its timeout or from outside, keeps its place until its cleanup has ended."""
    actors = {"a": [at(31), call("probe")], "b": [at(42), call("ok")]}
    trial = opened(play, actors, jobs={"probe": [cleanup(wait(5)), hang()]})
    for t, why in ((trial, "ran out of time"), (trial.cancel("a", at=START + 40), "was cancelled from outside")):
        expect_run(t, "bad", "probe")
        part = f"A probe that {why} keeps its place until its cleanup has ended."
        t.expect("how often func was called beside it", runs(t, "ok"), 0, part=part)


@check("R4", misconception="one-success-is-not-enough", step="probe-one-at-a-time")
def test_success_closes(play: Play) -> None:
    """A probe that succeeds closes the circuit; from then on calls are let through again, as many as come."""
    t = opened(play, {"eye": [at(31), call("ok"), look()], **crowd(at(33), call("ok"))})
    part = "A probe that succeeds closes the circuit."
    t.expect("state after the probe", states(t), ["CLOSED"], part=part)
    part = "When a probe has closed the circuit, calls are let through again, as many as come."
    t.expect("calls let through, probe included", runs(t, "ok"), 5, part=part)


@check("R4", misconception="one-success-is-not-enough", step="probe-one-at-a-time")
def test_success_closes_whenever_it_comes(play: Play) -> None:
    """A probe that succeeds closes the circuit however long after the cooldown it comes."""
    for time in (30.5, 20_000):
        t = opened(play, {"eye": [at(time), call("ok"), look()]})
        expect_run(t, "bad")
        t.expect("state after the probe", states(t), ["CLOSED"])


@check("R4", misconception="failed-probe-is-one-failure", step="probe-one-at-a-time")
def test_failure_opens(play: Play) -> None:
    """One failed probe opens the circuit for a new cooldown, which begins when the probe has ended."""
    expect_new_cooldown(play, [wait(4), fail("E")], end=35, part="One failed probe opens the circuit again.")


def expect_new_cooldown(play: Play, job: list[Any], *, end: float, part: str) -> None:
    """Fail the subject unless a probe that begins at 31 and fails at `end` opens the circuit, as `part` says, until 30 s later."""
    others = [step for time in (end + 1, end + 29, end + 31) for step in (at(time), call("ok"))]
    t = opened(play, {"a": [at(31), call("probe")], "b": others, "eye": looks(end + 0.5)}, jobs={"probe": job})
    t.expect("state after the failed probe", states(t), ["OPEN"], part=part)
    first = [span.start for span in let_through(t, "b")][:1]
    part = "The new cooldown begins when the failed probe has ended, its cleanup included, and is as long as the first."
    if not first:
        part = "After a failed probe, and a cooldown as long as the first, a call is let through again."
    t.expect("of calls 1, 29 and 31 s after it, the first one let through", first, [near(START + end + 31)], part=part)


@check("R4", misconception="failed-probe-is-one-failure", step="probe-one-at-a-time")
def test_probe_that_runs_out_of_time(play: Play) -> None:
    """A probe that runs out of time has failed: the new cooldown begins when its cleanup has ended."""
    for job in ([cleanup(wait(3)), hang()], [on_cancel(wait(3), fail("E")), hang()]):
        part = "A probe that runs out of time has failed: it opens the circuit again."
        expect_new_cooldown(play, job, end=44, part=part)


@check("R4", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_probe_after_probe(play: Play) -> None:
    """After a failed probe and its cooldown another call is let through, again and again, until one succeeds."""
    probes = [step for time in (31, 62, 93, 124) for step in (at(time), call("bad"), look())]
    t = opened(play, {"eye": [*probes, at(155), call("ok"), look()]})
    part = "" if states(t)[:1] == ["OPEN"] else "One failed probe opens the circuit again."
    t.expect("states after each probe", states(t), ["OPEN"] * 4 + ["CLOSED"], part=part)
    t.expect("calls let through at the end", runs(t, "ok"), 1)


@check("R4", misconception="same-cooldown-each-time", step="look-at-the-clock")
def test_every_cooldown_is_the_same(play: Play) -> None:
    """Each new cooldown is as long as the first."""
    times = [30.5 * n - early for n in (1, 2, 3, 4) for early in (1, 0)]
    t = opened(play, {"a": [step for time in times for step in (at(time), call("bad"))]})
    seen = [span.start for span in let_through(t, "a")]
    wanted = [near(START + time) for time in times[1::2]]
    t.expect("calls let through, of two around the end of each cooldown", seen, wanted)


@check("R4", misconception="place-never-given-back", step="probe-one-at-a-time")
def test_next_round(play: Play) -> None:
    """When the circuit has closed and opened again, there is again one probe at a time."""
    actors = {"a": [at(31), call("ok"), *FIVE, at(70), call("probe")], "b": [at(72), call("none")], "eye": looks(76)}
    t = opened(play, actors, jobs={"probe": [wait(5), give("V")]})
    part = (
        "" if runs(t, "probe") else "When the circuit has opened again, and a cooldown is over, a call is let through."
    )
    t.expect("calls let through: the probe, and beside it", [runs(t, "probe"), runs(t, "none")], [1, 0], part=part)
    part = "A probe that succeeds closes the circuit, each time."
    t.expect("state after the probe", states(t), ["CLOSED"], part=part)


@check("R4", misconception="half-open-lets-all-through", step="probe-one-at-a-time")
def test_one_at_a_time_after_each_end(play: Play) -> None:
    """However the probes before it ended, there is one probe at a time."""
    probes = [at(36), call("fails"), at(80), call("works"), at(140), call("fails")]
    actors = {"first": [at(31), call("slow")], "opener": [*OPENING, at(100), *FIVE], "eye": looks(34, 79, 139)}
    jobs = {"fails": [wait(5), fail("E")], "works": [wait(5), give("V")]}
    t = opened(play, {**actors, **crowd(*probes)}, jobs=jobs).cancel("first", at=START + 33)
    expect_run(t, "bad", "slow")
    if states(t) == ["HALF_OPEN"] * 3:  # else how probes end is not known, and that is not for this check to say
        t.expect("calls at once, after a cancelled probe, a failed one, one that succeeded", t.most_open("run"), 1)


@check("R4", misconception="look-await-act", step="probe-one-at-a-time")
def test_one_at_a_time_without_cooldown(play: Play) -> None:
    """Without a cooldown too, never more than one probe runs at a time."""
    trial = opened(
        play, crowd(at(2), call("probe"), call("probe")), jobs={"probe": [checkpoint(), fail("E")]}, cooldown=0
    )
    for t in trial.orders(10):
        most = t.most_open("run")
        part = "" if most else "With a cooldown of 0 a call is let through as soon as the circuit has opened."
        t.expect("probes at once", most, 1, part=part)
