"""Hidden checks of m11: the rules of every exercise."""

from __future__ import annotations

from grader import Play, Trace, about, at_most, at_once, awaitable, check, cleanup, fail, hang, wait

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
    """Cancelled from outside while the body runs, the call ends cancelled: it does not end as if all had gone well."""
    plan = {"db": service(down=0.3), "web": service("db", down=0.4)}
    for trial in (
        play(services=plan, body=[wait(30)]).cancel("caller", at=START + 9),
        play(services=plan, body=[wait(30)]).within("caller", START + 9),
    ):
        trial.expect_begun(*plan)
        part = "Cancelled from outside, the body is cancelled at once."
        trial.expect("the body was cancelled at", trial.one("body").cancelled_at, about(START + 9), part=part)
        trial.expect_cancelled()
        part = "Cancelled from outside, the block ends as soon as the services have stopped."
        trial.expect("the block ended at", trial.call.end, by(START + 9.7), part=part)


@check("G3", misconception="cancellation-is-an-end-like-others", step="stop-dependants-first")
def test_cancelled_start_goes_on(play: Play) -> None:
    """Cancelled from outside while services start, the call ends cancelled, and not by a `StartError`."""
    plan = {"db": service(down=0.3), "web": service("db", up=9, down=0.4)}
    for at in (0.6, 5):
        t = play(services=plan, body=[wait(30)], start_timeout=20).cancel("caller", at=START + at)
        t.expect_begun("db")
        t.expect_cancelled()
        part = "Cancelled while services start, the call ends as soon as those already started have stopped."
        t.expect("the call ended at", t.call.end, by(START + at + 0.7), part=part)
        expect_no_body(t, "Cancelled while services start")


@check("G3", misconception="cancellation-is-an-end-like-others", step="stop-dependants-first")
def test_cancellation_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment before the body has ended, the call ends cancelled."""
    for t in play(services={"db": service()}, body=[wait(1), wait(1)]).cancelled("caller"):
        t.expect_begun(*([] if t.notes("cancel") else ["db"]))
        if t.notes("cancel") and [span.how for span in t.all("body")] != ["returned"]:
            t.expect_cancelled()


@check("G4", misconception="blocking-is-short", step="bound-the-start")
def test_blocks_nothing(play: Play) -> None:
    """Nothing blocks the event loop."""
    plan = {"db": service(), "web": service("db")}
    for t in (play(services=plan, body=[wait(25)]), play(services=failing(hang()), body=[wait(1)], start_timeout=3)):
        t.expect_begun("db", "web")
        t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="know-when-it-is-ready")
def test_interrupts_are_no_start_errors(play: Play) -> None:
    """An exception that is not an `Exception`, such as `KeyboardInterrupt`, does not become a `StartError`: it leaves the call."""
    t = play(services=failing(wait(1), fail("stop", "Abandon")), body=[wait(1)])
    expect_leaves(t, "stop")


@check("G5", misconception="catch-everything", step="keep-the-order-whatever-happens", core=False)
def test_interrupts_pass(play: Play) -> None:
    """An exception that is not an `Exception` leaves the call, whoever raises it, and services are stopped in order."""
    plan = {"db": service(), "log": service("db"), "web": service("log", check=[wait(0.2), fail("stop", "Abandon")])}
    for kind in play.interrupts:
        by_body = play(services=plan, body=[wait(2), fail("stop", kind)])
        expect_leaves(
            by_body, "stop", part=f"{kind}, which is not an `Exception`, leaves the call when the body raises it."
        )
        expect_stopped(by_body, plan, f"When the body raises {kind}, which is not an `Exception`")
    by_check = play(services=plan, body=[wait(30)], health_interval=3)
    plan = crashing("web", [wait(2), fail("stop", "Abandon")])
    by_service = play(services=plan, body=[wait(30)])
    for t, who in ((by_check, "a check"), (by_service, "a running service")):
        expect_leaves(t, "stop", part=f"What {who} raises leaves the call, if it is not an `Exception`.")
        expect_stopped(t, plan, f"When {who} raises what is not an `Exception`")


@check("G5", misconception="catch-everything", step="keep-the-order-whatever-happens", core=False)
def test_interrupts_while_stopping(play: Play) -> None:
    """When a service raises what is not an `Exception` while it stops, that leaves the call, and the others stop in order."""
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        plan = {"db": service(down=1.6), "log": service("db", down=2.2), "web": grumpy("stop", "log", kind=kind)}
        # This asks only that it is not lost: a stop that never ends after it is not judged here.
        t = play(services=plan, body=[wait(2)]).accepting("deadlock")
        t.expect_begun(*plan)
        part = f"{kind}, which is not an `Exception`, leaves the call when a service raises it as it stops."
        t.expect_that(
            f"{kind} of web should leave the call", t.call.how != "returned", f"it {t.call.ending}", part=part
        )
        expect_stop_order(t, plan, f"When a service raises {kind}, which is not an `Exception`, as it stops")


@check("G6", misconception="look-again-and-again", step="know-when-it-is-ready")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: waiting a thousand times as long takes no more wake-ups."""

    def play_at(scale: float) -> Trace:
        plan = {"db": service(up=scale, down=scale), "web": service("db", up=scale, down=scale)}
        t = play(services=plan, body=[wait(scale)], start_timeout=3 * scale, health_interval=9 * scale)
        t.expect_begun("db")
        return t

    quick, slow = play_at(1), play_at(1000)
    slow.expect("wake-ups when all takes a thousand times as long", slow.steps, at_most(quick.steps + 20))


@check("G8", misconception="refused-in-a-group", step="order-from-requirements")
def test_bare_value_error(play: Play) -> None:
    """The `ValueError` for services that cannot work together leaves the call bare, not in a group."""
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
    expect_start_error(t, "web", "When `run` of a service raises as it is called")
    t.expect_all_ended()
