"""Hidden checks of m04: failures in a row open the circuit, and it stays open for the cooldown."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, check, checkpoint, cleanup, fail, give, hang, near, on_cancel, one_of, wait

from .plans import (
    CROWD,
    FIVE,
    HIGH,
    at,
    call,
    circuit,
    crowd,
    expect_refused,
    expect_run,
    let_through,
    look,
    looks,
    opened,
    refused,
    states,
)


# -- R2: failures in a row -------------------------------------------------------------------------------------------
@check("R2", misconception="one-more-or-less", step="count-failures")
def test_threshold(play: Play) -> None:
    """`threshold` failures in a row open the circuit, and not one fewer."""
    for threshold in (1, 2, 5, 12):
        t = circuit(play, {"eye": [call("bad"), look()] * threshold}, threshold=threshold)
        part = "The circuit opens with the failure that makes it `threshold` in a row, not with a later one."
        if "OPEN" in states(t):
            part = "The circuit does not open before there are `threshold` failures in a row."
        t.expect("states after each failure", states(t), ["CLOSED"] * (threshold - 1) + ["OPEN"], part=part)


@check("R2", misconception="failures-add-up", step="count-failures")
def test_success_in_between(play: Play) -> None:
    """A success in between starts the count again, from nothing."""
    t = circuit(play, {"eye": [call("bad"), call("bad"), call("ok"), *[call("bad"), look()] * 3]})
    t.expect("states after each failure since the success", states(t), ["CLOSED", "CLOSED", "OPEN"])


@check("R2", misconception="failures-add-up", step="probe-one-at-a-time")
def test_closing_counts_anew(play: Play) -> None:
    """After the circuit has closed again, it takes `threshold` failures again to open it, each time."""
    t = opened(play, {"eye": [at(31), *[call("ok"), look(), *[call("bad"), look()] * 3, wait(31)] * 2]})
    expect_counted_anew(t)


def expect_counted_anew(t: Trace) -> None:
    expect_run(t, "bad")
    seen = states(t)
    for closed, after in ((seen[:1], seen[1:4]), (seen[4:5], seen[5:])):
        if closed == ["CLOSED"]:  # else it has not closed, and that is for R4 to say
            wanted = ["CLOSED", "CLOSED", one_of("OPEN", "HALF_OPEN")]  # for how long is for R3 to say
            t.expect("states after each failure since it has closed", after, wanted)


@check("R2", misconception="failures-add-up", step="probe-one-at-a-time")
def test_closing_counts_anew_after_failed_probes(play: Play) -> None:
    """After the circuit has closed again it takes `threshold` failures: probes that failed before do not count."""
    probes = [step for time in (31, 62) for step in (at(time), call("bad"))]
    one_round = [call("ok"), look(), *[call("bad"), look()] * 3]
    t = opened(play, {"eye": [*probes, at(93), *one_round, at(124), call("bad"), at(155), *one_round]})
    expect_counted_anew(t)


@check("R2", misconception="failures-add-up", step="count-failures")
def test_any_sequence(play: Play) -> None:
    """The failures since the last success count, whatever came before."""
    threshold, row, wanted = play.pick(2, 4), 0, []
    ends = play.shuffled(["ok"] * 8 + ["bad"] * 14)
    for end in ends:
        row = row + 1 if end == "bad" else 0
        wanted.append("OPEN" if row >= threshold else "CLOSED")
        if row >= threshold:
            break
    ends = ends[: len(wanted)]
    t = circuit(play, {"eye": [step for end in ends for step in (call(end), look())]}, threshold=threshold)
    t.expect(f"states after each of {', '.join(ends)} (threshold {threshold})", states(t), wanted)


@check("R2", misconception="failures-add-up", step="count-failures")
def test_calls_that_overlap(play: Play) -> None:
    """In a row means one *ending* after the other: a success that ends between two failures starts the count again."""
    jobs = {"fails": [wait(4), fail("E")], "works": [wait(4), give("V")], "works longer": [wait(7), give("V")]}
    actors = {"a": [call("fails")], "b": [at(1), call("works")], "c": [at(2), call("fails")]}
    longer = {"a": [at(1), call("fails")], "b": [call("works longer")], "c": [at(6), call("fails")]}
    for plan in (actors, longer):
        t = circuit(play, {**plan, "eye": looks(20)}, jobs=jobs, threshold=2)
        expect_run(t, "fails")
        ended = [run.how for run in sorted(t.all("run"), key=lambda run: run.end or 0)]
        if ended == ["raised", "returned", "raised"]:  # else they waited for each other, and that is for R6 to say
            t.expect("state after a failure, a success, a failure", states(t), ["CLOSED"])


@check("R2", misconception="failures-are-forgotten", step="count-failures")
def test_far_apart(play: Play) -> None:
    """Failures in a row need not be near to each other: nothing but a success starts the count again."""
    t = circuit(play, {"eye": [call("bad"), wait(5000), call("bad"), wait(50_000), call("bad"), look()]})
    expect_run(t, "bad")
    t.expect("state after three failures far apart", states(t), [one_of("OPEN", "HALF_OPEN")])


@check("R2", misconception="failures-are-forgotten", step="count-failures")
def test_kinds_count_together(play: Play) -> None:
    """Failures of different classes, and of different functions, are one row."""
    jobs = {"other": [wait(1), fail("E2", "ValueError")], "third": [wait(1), fail("E3", "OSError")]}
    t = circuit(play, {"eye": [call("bad"), call("other"), look(), call("third"), look()]}, jobs=jobs)
    t.expect("states after two, and after three", states(t), ["CLOSED", "OPEN"])


@check("R2", misconception="failures-add-up", step="count-failures")
def test_another_breaker(play: Play) -> None:
    """Each breaker counts for itself: failures of another one do not open it."""
    others = [["another", "bad"]] * 5
    t = circuit(play, {"eye": [*others, look(), *FIVE, look(), *others, look(), *FIVE, look()]}, threshold=HIGH)
    wanted = [*["CLOSED"] * 3, "OPEN"]
    t.expect("states after five failures of another breaker, five of its own, and once more", states(t), wanted)


# -- R3: open for the cooldown ---------------------------------------------------------------------------------------
@check("R3", misconception="somebody-will-wake-me", step="look-at-the-clock")
def test_open_then_half_open(play: Play) -> None:
    """The circuit is `OPEN` for `cooldown` seconds and then `HALF_OPEN`, also if nobody calls meanwhile."""
    t = opened(play, {"eye": looks(0.5, 15, 29.5, 30.5, 500)})
    seen, part = states(t), ""
    if seen[:1] == ["OPEN"] and seen[:3] != ["OPEN"] * 3:
        part = "The circuit is `OPEN` for the whole `cooldown`, not shorter."
    elif seen[:3] == ["OPEN"] * 3 and "CLOSED" in seen:
        part = "After the cooldown the circuit is `HALF_OPEN`: only a probe that succeeds closes it."
    elif seen[:3] == ["OPEN"] * 3:
        part = "After `cooldown` seconds the circuit is `HALF_OPEN`, also if nobody calls meanwhile."
    t.expect("states at 0.5, 15, 29.5, 30.5, 500 s", seen, ["OPEN"] * 3 + ["HALF_OPEN"] * 2, part=part)


@check("R3", misconception="somebody-will-wake-me", step="look-at-the-clock")
def test_first_look_after_the_cooldown(play: Play) -> None:
    """The circuit is `HALF_OPEN` after the cooldown also if nobody called, or asked for the `state`, before."""
    t = circuit(play, {**crowd(call("fails")), "eye": looks(40)}, jobs={"fails": [wait(1), fail("E")]})
    expect_run(t, "fails")
    t.expect("state at 40 s", states(t), ["HALF_OPEN"])


@check("R3", misconception="somebody-will-wake-me", step="look-at-the-clock")
def test_any_cooldown(play: Play) -> None:
    """A cooldown is kept to the fraction of a second, and also if it lasts for hours."""
    for cooldown in (2.5, 20_000):
        t = opened(play, {"eye": looks(cooldown - 0.3, cooldown + 0.3)}, cooldown=cooldown)
        t.expect(f"states just before and after {cooldown:g} s", states(t), ["OPEN", "HALF_OPEN"])


@check("R3", misconception="cooldown-from-the-start", step="look-at-the-clock")
def test_cooldown_after_closing(play: Play) -> None:
    """When the circuit has closed and opens again, it is open for the whole cooldown again."""
    fails = crowd(at(50), call("fails"))  # all let through before the first of them ends
    eye = [at(31), call("ok"), look(), *looks(50.5, 79.5, 80.5)]
    t = opened(play, {**fails, "eye": eye}, jobs={"fails": [checkpoint(), checkpoint(), fail("E")]})
    expect_run(t, "bad")
    if states(t)[:1] == ["CLOSED"]:  # else it has not closed, and that is for R4 to say
        t.expect("states 0.5, 29.5 and 30.5 s after it opened again", states(t)[1:], ["OPEN", "OPEN", "HALF_OPEN"])


@check("R3", misconception="cooldown-from-the-start", step="look-at-the-clock")
def test_cooldown_begins_with_the_last_failure(play: Play) -> None:
    """The cooldown begins when the last failing call has ended, not when it began, nor with the first failure."""
    expect_open_for_the_cooldown(play, [wait(6), fail("E")])


def expect_open_for_the_cooldown(play: Play, job: list[Any]) -> None:
    """Fail the subject unless the circuit opens when a call of `job` has ended, and stays open for the cooldown."""
    t = circuit(play, {"a": [call("fails")] * 4, "eye": looks(*(n + 0.5 for n in range(110)))}, jobs={"fails": job})
    expect_run(t, "fails")
    times = [span.start for span in t.all("look") if span.value == "OPEN"]
    if times:  # else nothing is counted, and that is for R1 and R2 to say
        ends = [span.end for span in let_through(t, "a")]
        part = "The circuit opens when a failing call has ended, its cleanup included."
        wanted = one_of(*(near(end + 0.5) for end in ends))
        t.expect("a look at the state each second: first time OPEN", times[0], wanted, part=part)
        part = "The circuit is `OPEN` for the whole cooldown, which begins when the last failing call has ended."
        t.expect("number of seconds for which it is OPEN", len(times), 30, part=part)


@check("R3", misconception="cooldown-from-the-start", step="look-at-the-clock")
def test_cooldown_begins_after_the_cleanup(play: Play) -> None:
    """A failing call has ended when its cleanup has: before that the circuit is not open, then for the whole cooldown."""
    for job in ([cleanup(wait(4)), hang()], [on_cancel(wait(4), fail("E")), hang()]):
        expect_open_for_the_cooldown(play, job)


@check("R3", misconception="open-only-counts", step="look-at-the-clock")
def test_refused_while_open(play: Play) -> None:
    """While `OPEN`, every call raises `CircuitOpenError` at once."""
    t = opened(play, {"caller": [step for time in (0.5, 3, 17, 29.5) for step in (at(time), call("ok"))]})
    expect_refused(t, "caller")


@check("R3", misconception="open-only-counts", step="look-at-the-clock")
def test_many_refused_while_open(play: Play) -> None:
    """While `OPEN`, calls that come all at one instant are all refused at once."""
    for t in opened(play, crowd(at(20), call("ok"))).orders(6):
        expect_refused(t, *CROWD)


@check("R3", misconception="call-it-first", step="look-at-the-clock")
def test_func_is_not_called_while_open(play: Play) -> None:
    """A refused call does not call `func`, not even to throw away what it gives."""
    t = opened(
        play, {"caller": [at(1), call("job"), at(29), call("job")]}, jobs={"job": []}, forms={"job": ["function"]}
    )
    expect_run(t, "bad")
    t.expect("how often func was called while OPEN", len(t.notes("called")), 0)


@check("R3", misconception="refusals-are-failures", step="look-at-the-clock")
def test_refusals_do_not_prolong(play: Play) -> None:
    """Refused calls do not prolong the cooldown, however many they are."""
    many = [step for time in range(1, 30, 4) for step in (at(time), call("ok"))]
    t = opened(play, {"caller": many, "eye": looks(29.5, 30.5)})
    t.expect("states at 29.5 and 30.5 s", states(t), ["OPEN", "HALF_OPEN"])


@check("R3", misconception="half-open-is-an-instant", step="probe-one-at-a-time")
def test_half_open_while_a_probe_runs(play: Play) -> None:
    """The state is `HALF_OPEN` also while a probe runs, however long it takes."""
    t = opened(play, {"a": [at(31), call("long")], "eye": looks(31.5, 60, 95)}, jobs={"long": [wait(66)]}, timeout=70)
    expect_run(t, "long")
    t.expect("states while a probe runs", states(t), ["HALF_OPEN"] * 3)


@check("R3", misconception="refusals-are-failures", step="probe-one-at-a-time")
def test_refusals_do_not_touch_the_probe(play: Play) -> None:
    """A call that is refused beside a probe leaves the probe its place, and the state as it is."""
    others = [at(32), call("none"), at(33.5), *[call("none")] * 5]
    eye = [*looks(33, 34, 37), at(70), call("ok"), look(), *FIVE, at(115), call("ok"), look()]
    for job in ([wait(5), give("V")], [wait(5), fail("E")]):
        actors = {"a": [at(31), call("probe")], "eye": eye}
        t = opened(play, {**actors, "b": others}, jobs={"probe": job})
        expect_run(t, "bad", "probe")
        if refused(t.one("call", "b")):  # else the first of them is let through, and that is for R4 to say
            alone = opened(play, actors, jobs={"probe": job})
            part = "A call that is refused beside a probe leaves the probe its place."
            t.expect("how often func was called beside the probe", len(let_through(t, "b")), 0, part=part)
            part = "A call that is refused beside a probe changes nothing."
            t.expect("states beside and after the probe, and after later ones", states(t), states(alone), part=part)


@check("R3", misconception="refusals-are-failures", step="probe-one-at-a-time")
def test_refusals_around_a_failed_probe(play: Play) -> None:
    """Calls refused beside a probe that fails, and after it, change nothing about its cooldown."""
    actors = {"a": [at(31), call("probe")], "eye": looks(65, 67)}
    others = [step for time in (33, 40, 60) for step in (at(time), call("ok"))]
    jobs = {"probe": [wait(5), fail("E")]}
    t = opened(play, {**actors, "b": others}, jobs=jobs)
    expect_run(t, "bad", "probe")
    if not let_through(t, "b"):  # else that is for R4 to say
        t.expect("states 29 and 31 s after the probe failed", states(t), states(opened(play, actors, jobs=jobs)))
