"""Hidden checks of m08: cleanup, one after the other, protected and bounded."""

from __future__ import annotations

from typing import Any

from grader import Play, check, checkpoint, cleanup, fail, hang, near, on_cancel, wait

from .plans import (
    CLASSES,
    EVERY,
    LONG,
    OBEDIENT,
    START,
    both,
    came,
    expect_begun,
    expect_cleanups,
    expect_whole,
    given_up_part,
    run,
    told,
)


# -- R3: cleanup, one after the other, protected and bounded ---------------------------------------------------------
@check("R3", misconception="order-of-the-list", step="clean-up-whatever-happens")
def test_last_service_first(play: Play) -> None:
    """Cleanups run one after the other, the last service's first, whichever service ended first."""
    names = play.shuffled(["a", "b", "c", "d"])
    services = {name: [wait(time)] for name, time in zip(names, play.draw(4), strict=True)}
    cleanups = {name: [wait(time)] for name, time in zip(names, play.draw(4, low=0.5), strict=True)}
    for t in both(play, services, cleanups=cleanups):
        expect_cleanups(t, names, missing=EVERY)
        t.expect("cleanups at the same time", t.most_open("cleanup"), 1, part="Cleanups run one after the other.")
    t = run(play, {**services, "e": [hang()], "f": OBEDIENT}, cleanups=cleanups, stop=2.0)
    expect_cleanups(t, [*names, "e", "f"], missing=EVERY)


@check("R3", misconception="cleanup-while-others-run", step="clean-up-whatever-happens")
def test_after_all_have_ended(play: Play) -> None:
    """No cleanup begins while a service still runs, even if that is only in its own `finally`."""
    services = {"a": [wait(3)], "b": [cleanup(wait(2.4)), hang()], "c": [told(), wait(1.1)], "d": [wait(1), fail("E")]}
    for t in (run(play, services, stop=4.0), run(play, {**services, "d": [wait(0.5)]}, stop=4.0)):
        expect_begun(t)
        end = max(span.end or LONG for span in t.all("run"))
        cleaned = t.names("cleanup")
        t.expect("services that were cleaned up", sorted(set(cleaned)), ["a", "b", "c", "d"], part=EVERY)
        part = "Each service is cleaned up once." if len(cleaned) > len(set(cleaned)) else ""
        for span in t.all("cleanup"):
            words = f"the cleanup of {span.who} should wait for the last service"
            early = f"it began {end - span.start:.4g} s before that"
            t.expect_that(words, span.start >= end - 1e-6, early, part=part)


@check("R3", misconception="cleanup-only-for-the-good", step="clean-up-whatever-happens")
def test_every_service(play: Play) -> None:
    """Every service is cleaned up, whether its `run` returned, raised or was cancelled."""
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
    """A cleanup that takes longer than `cleanup_timeout` is given up at that moment, and the next one runs."""
    limit = play.draw(1, low=2)[0]
    cleanups = {"a": [wait(0.3)], "b": [hang()], "c": [wait(limit + 0.4)], "d": [cleanup(wait(1.2)), hang()]}
    for trial in both(play, {name: [wait(1)] for name in "abcd"}, cleanups=cleanups, cleanup_timeout=limit):
        t = trial.accepting("deadlock")
        nobody = "After a cleanup was given up, the next one runs, with the whole `cleanup_timeout` for itself."
        if any(span.end is None and span.cancelled_at is None for span in t.all("cleanup")):
            nobody = "A cleanup that takes longer than `cleanup_timeout` is given up at that moment."
        expect_cleanups(t, list("abcd"), missing=nobody)
        for span in t.all("cleanup"):
            if span.who != "a":
                seen = "never" if span.cancelled_at is None else span.cancelled_at - span.start
                words, part = f"cleanup of {span.who} was given up after", given_up_part(span, limit)
                t.expect(words, seen, near(limit, within=0.05), unit="s", part=part)
        t.expect_ended()


@check("R3", misconception="shield-without-a-bound", step="clean-up-whatever-happens")
def test_cleanup_timeouts_of_any_size(play: Play) -> None:
    """Any `cleanup_timeout` is kept exactly, also one of less than a second or of many minutes."""
    for limit in (0.25, 900.0):
        cleanups = {"a": [wait(0.96 * limit)], "b": [hang()]}
        t = run(play, {"a": [wait(1)], "b": [wait(1)]}, cleanups=cleanups, cleanup_timeout=limit)
        span = t.one("cleanup", "b")
        seen = "never" if span.cancelled_at is None else span.cancelled_at - span.start
        t.expect("cleanup of b was given up after", seen, near(limit, within=0.005), unit="s")
        span = t.one("cleanup", "a")
        t.expect_that(
            "the cleanup of a, which ends in time, should run to its end", span.how == "returned", f"it {span.ending}"
        )


@check("R3", misconception="one-budget", step="clean-up-whatever-happens")
def test_each_has_the_time_for_itself(play: Play) -> None:
    """Each cleanup has the whole `cleanup_timeout` for itself: one that takes less is not given up."""
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
    """A cleanup that raises, whatever it raises, does not keep the others from running."""
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
    """A cancellation from outside interrupts neither a cleanup that has begun nor those after it."""
    names = ["a", "b", "c"]
    cleanups = {"a": [wait(0.4)], "b": [checkpoint(), wait(0.5)], "c": [wait(0.6), wait(0.3)]}
    for trial in both(play, {name: [wait(1)] for name in names}, cleanups=cleanups):
        for t in trial.cancelled("caller", limit=16):
            note, begun = came(t), t.all("cleanup")
            if note and begun and begun[0].begun < note["order"]:
                missing = "A cancellation that comes during a cleanup does not keep the next ones from running."
                if any(span.how == "cancelled" for span in begun):
                    missing = UNTOUCHED
                expect_cleanups(t, names, missing=missing)
                expect_whole(t, names, cut=UNTOUCHED)
    t = run(play, {name: [wait(1)] for name in names}, cleanups=cleanups).within("caller", START + 1.4)
    expect_whole(t, names, cut=UNTOUCHED)


UNTOUCHED = "A cancellation that comes during a cleanup does not interrupt it."


@check("R3", misconception="deadline-outside-the-shield", step="clean-up-whatever-happens")
def test_bounded_when_cancelled(play: Play) -> None:
    """A cleanup that hangs is given up after `cleanup_timeout`, also when the call was cancelled meanwhile."""
    limit = play.draw(1, low=2)[0]
    cleanups = {"a": [wait(0.4)], "b": [hang()], "c": [wait(0.6)]}
    plan: dict[str, Any] = {"cleanups": cleanups, "cleanup_timeout": limit}
    for trial in both(play, {name: [wait(1)] for name in "abc"}, **plan):
        t = trial.cancel("caller", at=START + 2.2)
        expect_cleanups(t, list("abc"))
        span = t.one("cleanup", "b")
        seen = "never" if span.cancelled_at is None else span.cancelled_at - span.start
        t.expect("cleanup of b was given up after", seen, near(limit, within=0.05), unit="s")


@check("R3", misconception="cleanup-all-at-once", step="clean-up-whatever-happens", wide=True)
def test_order_and_bound_after_an_interrupt(play: Play) -> None:
    """Cleanups run one after the other, each within `cleanup_timeout`, also after something like a KeyboardInterrupt."""
    cleanups = {"a": [wait(0.4)], "b": [hang()], "c": [wait(0.3), fail("C1")], "d": [wait(0.6)]}
    services = {"a": [hang()], "b": [wait(2), fail("stop", "Abandon")], "c": OBEDIENT, "d": [wait(1)]}
    for t in both(play, services, cleanups=cleanups, grace=3.0):
        expect_cleanups(t, list(services))
        part = "Cleanups run one after the other, also after something like a KeyboardInterrupt."
        t.expect("cleanups at the same time", t.most_open("cleanup"), 1, part=part)
        taken = t.one("cleanup", "a").start - t.one("cleanup", "d").start
        part = "Each cleanup is bounded by its own `cleanup_timeout`, also after something like a KeyboardInterrupt."
        wanted = near(0.6 + 0.3 + 6, within=0.05)
        t.expect("time from the first cleanup to that of a", taken, wanted, unit="s", part=part)
