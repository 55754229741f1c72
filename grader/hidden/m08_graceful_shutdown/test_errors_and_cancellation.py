"""Hidden checks of m08: errors, and cancellation from outside."""

from __future__ import annotations

from grader import Play, Trace, check, checkpoint, cleanup, fail, give, hang, on_cancel, one_of, wait

from .plans import (
    CLASSES,
    LONG,
    OBEDIENT,
    START,
    both,
    came,
    expect_asked,
    expect_at,
    expect_begun,
    expect_cancelled,
    expect_cleanups,
    expect_returned,
    expect_whole,
    labels,
    run,
    running,
    serve,
    told,
)


def expect_group(t: Trace, *errors: str, part: str = "") -> None:
    """Expect that the call raised an `ExceptionGroup` of just those errors; `part` is what is wrong if it did not."""
    raised = t.call.raised is not None
    t.expect_that("an `ExceptionGroup` should leave the call", raised, f"it {t.call.ending}", part=part)
    kinds = t.call.raised.kinds if t.call.raised else []
    is_group = "ExceptionGroup" in kinds
    alone = "A single error leaves the call in an `ExceptionGroup` too." if t.call.raised in errors else ""
    t.expect_that("an `ExceptionGroup` should leave the call", is_group, f"it raised {t.call.raised!r}", part=alone)
    t.expect("the errors in the group", labels(t.call.errors), sorted(errors), part=part)


def expect_no_mixture(t: Trace, *errors: str) -> None:
    """Expect that a call cancelled from outside ended by that, or by those errors; whether by all of them, R4 asks."""
    if not t.call.is_cancelled:
        seen = labels(t.call.errors)
        words = f"{', '.join(seen)} left it together" if seen else "nothing left it"
        what = "either errors or the cancellation should leave the call"
        mixed = any(error.kind in ("Cancelled", "CancelledError") for error in t.call.errors)
        part = "After errors and a cancellation from outside, never both leave the call in one group." if mixed else ""
        t.expect_that(what, bool(seen) and all(one in errors for one in seen), words, part=part)


AFTER_CLEANUPS = "The error leaves the call when the cleanups have ended, neither before nor later."
AGAIN = "A service that failed is not started again."


# -- R4: errors ------------------------------------------------------------------------------------------------------
@check("R4", misconception="error-cancels-the-others", step="one-group-of-errors")
def test_an_error_starts_the_shutdown(play: Play) -> None:
    """A service that raises starts the shutdown: the others are asked to stop, and have `grace` seconds."""
    moment = play.draw(1, low=2)[0]
    services = {"a": [told(), wait(3.1)], "b": [wait(moment), fail("E")], "c": OBEDIENT, "d": [hang()]}
    for t in both(play, services):
        part = "A service that raises starts the shutdown: the others are asked to stop."
        expect_asked(t, moment, "a", "c", part=part)
        part = "After an error of a service the others have `grace` seconds."
        expect_returned(t, a=moment + 3.1, c=moment, cut=part)
        part = "After an error of a service the others have `grace` seconds, and then they are cancelled."
        expect_cancelled(t, moment + 10, "d", late=part)


@check("R4", misconception="one-error-needs-no-group", step="one-group-of-errors")
def test_one_error_of_a_service(play: Play) -> None:
    """The error of a service, whatever it is, leaves the call in an `ExceptionGroup`, after the cleanups."""
    for kind in CLASSES:
        t = run(play, {"a": [wait(1)], "b": [wait(1.5), fail("E", kind)]}, cleanups={"a": [wait(1)]})
        part = f"The error of a service leaves the call whatever its class, here {kind}."
        if kind == CLASSES[0]:
            part = "The error of a service leaves the call: it is not lost." if t.call.how == "returned" else ""
        expect_group(t, "E", part=part)
        part = AGAIN if len(t.all("run", "b")) > 1 else AFTER_CLEANUPS
        expect_at(t, "the call ended", t.call.end, 2.5, part=part)
    for kind in ("Fault", "TimeoutError", "OSError"):
        t = run(play, {"a": OBEDIENT, "b": [wait(1.5), fail("E", kind)]}, cleanups={"a": [wait(1)]})
        expect_group(t, "E")
        part = AGAIN if len(t.all("run", "b")) > 1 else AFTER_CLEANUPS
        expect_at(t, "the call ended", t.call.end, 2.5, part=part)
    for t in both(play, {"a": [wait(1)], "b": [fail("E")]}):
        expect_group(t, "E")
    part = "The error of a service leaves the call also if it comes during the shutdown."
    expect_group(run(play, {"a": [wait(1)], "b": [told(), fail("E")]}, stop=2.0), "E", part=part)
    expect_group(run(play, {"a": [wait(1), fail("E")]}), "E")


@check("R4", misconception="error-is-logged-and-gone", step="one-group-of-errors")
def test_one_error_of_a_cleanup(play: Play) -> None:
    """The error of a cleanup, also a `TimeoutError` of its own, leaves the call in an `ExceptionGroup`."""
    for kind in ("Fault", "TimeoutError", "KeyError", "OSError", "ClosedResourceError"):
        cleanups = {"a": [wait(1)], "b": [wait(0.5), fail("E", kind)]}
        part = ""
        if kind == "TimeoutError":
            part = (
                "A `TimeoutError` of a cleanup's own leaves the call in an `ExceptionGroup`, as any other error does."
            )
        elif kind != "Fault":
            part = f"The error of a cleanup leaves the call whatever its class, here {kind}."
        for t in both(play, {"a": [wait(1)], "b": [wait(2)]}, cleanups=cleanups):
            expect_group(t, "E", part=part)


@check("R4", misconception="time-out-tells-itself", step="one-group-of-errors")
def test_a_cleanup_that_hangs(play: Play) -> None:
    """When a cleanup hangs and is given up, a `TimeoutError` leaves the call in an `ExceptionGroup`."""
    for hung in ([hang()], [cleanup(wait(1)), hang()]):
        for late in ("a", "b"):
            for t in both(play, {"a": [wait(1)], "b": [wait(2)]}, cleanups={late: hung}):
                several = labels(t.call.errors).count("TimeoutError") > 1
                part = "Only a cleanup that hung adds a `TimeoutError`, not those after it." if several else ""
                expect_group(t, "TimeoutError", part=part)


@check("R4", misconception="error-is-logged-and-gone", step="one-group-of-errors")
def test_errors_after_a_signal(play: Play) -> None:
    """Errors of services and cleanups leave `serve` also when a signal started the shutdown."""
    for services, cleanups in (
        ({"a": [told(), wait(1), fail("E")], "b": OBEDIENT}, {}),
        ({"a": OBEDIENT, "b": [told(), wait(1)]}, {"b": [wait(0.5), fail("E")]}),
    ):
        t = serve(play, services, (2.0, "TERM"), cleanups=cleanups).accepting("deadlock")
        expect_begun(t)
        if any(span.raised for span in (*t.all("run"), *t.all("cleanup"))):  # whether they are asked to stop, R6 asks
            expect_group(t, "E")


@check("R4", misconception="cancellation-among-errors", step="one-group-of-errors")
def test_no_error(play: Play) -> None:
    """If nothing went wrong, the call returns, also when services had to be cancelled."""
    services = {"a": [hang()], "b": [cleanup(wait(1)), hang()], "c": [on_cancel(give(1)), hang()], "d": OBEDIENT}
    for t in (run(play, services, stop=2.0), run(play, services, stop=-2.0)):
        expect_begun(t)
        t.expect_that("the call should return", t.call.how == "returned", f"it {t.call.ending}")


@check("R4", misconception="first-error-counts", step="errors-in-groups", core=False)
def test_all_errors_together(play: Play) -> None:
    """All errors of services and cleanups leave in one group, with a `TimeoutError` for each cleanup that hung."""
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


@check("R4", misconception="cancelled-needs-no-answer", step="errors-in-groups", core=False)
def test_error_while_being_cancelled(play: Play) -> None:
    """What a service raises while it is being cancelled leaves in the group too, and no cancellation does."""
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
    expect_group(t, "E1", "E2", part="What a service raises leaves the call also after a second signal.")


@check("R4", misconception="first-error-counts", step="errors-in-groups", core=False)
def test_groups_of_errors(play: Play) -> None:
    """If a service or a cleanup raises an `ExceptionGroup`, all the errors in it leave the call."""
    t = run(play, {"a": [wait(1), fail("E", "ExceptionGroup")], "b": OBEDIENT})
    expect_group(t, "Fault", "Fault")
    t = run(play, {"a": [wait(1)], "b": [wait(1)]}, cleanups={"a": [wait(1), fail("E", "ExceptionGroup")]})
    expect_group(t, "Fault", "Fault")


@check("R4", misconception="every-timeout-error-is-mine", step="errors-in-groups", core=False)
def test_error_of_a_cleanup_that_is_given_up(play: Play) -> None:
    """If a cleanup raises as it is given up, its error, a `TimeoutError`, or both leave in the group."""
    cleanups = {"a": [on_cancel(fail("C1")), hang()], "b": [wait(1)]}
    for t in both(play, {"a": [wait(1)], "b": [wait(2)]}, cleanups=cleanups):
        seen = labels(t.call.errors)
        t.expect("the errors in the group", seen, one_of(["C1"], ["TimeoutError"], ["C1", "TimeoutError"]))


# -- R5: cancelled from outside --------------------------------------------------------------------------------------
@check("R5", misconception="cancelled-means-shutdown", step="clean-up-whatever-happens")
def test_cancelled_at_once(play: Play) -> None:
    """Cancelled from outside, the services are cancelled at once, whether they have been asked to stop or not."""
    services = {"a": [hang()], "b": [told(), hang()], "c": [wait(LONG)]}
    moment = play.draw(1, low=3)[0]
    for trial in both(play, services):
        for t in (trial.cancel("caller", at=START + moment), trial.within("caller", START + moment)):
            done = t.accepting("deadlock")
            expect_cancelled(done, moment, *services)
            done.expect_ended()
    for trial in (run(play, services, stop=2.0), serve(play, services, (2.0, "TERM"))):
        part = "Cancelled from outside, services are cancelled at once, also if they have been asked to stop before."
        expect_cancelled(trial.cancel("caller", at=START + moment), moment, *services, late=part)


@check("R5", misconception="cleanup-skipped-when-cancelled", step="clean-up-whatever-happens")
def test_cleanup_when_cancelled(play: Play) -> None:
    """If the call is cancelled from outside while services run, every cleanup still runs, to its end and in order."""
    services = {"a": [hang()], "b": [told(), wait(0.8)], "c": [wait(1)], "d": [cleanup(wait(0.7)), told(), wait(4)]}
    cleanups = {"a": [wait(0.4)], "b": [wait(0.2), checkpoint(), wait(0.3)], "c": [wait(0.6)]}
    for t in run(play, services, stop=2.0, cleanups=cleanups, grace=3.0).cancelled("caller"):
        note = came(t)
        if note is None:
            expect_begun(t)
        if note and running(t, note):
            expect_whole(t, list(services), missing=ALL_CLEANED, cut=TO_ITS_END)
            expect_cleanups(t, list(services))
    for t in serve(play, services, cleanups=cleanups).cancel("caller", at=START + 3.1).cancelled("caller", limit=12):
        note = came(t)
        if note and running(t, note):
            expect_whole(t, list(services), missing=ALL_CLEANED, cut=TO_ITS_END)


ALL_CLEANED = "If the call is cancelled from outside while services run, every cleanup still runs."
TO_ITS_END = "If the call is cancelled from outside while services run, every cleanup still runs to its end."


@check("R5", misconception="cleanup-skipped-when-cancelled", step="clean-up-whatever-happens")
def test_cleanup_is_bounded_and_independent_when_cancelled(play: Play) -> None:
    """After a cancellation from outside, a cleanup that hangs or raises does not keep the others from running."""
    cleanups = {"a": [wait(0.4)], "b": [hang()], "c": [wait(0.3), fail("C1")], "d": [wait(0.6)]}
    services = {"a": [hang()], "b": OBEDIENT, "c": [hang()], "d": [wait(1)]}
    for trial in both(play, services, cleanups=cleanups):
        t = trial.cancel("caller", at=START + 2.2)
        expect_cleanups(t, list("abcd"))
        part = "After a cancellation from outside each cleanup is still bounded by its own `cleanup_timeout`."
        expect_at(t, "cleanup of a began", t.one("cleanup", "a").start, 2.2 + 0.6 + 0.3 + 6, part=part)


@check("R5", misconception="handled-once-is-done", step="clean-up-whatever-happens")
def test_cancellation_goes_on(play: Play) -> None:
    """Cancelled from outside while services run, the call ends by the cancellation, after the cleanups."""
    services = {"a": [hang()], "b": [told(), wait(0.8)], "c": [cleanup(wait(0.5)), wait(LONG)]}
    for trial in both(play, services, cleanups={"a": [wait(0.4)]}):
        for t in (trial.cancel("caller", at=START + 2.2), trial.within("caller", START + 2.2)):
            t.expect_cancelled(part="Cancelled from outside while services run, the call ends by the cancellation.")
            part = "Cancelled from outside, the call ends when the cleanups have ended, neither before nor later."
            expect_at(t, "the call ended", t.call.end, 3.1, part=part)
    for trial in (run(play, services, stop=1.0), serve(play, services, (1.0, "TERM"))):
        t = trial.cancel("caller", at=START + 4.2)
        t.expect_cancelled(part="Cancelled from outside during the shutdown, the call ends by the cancellation.")


@check("R5", misconception="errors-before-cancellation", step="one-group-of-errors")
def test_errors_and_a_cancellation(play: Play) -> None:
    """After errors and a cancellation from outside, one or the other leaves the call, never both in one group."""
    services = {"a": [hang()], "b": [wait(1), fail("E1")], "c": [on_cancel(wait(0.4), fail("E2")), hang()]}
    for trial in both(play, services, cleanups={"a": [wait(0.2), fail("C1")], "b": [hang()]}):
        t = trial.cancel("caller", at=START + 2.2)
        t.expect_that("cancelled from outside, the call should not return", t.call.how != "returned", "it returned")
        expect_no_mixture(t, "E1", "E2", "C1", "TimeoutError")
    for trial in both(play, {"a": [hang()], "b": [on_cancel(fail("E1")), hang()]}):
        t = trial.cancel("caller", at=START + 2.2)
        t.expect_that("cancelled from outside, the call should not return", t.call.how != "returned", "it returned")
        expect_no_mixture(t, "E1")


@check("R4", misconception="errors-before-cancellation", step="errors-in-groups", core=False)
def test_all_errors_or_the_cancellation(play: Play) -> None:
    """After errors and a cancellation from outside, either the cancellation leaves the call or all the errors do."""
    services = {"a": [hang()], "b": [wait(1), fail("E1")], "c": [on_cancel(wait(0.4), fail("E2")), hang()]}
    for trial in both(play, services, cleanups={"a": [wait(0.2), fail("C1")], "b": [hang()]}):
        t = trial.cancel("caller", at=START + 2.2)
        expect_begun(t)
        stopped = any(error.kind in ("Cancelled", "CancelledError") for error in t.call.errors)
        if t.call.how == "raised" and not stopped:  # else it ended by the cancellation, or mixes: R5's matter
            t.expect("the errors in the group", labels(t.call.errors), ["C1", "E1", "E2", "TimeoutError"])
