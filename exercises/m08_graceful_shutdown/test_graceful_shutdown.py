"""What your `run_until` and `serve` should do, one sentence a check. The call is made after 3.7 seconds.

A plan gives each service a script: `told()` waits for the event that `run` was given, `hang()` waits forever, `wait(2)`
sleeps two virtual seconds, `fail("E")` raises. `stop` is when the shutdown starts, `signals` when signals come.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from grader import (
    Play,
    SentencePart,
    Trace,
    Trial,
    at_most,
    at_once,
    awaitable,
    check,
    fail,
    hang,
    near,
    on_cancel,
    verb,
    wait,
)

START = 3.7
told = verb("told")


def run(play: Play, services: Mapping[str, Sequence[Any]], *, stop: float | None = None, **more: Any) -> Trial:
    """A call of `run_until`, with `stop` set that many seconds after `START`."""
    plan: dict[str, Any] = {"grace": 10.0, "cleanup_timeout": 6.0, **more}
    return play(services=services, stop=None if stop is None else START + stop, **plan)


def serve(play: Play, services: Mapping[str, Sequence[Any]], *signals: tuple[float, str], **more: Any) -> Trial:
    """A call of `serve`, with signals that many seconds after `START`."""
    sent = [(START + moment, name) for moment, name in signals]
    return run(play, services, signals=sent, function="serve", **more)


def expect_at(t: Trace, what: str, moment: float | None, seconds: float, *, part: str = "") -> None:
    """Expect that this happened that many seconds after the call, or a moment later."""
    seen = "never" if moment is None else moment - START
    t.expect(what, seen, near(seconds, within=0.05), unit="s after the call", part=part)


def expect_asked(t: Trace, name: str, seconds: float, part: str = "") -> None:
    """Expect that the service was asked to stop that many seconds after the call, or a moment later."""
    step = t.of(name)[told()]
    after = None if step.end is None else step.end - START
    seen = f"never: its run was cancelled {after:g} s after the call" if step.how == "cancelled" else "never"
    in_time = near(seconds, within=0.05)
    asked = after is not None and (step.how == "returned" or after == in_time)
    t.expect(f"{name} was asked to stop", after if asked else seen, in_time, unit="s after the call", part=part)


def expect_group(t: Trace, part: str = "") -> None:
    """Expect that a group of errors left the call."""
    is_group = bool(t.call.raised and t.call.raised.is_group)
    t.expect_that("an `ExceptionGroup` should leave the call", is_group, f"it {t.call.ending}", part=part)


FIRST = "The first signal asks the services to stop: it does not cancel them."
LOST = "Errors of the cleanups do not hide those of the services: all leave together, and not beside a cancellation."
TOLD = "When `stop` is set every service is asked to stop, and may return by itself."


def is_asked_to_stop(play: Play) -> bool:
    """Whether a service hears that `stop` is set while it runs."""
    t = run(play, {"a": [told()]}, stop=4).accepting("deadlock")
    return t.of("a")[told()].how == "returned"


# -- core ------------------------------------------------------------------------------------------------------------
@check("R1", misconception="one-after-the-other", step="tell-then-wait")
def test_all_at_the_same_time(play: Play) -> None:
    """All services run at the same time, and when all have returned, so does the call."""
    ends = "When all services have returned, so does the call."
    t = run(play, {"a": [wait(3)], "b": [wait(1)]}).naming(ends)
    expect_at(t, "b was started", t.of("b").start, 0, part="All services run at the same time.")
    expect_at(t, "the call ended", t.call.end, 3, part=ends)


@check("R1", misconception="tasks-begin-in-order", step="tell-then-wait")
def test_whatever_begins_first(play: Play) -> None:
    """Every service runs to its end, whichever of the tasks happens to begin first."""
    for t in run(play, {"a": [wait(1)]}).orders(16):
        t.expect("how a ended", t.of("a").ending, "returned")


@check("R1", misconception="runs-until-stopped", step="tell-then-wait")
def test_no_services(play: Play) -> None:
    """Without services the call returns at once."""
    t = run(play, {})
    expect_at(t, "the call ended", t.call.end, 0)


@check("R1", misconception="stopped-before-it-began", step="tell-then-wait")
def test_stopped_before_it_began(play: Play) -> None:
    """With `stop` set from the start, services are still started, and asked to stop at once."""
    t = run(play, {"a": [told(), wait(1)], "b": [told()]}, stop=-1)
    part = "With `stop` set from the start, services are still started."
    t.expect("services that were started", sorted(t.names("run")), ["a", "b"], part=part)
    by_nobody = t.of("a")[told()].how == "cancelled" and not is_asked_to_stop(play)
    part = SentencePart(TOLD, misconception="stop-is-cancel", step="tell-then-wait") if by_nobody else ""
    expect_asked(t, "a", 0, part)


@check("R1", misconception="state-ends-with-the-call", step="tell-then-wait", wide=True)
def test_calls_beside_each_other(play: Play) -> None:
    """Two calls that overlap have nothing to do with each other."""
    services = {"a": [told(), wait(2)], "b": [told()], "c": [wait(6), fail("E")]}
    t = run(play, services, stop=4, callers={"caller": [START, "a"], "second": [START + 1, "b", "c"]})
    expect_at(t, "b was started", t.of("b").start, 1)
    expect_asked(t, "a", 4)
    expect_asked(t, "b", 7)
    t.expect("the errors of the first call", t.one("run_until", "caller").errors, [])
    t.expect("the errors of the second call", t.one("run_until", "second").errors, ["E"])
    t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b", "c"])


@check("R2", misconception="stop-is-cancel", step="tell-then-wait")
def test_told_to_stop(play: Play) -> None:
    """When `stop` is set every service is asked to stop, and may return by itself."""
    t = run(play, {"a": [told(), wait(2)], "b": [told(), wait(1)], "c": [wait(1)]}, stop=4)
    asked = t.of("a")[told()]
    early = asked.how == "returned" and (asked.end or 0) < START + 3.5
    part = SentencePart("A service that returns by itself does not stop the others.", step="tell-then-wait")
    t.expect_that("a", not early, "was asked to stop when c had returned", part=part)
    for name in "ab":
        part = SentencePart("All services are asked to stop at the same time.", step="tell-then-wait")
        expect_asked(t, name, 4, part=part)
    t.expect("how a ended", t.of("a").ending, "returned")
    expect_at(
        t,
        "the call ended",
        t.call.end,
        6,
        part="When all have returned before `grace` is over, the call does not wait.",
    )


@check("R2", misconception="grace-without-an-end", step="bound-the-wait")
def test_cancelled_after_grace(play: Play) -> None:
    """A service that still runs `grace` seconds later is cancelled."""
    for others in ({"b": [told()]}, {}):
        t = run(play, {"a": [hang()], **others}, stop=4)
        t = (
            t
            if others
            else t.naming("A service that still runs `grace` seconds later is cancelled, also if there is only one.")
        )
        early = t.of("a").cancelled_at == near(START + 10)
        part = "`grace` begins when the services are asked to stop, not when they start." if early else ""
        expect_at(t, "a was cancelled", t.of("a").cancelled_at, 14, part=part)
    t = run(play, {"a": [hang()]}, stop=4, grace=0.0).accepting("deadlock")
    part = "With a `grace` of 0 a service that still runs is cancelled at once."
    expect_at(t, "a was cancelled, without any grace", t.of("a").cancelled_at, 4, part=part)


@check("R2", misconception="grace-is-for-the-last", step="bound-the-wait", wide=True)
def test_error_during_grace(play: Play) -> None:
    """An error in the grace period neither ends it nor starts it again."""
    services = {"a": [told(), wait(2), fail("E")], "b": [told(), wait(5)], "c": [told(), wait(6), fail("F")]}
    t = run(play, {**services, "d": [hang()]}, stop=4)
    part = ""
    if t.of("b").how == "cancelled":  # by an error in the grace period, or by any error
        alone = run(play, {"a": [told(), wait(2)], "b": [wait(1), fail("E")]})
        if alone.of("a").how == "cancelled":
            sentence = "A service that raises starts the shutdown: it does not cancel the others at once."
            part = SentencePart(sentence, misconception="error-cancels-the-others", step="one-group-of-errors")
    if not part and t.of("b").how == "cancelled":
        part = "An error in the grace period does not end it: the others still have the rest of `grace`."
    t.expect("how b ended", t.of("b").ending, "returned", part=part)
    moment = t.of("d").cancelled_at
    late = moment is None or moment > START + 14
    part = f"An error in the grace period does not {'start it again' if late else 'end it'}."
    expect_at(t, "d was cancelled", moment, 14, part=part)


@check("R3", misconception="order-of-the-list", step="clean-up-whatever-happens")
def test_last_service_first(play: Play) -> None:
    """Afterwards every service is cleaned up, the last one first, one after the other."""
    t = run(play, {"a": [wait(1)], "b": [hang()], "c": [told()]}, cleanups={"c": [wait(2)]}, stop=4, fixed=True)
    ends = [span.finished for span in t.all("run")]
    early = [span.who for span in t.all("cleanup") if any(end is None or end > span.begun for end in ends)]
    t.expect("cleaned up while services still ran", early, [], part="No cleanup begins while a service still runs.")
    part = "Cleanups run in the reverse order of the services."
    t.expect("cleanups, in this order", t.names("cleanup"), ["c", "b", "a"], part=part)
    part = "Cleanups run one after the other."
    c, b = t.one("cleanup", "c"), t.one("cleanup", "b")
    together = c.finished is None or c.finished > b.begun
    t.expect_that("the cleanup of b", not together, "began before that of c had ended", part=part)
    expect_at(t, "cleanup of b began", b.start, 16)


@check("R3", misconception="cleanup-only-for-the-good", step="clean-up-whatever-happens")
def test_every_service(play: Play) -> None:
    """Every service is cleaned up once, also one that failed, and also if `stop` was set from the start."""
    t = run(play, {"a": [told()], "b": [wait(1), fail("E")], "c": [wait(1)]}).accepting("deadlock")
    if t.call.end is None and t.of("a")[told()].end is None:
        sentence = "A service that raises starts the shutdown: the others are asked to stop."
        part = SentencePart(sentence, misconception="error-cancels-the-others", step="one-group-of-errors")
        expect_asked(t, "a", 1, part)
    t.expect_that("the call", t.call.end is not None, "never ended, where it should return")
    twice = len(set(t.names("cleanup"))) < len(t.names("cleanup"))
    part = "Every service is cleaned up once." if twice else ""
    if t.names("cleanup") == ["c", "a"]:
        part = "Every service is cleaned up, also one that failed."
    t.expect("cleanups, in this order", t.names("cleanup"), ["c", "b", "a"], part=part)
    t = run(play, {"a": [told()], "b": [told()]}, stop=-1)
    part = "Every service is cleaned up, also if `stop` was set from the start." if not t.names("cleanup") else ""
    what = "cleanups, in this order, when `stop` was set from the start"
    t.expect(what, t.names("cleanup"), ["b", "a"], part=part)


@check("R3", misconception="shield-without-a-bound", step="clean-up-whatever-happens")
def test_cleanup_that_hangs(play: Play) -> None:
    """A cleanup that hangs is given up after `cleanup_timeout`, and the next one runs."""
    t = run(play, {"a": [wait(1)], "b": [wait(2)]}, cleanups={"a": [wait(1)], "b": [hang()]})
    expect_at(t, "cleanup of b was given up", t.one("cleanup", "b").end, 8)
    part = (
        "A cleanup that hangs is given up after its own `cleanup_timeout`, and the next one runs, with time of its own."
    )
    t.expect("cleanups, in this order", t.names("cleanup"), ["b", "a"], part=part)
    part = "Each cleanup has the whole `cleanup_timeout` for itself: what others took is not taken off."
    t.expect(
        "how the cleanup of a, after one that was given up, ended", t.one("cleanup", "a").ending, "returned", part=part
    )
    t = run(play, {"a": [wait(1)]}, cleanups={"a": [wait(12)]}, cleanup_timeout=15.0)
    part = "Only `cleanup_timeout` bounds a cleanup, not what is left of `grace`."
    t.expect("a cleanup that takes longer than `grace`", t.one("cleanup", "a").ending, "returned", part=part)


@check("R3", misconception="cleanup-never-fails", step="clean-up-whatever-happens")
def test_cleanup_that_fails(play: Play) -> None:
    """A cleanup that raises does not keep the others from running."""
    t = run(
        play,
        {"a": [wait(1)], "b": [wait(1)], "c": [wait(1)]},
        cleanups={"b": [fail("E")], "c": [fail("F", "KeyError")]},
    )
    t.expect("cleanups, in this order", t.names("cleanup"), ["c", "b", "a"])


@check("R3", misconception="await-in-finally", step="clean-up-whatever-happens")
def test_cleanup_is_protected(play: Play) -> None:
    """A cancellation that comes during a cleanup does not interrupt it."""
    t = run(play, {"a": [wait(1)]}, cleanups={"a": [wait(2)]}).cancel("caller", at=START + 2)
    t.expect("how the cleanup of a ended", t.one("cleanup", "a").ending, "returned")


@check("R4", misconception="error-cancels-the-others", step="one-group-of-errors")
def test_an_error_starts_the_shutdown(play: Play) -> None:
    """A service that raises starts the shutdown: the others are asked to stop, and have `grace` seconds."""
    t = run(play, {"a": [told(), wait(2)], "b": [wait(1), fail("E")], "c": [hang()]})
    expect_asked(t, "a", 1, "A service that raises starts the shutdown: the others are asked to stop.")
    part = "A service that raises starts the shutdown: it does not cancel the others at once."
    t.expect("how a ended", t.of("a").ending, "returned", part=part if t.of("a").how == "cancelled" else "")
    moment = t.of("c").cancelled_at
    late = moment is None or moment > START + 11
    part = "A service that still runs `grace` seconds after another one raised is cancelled." if late else part
    expect_at(t, "c was cancelled", moment, 11, part=part)


@check("R4", misconception="one-error-needs-no-group", step="one-group-of-errors")
def test_one_error(play: Play) -> None:
    """An error of a service leaves the call in an `ExceptionGroup`."""
    t = run(play, {"a": [told()], "b": [wait(1), fail("E")]})
    expect_group(t, "A single error of a service leaves the call in an `ExceptionGroup` too." if t.call.errors else "")
    t.expect("the errors in the group", t.call.errors, ["E"])
    by_signal = serve(play, {"a": [told(), fail("E")]}, (4, "TERM")).accepting("deadlock")
    for t, when in (
        (run(play, {"a": [told(), fail("E")]}, stop=4), "it was asked to stop"),
        (by_signal, "a signal came"),
    ):
        if t.call.how != "open":  # else the signal was not heard, which R6 says
            part = f"An error that a service raises after {when} leaves the call too."
            t.expect("the errors of a service that was asked to stop", t.call.errors, ["E"], part=part)


@check("R4", misconception="time-out-tells-itself", step="one-group-of-errors")
def test_error_of_a_cleanup(play: Play) -> None:
    """An error of a cleanup leaves the call in an `ExceptionGroup` too; for one that hung it is a `TimeoutError`."""
    for cleanup, wanted in (([fail("C", "TimeoutError")], "C"), ([hang()], "TimeoutError")):
        t = run(play, {"a": [wait(1)], "b": [wait(1)]}, cleanups={"b": cleanup})
        part = "An error of a cleanup leaves the call in an `ExceptionGroup` too."
        if wanted != "C":
            part = "A cleanup that hung leaves a `TimeoutError` in the group: it is not given up in silence."
        expect_group(t, part)
        part = "A cleanup that ends well leaves no error." if len(t.call.errors) > 1 else ""
        if wanted == "C" and t.call.errors == ["TimeoutError"]:
            part = "A `TimeoutError` that a cleanup itself raises leaves the call as it is, not another one."
        t.expect("the errors in the group", t.call.errors, [wanted], part=part)


@check("R4", misconception="cancellation-among-errors", step="one-group-of-errors")
def test_no_error(play: Play) -> None:
    """A service that was cancelled after `grace` counts as stopped, not as an error: the call returns."""
    t = run(play, {"a": [hang()], "b": [told()]}, stop=4)
    expect_at(t, "a was cancelled", t.of("a").cancelled_at, 14)
    t.expect("how the call ended", t.call.ending, "returned")


@check("R5", misconception="cancelled-means-shutdown", step="clean-up-whatever-happens")
def test_cancelled_from_outside(play: Play) -> None:
    """Cancelled from outside, services are cancelled at once, and every cleanup still runs."""
    t = run(play, {"a": [hang()], "b": [told()]}, cleanups={"a": [wait(2)]}).cancel("caller", at=START + 3)
    expect_at(
        t, "a was cancelled", t.of("a").cancelled_at, 3, part="Cancelled from outside, services are cancelled at once."
    )
    part = "Cancelled from outside, every cleanup still runs."
    missing = {*t.names("cleanup")} < {"a", "b"}
    t.expect("cleanups, in this order", t.names("cleanup"), ["b", "a"], part=part if missing else "")
    t.expect("how the cleanup of a ended", t.one("cleanup", "a").ending, "returned", part=part)
    t = run(play, {"a": [hang()], "b": [wait(1)], "c": [hang()]}, cleanups={"b": [hang()]})
    t = t.cancel("caller", at=START + 3)
    part = "Cancelled from outside, every cleanup still runs." if len(t.names("cleanup")) < 3 else ""
    t.expect("cleanups, in this order, one of which hangs", t.names("cleanup"), ["c", "b", "a"], part=part)
    t = serve(play, {"a": [hang()]}, (2, "TERM")).cancel("caller", at=START + 3)
    moment = t.of("a").cancelled_at
    part = "Cancelled from outside, services are cancelled at once, also in the grace period after a signal."
    if moment is not None and moment < START + 2.5:
        part = SentencePart(FIRST, misconception="stop-is-cancel", step="signals")
    expect_at(t, "a, in the grace period after a signal, was cancelled", moment, 3, part=part)


@check("R5", misconception="errors-before-cancellation", step="one-group-of-errors")
def test_errors_and_a_cancellation(play: Play) -> None:
    """If there were errors and a cancellation from outside, either leaves the call, and never both in one group."""
    services = {"a": [hang()], "b": [wait(1), fail("E")]}
    for trial in (run(play, services, cleanups={"b": [fail("C")]}), serve(play, services, cleanups={"b": [fail("C")]})):
        t = trial.cancel("caller", at=START + 2)
        t.expect_that("the call, cancelled from outside, should not return", t.call.how != "returned", "it returned")
        cancelled = [error.kind in ("Cancelled", "CancelledError") for error in t.call.errors]
        lost = "E" not in t.call.errors and "C" in t.call.errors
        part = SentencePart(LOST, misconception="first-error-counts", step="one-group-of-errors") if lost else ""
        both = any(cancelled) and not all(cancelled)
        t.expect_that("errors or a cancellation, not both", not both, f"the call {t.call.ending}", part=part)


@check("R6", misconception="handler-sets-an-event", step="signals")
def test_first_signal(play: Play) -> None:
    """In `serve` the first signal starts the shutdown, at once."""
    for name in ("TERM", "INT"):
        t = serve(play, {"a": [told(), wait(2)], "b": [hang()]}, (4, name)).accepting("deadlock")
        t.expect("signals that nobody caught", [note["value"] for note in t.notes("uncaught")], [])
        expect_asked(t, "a", 4)
        moment = t.of("b").cancelled_at
        at_once = moment is not None and moment < START + 4.5
        part = SentencePart(FIRST, misconception="stop-is-cancel", step="signals") if at_once else ""
        expect_at(t, "b was cancelled", moment, 14, part=part)
    t = serve(play, {"a": [told()]}, (4, "USR1"), caught=["USR1"]).accepting("deadlock")
    part = "Each of the `signals` that `serve` was given starts the shutdown."
    expect_at(t, "a was asked to stop by a signal of the caller's choice", t.of("a")[told()].end, 4, part=part)


@check("G1", misconception="asyncio-is-everywhere", step="tell-then-wait")
def test_both_backends(play: Play) -> None:
    """The file works on asyncio and on trio."""
    t = run(play, {"a": [wait(1)], "b": [told()]}, stop=2)
    t.expect("how a and b ended", [t.of("a").how, t.of("b").how], ["returned", "returned"])


@check("G2", misconception="tasks-end-by-themselves", step="clean-up-whatever-happens")
def test_nothing_left_behind(play: Play) -> None:
    """When the call ends, no task and no stream of it is left."""
    part = SentencePart(
        "`serve` ends when all services have returned: it does not wait for a signal then.",
        misconception="runs-until-stopped",
        step="signals",
    )
    served = serve(play, {"a": [wait(1)]}).accepting("deadlock")
    served.expect("how the run ended", served.data["end"]["kind"], "done", part=part)
    for t in (run(play, {"a": [wait(1)], "b": [hang()]}, stop=2), served):
        t.expect("how a ended", t.of("a").how, "returned")
        t.expect_nothing_left()


@check("G3", misconception="handled-once-is-done", step="clean-up-whatever-happens")
def test_cancellation_goes_on(play: Play) -> None:
    """Cancelled from outside, the call ends by the cancellation, after the cleanups."""
    t = run(play, {"a": [hang()]}, cleanups={"a": [wait(2)]}).cancel("caller", at=START + 3)
    part = SentencePart("Cancelled from outside, services are cancelled at once.", step="clean-up-whatever-happens")
    expect_at(t, "a was cancelled", t.of("a").cancelled_at, 3, part=part)
    alone = [error.kind in ("Cancelled", "CancelledError") for error in t.call.errors]
    by_it = t.call.how == "cancelled" or (bool(alone) and all(alone))
    part = "Cancelled from outside, the call ends by the cancellation."
    t.expect_that("the call should end by the cancellation", by_it, f"it {t.call.ending}", part=part)


@check("G4", misconception="blocking-is-short", step="bound-the-wait")
def test_does_not_block(play: Play) -> None:
    """No call blocks the event loop."""
    t = run(play, {"a": [wait(1)], "b": [hang()]}, stop=2)
    t.expect_not_blocked()
    t.expect("how a ended", t.of("a").how, "returned")


@check("G5", misconception="catch-everything", step="one-group-of-errors")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is not an `Exception`, such as KeyboardInterrupt, leaves the call too."""
    for kind in play.interrupts:
        t = run(play, {"a": [told()], "b": [wait(1), fail("stop", kind)]})
        t.expect_that(f"the {kind} of b should leave the call", "stop" in t.call.errors, f"it {t.call.ending}")
        part = "Every service is cleaned up, also after an exception that is not an `Exception`."
        t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b"], part=part)
    t = run(play, {"a": [told()], "b": [on_cancel(fail("stop", "Abandon")), hang()]}, stop=1)
    left = "stop" in t.call.errors
    t.expect_that("what b, cancelled, raises should leave the call", left, f"it {t.call.ending}")


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting(play: Play) -> None:
    """A service that runs a thousand times as long causes no more wake-ups."""
    short, long = (run(play, {"a": [wait(time)]}) for time in (1, 1000))
    long.expect("how a ended", long.of("a").how, "returned")
    long.expect("wake-ups in 1000 s", long.call.steps, at_most(short.call.steps + 10))


@check("G9", misconception="run-is-a-coroutine-function", step="tell-then-wait")
def test_any_callable(play: Play) -> None:
    """`run` and `cleanup` may be anything that returns an awaitable when it is called."""
    t = run(play, {"a": [awaitable(), wait(1)], "b": [wait(2)]}, cleanups={"a": [awaitable(), wait(1)]})
    t.expect("how a and b ended", [t.of("a").how, t.of("b").how], ["returned", "returned"])
    t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b"])
    t.expect("how the call ended", t.call.ending, "returned")


@check("G9", misconception="run-is-a-coroutine-function", step="clean-up-whatever-happens")
def test_raises_at_once(play: Play) -> None:
    """A `run` that raises when it is called has failed like any other: the others are started and cleaned up."""
    t = run(play, {"a": [at_once(), fail("E")], "b": [told()]})
    part = "A `run` that raises when it is called has failed like any other: the others are started all the same."
    t.expect("services that were started", sorted(t.names("run")), ["a", "b"], part=part)
    part = "A `run` that raises when it is called has failed like any other: every service is cleaned up."
    t.expect("services that were cleaned up", sorted(t.names("cleanup")), ["a", "b"], part=part)


# -- stretch ---------------------------------------------------------------------------------------------------------
@check("R4", misconception="first-error-counts", step="errors-in-groups", core=False)
def test_all_errors(play: Play) -> None:
    """All errors leave together, with a `TimeoutError` for a cleanup that hung."""
    services = {"a": [told(), fail("E1")], "b": [wait(1), fail("E2")]}
    t = run(play, services, cleanups={"a": [fail("C1")], "b": [hang()]})
    seen = sorted(error.token or ("TimeoutError" if error == "TimeoutError" else error.kind) for error in t.call.errors)
    t.expect("the errors in the group", seen, ["C1", "E1", "E2", "TimeoutError"])


@check("R6", misconception="one-signal-is-enough", step="later-signals", core=False)
def test_second_signal(play: Play) -> None:
    """The second signal cancels what still runs; every cleanup runs all the same."""
    t = serve(play, {"a": [hang()], "b": [told()]}, (1, "TERM"), (3, "INT"), cleanups={"a": [wait(2)]})
    expect_at(t, "a was cancelled", t.of("a").cancelled_at, 3)
    t.expect("how the cleanup of a ended", t.one("cleanup", "a").ending, "returned")


@check("R6", misconception="deaf-while-cleaning-up", step="later-signals", core=False)
def test_signal_during_cleanup(play: Play) -> None:
    """A signal that comes during a cleanup is caught, and changes nothing."""
    t = serve(play, {"a": [wait(1)], "b": [wait(1)]}, (2, "TERM"), cleanups={"a": [wait(2)], "b": [wait(2)]})
    t.expect("signals that nobody caught", [note["value"] for note in t.notes("uncaught")], [])
    expect_at(t, "the call ended", t.call.end, 5)


@check("R7", misconception="handlers-go-by-themselves", step="later-signals", core=False)
def test_no_handler_left(play: Play) -> None:
    """After the call no signal handler of it is left."""
    t = serve(play, {"a": [told()]}, (1, "TERM"))
    t.expect("signals that nobody caught", [note["value"] for note in t.notes("uncaught")], [])
    left = [name for note in t.notes("handlers") for name, which in note["value"].items() if which == "another"]
    t.expect("signal handlers that the call left", left, [])
