"""Hidden checks of m08: signals and their handlers."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, at_most, check, checkpoint, cleanup, fail, hang, near, wait

from .plans import (
    AFTER,
    OBEDIENT,
    START,
    expect_asked,
    expect_at,
    expect_begun,
    expect_cancelled,
    expect_cleanups,
    expect_returned,
    expect_whole,
    relative,
    serve,
    told,
)


# -- R6: signals -----------------------------------------------------------------------------------------------------
def expect_caught(t: Trace) -> None:
    """Expect that all signals were caught, and read."""
    for note in t.notes("uncaught"):
        moment = f"{note['value']}, {note['t'] - START:g} s after the call"
        t.fail(moment, "the call did not catch and read it, so it would end the process")


@check("R6", misconception="handler-sets-an-event", step="signals")
def test_the_first_signal_starts_the_shutdown(play: Play) -> None:
    """In `serve` the first signal, SIGTERM or SIGINT, starts the shutdown at once, even while every task sleeps."""
    for name in play.shuffled(["TERM", "INT"]):
        moment = play.draw(1, low=3)[0]
        services = {"a": [told(), wait(1.1)], "b": OBEDIENT, "c": [hang()]}
        trial = serve(play, services, (moment, name), cleanups={"a": [wait(0.4)], "c": [wait(0.7)]})
        t = trial.accepting("deadlock")
        expect_caught(t)
        expect_asked(t, moment, "a", "b")
        t.expect_ended()


@check("R6", misconception="signal-cancels", step="signals")
def test_grace_after_a_signal(play: Play) -> None:
    """After the first signal, services have `grace` seconds; then they are cancelled, and all are cleaned up."""
    grace = play.draw(1, low=4)[0]
    services = {"a": [told(), wait(0.9 * grace)], "b": OBEDIENT, "c": [hang()]}
    t = serve(play, services, (3.3, "TERM"), grace=grace, cleanups={"a": [wait(0.4)], "c": [wait(0.7)]})
    expect_caught(t)
    first = "The first signal asks the services to stop: it does not cancel them."
    expect_returned(t, a=3.3 + 0.9 * grace, b=3.3, cut=first)
    part = "After the first signal a service that still runs when `grace` is over is cancelled."
    expect_cancelled(t, 3.3 + grace, "c", late=part)
    part = "After a signal all services are cleaned up."
    t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b", "c"], part=part)
    t = serve(play, {"a": [told(), wait(0.3)], "b": OBEDIENT}, (3.3, "INT"), grace=60.0)
    part = "When all have returned after a signal, the call does not wait for the rest of `grace`."
    expect_at(t, "the call ended", t.call.end, 3.6, part=part)


@check("R6", misconception="signals-are-fixed", step="signals")
def test_signals_of_the_callers_choice(play: Play) -> None:
    """Each of the `signals` that `serve` was given starts the shutdown."""
    for name in play.shuffled(["HUP", "USR1"]):
        trial = serve(play, {"a": OBEDIENT, "b": [told(), wait(1)]}, (2.2, name), caught=["HUP", "USR1"])
        t = trial.accepting("deadlock")
        expect_caught(t)
        expect_asked(t, 2.2, "a", "b")
        t.expect_ended()


@check("R6", misconception="one-signal-is-enough", step="later-signals", core=False)
def test_the_second_signal_does_not_wait(play: Play) -> None:
    """The second signal, the same one or another, cancels what still runs, without waiting for `grace`."""
    services = {"a": [hang()], "b": [told(), hang()], "c": OBEDIENT, "d": [cleanup(wait(1)), hang()]}
    for first, second in (("TERM", "INT"), ("INT", "INT")):
        one, two = sorted(play.draw(2, low=2, step=1.5))
        t = serve(play, services, (one, first), (two, second), grace=90.0)
        expect_caught(t)
        expect_cancelled(t, two, "a", "b", "d")


@check("R6", misconception="second-signal-cancels-everything", step="later-signals", core=False)
def test_cleanup_after_the_second_signal(play: Play) -> None:
    """After the second signal, every cleanup still runs to its end, the last service's first, and the call returns."""
    services = {"a": [hang()], "b": OBEDIENT, "c": [cleanup(wait(1)), hang()]}
    cleanups = {"a": [wait(0.4)], "b": [wait(0.6), checkpoint(), wait(0.5)], "c": [wait(0.7)]}
    t = serve(play, services, (2.2, "TERM"), (3.1, "INT"), grace=90.0, cleanups=cleanups)
    expect_whole(t, ["a", "b", "c"])
    expect_cleanups(t, ["a", "b", "c"])
    t.expect_that("the call should return", t.call.how == "returned", f"it {t.call.ending}")


@check("R6", misconception="deaf-while-cleaning-up", step="later-signals", core=False)
def test_further_signals(play: Play) -> None:
    """Further signals, also during a cleanup, are caught and read, and change nothing."""
    services = {"a": [wait(1)], "b": OBEDIENT, "c": [cleanup(wait(2)), hang()]}
    cleanups = {"a": [wait(0.4), wait(0.9)], "b": [wait(1.1)], "c": [wait(1.7)]}
    two = [(2.2, "TERM"), (3.1, "TERM")]  # c ends at 5.1, its cleanup at 6.8, that of b at 7.9
    for further in ([(4.2, "INT")], [(4.2, "TERM"), (6.3, "INT")], [(5.6, "INT"), (7.4, "TERM")]):
        t = serve(play, services, *two, *further, grace=90.0, cleanups=cleanups)
        expect_caught(t)
        expect_whole(t, ["a", "b", "c"])
        t.expect_that("the call should return", t.call.how == "returned", f"it {t.call.ending}")
        expect_at(t, "the call ended", t.call.end, 9.2)


@check("R6", misconception="deaf-while-cleaning-up", step="later-signals", core=False)
def test_signals_during_cleanup_only(play: Play) -> None:
    """A first or second signal that comes after the services have ended is caught and read, and cuts no cleanup short."""
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
        expect_at(t, "the call ended", t.call.end, 7.1)


@check("R6", misconception="deaf-while-cleaning-up", step="later-signals", core=False)
def test_signals_after_a_cancellation(play: Play) -> None:
    """After a cancellation from outside, signals that come while services and cleanups end are still caught."""
    services = {"a": [cleanup(wait(1)), hang()], "b": OBEDIENT}
    cleanups = {"a": [wait(0.6)], "b": [wait(1.7)]}
    t = serve(play, services, (2.8, "TERM"), (3.9, "INT"), cleanups=cleanups).cancel("caller", at=START + 2.2)
    expect_begun(t)
    sent = [note["t"] for note in t.notes("signal")]
    for note in t.notes("uncaught"):
        if note["order"] < (t.call.finished or 0) and any(note["t"] == near(moment) for moment in sent):
            t.fail(
                f"{note['value']}, {note['t'] - START:g} s after the call",
                "the call did not catch it, so it would end the process",
            )


@check("R6", misconception="one-signal-is-enough", step="later-signals", core=False)
def test_signals_after_an_error(play: Play) -> None:
    """After a service has failed, signals still count: at the latest the second one cancels what still runs."""
    services = {"a": [hang()], "b": [wait(1), fail("E")], "c": [told(), hang()]}
    t = serve(play, services, (2.2, "TERM"), (3.1, "TERM"), grace=90.0)
    expect_caught(t)
    for name in ("a", "c"):
        seen = t.one("run", name).cancelled_at
        t.expect(f"{name} was cancelled", relative(seen), at_most(3.15), unit=AFTER)


# -- R7: handlers ----------------------------------------------------------------------------------------------------
def expect_no_handlers(t: Trace) -> None:
    """Expect that no signal handler of the call is left, though it caught the signals that came."""
    uncaught = [note["value"] for note in t.notes("uncaught")]
    t.expect("signals that nobody caught", uncaught, [])
    for note in t.notes("handlers"):
        left = [name for name, which in note["value"].items() if which == "another"]
        t.expect_that("signal handlers that the call left", not left, ", ".join(left))


@check("R7", misconception="handlers-go-by-themselves", step="later-signals", core=False)
def test_no_handler_is_left(play: Play) -> None:
    """However the call ends, it leaves no signal handler behind."""
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


@check("R7", misconception="tasks-end-by-themselves", step="later-signals", core=False)
def test_no_task_is_left(play: Play) -> None:
    """After `serve`, with or without a signal, no task is left, not even one that waits for signals."""
    for signals in ([], [(2.2, "TERM")], [(2.2, "TERM"), (2.9, "INT")]):
        t = serve(play, {"a": [wait(4)], "b": [wait(3)]}, *signals)
        expect_begun(t)
        t.expect_nothing_left(but=("streams", "locks", "files"))
