"""Hidden checks of m11: the rules of every exercise."""

from __future__ import annotations

from grader import Play, about, at_most, at_once, awaitable, check, cleanup, fail, hang, wait

from .plans import (
    IMPOSSIBLE,
    START,
    by,
    crashing,
    expect_leaves,
    expect_no_body,
    expect_start_error,
    expect_stop_order,
    expect_stopped,
    failing,
    grumpy,
    ready,
    service,
)


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="order-from-requirements")
def test_both_backends(play: Play) -> None:
    """Services start, and stop, on asyncio and on trio."""
    t = play(services={"db": service(), "web": service("db")}, body=[wait(2)])
    t.expect("services as they were started", t.names("run"), ["db", "web"])
    t.expect("the call", t.call.ending, "returned")


@check("G2", misconception="tasks-end-by-themselves", step="stop-dependants-first")
def test_nothing_is_left(play: Play) -> None:
    """When the call has ended, however it ended, no service, no other task and no stream of it is left."""
    plan = {"db": service(), "web": service("db")}
    ends = [play(services=plan, body=body) for body in ([wait(12)], [wait(2), fail("E")])]
    ends.append(play(services=plan, body=[wait(12)]).cancel("caller", at=START + 5))
    for t in ends:
        t.expect_begun(*plan)
        t.expect_nothing_left()
    for steps in ([wait(2), fail("E")], [cleanup(wait(1)), hang()]):
        t = play(services=failing(*steps), body=[wait(1)], start_timeout=4)
        t.expect_begun("db", "log", "web")
        t.expect_nothing_left()
    play(services=plan, body=[wait(12)]).cancel("caller", at=START + 0.5).expect_nothing_left()


@check("G3", misconception="cancellation-is-an-end-like-others", step="stop-dependants-first")
def test_cancellation_goes_on(play: Play) -> None:
    """Cancelled from outside while the body runs, the body is cancelled at once, and the block ends by that."""
    plan = {"db": service(down=0.3), "web": service("db", down=0.4)}
    for trial in (
        play(services=plan, body=[wait(30)]).cancel("caller", at=START + 9),
        play(services=plan, body=[wait(30)]).within("caller", START + 9),
    ):
        trial.expect_begun(*plan)
        trial.expect("the body was cancelled at", trial.one("body").cancelled_at, about(START + 9))
        trial.expect_cancelled()
        trial.expect("the block ended at", trial.call.end, by(START + 9.7))


@check("G3", misconception="cancellation-is-an-end-like-others", step="stop-dependants-first")
def test_cancelled_start_goes_on(play: Play) -> None:
    """Cancelled from outside while services start, the block ends by that: no body, no `StartError`, no waiting."""
    plan = {"db": service(down=0.3), "web": service("db", up=9, down=0.4)}
    for at in (0.6, 5):
        t = play(services=plan, body=[wait(30)], start_timeout=20).cancel("caller", at=START + at)
        t.expect_begun("db")
        t.expect_cancelled()
        t.expect("the block ended at", t.call.end, by(START + at + 0.7))
        expect_no_body(t)


@check("G3", misconception="cancellation-is-an-end-like-others", step="stop-dependants-first")
def test_cancellation_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment before the body has ended, the block ends by that, or at the next await."""
    for t in play(services={"db": service()}, body=[wait(1), wait(1)]).cancelled("caller"):
        t.expect_begun(*([] if t.notes("cancel") else ["db"]))
        if t.notes("cancel") and [span.how for span in t.all("body")] != ["returned"]:
            t.expect_cancelled()


@check("G4", misconception="blocking-is-short", step="bound-the-start")
def test_blocks_nothing(play: Play) -> None:
    """No call blocks the event loop."""
    plan = {"db": service(), "web": service("db")}
    for t in (play(services=plan, body=[wait(25)]), play(services=failing(hang()), body=[wait(1)], start_timeout=3)):
        t.expect_begun("db", "web")
        t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="know-when-it-is-ready")
def test_interrupts_are_no_start_errors(play: Play) -> None:
    """An exception that is not an `Exception`, such as KeyboardInterrupt, is not a failed start: it leaves the call itself."""
    t = play(services=failing(wait(1), fail("stop", "Abandon")), body=[wait(1)])
    expect_leaves(t, "stop")


@check("G5", misconception="catch-everything", step="keep-the-order-whatever-happens", core=False)
def test_interrupts_pass(play: Play) -> None:
    """An exception that is not an `Exception` leaves the call, whoever raises it, and services are stopped in order."""
    plan = {"db": service(), "log": service("db"), "web": service("log", check=[wait(0.2), fail("stop", "Abandon")])}
    for kind in play.interrupts:
        by_body = play(services=plan, body=[wait(2), fail("stop", kind)])
        expect_leaves(by_body, "stop")
        expect_stopped(by_body, plan)
    by_check = play(services=plan, body=[wait(30)], health_interval=3)
    plan = crashing("web", [wait(2), fail("stop", "Abandon")])
    by_service = play(services=plan, body=[wait(30)])
    for t in (by_check, by_service):
        expect_leaves(t, "stop")
        expect_stopped(t, plan)


@check("G5", misconception="catch-everything", step="keep-the-order-whatever-happens", core=False)
def test_interrupts_while_stopping(play: Play) -> None:
    """An exception that is not an `Exception`, raised by a service while it stops, is not lost; the others stop in order."""
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        plan = {"db": service(down=1.6), "log": service("db", down=2.2), "web": grumpy("stop", "log", kind=kind)}
        # This asks only that it is not lost: a stop that never ends after it is not judged here.
        t = play(services=plan, body=[wait(2)]).accepting("deadlock")
        t.expect_begun(*plan)
        t.expect_that(f"{kind} of web should leave the call", t.call.how != "returned", f"it {t.call.ending}")
        expect_stop_order(t, plan)


@check("G6", misconception="look-again-and-again", step="know-when-it-is-ready")
def test_no_busy_waiting(play: Play) -> None:
    """The number of wake-ups does not grow with the time that services take to start, to run and to stop."""

    def steps(scale: float) -> int:
        plan = {"db": service(up=scale, down=scale), "web": service("db", up=scale, down=scale)}
        t = play(services=plan, body=[wait(scale)], start_timeout=3 * scale, health_interval=9 * scale)
        t.expect_begun("db")
        return t.steps

    t = play(services={"db": service()}, body=[wait(1)])
    t.expect("wake-ups when all takes a thousand times as long", steps(1000), at_most(steps(1) + 20))


@check("G8", misconception="refused-in-a-group", step="order-from-requirements")
def test_bare_value_error(play: Play) -> None:
    """The `ValueError` for services that cannot work is in no group."""
    for name in ("unknown", "twice", "four"):
        t = play(services=IMPOSSIBLE[name], body=[wait(1)], start_timeout=5)
        t.expect_that("a bare ValueError", t.call.raised == "ValueError", f"the call {t.call.ending}")


@check("G9", misconception="run-is-a-coroutine-function", step="know-when-it-is-ready")
def test_any_callable(play: Play) -> None:
    """`run` may be anything that returns an awaitable when it is called, and may raise at once."""
    loose = {"run": [awaitable(), cleanup(wait(1)), wait(1), ready(), hang()]}
    t = play(services={"db": loose, "web": service("db")}, body=[wait(2)])
    t.expect("services as they were started", t.names("run"), ["db", "web"])
    t.expect("the call", t.call.ending, "returned")
    t = play(services={"db": service(), "web": {"requires": ["db"], "run": [at_once(), fail("E")]}}, body=[wait(2)])
    expect_start_error(t, "web")
    t.expect_all_ended()
