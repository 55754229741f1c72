"""Hidden checks of m08: all services at the same time, asked to stop, waited for, then cancelled."""

from __future__ import annotations

from grader import Play, about, at_least, at_most, check, checkpoint, fail, give, hang, near, wait

from .plans import (
    AFTER,
    LONG,
    OBEDIENT,
    START,
    both,
    expect_asked,
    expect_at,
    expect_cancelled,
    expect_returned,
    labels,
    relative,
    run,
    serve,
    told,
)


# -- R1: all at the same time ----------------------------------------------------------------------------------------
@check("R1", misconception="one-after-the-other", step="tell-then-wait")
def test_all_run_at_the_same_time(play: Play) -> None:
    """All services run at the same time, from the beginning."""
    names = play.shuffled(["a", "b", "c", "d"])
    times = dict(zip(names, play.draw(4), strict=True))
    for trial in both(play, {name: [wait(time)] for name, time in times.items()}):
        t = trial.accepting("deadlock")  # whether the call ends, the next check asks
        t.expect("services that were started", sorted(t.names("run")), sorted(names))
        for span in t.all("run"):
            expect_at(t, f"{span.who} was started", span.start, 0)
    t = run(play, {f"s{index}": [wait(2)] for index in range(60)}).accepting("deadlock")
    part = "All services run at the same time, however many there are."
    t.expect("services, of 60, that ran at the same time", t.most_open("run"), 60, part=part)
    waits = t.data["end"]["kind"] == "deadlock"
    part = "When all services have returned, so does the call."
    t.expect_that("the call should return", not waits, f"it {t.call.ending}", part=part)


@check("R1", misconception="services-are-in-a-list", step="tell-then-wait", wide=True)
def test_services_in_a_tuple(play: Play) -> None:
    """`services` may be any sequence, also a tuple, from which nothing can be taken out."""
    services = {"a": OBEDIENT, "b": [wait(1)], "c": [told(), wait(1)]}
    trials = [run(play, services, stop=2.0, fixed=True), serve(play, services, (2.0, "TERM"), fixed=True)]
    for t in trials:
        t.expect("services that were started", sorted(t.names("run")), list(services))
        t.expect("services that were cleaned up", sorted(t.names("cleanup")), list(services))
        t.expect_that("the call should return", t.call.how == "returned", f"it {t.call.ending}")


@check("R1", misconception="state-ends-with-the-call", step="tell-then-wait", wide=True)
def test_calls_beside_each_other(play: Play) -> None:
    """Calls that overlap have nothing to do with each other: what stops or fails one does nothing to the others."""
    services = {
        "a": [wait(8)],
        "b": OBEDIENT,
        "c": [wait(1.2), fail("E")],
        "d": [hang()],
        "e": [wait(1.5)],
    }
    callers = {"caller": [START, "a", "b"], "second": [START + 1, "c", "d"], "third": [START + 3, "e"]}
    t = run(play, services, callers=callers, cleanups={"e": [wait(0.7)]}, stop=8.5)
    for name, moment in {"a": 0, "b": 0, "c": 1, "d": 1, "e": 3}.items():
        expect_at(t, f"{name} was started", t.one("run", name).start, moment)
    expect_asked(t, 8.5, "b")
    expect_returned(t, a=8, b=8.5, e=4.5)
    expect_cancelled(t, 12.2, "d")
    ended = {"caller": ([], 8.5), "second": (["E"], 12.2), "third": ([], 5.2)}
    for call in t.calls():
        errors, moment = ended[call.who]
        t.expect(f"the errors of the call of the {call.who}", labels(call.errors), errors)
        expect_at(t, f"the call of the {call.who} ended", call.end, moment)


@check("R1", misconception="state-ends-with-the-call", step="tell-then-wait", wide=True)
def test_calls_after_each_other(play: Play) -> None:
    """A call is not affected by the one before it, whether that ended by an error, a cancellation or a signal."""
    services = {
        "a": [wait(2)],
        "b": [wait(1), fail("E")],
        "c": [told(), wait(1.4)],
        "d": [wait(3), fail("E2")],
    }
    callers = {"caller": [START, "a", "b"], "second": [START + 20, "a", "c", "d"]}
    for trial in both(play, services, callers=callers):
        for t in (trial, trial.cancel("caller", at=START + 0.6)):
            t.expect("services that were started", sorted(t.names("run")[2:]), ["a", "c", "d"])
            expect_asked(t, 23, "c")
            expect_returned(t, c=24.4)
            t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "a", "b", "c", "d"])
            t.expect("the errors of the second call", labels(t.calls()[1].errors), ["E2"])
    services = {"a": [told(), wait(1)], "b": OBEDIENT, "c": OBEDIENT}
    callers = {"caller": [START, "a", "c"], "second": [START + 20, "a", "b"]}
    t = serve(play, services, (2.0, "TERM"), (22.0, "TERM"), callers=callers)
    expect_asked(t, 22, "b")
    for span in t.all("run"):
        t.expect_that(f"{span.who} should return by itself", span.how == "returned", f"it {span.ending}")
    expect_at(t, "the second call ended", t.calls()[1].end, 23)


@check("R1", misconception="alone-is-simpler", step="tell-then-wait", wide=True)
def test_a_single_service(play: Play) -> None:
    """A single service is asked to stop, cancelled and cleaned up in the same way as several are."""
    for services in ({"a": [told(), wait(1.1)]}, {"a": [told(), hang()]}):
        for trial in (run(play, services, stop=2.0), serve(play, services, (2.0, "TERM"))):
            t = trial.accepting("deadlock")
            expect_asked(t, 2, "a", part="A single service is asked to stop as several are.")
            obeys = services["a"][1] == wait(1.1)
            part = (
                "" if obeys else "A single service that still runs when `grace` is over is cancelled, as several are."
            )
            expect_at(t, "a ended", t.one("run", "a").end, 3.1 if obeys else 12, part=part)
            t.expect("services that were cleaned up", t.names("cleanup"), ["a"])
            t.expect_that("the call should return", t.call.how == "returned", f"it {t.call.ending}")


@check("R1", misconception="runs-until-stopped", step="tell-then-wait")
def test_ends_when_all_have_returned(play: Play) -> None:
    """When all services have returned by themselves the call cleans up and returns, though nobody set `stop`."""
    names = ["a", "b", "c"]
    times = play.draw(3)
    services = {name: [wait(time)] for name, time in zip(names, times, strict=True)}
    for trial in both(play, services, cleanups={"a": [wait(0.4)], "c": [wait(0.3)]}, grace=60.0):
        t = trial.accepting("deadlock")
        part = "When all services have returned by themselves the call returns, though nobody set `stop`."
        t.expect_that("the call should return", t.call.how == "returned", f"it {t.call.ending}", part=part)
        part = "When all services have returned by themselves the call cleans them up."
        t.expect("services that were cleaned up", sorted(t.names("cleanup")), names, part=part)
        part = "When all services have returned and were cleaned up the call ends: it waits for nothing else."
        t.expect("the call ended", relative(t.call.end), at_most(max(times) + 0.75), unit=AFTER, part=part)
        t.expect_ended()


@check("R1", misconception="first-to-return-ends-all", step="tell-then-wait")
def test_one_that_returns_stops_nobody(play: Play) -> None:
    """A service that returns by itself does not stop the others."""
    part = "`grace` begins when the services are asked to stop, not when they start."
    for t in both(play, {"a": [wait(1.3)], "b": [wait(5.2)], "c": [wait(20.1)]}, grace=3.0):
        cut = [span.who for span in t.all("run") if span.cancelled_at == about(START + 3)]
        t.expect("cancelled 3 s after the call, where nobody has asked them to stop", cut, [], part=part)
        expect_returned(t, a=1.3, b=5.2, c=20.1)
    t = run(play, {"a": [give(1)], "b": [told()], "c": [wait(7)]}, stop=9.0)
    t.expect("b was asked to stop, or cancelled", relative(t.of("b")[told()].end), at_least(9), unit=AFTER)


@check("R1", misconception="runs-until-stopped", step="tell-then-wait")
def test_no_services(play: Play) -> None:
    """Without services the call returns at once."""
    for trial in both(play, {}):
        t = trial.accepting("deadlock")
        t.expect_that("the call should return", t.call.how == "returned", f"it {t.call.ending}")
        expect_at(t, "the call ended", t.call.end, 0)
        t.expect_ended()


@check("R1", misconception="stopped-before-it-began", step="tell-then-wait")
def test_stopped_before_it_began(play: Play) -> None:
    """With `stop` set from the start, all services are still started, and asked to stop at once."""
    t = run(play, {"a": [told(), wait(2.2)], "b": [wait(1.1)], "c": OBEDIENT}, stop=-4.0)
    part = "With `stop` set from the start, all services are still started."
    t.expect("services that were started", sorted(t.names("run")), ["a", "b", "c"], part=part)
    for name in ("a", "c"):  # asked, or even cancelled: that is R2's matter
        part = "When `stop` is set, every service is asked to stop at once."
        expect_at(t, f"{name} was asked to stop, or cancelled", t.of(name)[told()].end, 0, part=part)


@check("R1", misconception="tasks-begin-in-order", step="tell-then-wait")
def test_whatever_begins_first(play: Play) -> None:
    """Every service runs to its end, whichever of the tasks happens to begin first."""
    for t in run(play, {"a": [wait(1.2)]}).orders(16):
        expect_returned(t, a=1.2)
    for t in run(play, {"a": [wait(0.7)], "b": [wait(1.3)]}, function="serve").orders(12):
        expect_returned(t, a=0.7, b=1.3)


# -- R2: asked, then waited for, then cancelled -----------------------------------------------------------------------
@check("R2", misconception="stop-is-cancel", step="tell-then-wait")
def test_everyone_is_told(play: Play) -> None:
    """When `stop` is set every service is asked to stop, at once."""
    [moment] = play.draw(1, low=3)
    names = play.shuffled(["a", "b", "c"])
    t = run(play, dict.fromkeys(names, OBEDIENT) | {"d": [wait(1)]}, stop=moment)
    expect_asked(t, moment, *names)


@check("R2", misconception="stop-is-cancel", step="tell-then-wait")
def test_grace_is_undisturbed(play: Play) -> None:
    """A service that returns by itself within `grace` is not cancelled, whatever the others do."""
    grace = 10.0 + play.pick(1, 5)
    services = {
        "a": [told(), wait(0.4 * grace)],
        "b": [told(), wait(0.95 * grace)],
        "c": [told(), wait(1.5), checkpoint(), wait(1)],
        "d": [hang()],
        "e": [told(), wait(0.2 * grace), fail("E")],
    }
    t = run(play, services, stop=4.0, grace=grace).accepting("deadlock")  # whether d is cancelled, the next check asks
    expect_returned(t, a=4 + 0.4 * grace, b=4 + 0.95 * grace, c=6.5)


@check("R2", misconception="grace-without-an-end", step="bound-the-wait")
def test_cancelled_after_grace(play: Play) -> None:
    """A service that still runs `grace` seconds after the shutdown began is cancelled at that moment."""
    moment, grace = play.draw(2, low=2, step=3)
    services = {"a": [hang()], "b": [told(), hang()], "c": [told(), wait(0.5)], "d": [wait(LONG)]}
    t = run(play, services, stop=moment, grace=grace).accepting("deadlock")
    expect_cancelled(t, moment + grace, "a", "b", "d")
    t.expect_ended()
    t = run(play, {**services, "c": [told(), wait(0.9 * grace)]}, stop=-2.0, grace=grace)
    expect_returned(t, c=0.9 * grace)
    part = "A service that still runs `grace` seconds later is cancelled, also if `stop` was set from the start."
    expect_cancelled(t, grace, "a", "b", "d", late=part)
    t = run(play, {"a": [hang()], "b": [wait(LONG)]}, stop=moment, grace=0.0).accepting("deadlock")
    part = "With a `grace` of 0 a service that still runs is cancelled at once."
    expect_cancelled(t, moment, "a", "b", late=part)
    t.expect_ended()


@check("R2", misconception="grace-without-an-end", step="bound-the-wait")
def test_grace_of_any_size(play: Play) -> None:
    """Any `grace` is kept exactly, also one of less than a second or of many minutes."""
    for grace in (0.25, 900.0):
        services = {"a": [told(), wait(0.96 * grace)], "b": [hang()], "c": OBEDIENT}
        t = run(play, services, stop=2.0, grace=grace)
        expect_returned(t, a=2 + 0.96 * grace)
        seen = relative(t.one("run", "b").cancelled_at)
        t.expect("b was cancelled", seen, near(2 + grace, within=0.005), unit=AFTER)


@check("R2", misconception="grace-is-a-sleep", step="bound-the-wait")
def test_no_longer_than_needed(play: Play) -> None:
    """If all have returned before `grace` is over, the call does not wait for the rest of it."""
    services = {"a": [told(), wait(1.2)], "b": [told(), wait(0.6)]}
    t = run(play, services, stop=4.0, grace=60.0)
    expect_at(t, "the call ended", t.call.end, 5.2)
    t = run(play, {"a": [told(), wait(1.2)], "b": [hang()]}, stop=4.0, grace=7.0)
    expect_at(t, "the call ended", t.call.end, 11)


@check("R2", misconception="grace-starts-anew", step="bound-the-wait")
def test_grace_counts_once(play: Play) -> None:
    """`grace` counts from the beginning of the shutdown: what happens during the shutdown makes it neither shorter nor longer."""
    t = run(play, {"a": [wait(7.3), fail("E")], "b": [hang()], "c": [hang()]}, stop=4.0)
    expect_cancelled(t, 14, "b", "c")
    t = run(play, {"a": [wait(4.2)], "b": [wait(5.1)], "c": [hang()]}, stop=4.0)
    expect_cancelled(t, 14, "c")
    errors = {
        "a": [told(), wait(0.7), fail("E1")],
        "b": [told(), wait(2.3), fail("E2")],
        "c": [told(), wait(3.1), fail("E3")],
    }
    t = run(play, {**errors, "d": [told(), wait(6.2)], "e": [hang()]}, stop=1.0)
    expect_returned(t, d=7.2)
    expect_cancelled(t, 11, "e")
