"""Hidden checks of m08: what `run_until` and `serve` promise, whoever stops, fails, hangs or sends signals."""

from collections.abc import Iterator, Mapping, Sequence
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
    checkpoint,
    cleanup,
    fail,
    give,
    hang,
    near,
    on_cancel,
    one_of,
    verb,
    wait,
)

START = 53.7
LONG = 1000.0
BOTH = ("run_until", "serve")
told = verb("told")

Scripts = Mapping[str, Sequence[Any]]
OBEDIENT = [told()]
"""Returns as soon as it is told to stop."""
CLASSES = (
    *("KeyError", "ValueError", "RuntimeError", "ConnectionError", "AssertionError"),
    *("WouldBlock", "EndOfStream", "BrokenResourceError", "ClosedResourceError"),
)
"""Errors that a host might take for something else than a failure."""


# -- calls -------------------------------------------------------------------------------------------------------------
def run(
    play: Play,
    services: Scripts,
    *,
    stop: float | None = None,
    signals: Sequence[tuple[float, str]] = (),
    **more: Any,
) -> Trial:
    """A call at `START`; times are seconds after it."""
    plan: dict[str, Any] = {"grace": 10.0, "cleanup_timeout": 6.0, **more}
    if stop is not None:
        plan["stop"] = START + stop
    if signals:
        plan["signals"] = [[START + moment, name] for moment, name in signals]
    return play(services=services, start=START, **plan)


def both(play: Play, services: Scripts, **more: Any) -> Iterator[Trial]:
    """A call of each function."""
    for function in BOTH:
        yield run(play, services, function=function, **more)


def serve(play: Play, services: Scripts, *signals: tuple[float, str], **more: Any) -> Trial:
    """A call of `serve`, with those signals (s after `START`)."""
    return run(play, services, signals=signals, function="serve", **more)


def at(seconds: float) -> Any:
    """That long after the call, or a moment later: who polls or blocks for a moment breaks other clauses."""
    return near(START + seconds, within=0.05)


# -- what is read from them --------------------------------------------------------------------------------------------
def expect_begun(t: Trace) -> None:
    """Expect that services ran at all: a call that starts none has nothing to leave, to hide or to break."""
    t.expect_that("services", bool(t.all("run")), "none was started")


def expect_told(t: Trace, moment: float, *names: str) -> None:
    """Expect that those services were told to stop at that time (s after `START`)."""
    for name in names:
        step = t.of(name)[told()]
        t.expect_that(f"{name}, told to stop", step.how == "returned", f"it never was: its wait {step.ending}")
        t.expect(f"{name} was told to stop at", step.end, at(moment))


def expect_cancelled(t: Trace, moment: float, *names: str) -> None:
    """Expect that those services were cancelled at that time (s after `START`)."""
    for name in names:
        t.expect(f"{name} was cancelled at", t.one("run", name).cancelled_at, at(moment))


def expect_returned(t: Trace, **ends: float) -> None:
    """Expect that services returned by themselves at those times (s after `START`)."""
    for name, moment in ends.items():
        span = t.one("run", name)
        t.expect_that(f"{name}, which needs no cancellation", span.how == "returned", f"{span.what} {span.ending}")
        t.expect(f"{name} returned at", span.end, at(moment))


def expect_cleanups(t: Trace, names: Sequence[str]) -> None:
    """Expect the cleanups of those services, the last one's first, each begun once."""
    t.expect("cleanups", t.names("cleanup"), list(reversed(names)))


def expect_whole(t: Trace, names: Sequence[str]) -> None:
    """Expect that each of those services was cleaned up, and none of the cleanups was cut short."""
    t.expect("services that were cleaned up", sorted(t.names("cleanup")), sorted(names))
    for span in t.all("cleanup"):
        t.expect_that(f"cleanup of {span.who}", span.how == "returned", span.ending)


def labels(errors: Sequence[Any]) -> list[str]:
    """What errors are called: the scene's by their names, others by their class."""
    return sorted(error.token or ("TimeoutError" if error == "TimeoutError" else error.kind) for error in errors)


def expect_group(t: Trace, *errors: str) -> None:
    """Expect that the call raised an `ExceptionGroup` of just those errors."""
    t.expect_that("an `ExceptionGroup` should leave the call", t.call.raised is not None, f"it {t.call.ending}")
    kinds = t.call.raised.kinds if t.call.raised else []
    t.expect_that("what leaves the call", "ExceptionGroup" in kinds, f"{t.call.raised!r}, which is no ExceptionGroup")
    t.expect("the errors in the group", labels(t.call.errors), sorted(errors))


def expect_no_mixture(t: Trace, *errors: str) -> None:
    """Expect that a call cancelled from outside ended by that, or by those errors; whether by all of them, R4 asks."""
    if not is_cancelled(t):
        seen, left = labels(t.call.errors), sorted(errors)
        t.expect_that("what leaves the call", bool(seen) and all(one in left for one in seen), f"{seen}, of {left}")


def came(t: Trace) -> Any:
    """The moment of the cancellation from outside, as a note; None if none came while the call ran."""
    notes = [note for note in t.notes("cancel") if note["order"] < (t.call.finished or 0)]
    return notes[0] if notes else None


def running(t: Trace, note: Any) -> list[Any]:
    """The services that ran when that was noted."""
    return [s for s in t.all("run") if s.begun < note["order"] < (s.finished or note["order"] + 1)]


def is_cancelled(t: Trace) -> bool:
    """Whether the call ended by a cancellation, be it in a group that has nothing else in it."""
    only = [error.kind in ("Cancelled", "CancelledError") for error in t.call.errors]
    return t.call.how == "cancelled" or (bool(only) and all(only))


def goes_on(t: Trace) -> bool:
    """Whether the caller came past the checkpoint after the call."""
    return any(span.how == "returned" for span in t.all("after", "caller"))


# -- R1: all at the same time ------------------------------------------------------------------------------------------
@check("R1", misconception="one-after-the-other", step="tell-then-wait")
def test_all_run_at_the_same_time(play: Play) -> None:
    """All services run at the same time, from the beginning."""
    names = play.shuffled(["a", "b", "c", "d"])
    times = dict(zip(names, play.draw(4), strict=True))
    for trial in both(play, {name: [wait(time)] for name, time in times.items()}):
        t = trial.accepting("deadlock")  # whether the call ends, the next check asks
        t.expect("services that were started", sorted(t.names("run")), sorted(names))
        for span in t.all("run"):
            t.expect(f"{span.who} was started at", span.start, at(0))
    t = run(play, {f"s{index}": [wait(2)] for index in range(60)})
    t.expect("services, of 60, that ran at the same time", t.most_open("run"), 60)


@check("R1", misconception="services-are-in-a-list", step="tell-then-wait")
def test_services_in_a_tuple(play: Play) -> None:
    """`services` may be any sequence, also a tuple, from which nothing can be taken out."""
    services = {"a": OBEDIENT, "b": [wait(1)], "c": [told(), wait(1)]}
    trials = [run(play, services, stop=2.0, fixed=True), serve(play, services, (2.0, "TERM"), fixed=True)]
    for t in trials:
        t.expect("services that were started", sorted(t.names("run")), list(services))
        t.expect("services that were cleaned up", sorted(t.names("cleanup")), list(services))
        t.expect_that("the call", t.call.how == "returned", t.call.ending)


@check("R1", misconception="state-ends-with-the-call", step="tell-then-wait")
def test_calls_beside_each_other(play: Play) -> None:
    """Calls that overlap have nothing to do with each other: an error in one stops, tells and fails no other."""
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
        t.expect(f"{name} was started at", t.one("run", name).start, at(moment))
    expect_told(t, 8.5, "b")
    expect_returned(t, a=8, b=8.5, e=4.5)
    expect_cancelled(t, 12.2, "d")
    ended = {"caller": ([], 8.5), "second": (["E"], 12.2), "third": ([], 5.2)}
    for call in t.calls():
        errors, moment = ended[call.who]
        t.expect(f"the errors out of the call of the {call.who}", labels(call.errors), errors)
        t.expect(f"the call of the {call.who} ended at", call.end, at(moment))


@check("R1", misconception="state-ends-with-the-call", step="tell-then-wait")
def test_calls_after_each_other(play: Play) -> None:
    """A call knows nothing of the one before it, however that ended: by an error, a cancellation or a signal."""
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
            expect_told(t, 23, "c")
            expect_returned(t, c=24.4)
            t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "a", "b", "c", "d"])
            t.expect("the errors out of the second call", labels(t.calls()[1].errors), ["E2"])
    services = {"a": [told(), wait(1)], "b": OBEDIENT, "c": OBEDIENT}
    callers = {"caller": [START, "a", "c"], "second": [START + 20, "a", "b"]}
    t = serve(play, services, (2.0, "TERM"), (22.0, "TERM"), callers=callers)
    expect_told(t, 22, "b")
    for span in t.all("run"):
        t.expect_that(f"{span.who}, which needs no cancellation", span.how == "returned", span.ending)
    t.expect("the second call ended at", t.calls()[1].end, at(23))


@check("R1", misconception="alone-is-simpler", step="tell-then-wait")
def test_a_single_service(play: Play) -> None:
    """A single service is told, waited for, cancelled and cleaned up as several are."""
    for services in ({"a": [told(), wait(1.1)]}, {"a": [told(), hang()]}):
        for trial in (run(play, services, stop=2.0), serve(play, services, (2.0, "TERM"))):
            t = trial.accepting("deadlock")
            expect_told(t, 2, "a")
            t.expect("a ended at", t.one("run", "a").end, at(3.1 if services["a"][1] == wait(1.1) else 12))
            t.expect("services that were cleaned up", t.names("cleanup"), ["a"])
            t.expect_that("the call", t.call.how == "returned", t.call.ending)


@check("R1", misconception="runs-until-stopped", step="tell-then-wait")
def test_ends_when_all_have_returned(play: Play) -> None:
    """When all services have returned by themselves the call cleans up and returns, though nobody told it to stop."""
    names = ["a", "b", "c"]
    times = play.draw(3)
    services = {name: [wait(time)] for name, time in zip(names, times, strict=True)}
    for t in both(play, services, cleanups={"a": [wait(0.4)], "c": [wait(0.3)]}, grace=60.0):
        t.expect_that("the call", t.call.how == "returned", t.call.ending)
        t.expect("services that were cleaned up", sorted(t.names("cleanup")), names)
        t.expect("the call ended at", t.call.end, at_most(START + max(times) + 0.75))


@check("R1", misconception="first-to-return-ends-all", step="tell-then-wait")
def test_one_that_returns_stops_nobody(play: Play) -> None:
    """A service that returns by itself does not stop the others."""
    for t in both(play, {"a": [wait(1.3)], "b": [wait(5.2)], "c": [wait(20.1)]}, grace=3.0):
        expect_returned(t, a=1.3, b=5.2, c=20.1)
    t = run(play, {"a": [give(1)], "b": [told()], "c": [wait(7)]}, stop=9.0)
    t.expect("b was told to stop, or cancelled, at", t.of("b")[told()].end, at_least(START + 9))


@check("R1", misconception="runs-until-stopped", step="tell-then-wait")
def test_no_services(play: Play) -> None:
    """Without services the call returns at once."""
    for t in both(play, {}):
        t.expect_that("the call", t.call.how == "returned", t.call.ending)
        t.expect("the call ended at", t.call.end, at(0))


@check("R1", misconception="stopped-before-it-began", step="tell-then-wait")
def test_stopped_before_it_began(play: Play) -> None:
    """With `stop` set from the start all services are started all the same, and told at once."""
    t = run(play, {"a": [told(), wait(2.2)], "b": [wait(1.1)], "c": OBEDIENT}, stop=-4.0)
    t.expect("services that were started", sorted(t.names("run")), ["a", "b", "c"])
    for name in ("a", "c"):  # told, or even cancelled: that is R2's matter
        t.expect(f"{name} was told to stop at", t.of(name)[told()].end, at(0))


@check("R1", misconception="tasks-begin-in-order", step="tell-then-wait")
def test_whatever_begins_first(play: Play) -> None:
    """Every service runs to its end, whichever of the tasks happens to begin first."""
    for t in run(play, {"a": [wait(1.2)]}).orders(16):
        expect_returned(t, a=1.2)
    for t in run(play, {"a": [wait(0.7)], "b": [wait(1.3)]}, function="serve").orders(12):
        expect_returned(t, a=0.7, b=1.3)


# -- R2: told, then waited for, then cancelled -------------------------------------------------------------------------
@check("R2", misconception="stop-is-cancel", step="tell-then-wait")
def test_everyone_is_told(play: Play) -> None:
    """When `stop` is set every service is told to stop, at once."""
    [moment] = play.draw(1, low=3)
    names = play.shuffled(["a", "b", "c"])
    t = run(play, dict.fromkeys(names, OBEDIENT) | {"d": [wait(1)]}, stop=moment)
    expect_told(t, moment, *names)


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
    """What still runs `grace` seconds after the shutdown began is cancelled then."""
    moment, grace = play.draw(2, low=2, step=3)
    services = {"a": [hang()], "b": [told(), hang()], "c": [told(), wait(0.5)], "d": [wait(LONG)]}
    t = run(play, services, stop=moment, grace=grace)
    expect_cancelled(t, moment + grace, "a", "b", "d")
    t = run(play, {**services, "c": [told(), wait(0.9 * grace)]}, stop=-2.0, grace=grace)
    expect_returned(t, c=0.9 * grace)
    expect_cancelled(t, grace, "a", "b", "d")
    t = run(play, {"a": [hang()], "b": [wait(LONG)]}, stop=moment, grace=0.0)
    expect_cancelled(t, moment, "a", "b")


@check("R2", misconception="grace-without-an-end", step="bound-the-wait")
def test_grace_of_any_size(play: Play) -> None:
    """`grace` counts as it is, also if it is less than a second or many minutes."""
    for grace in (0.25, 900.0):
        services = {"a": [told(), wait(0.96 * grace)], "b": [hang()], "c": OBEDIENT}
        t = run(play, services, stop=2.0, grace=grace)
        expect_returned(t, a=2 + 0.96 * grace)
        t.expect("b was cancelled at", t.one("run", "b").cancelled_at, near(START + 2 + grace, within=0.005))


@check("R2", misconception="grace-is-a-sleep", step="bound-the-wait")
def test_no_longer_than_needed(play: Play) -> None:
    """If all have returned before `grace` is over, the call does not wait for the rest of it."""
    services = {"a": [told(), wait(1.2)], "b": [told(), wait(0.6)]}
    t = run(play, services, stop=4.0, grace=60.0)
    t.expect("the call ended at", t.call.end, at(5.2))
    t = run(play, {"a": [told(), wait(1.2)], "b": [hang()]}, stop=4.0, grace=7.0)
    t.expect("the call ended at", t.call.end, at(11))


@check("R2", misconception="grace-starts-anew", step="bound-the-wait")
def test_grace_counts_once(play: Play) -> None:
    """`grace` counts from the beginning of the shutdown: what happens during the shutdown neither cuts nor prolongs it."""
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


# -- R3: cleanup, one after the other, protected and bounded -----------------------------------------------------------
@check("R3", misconception="order-of-the-list", step="clean-up-whatever-happens")
def test_last_service_first(play: Play) -> None:
    """Cleanups run one after the other, the last service's first, whichever service ended first."""
    names = play.shuffled(["a", "b", "c", "d"])
    services = {name: [wait(time)] for name, time in zip(names, play.draw(4), strict=True)}
    cleanups = {name: [wait(time)] for name, time in zip(names, play.draw(4, low=0.5), strict=True)}
    for t in both(play, services, cleanups=cleanups):
        expect_cleanups(t, names)
        t.expect("cleanups at the same time", t.most_open("cleanup"), 1)
    t = run(play, {**services, "e": [hang()], "f": OBEDIENT}, cleanups=cleanups, stop=2.0)
    expect_cleanups(t, [*names, "e", "f"])


@check("R3", misconception="cleanup-while-others-run", step="clean-up-whatever-happens")
def test_after_all_have_ended(play: Play) -> None:
    """No cleanup begins while a service still runs, be it in its own `finally`."""
    services = {"a": [wait(3)], "b": [cleanup(wait(2.4)), hang()], "c": [told(), wait(1.1)], "d": [wait(1), fail("E")]}
    for t in (run(play, services, stop=4.0), run(play, {**services, "d": [wait(0.5)]}, stop=4.0)):
        expect_begun(t)
        end = max(span.end or LONG for span in t.all("run"))
        t.expect("services that were cleaned up", sorted(set(t.names("cleanup"))), ["a", "b", "c", "d"])
        for span in t.all("cleanup"):
            t.expect_that(f"cleanup of {span.who}", span.start >= end - 1e-6, f"began {end - span.start:g} s too soon")


@check("R3", misconception="cleanup-only-for-the-good", step="clean-up-whatever-happens")
def test_every_service(play: Play) -> None:
    """Every service is cleaned up, however its `run` ended: returned, raised or cancelled."""
    services = {
        "a": [wait(1)],
        "b": [hang()],
        "c": [told(), fail("E1")],
        "d": OBEDIENT,
        "e": [wait(9), fail("E2")],
        "f": [on_cancel(wait(1), fail("E3")), hang()],
    }
    t = run(play, services, stop=4.0)
    t.expect("services that were cleaned up", sorted(t.names("cleanup")), list(services))
    for t in both(play, {"a": [wait(LONG)], "b": [fail("E")], "c": OBEDIENT}):
        t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b", "c"])
    t = run(play, {"a": [wait(LONG)], "b": [wait(1)], "c": OBEDIENT}, stop=-2.0)
    t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b", "c"])


@check("R3", misconception="shield-without-a-bound", step="clean-up-whatever-happens")
def test_bounded(play: Play) -> None:
    """A cleanup that takes longer than `cleanup_timeout` is given up then, and the next one runs."""
    limit = play.draw(1, low=2)[0]
    cleanups = {"a": [wait(0.3)], "b": [hang()], "c": [wait(limit + 0.4)], "d": [cleanup(wait(1.2)), hang()]}
    for t in both(play, {name: [wait(1)] for name in "abcd"}, cleanups=cleanups, cleanup_timeout=limit):
        expect_cleanups(t, list("abcd"))
        for span in t.all("cleanup"):
            if span.who != "a":
                seen = None if span.cancelled_at is None else span.cancelled_at - span.start
                t.expect(f"cleanup of {span.who} was given up after", seen, near(limit, within=0.05))


@check("R3", misconception="shield-without-a-bound", step="clean-up-whatever-happens")
def test_cleanup_timeouts_of_any_size(play: Play) -> None:
    """`cleanup_timeout` counts as it is, also if it is less than a second or many minutes."""
    for limit in (0.25, 900.0):
        cleanups = {"a": [wait(0.96 * limit)], "b": [hang()]}
        t = run(play, {"a": [wait(1)], "b": [wait(1)]}, cleanups=cleanups, cleanup_timeout=limit)
        span = t.one("cleanup", "b")
        seen = None if span.cancelled_at is None else span.cancelled_at - span.start
        t.expect("cleanup of b was given up after", seen, near(limit, within=0.005))
        span = t.one("cleanup", "a")
        t.expect_that("cleanup of a, which ends in time", span.how == "returned", span.ending)


@check("R3", misconception="one-budget", step="clean-up-whatever-happens")
def test_each_has_the_time_for_itself(play: Play) -> None:
    """Each cleanup has the whole of `cleanup_timeout` for itself; one that takes less is not given up."""
    limit = play.draw(1, low=2)[0]
    names = ["a", "b", "c"]
    cleanups = {name: [wait(0.9 * limit)] for name in names}
    for t in both(play, {name: [wait(2 * limit)] for name in names}, cleanups=cleanups, cleanup_timeout=limit):
        expect_whole(t, names)
    services = {"a": [hang()], "b": OBEDIENT, "c": [wait(1)]}
    for grace in (10.0, 0.3 * limit):  # the time for stopping has nothing to do with it
        expect_whole(run(play, services, cleanups=cleanups, cleanup_timeout=limit, stop=2.0, grace=grace), names)


@check("R3", misconception="cleanup-never-fails", step="clean-up-whatever-happens")
def test_failing_cleanups(play: Play) -> None:
    """A cleanup that fails, however it fails, does not keep the others from running."""
    names = ["a", "b", "c", "d"]
    failing = play.pick(0, 3)
    for kind in ("Fault", "TimeoutError", "ExceptionGroup", "ExceptionGroup of one", *CLASSES):
        cleanups = {name: [wait(0.5)] for name in names} | {names[failing]: [wait(0.7), fail("E", kind)]}
        t = run(play, {name: [wait(1)] for name in names}, cleanups=cleanups)
        expect_cleanups(t, names)
    cleanups = {"d": [fail("E1")], "b": [fail("E2")], "c": [hang()]}
    t = run(
        play, {"a": [hang()], "b": OBEDIENT, "c": [wait(1), fail("E")], "d": [wait(1)]}, cleanups=cleanups, stop=2.0
    )
    expect_cleanups(t, names)


@check("R3", misconception="await-in-finally", step="clean-up-whatever-happens")
def test_protected(play: Play) -> None:
    """A cancellation from outside does not interrupt a cleanup that has begun, nor the ones after it."""
    names = ["a", "b", "c"]
    cleanups = {"a": [wait(0.4)], "b": [checkpoint(), wait(0.5)], "c": [wait(0.6), wait(0.3)]}
    for trial in both(play, {name: [wait(1)] for name in names}, cleanups=cleanups):
        for t in trial.cancelled("caller", limit=16):
            note, begun = came(t), t.all("cleanup")
            if note and begun and begun[0].begun < note["order"]:
                expect_cleanups(t, names)
                expect_whole(t, names)
    t = run(play, {name: [wait(1)] for name in names}, cleanups=cleanups).within("caller", START + 1.4)
    expect_whole(t, names)


@check("R3", misconception="deadline-outside-the-shield", step="clean-up-whatever-happens")
def test_bounded_when_cancelled(play: Play) -> None:
    """A cleanup that hangs is given up after `cleanup_timeout` also if a cancellation came meanwhile."""
    limit = play.draw(1, low=2)[0]
    cleanups = {"a": [wait(0.4)], "b": [hang()], "c": [wait(0.6)]}
    plan: dict[str, Any] = {"cleanups": cleanups, "cleanup_timeout": limit}
    for trial in both(play, {name: [wait(1)] for name in "abc"}, **plan):
        t = trial.cancel("caller", at=START + 2.2)
        expect_cleanups(t, list("abc"))
        span = t.one("cleanup", "b")
        seen = None if span.cancelled_at is None else span.cancelled_at - span.start
        t.expect("cleanup of b was given up after", seen, near(limit, within=0.05))


@check("R3", misconception="cleanup-all-at-once", step="clean-up-whatever-happens")
def test_order_and_bound_after_an_interrupt(play: Play) -> None:
    """Cleanups run one after the other, each for `cleanup_timeout`, also if an interrupt of a service ended the others."""
    cleanups = {"a": [wait(0.4)], "b": [hang()], "c": [wait(0.3), fail("C1")], "d": [wait(0.6)]}
    services = {"a": [hang()], "b": [wait(2), fail("stop", "Abandon")], "c": OBEDIENT, "d": [wait(1)]}
    for t in both(play, services, cleanups=cleanups, grace=3.0):
        expect_cleanups(t, list(services))
        t.expect("cleanups at the same time", t.most_open("cleanup"), 1)
        taken = t.one("cleanup", "a").start - t.one("cleanup", "d").start
        t.expect("time from the first cleanup to that of a", taken, near(0.6 + 0.3 + 6, within=0.05))


# -- R4: errors --------------------------------------------------------------------------------------------------------
@check("R4", misconception="error-cancels-the-others", step="one-group-of-errors")
def test_an_error_starts_the_shutdown(play: Play) -> None:
    """A service that raises starts the shutdown: the others are told to stop and have `grace` seconds."""
    moment = play.draw(1, low=2)[0]
    services = {"a": [told(), wait(3.1)], "b": [wait(moment), fail("E")], "c": OBEDIENT, "d": [hang()]}
    for t in both(play, services):
        expect_told(t, moment, "a", "c")
        expect_returned(t, a=moment + 3.1, c=moment)
        expect_cancelled(t, moment + 10, "d")


@check("R4", misconception="one-error-needs-no-group", step="one-group-of-errors")
def test_one_error_of_a_service(play: Play) -> None:
    """The error of a service, whatever it is, leaves the call, in an `ExceptionGroup`, when all is cleaned up."""
    for kind in CLASSES:
        t = run(play, {"a": [wait(1)], "b": [wait(1.5), fail("E", kind)]}, cleanups={"a": [wait(1)]})
        expect_group(t, "E")
        t.expect("the call ended at", t.call.end, at(2.5))
    for kind in ("Fault", "TimeoutError", "OSError"):
        t = run(play, {"a": OBEDIENT, "b": [wait(1.5), fail("E", kind)]}, cleanups={"a": [wait(1)]})
        expect_group(t, "E")
        t.expect("the call ended at", t.call.end, at(2.5))
    for t in both(play, {"a": [wait(1)], "b": [fail("E")]}):
        expect_group(t, "E")
    expect_group(run(play, {"a": [wait(1)], "b": [told(), fail("E")]}, stop=2.0), "E")
    expect_group(run(play, {"a": [wait(1), fail("E")]}), "E")


@check("R4", misconception="error-is-logged-and-gone", step="one-group-of-errors")
def test_one_error_of_a_cleanup(play: Play) -> None:
    """The error of a cleanup, its own `TimeoutError` too, leaves the call, in an `ExceptionGroup`."""
    for kind in ("Fault", "TimeoutError", "KeyError", "OSError", "ClosedResourceError"):
        cleanups = {"a": [wait(1)], "b": [wait(0.5), fail("E", kind)]}
        for t in both(play, {"a": [wait(1)], "b": [wait(2)]}, cleanups=cleanups):
            expect_group(t, "E")


@check("R4", misconception="time-out-tells-itself", step="one-group-of-errors")
def test_a_cleanup_that_hangs(play: Play) -> None:
    """For a cleanup that hung, a `TimeoutError` leaves the call, in an `ExceptionGroup`."""
    for hung in ([hang()], [cleanup(wait(1)), hang()]):
        for late in ("a", "b"):
            for t in both(play, {"a": [wait(1)], "b": [wait(2)]}, cleanups={late: hung}):
                expect_group(t, "TimeoutError")


@check("R4", misconception="error-is-logged-and-gone", step="one-group-of-errors")
def test_errors_after_a_signal(play: Play) -> None:
    """Errors of services and cleanups leave `serve` also when a signal started the shutdown."""
    for services, cleanups in (
        ({"a": [told(), wait(1), fail("E")], "b": OBEDIENT}, {}),
        ({"a": OBEDIENT, "b": [told(), wait(1)]}, {"b": [wait(0.5), fail("E")]}),
    ):
        t = serve(play, services, (2.0, "TERM"), cleanups=cleanups).accepting("deadlock")
        expect_begun(t)
        if any(span.raised for span in (*t.all("run"), *t.all("cleanup"))):  # whether they are told, R6 asks
            expect_group(t, "E")


@check("R4", misconception="cancellation-among-errors", step="one-group-of-errors")
def test_no_error(play: Play) -> None:
    """If nothing went wrong the call returns, also when services had to be cancelled."""
    services = {"a": [hang()], "b": [cleanup(wait(1)), hang()], "c": [on_cancel(give(1)), hang()], "d": OBEDIENT}
    for t in (run(play, services, stop=2.0), run(play, services, stop=-2.0)):
        expect_begun(t)
        t.expect_that("the call", t.call.how == "returned", t.call.ending)


@check("R4", misconception="first-error-counts", step="one-group-of-errors", core=False)
def test_all_errors_together(play: Play) -> None:
    """Errors of services and of cleanups, with a `TimeoutError` for each that hung, leave together in one group."""
    services = {
        "a": [wait(1), fail("E1")],
        "b": [told(), wait(2), fail("E2", "TimeoutError")],
        "c": OBEDIENT,
        "d": [wait(0.5)],
    }
    cleanups = {"a": [wait(0.2), fail("C1")], "b": [fail("C2", "TimeoutError")], "c": [hang()], "d": [hang()]}
    for t in both(play, services, cleanups=cleanups):
        expect_group(t, "E1", "E2", "C1", "C2", "TimeoutError", "TimeoutError")
    t = run(play, {"a": [told(), fail("E1")], "b": [told(), fail("E2")]}, stop=2.0)
    expect_group(t, "E1", "E2")


@check("R4", misconception="cancelled-needs-no-answer", step="one-group-of-errors", core=False)
def test_error_while_being_cancelled(play: Play) -> None:
    """The error of a service that raises while it is being cancelled leaves in the group, and no cancellation with it."""
    services = {
        "a": [hang()],
        "b": [on_cancel(fail("E1")), hang()],
        "c": [cleanup(wait(1.2), fail("E2", "OSError")), hang()],
        "d": [wait(1)],
    }
    t = run(play, services, stop=2.0)
    expect_group(t, "E1", "E2")
    t = run(play, services | {"d": [wait(1), fail("E3")]}, cleanups={"b": [fail("C1")]})
    expect_group(t, "E1", "E2", "E3", "C1")
    t = serve(play, services, (1.5, "TERM"), (2.3, "INT"), grace=90.0)
    expect_group(t, "E1", "E2")


@check("R4", misconception="first-error-counts", step="one-group-of-errors", core=False)
def test_groups_of_errors(play: Play) -> None:
    """If a service or a cleanup raises an `ExceptionGroup`, all the errors in it leave in the group."""
    t = run(play, {"a": [wait(1), fail("E", "ExceptionGroup")], "b": OBEDIENT})
    expect_group(t, "Fault", "Fault")
    t = run(play, {"a": [wait(1)], "b": [wait(1)]}, cleanups={"a": [wait(1), fail("E", "ExceptionGroup")]})
    expect_group(t, "Fault", "Fault")


@check("R4", misconception="every-timeout-error-is-mine", step="one-group-of-errors", core=False)
def test_error_of_a_cleanup_that_is_given_up(play: Play) -> None:
    """For a cleanup that raises an error as it is given up, that error, a `TimeoutError`, or both leave in the group."""
    cleanups = {"a": [on_cancel(fail("C1")), hang()], "b": [wait(1)]}
    for t in both(play, {"a": [wait(1)], "b": [wait(2)]}, cleanups=cleanups):
        seen = labels(t.call.errors)
        t.expect("the errors in the group", seen, one_of(["C1"], ["TimeoutError"], ["C1", "TimeoutError"]))


# -- R5: cancelled from outside ----------------------------------------------------------------------------------------
@check("R5", misconception="cancelled-means-shutdown", step="clean-up-whatever-happens")
def test_cancelled_at_once(play: Play) -> None:
    """Cancelled from outside, the services are cancelled at once, whether they were told to stop or not."""
    services = {"a": [hang()], "b": [told(), hang()], "c": [wait(LONG)]}
    moment = play.draw(1, low=3)[0]
    for trial in both(play, services):
        expect_cancelled(trial.cancel("caller", at=START + moment), moment, *services)
        expect_cancelled(trial.within("caller", START + moment), moment, *services)
    for trial in (run(play, services, stop=2.0), serve(play, services, (2.0, "TERM"))):
        expect_cancelled(trial.cancel("caller", at=START + moment), moment, *services)


@check("R5", misconception="cleanup-skipped-when-cancelled", step="clean-up-whatever-happens")
def test_cleanup_when_cancelled(play: Play) -> None:
    """Cancelled from outside at any moment while services run, every cleanup still runs, whole and in order."""
    services = {"a": [hang()], "b": [told(), wait(0.8)], "c": [wait(1)], "d": [cleanup(wait(0.7)), told(), wait(4)]}
    cleanups = {"a": [wait(0.4)], "b": [wait(0.2), checkpoint(), wait(0.3)], "c": [wait(0.6)]}
    for t in run(play, services, stop=2.0, cleanups=cleanups, grace=3.0).cancelled("caller"):
        note = came(t)
        if note is None:
            expect_begun(t)
        if note and running(t, note):
            expect_whole(t, list(services))
            expect_cleanups(t, list(services))
    for t in serve(play, services, cleanups=cleanups).cancel("caller", at=START + 3.1).cancelled("caller", limit=12):
        note = came(t)
        if note and running(t, note):
            expect_whole(t, list(services))


@check("R5", misconception="cleanup-skipped-when-cancelled", step="clean-up-whatever-happens")
def test_cleanup_is_bounded_and_independent_when_cancelled(play: Play) -> None:
    """Cancelled from outside, a cleanup that hangs or fails does not keep the others from running."""
    cleanups = {"a": [wait(0.4)], "b": [hang()], "c": [wait(0.3), fail("C1")], "d": [wait(0.6)]}
    services = {"a": [hang()], "b": OBEDIENT, "c": [hang()], "d": [wait(1)]}
    for trial in both(play, services, cleanups=cleanups):
        t = trial.cancel("caller", at=START + 2.2)
        expect_cleanups(t, list("abcd"))
        t.expect("cleanup of a began at", t.one("cleanup", "a").start, at(2.2 + 0.6 + 0.3 + 6))


@check("R5", misconception="handled-once-is-done", step="clean-up-whatever-happens")
def test_cancellation_goes_on(play: Play) -> None:
    """Cancelled from outside while services run, the call ends by the cancellation when all is cleaned up."""
    services = {"a": [hang()], "b": [told(), wait(0.8)], "c": [cleanup(wait(0.5)), wait(LONG)]}
    for trial in both(play, services, cleanups={"a": [wait(0.4)]}):
        for t in (trial.cancel("caller", at=START + 2.2), trial.within("caller", START + 2.2)):
            t.expect_that("cancelled from outside", is_cancelled(t), f"{t.call.what} {t.call.ending}")
            t.expect("the call ended at", t.call.end, at(3.1))
    for trial in (run(play, services, stop=1.0), serve(play, services, (1.0, "TERM"))):
        t = trial.cancel("caller", at=START + 4.2)
        t.expect_that("cancelled from outside", is_cancelled(t), f"{t.call.what} {t.call.ending}")


@check("R5", misconception="errors-before-cancellation", step="one-group-of-errors")
def test_errors_and_a_cancellation(play: Play) -> None:
    """If there were errors and a cancellation from outside, either leaves the call, and never both in one group."""
    services = {"a": [hang()], "b": [wait(1), fail("E1")], "c": [on_cancel(wait(0.4), fail("E2")), hang()]}
    for trial in both(play, services, cleanups={"a": [wait(0.2), fail("C1")], "b": [hang()]}):
        t = trial.cancel("caller", at=START + 2.2)
        t.expect_that("cancelled from outside", t.call.how != "returned", "the call just returned")
        expect_no_mixture(t, "E1", "E2", "C1", "TimeoutError")
    for trial in both(play, {"a": [hang()], "b": [on_cancel(fail("E1")), hang()]}):
        t = trial.cancel("caller", at=START + 2.2)
        t.expect_that("cancelled from outside", t.call.how != "returned", "the call just returned")
        expect_no_mixture(t, "E1")


@check("R4", misconception="errors-before-cancellation", step="one-group-of-errors", core=False)
def test_all_errors_or_the_cancellation(play: Play) -> None:
    """If there were errors and a cancellation from outside, the cancellation leaves the call, or all the errors do."""
    services = {"a": [hang()], "b": [wait(1), fail("E1")], "c": [on_cancel(wait(0.4), fail("E2")), hang()]}
    for trial in both(play, services, cleanups={"a": [wait(0.2), fail("C1")], "b": [hang()]}):
        t = trial.cancel("caller", at=START + 2.2)
        expect_begun(t)
        stopped = any(error.kind in ("Cancelled", "CancelledError") for error in t.call.errors)
        if t.call.how == "raised" and not stopped:  # else it ended by the cancellation, or mixes: R5's matter
            t.expect("the errors in the group", labels(t.call.errors), ["C1", "E1", "E2", "TimeoutError"])


# -- R6: signals -------------------------------------------------------------------------------------------------------
def expect_caught(t: Trace) -> None:
    """Expect that all signals were caught, and read."""
    for note in t.notes("uncaught"):
        moment = f"{note['value']}, {note['t'] - START:g} s after the call"
        t.fail(moment, "it was not caught and read: it ends the process")


@check("R6", misconception="handler-sets-an-event", step="signals")
def test_the_first_signal_starts_the_shutdown(play: Play) -> None:
    """In `serve` the first signal, SIGTERM or SIGINT, starts the shutdown at once, even if everybody sleeps."""
    for name in play.shuffled(["TERM", "INT"]):
        moment = play.draw(1, low=3)[0]
        services = {"a": [told(), wait(1.1)], "b": OBEDIENT, "c": [hang()]}
        t = serve(play, services, (moment, name), cleanups={"a": [wait(0.4)], "c": [wait(0.7)]})
        expect_caught(t)
        expect_told(t, moment, "a", "b")


@check("R6", misconception="signal-cancels", step="signals")
def test_grace_after_a_signal(play: Play) -> None:
    """After the first signal services have `grace` seconds; then they are cancelled, and all are cleaned up."""
    grace = play.draw(1, low=4)[0]
    services = {"a": [told(), wait(0.9 * grace)], "b": OBEDIENT, "c": [hang()]}
    t = serve(play, services, (3.3, "TERM"), grace=grace, cleanups={"a": [wait(0.4)], "c": [wait(0.7)]})
    expect_caught(t)
    expect_returned(t, a=3.3 + 0.9 * grace, b=3.3)
    expect_cancelled(t, 3.3 + grace, "c")
    t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b", "c"])
    t = serve(play, {"a": [told(), wait(0.3)], "b": OBEDIENT}, (3.3, "INT"), grace=60.0)
    t.expect("the call ended at", t.call.end, at(3.6))


@check("R6", misconception="signals-are-fixed", step="signals")
def test_signals_of_the_callers_choice(play: Play) -> None:
    """Each of the `signals` that `serve` was given starts the shutdown."""
    for name in play.shuffled(["HUP", "USR1"]):
        t = serve(play, {"a": OBEDIENT, "b": [told(), wait(1)]}, (2.2, name), caught=["HUP", "USR1"])
        expect_caught(t)
        expect_told(t, 2.2, "a", "b")


@check("R6", misconception="one-signal-is-enough", step="signals", core=False)
def test_the_second_signal_does_not_wait(play: Play) -> None:
    """The second signal, the same or another, cancels what still runs without waiting for `grace`."""
    services = {"a": [hang()], "b": [told(), hang()], "c": OBEDIENT, "d": [cleanup(wait(1)), hang()]}
    for first, second in (("TERM", "INT"), ("INT", "INT")):
        one, two = sorted(play.draw(2, low=2, step=1.5))
        t = serve(play, services, (one, first), (two, second), grace=90.0)
        expect_caught(t)
        expect_cancelled(t, two, "a", "b", "d")


@check("R6", misconception="second-signal-cancels-everything", step="signals", core=False)
def test_cleanup_after_the_second_signal(play: Play) -> None:
    """After the second signal every cleanup runs all the same, whole, the last service's first, and the call returns."""
    services = {"a": [hang()], "b": OBEDIENT, "c": [cleanup(wait(1)), hang()]}
    cleanups = {"a": [wait(0.4)], "b": [wait(0.6), checkpoint(), wait(0.5)], "c": [wait(0.7)]}
    t = serve(play, services, (2.2, "TERM"), (3.1, "INT"), grace=90.0, cleanups=cleanups)
    expect_whole(t, ["a", "b", "c"])
    expect_cleanups(t, ["a", "b", "c"])
    t.expect_that("the call", t.call.how == "returned", t.call.ending)


@check("R6", misconception="deaf-while-cleaning-up", step="signals", core=False)
def test_further_signals(play: Play) -> None:
    """Further signals, also during a cleanup, are caught and read, and change nothing more."""
    services = {"a": [wait(1)], "b": OBEDIENT, "c": [cleanup(wait(2)), hang()]}
    cleanups = {"a": [wait(0.4), wait(0.9)], "b": [wait(1.1)], "c": [wait(1.7)]}
    two = [(2.2, "TERM"), (3.1, "TERM")]  # c ends at 5.1, its cleanup at 6.8, that of b at 7.9
    for further in ([(4.2, "INT")], [(4.2, "TERM"), (6.3, "INT")], [(5.6, "INT"), (7.4, "TERM")]):
        t = serve(play, services, *two, *further, grace=90.0, cleanups=cleanups)
        expect_caught(t)
        expect_whole(t, ["a", "b", "c"])
        t.expect_that("the call", t.call.how == "returned", t.call.ending)
        t.expect("the call ended at", t.call.end, at(9.2))


@check("R6", misconception="deaf-while-cleaning-up", step="signals", core=False)
def test_signals_during_cleanup_only(play: Play) -> None:
    """A first or second signal that comes when the services have ended is caught and read, and cuts no cleanup short."""
    cleanups = {"a": [wait(0.4), wait(0.9)], "b": [wait(1.1)], "c": [wait(1.7)]}
    services = {"a": [wait(1)], "b": [wait(2)], "c": OBEDIENT}
    plans: list[tuple[list[Any], list[tuple[float, str]]]] = [
        ([wait(3)], [(3.5, "TERM")]),
        ([wait(3)], [(3.5, "INT"), (5.2, "TERM")]),
        (OBEDIENT, [(3.0, "TERM"), (3.5, "INT")]),
        (OBEDIENT, [(3.0, "TERM"), (5.2, "TERM"), (5.5, "INT")]),
    ]
    for last, signals in plans:
        t = serve(play, services | {"c": last}, *signals, cleanups=cleanups)
        expect_caught(t)
        expect_whole(t, ["a", "b", "c"])
        t.expect("the call ended at", t.call.end, at(7.1))


@check("R6", misconception="deaf-while-cleaning-up", step="signals", core=False)
def test_signals_after_a_cancellation(play: Play) -> None:
    """After a cancellation from outside, signals that come while services or cleanups end are still caught."""
    services = {"a": [cleanup(wait(1)), hang()], "b": OBEDIENT}
    cleanups = {"a": [wait(0.6)], "b": [wait(1.7)]}
    t = serve(play, services, (2.8, "TERM"), (3.9, "INT"), cleanups=cleanups).cancel("caller", at=START + 2.2)
    expect_begun(t)
    sent = [note["t"] for note in t.notes("signal")]
    for note in t.notes("uncaught"):
        if note["order"] < (t.call.finished or 0) and any(note["t"] == near(moment) for moment in sent):
            t.fail(f"{note['value']}, {note['t'] - START:g} s after the call", "nobody caught it: it ends the process")


@check("R6", misconception="one-signal-is-enough", step="signals", core=False)
def test_signals_after_an_error(play: Play) -> None:
    """When a service has failed, signals still count: the second one, at the latest, cancels what still runs."""
    services = {"a": [hang()], "b": [wait(1), fail("E")], "c": [told(), hang()]}
    t = serve(play, services, (2.2, "TERM"), (3.1, "TERM"), grace=90.0)
    expect_caught(t)
    for name in ("a", "c"):
        seen = t.one("run", name).cancelled_at
        t.expect(f"{name} was cancelled at", LONG if seen is None else seen, at_most(START + 3.15))


# -- R7: handlers ------------------------------------------------------------------------------------------------------
def expect_no_handlers(t: Trace) -> None:
    """Expect that no signal handler of the call is left, though it caught the signals that came."""
    uncaught = [note["value"] for note in t.notes("uncaught")]
    t.expect("signals that nobody caught", uncaught, [])
    for note in t.notes("handlers"):
        left = [name for name, which in note["value"].items() if which == "another"]
        t.expect_that("signal handlers that the call left", not left, ", ".join(left))


@check("R7", misconception="handlers-go-by-themselves", step="signals", core=False)
def test_no_handler_is_left(play: Play) -> None:
    """After the call, however it ended, no signal handler of it is left."""
    services = {"a": [wait(4)], "b": OBEDIENT, "c": [wait(3)]}
    for caught in (None, ["USR1"]):
        t = serve(play, {"a": [wait(1)]}, caught=caught)
        expect_begun(t)
        expect_no_handlers(t)
    expect_no_handlers(serve(play, services, (2.2, "TERM")))
    expect_no_handlers(serve(play, services | {"c": [wait(2), fail("E")]}))
    expect_no_handlers(serve(play, {}))
    for t in serve(play, services | {"b": [wait(2)]}, cleanups={"a": [wait(1)]}).cancelled("caller", limit=10):
        expect_no_handlers(t)


@check("R7", misconception="tasks-end-by-themselves", step="signals", core=False)
def test_no_task_is_left(play: Play) -> None:
    """After `serve`, with or without a signal, no task is left, such as one that still waits for signals."""
    for signals in ([], [(2.2, "TERM")], [(2.2, "TERM"), (2.9, "INT")]):
        t = serve(play, {"a": [wait(4)], "b": [wait(3)]}, *signals)
        expect_begun(t)
        t.expect_nothing_left(but=("streams", "locks", "files"))


# -- rules for every exercise ------------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="tell-then-wait")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""
    other = Play(play.session, backend="trio" if play.backend == "asyncio" else "asyncio")
    services = {"a": [wait(1)], "b": [wait(2), fail("E")], "c": OBEDIENT, "d": [hang()]}
    for function in BOTH:
        here, there = (_seen(run(on, services, function=function)) for on in (play, other))
        if there == [list("abcd"), list("dcba"), "raised"]:  # what is wrong on both is for other clauses
            Trace(run(play, services, function=function).data).expect(
                f"services started, cleaned up, ending (as on {other.backend})", here, there
            )
        t = run(play, {"a": [wait(1)], "b": [wait(2)]}, function=function)
        t.expect(
            "services that ended by themselves", sorted(s.who for s in t.all("run") if s.how == "returned"), ["a", "b"]
        )
        t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b"])


def _seen(t: Trace) -> list[Any]:
    try:
        return [sorted(t.names("run")), t.names("cleanup"), t.call.how]
    except CheckFailed as failure:
        return [failure.sentence]


@check("G2", misconception="tasks-end-by-themselves", step="clean-up-whatever-happens")
def test_nothing_is_left(play: Play) -> None:
    """When the call ends, however it ends, no task and no stream of it is left."""
    services = {"a": [wait(1)], "b": [cleanup(wait(0.6)), hang()], "c": [told(), wait(0.5)]}
    for t in run(play, services, stop=2.0, grace=2.0, cleanups={"a": [hang()]}).cancelled("caller", limit=16):
        if came(t) is None:
            expect_begun(t)
        t.expect_nothing_left()
    for t in both(play, services | {"a": [wait(1), fail("E")]}):
        expect_begun(t)
        t.expect_nothing_left()
    for t in both(play, {"a": [wait(1)]}):
        expect_begun(t)
        t.expect_nothing_left()


@check("G3", misconception="shield-everything", step="clean-up-whatever-happens")
def test_cancellation_passes_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment, the call does not swallow it, nor protect more than the cleanups."""
    services = {"a": [hang()], "b": [told(), wait(0.8)], "c": [wait(1)], "d": [told(), wait(4)]}
    trials = [run(play, services, stop=2.0, grace=3.0, cleanups={"a": [wait(0.4)], "c": [wait(0.6)]})]
    trials += both(play, {"a": [wait(1)], "b": [wait(2)]}, cleanups={"b": [wait(0.4)]})
    for trial in trials:
        for t in trial.cancelled("caller", limit=20):
            note = came(t)
            if note is None:
                expect_begun(t)
                continue
            for span in running(t, note):
                ended = (span.end if span.cancelled_at is None else span.cancelled_at) or LONG
                t.expect(f"{span.who} was cancelled at", ended, at_most(note["t"] + 0.05))
            if any(span.how == "cancelled" and span.outside for span in t.all("run")):
                t.expect_that("cancelled from outside", is_cancelled(t), f"{t.call.what} {t.call.ending}")
            t.expect_that("cancelled from outside", not goes_on(t), "the caller went on after the call")
            t.expect("the call ended at", t.call.end, at_most(note["t"] + 1.1))


@check("G4", misconception="blocking-is-short", step="bound-the-wait")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop, whatever becomes of the services."""
    services = {"a": [hang()], "b": [told(), wait(0.1)], "c": [wait(0.1)]}
    more: dict[str, Any] = {"grace": 0.3, "cleanups": {"a": [hang()]}, "cleanup_timeout": 0.2}
    trials = [run(play, services, stop=0.2, **more), serve(play, services, (0.2, "TERM"), (0.4, "INT"))]
    for t in (*trials, *both(play, {"a": [wait(0.1)], "b": [wait(0.2), fail("E")], "c": OBEDIENT})):
        t.expect_not_blocked()
        expect_begun(t)


@check("G5", misconception="catch-everything", step="one-group-of-errors")
def test_interrupts_pass(play: Play) -> None:
    """A service's exception that is no `Exception`, such as KeyboardInterrupt, leaves the call; all are cleaned up."""
    cleanups = {"a": [wait(0.4)], "b": [wait(0.6)], "c": [wait(0.3)]}
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        for t in both(play, {"a": OBEDIENT, "b": [wait(2), fail("stop", kind)], "c": [hang()]}, cleanups=cleanups):
            expect_passed(t, "b", kind)
            expect_whole(t, ["a", "b", "c"])


@check("G5", misconception="catch-everything", step="one-group-of-errors")
def test_interrupts_during_a_shutdown_pass(play: Play) -> None:
    """What is no `Exception` leaves the call also if a service raises it in the grace period, or when it is cancelled."""
    cleanups = {"a": [wait(0.4)], "b": [wait(0.6)]}
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        for service in ([told(), wait(1), fail("stop", kind)], [on_cancel(fail("stop", kind)), hang()]):
            t = run(play, {"a": OBEDIENT, "b": service, "c": [told(), wait(1.5)]}, stop=2.0, cleanups=cleanups)
            expect_passed(t, "b", kind)
            expect_whole(t, ["a", "b", "c"])


def expect_passed(t: Trace, name: str, kind: str) -> None:
    """Expect that what the `run` of that service raised, if it did, has left the call."""
    span = t.one("run", name)
    left = span.raised is None or any(error in t.call.errors for error in span.errors)
    t.expect_that(f"the {kind} of {name} should leave the call", left, f"it {t.call.ending}")


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting(play: Play) -> None:
    """The call does not wake up more often if everything takes forty times as long."""

    def steps(scale: float) -> list[int]:
        times: dict[str, Any] = {"grace": 3 * scale, "cleanup_timeout": 2 * scale, "cleanups": {"a": [wait(9 * scale)]}}
        services = {"a": [wait(scale)], "b": [told(), wait(2 * scale)], "c": [wait(99 * scale)]}
        trials = [run(play, services, stop=2 * scale, **times), serve(play, services, (2 * scale, "TERM"), **times)]
        return [trial.call.steps for trial in trials]

    quick = steps(1.0)
    for function, before, after in zip(BOTH, quick, steps(40.0), strict=True):
        t = run(play, {"a": [wait(1)]}, function=function)
        expect_begun(t)
        t.expect(f"wake-ups of {function} when all takes forty times as long", after, at_most(before + 20))


@check("G9", misconception="run-is-a-coroutine-function", step="tell-then-wait")
def test_any_callable(play: Play) -> None:
    """`run` and `cleanup` may be anything that returns an awaitable when it is called."""
    services = {"a": [awaitable(), wait(1)], "b": [awaitable(), told(), wait(1)], "c": [wait(1)]}
    t = run(play, services, stop=2.0, cleanups={"a": [awaitable(), wait(0.4)], "c": [wait(0.3)]})
    t.expect("how a, b and c ended", [t.of(name).how for name in "abc"], ["returned"] * 3)
    expect_whole(t, ["a", "b", "c"])
    t.expect_that("the call", t.call.how == "returned", t.call.ending)


@check("G9", misconception="run-is-a-coroutine-function", step="one-group-of-errors")
def test_raises_at_once(play: Play) -> None:
    """A `run` or `cleanup` that raises when it is called has failed like any other."""
    for t in both(play, {"a": [wait(2)], "b": [at_once(), fail("E")], "c": OBEDIENT}):
        t.expect("services that were started", sorted(t.names("run")), ["a", "b", "c"])
        t.expect("how a and c ended", [t.of("a").how, t.of("c").how], ["returned"] * 2)
        t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b", "c"])
    t = run(play, {"a": [wait(1)], "b": [wait(1)]}, cleanups={"b": [at_once(), fail("C1")]})
    t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b"])
