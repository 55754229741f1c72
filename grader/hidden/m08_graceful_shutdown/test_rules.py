"""Hidden checks of m08: the rules of every exercise."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, Trial, at_most, at_once, awaitable, check, cleanup, fail, hang, on_cancel, wait

from .plans import (
    AFTER,
    BOTH,
    OBEDIENT,
    START,
    both,
    came,
    expect_begun,
    expect_whole,
    relative,
    run,
    running,
    serve,
    told,
)


def goes_on(t: Trace) -> bool:
    """Whether the caller came past the checkpoint after the call."""
    return any(span.how == "returned" for span in t.all("after", "caller"))


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="tell-then-wait")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""
    services = {"a": [wait(1)], "b": [wait(2), fail("E")], "c": OBEDIENT, "d": [hang()]}
    for function in BOTH:
        play.expect_portable(
            "services started, services cleaned up, how the call ended",
            lambda on, function=function: run(on, services, function=function),
            lambda t: [sorted(t.names("run")), t.names("cleanup"), t.call.how],
            [list("abcd"), list("dcba"), "raised"],
        )
        t = run(play, {"a": [wait(1)], "b": [wait(2)]}, function=function)
        t.expect(
            "services that ended by themselves", sorted(s.who for s in t.all("run") if s.how == "returned"), ["a", "b"]
        )
        t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b"])


@check("G2", misconception="tasks-end-by-themselves", step="clean-up-whatever-happens")
def test_nothing_is_left(play: Play) -> None:
    """However the call ends, it leaves no task, stream or lock behind."""
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
    """Cancelled from outside at any moment, the call ends by the cancellation, and protects nothing but the cleanups."""
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
                ended = relative(span.end if span.cancelled_at is None else span.cancelled_at)
                wanted = at_most(note["t"] - START + 0.05)
                part = "Cancelled from outside, services are cancelled at once: only cleanups are protected."
                t.expect(f"{span.who} was cancelled", ended, wanted, unit=AFTER, part=part)
            if any(span.how == "cancelled" and span.outside for span in t.all("run")):
                t.expect_cancelled(part=BY_IT)
            words, seen = "cancelled from outside, the caller should stop", "it went on after the call"
            t.expect_that(words, not goes_on(t), seen, part=BY_IT)
            part = "Cancelled from outside, the call waits for nothing but the cleanups."
            t.expect("the call ended", relative(t.call.end), at_most(note["t"] - START + 1.1), unit=AFTER, part=part)


BY_IT = "Cancelled from outside at any moment, the call ends by the cancellation."


@check("G4", misconception="blocking-is-short", step="bound-the-wait")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop, whatever happens to the services."""
    services = {"a": [hang()], "b": [told(), wait(0.1)], "c": [wait(0.1)]}
    more: dict[str, Any] = {"grace": 0.3, "cleanups": {"a": [hang()]}, "cleanup_timeout": 0.2}
    trials = [run(play, services, stop=0.2, **more), serve(play, services, (0.2, "TERM"), (0.4, "INT"))]
    for t in (*trials, *both(play, {"a": [wait(0.1)], "b": [wait(0.2), fail("E")], "c": OBEDIENT})):
        t.expect_not_blocked()
        expect_begun(t)


@check("G5", misconception="catch-everything", step="one-group-of-errors")
def test_interrupts_pass(play: Play) -> None:
    """Something like `KeyboardInterrupt` that a service raises leaves the call, and every service is cleaned up."""
    cleanups = {"a": [wait(0.4)], "b": [wait(0.6)], "c": [wait(0.3)]}
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        for t in both(play, {"a": OBEDIENT, "b": [wait(2), fail("stop", kind)], "c": [hang()]}, cleanups=cleanups):
            expect_passed(t, "b", kind)
            expect_whole(t, ["a", "b", "c"], missing=CLEANED, cut=CLEANED)


CLEANED = "Every service is cleaned up, also after an exception that is not an `Exception`."


@check("G5", misconception="catch-everything", step="one-group-of-errors")
def test_interrupts_during_a_shutdown_pass(play: Play) -> None:
    """Something like `KeyboardInterrupt` leaves the call also if a service raises it during the shutdown."""
    cleanups = {"a": [wait(0.4)], "b": [wait(0.6)]}
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        for service in ([told(), wait(1), fail("stop", kind)], [on_cancel(fail("stop", kind)), hang()]):
            t = run(play, {"a": OBEDIENT, "b": service, "c": [told(), wait(1.5)]}, stop=2.0, cleanups=cleanups)
            expect_passed(t, "b", kind)
            expect_whole(t, ["a", "b", "c"], missing=CLEANED, cut=CLEANED)


def expect_passed(t: Trace, name: str, kind: str) -> None:
    """Expect that what the `run` of that service raised, if it did, has left the call."""
    span = t.one("run", name)
    left = span.raised is None or any(error in t.call.errors for error in span.errors)
    part = ""
    if not t.all("told", name) and span.cancelled_at is None:
        part = f"{kind}, which is not an `Exception`, leaves the call when a service raises it."
    t.expect_that(f"the {kind} of {name} should leave the call", left, f"it {t.call.ending}", part=part)


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting(play: Play) -> None:
    """If everything takes forty times as long, the call does not wake up more often."""

    def trials(scale: float) -> list[Trial]:
        times: dict[str, Any] = {"grace": 3 * scale, "cleanup_timeout": 2 * scale, "cleanups": {"a": [wait(9 * scale)]}}
        services = {"a": [wait(scale)], "b": [told(), wait(2 * scale)], "c": [wait(99 * scale)]}
        return [run(play, services, stop=2 * scale, **times), serve(play, services, (2 * scale, "TERM"), **times)]

    quick = [trial.call.steps for trial in trials(1.0)]
    for function, before, trial in zip(BOTH, quick, trials(40.0), strict=True):
        expect_begun(run(play, {"a": [wait(1)]}, function=function))
        trial.expect(
            f"wake-ups of {function} when all takes forty times as long", trial.call.steps, at_most(before + 20)
        )


@check("G9", misconception="run-is-a-coroutine-function", step="tell-then-wait")
def test_any_callable(play: Play) -> None:
    """`run` and `cleanup` may be anything that returns an awaitable when it is called."""
    services = {"a": [awaitable(), wait(1)], "b": [awaitable(), told(), wait(1)], "c": [wait(1)]}
    t = run(play, services, stop=2.0, cleanups={"a": [awaitable(), wait(0.4)], "c": [wait(0.3)]})
    part = "`run` may be anything that returns an awaitable when it is called."
    t.expect("how a, b and c ended", [t.of(name).how for name in "abc"], ["returned"] * 3, part=part)
    part = "`cleanup` may be anything that returns an awaitable when it is called."
    expect_whole(t, ["a", "b", "c"], missing=part, cut=part)
    t.expect_that("the call should return", t.call.how == "returned", f"it {t.call.ending}")


@check("G9", misconception="run-is-a-coroutine-function", step="one-group-of-errors")
def test_raises_at_once(play: Play) -> None:
    """A `run` or `cleanup` that raises when it is called has failed like any other."""
    for t in both(play, {"a": [wait(2)], "b": [at_once(), fail("E")], "c": OBEDIENT}):
        part = "A `run` that raises when it is called has failed like any other: the others are started all the same."
        t.expect("services that were started", sorted(t.names("run")), ["a", "b", "c"], part=part)
        part = "A `run` that raises when it is called has failed like any other: the others may return by themselves."
        t.expect("how a and c ended", [t.of("a").how, t.of("c").how], ["returned"] * 2, part=part)
        part = "A `run` that raises when it is called has failed like any other: every service is cleaned up."
        t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b", "c"], part=part)
    t = run(play, {"a": [wait(1)], "b": [wait(1)]}, cleanups={"b": [at_once(), fail("C1")]})
    part = "A `cleanup` that raises when it is called does not keep the others from running."
    t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b"], part=part)
