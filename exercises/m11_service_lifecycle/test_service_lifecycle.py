"""What your `running` should do, one sentence a check. The caller enters the block after 2.9 seconds.

A plan gives each service a script: `wait(2)` sleeps two virtual seconds, `ready()` calls `task_status.started()`,
`hang()` runs until cancelled, `fail("E")` raises, `cleanup(…)` is a ``finally`` block. Hidden checks ask the same of
other plans, and at other moments.
"""

from typing import Any

from grader import (
    Play,
    SentencePart,
    Trial,
    at_least,
    at_most,
    at_once,
    awaitable,
    check,
    cleanup,
    fail,
    give,
    hang,
    near,
    on_cancel,
    verb,
    wait,
)

START = 2.9
ready, states, health = verb("ready"), verb("states"), verb("health")


def service(*requires: str, up: float = 1, down: float = 1, **more: Any) -> dict[str, Any]:
    """A service that is ready after `up` seconds and takes `down` seconds to end when it is cancelled."""
    return {"requires": list(requires), "run": [cleanup(wait(down)), wait(up), ready(), hang()], **more}


def about(moment: float) -> Any:
    """That moment, or one a little later."""
    return near(moment, within=0.06)


CHAIN = {"web": service("log"), "log": service("db"), "db": service()}
SLOW = {"web": service("log", down=3), "log": service("db", down=2), "db": service()}


def expect_dependants_first(t: Trial, part: str = "") -> None:
    """Fail unless log was cancelled when web had ended, and db when log had.

    Args:
        part: of the check's sentence that this is about.
    """
    for first, then in (("web", "log"), ("log", "db")):
        end = t.one("run", first).end
        ended = "never ended" if end is None else f"had ended at {end:g} s"
        happened = f"`{first}`, which requires `{then}`, {ended}"
        expect_later(t, then, end, happened=happened, part=part)


def expect_later(t: Trial, name: str, moment: float | None, *, happened: str = "", part: str = "") -> None:
    """Fail unless that service was cancelled at that moment or later; None is a moment that never came."""
    cancelled = t.one("run", name).cancelled_at
    wanted = "later or never" if moment is None else at_least(moment)
    t.expect(f"{name} was cancelled at", cancelled, wanted, happened=happened, part=part)


def expect_started(t: Trial, *names: str) -> None:
    """Fail unless these services were started at all."""
    never = [name for name in names if not t.all("run", name)]
    part = "The services are started, each when those that it requires are ready."
    t.expect_that("services", not never, f"{', '.join(never)} never started", part=part)


def expect_stopped(t: Trial) -> None:
    """Fail unless the services were stopped when the body had ended, so that the call could end."""
    sentence = "At the end of the block each service is cancelled: waiting until it ends by itself takes forever."
    part = SentencePart(sentence, misconception="they-end-by-themselves", step="stop-dependants-first")
    t.expect("how the run ended", t.data["end"]["kind"], "done", part=part)


def final(t: Trial) -> Any:
    """The states after the caller's block; fails if the body never began."""
    return t.first(t.notes("final", "caller"), "the states after the block", "cannot be read")["value"]  # type: ignore[arg-type, index]


def expect_leaves(t: Trial, error: str, part: str = "") -> None:
    """Fail unless that error leaves the call, bare or in a group."""
    t.expect_that(f"{error} should leave the call", error in t.call.errors, f"it {t.call.ending}", part=part)


def expect_start_error(t: Trial, name: str, when: str = "When a service does not start", also: str = "") -> None:
    """Fail unless a `StartError` with that name of a service leaves the call; `when` and `also` say of which plan this is."""
    expect_leaves(t, "StartError", part=f"{when}, `StartError` leaves the call{also}.")
    texts = [error.text for error in t.call.errors if error == "StartError"]
    named, part = any(name in text for text in texts), "The text of a `StartError` has the name of the service."
    t.expect_that(f"a StartError with the name {name}", named, f"its text is {texts[0]!r}", part=part)


# -- core --------------------------------------------------------------------------------------------------------------
@check("R1", misconception="started-is-running", step="order-from-requirements")
def test_start_in_order(play: Play) -> None:
    """A service is started when those that it requires are ready, and the body begins when all are."""
    t = play(services=CHAIN, body=[wait(1)]).accepting("deadlock")
    t.expect("services as they were started", t.names("run"), ["db", "log", "web"])
    ready_at = {span.who: span.start for span in t.all("ready")}
    early = any(t.of(then).start < ready_at.get(first, t.time) for first, then in (("db", "log"), ("log", "web")))
    part = "The body begins when all services are ready."
    if early:
        part = "A service is started when those that it requires are ready, not when they have only been started."
    t.expect("the body began at", t.one("body").start, about(START + 3), part=part)
    expect_stopped(t)
    both = {"web": service("log", "db"), "mail": service("db", "log")}
    t = play(services={**both, "log": service(up=3), "db": service()}, body=[wait(1)])
    for name in both:
        start = t.one("run", name).start
        what, wanted = f"{name}, which requires db and log, was started at", at_least(t.of("log")[ready()].start)
        part = "A service is started when all that it requires are ready, not one of them."
        t.expect(what, start, wanted, part=part)
    t = play(services={}, body=[wait(1)])
    part = "Without any service the body runs all the same."
    t.expect("the body", [span.ending for span in t.all("body")], ["returned"], part=part)


@check("R1", misconception="state-for-all-blocks", step="order-from-requirements", wide=True)
def test_second_block(play: Play) -> None:
    """In a second block with the same services all are started again, in order."""
    t = play(services={"web": service("db"), "db": service()}, body=[wait(1)], blocks=2)
    t.expect("services as they were started", t.names("run"), ["db", "web", "db", "web"])
    t.expect("how often they got ready", len(t.all("ready")), 4)


@check("R2", misconception="names-are-right", step="order-from-requirements")
def test_unknown_name(play: Play) -> None:
    """A service that requires an unknown name, or two services of one name: `ValueError`, and nothing is started."""
    twice = {"log": service(), "copy": service(name="log"), "db": service()}
    unknown = {"db": service(), "web": service("cache")}
    for services, who in (
        (unknown, "A service that requires an unknown name is"),
        (twice, "Two services of one name are"),
    ):
        t = play(services=services, start_timeout=5)
        part = f"{who} refused with a `ValueError`, and nothing is started."
        t.expect("services that were started", t.names("run"), [], part=part)
        expect_leaves(t, "ValueError", part)


@check("R2", misconception="circles-show-themselves", step="order-from-requirements")
def test_circle(play: Play) -> None:
    """Services that require each other in a circle, or one itself: `ValueError`, and nothing is started."""
    circle = {"db": service("web"), "web": service("db")}
    itself = {"db": service(), "web": service("web")}
    for services, who in (
        (circle, "Services that require each other are"),
        (itself, "A service that requires itself is"),
    ):
        t = play(services={"log": service(), **services}, start_timeout=5).accepting("deadlock")
        part = f"{who} refused with a `ValueError`, and nothing is started."
        t.expect("services that were started", t.names("run"), [], part=part)
        expect_leaves(t, "ValueError", part)
        t.expect("how the run ended", t.data["end"]["kind"], "done")


@check("R3", misconception="ready-will-come", step="know-when-it-is-ready")
def test_raises_before_ready(play: Play) -> None:
    """A service that raises before it is ready: `StartError` leaves the call, without waiting for `start_timeout`."""
    web = {"requires": ["db"], "run": [wait(1), fail("E")]}
    for more in ({}, {"refuses": True}):  # the second makes a `StartError` of its own of what it raises
        t = play(services={"db": service(), "web": {**web, **more}}, body=[wait(1)], start_timeout=30)
        expect_start_error(t, "web", "When a service raises before it is ready")
        part = "A service that raises before it is ready ends the start at once, without waiting for `start_timeout`."
        t.expect("the call ended at", t.call.end, at_most(START + 3.1), part=part)


@check("R3", misconception="timeout-around-the-service", step="bound-the-start")
def test_runs_longer_than_the_timeout(play: Play) -> None:
    """A service that was ready in time runs on for as long as the block does."""
    t = play(services=CHAIN, body=[wait(30)], start_timeout=5)
    t.expect("the body", t.one("body").ending, "returned")
    expect_later(t, "db", t.one("body").end)


@check("R3", misconception="no-bound-on-the-start", step="bound-the-start")
def test_not_ready_in_time(play: Play) -> None:
    """A service that is not ready within `start_timeout` is cancelled, and `StartError` leaves the call."""
    for steps, also in (
        ([hang()], ""),
        ([on_cancel(wait(0.5), fail("E")), hang()], ", also if the service raises something else as it is cancelled"),
        ([on_cancel(give(0)), hang()], ", also if the service returns as it is cancelled: that is not being ready"),
    ):
        t = play(services={"db": service(), "web": {"requires": ["db"], "run": steps}}, body=[wait(1)], start_timeout=5)
        part = "A service that is not ready within `start_timeout` seconds of its own start is cancelled then."
        t.expect("web was cancelled at", t.of("web").cancelled_at, about(START + 6), part=part)
        expect_start_error(t, "web", "When a service is not ready in time", also)


@check("R3", misconception="the-group-cleans-up", step="stop-dependants-first", wide=True)
def test_failed_start_stops_in_order(play: Play) -> None:
    """When a service does not start, those already started are stopped in order, and no other is started."""
    for steps in ([wait(1), fail("E")], [wait(1)], [hang()]):
        services = {**SLOW, "web": {"requires": ["log"], "run": steps}, "page": service("web")}
        t = play(services=services, body=[wait(1)], start_timeout=5)
        part = "When a service does not start, no other is started." if "page" in t.names("run") else ""
        t.expect("services as they were started", t.names("run"), ["db", "log", "web"], part=part)
        part = "When a service does not start, the others are stopped in order, as at the end of a block"
        log, db = t.one("run", "log"), t.one("run", "db")
        at_once = db.cancelled_at is not None and db.cancelled_at == log.cancelled_at
        part += ": a task group that is cancelled cancels them all at once." if at_once else "."
        expect_later(t, "db", log.end, part=part)
        expect_start_error(t, "web")


@check("R4", misconception="cancel-all-at-once", step="stop-dependants-first")
def test_stop_in_order(play: Play) -> None:
    """At the end of the block a service is cancelled when all that require it have ended."""
    expect_dependants_first(play(services=SLOW, body=[wait(2)]))


@check("R4", misconception="state-set-once", step="stop-dependants-first")
def test_states(play: Play) -> None:
    """Services are `RUNNING` in the body, and `STOPPED` after the block."""
    t = play(services=CHAIN, body=[states(), wait(2)])
    expect_started(t, *CHAIN)
    part = "In the body all services are `RUNNING`."
    t.expect("states in the body", t.one("states", "caller").value, dict.fromkeys(CHAIN, "RUNNING"), part=part)
    part = "After the block all services are `STOPPED`."
    t.expect("states after the block", final(t), dict.fromkeys(CHAIN, "STOPPED"), part=part)
    asks = [cleanup(wait(0.5), states(), wait(0.5)), wait(1), ready(), hang()]
    t = play(services={"db": {"run": asks}, "web": {"requires": ["db"], "run": asks}}, body=[wait(2)])
    part = "While a service stops it is `STOPPING`, and those that are not cancelled yet are `RUNNING`."
    seen = t.one("states", "web").value
    if seen == {"db": "STOPPING", "web": "STOPPING"}:
        part = "While others stop, a service that is not cancelled yet is still `RUNNING`."
    elif seen == {"db": "RUNNING", "web": "RUNNING"}:
        part = "A service that has been cancelled, and has not ended, is `STOPPING`."
    t.expect("states while web stops", seen, {"db": "RUNNING", "web": "STOPPING"}, part=part)
    part = "A service that has ended is `STOPPED`, also while others still stop."
    t.expect("states while db stops", t.one("states", "db").value, {"db": "STOPPING", "web": "STOPPED"}, part=part)


@check("R4", misconception="returning-is-fine", step="stop-dependants-first")
def test_returns_when_it_is_cancelled(play: Play) -> None:
    """A service that returns when it is cancelled, and does not raise, has stopped like any other."""
    web = {"requires": ["db"], "run": [wait(1), ready(), on_cancel(wait(1), give(0)), hang()]}
    t = play(services={"db": service(), "web": web}, body=[wait(2)])
    t.expect("the call", t.call.ending, "returned")
    t.expect("states after the block", final(t), {"db": "STOPPED", "web": "STOPPED"})


@check("R4", misconception="state-for-all-blocks", step="stop-dependants-first", wide=True)
def test_two_blocks(play: Play) -> None:
    """Two blocks at the same time, with services of the same names, do not affect each other."""
    plan = {"services": {"db of other": service(name="db")}, "body": [wait(9), states()], "begin": START + 2}
    t = play(services={"db": service()}, body=[wait(3)], others={"other": plan})
    t.expect("states in the body of the other", t.one("states", "other").value, {"db of other": "RUNNING"})
    t.expect("states after the block of the caller", final(t), {"db": "STOPPED"})
    t.expect("how the blocks ended", [call.how for call in t.calls("running")], ["returned", "returned"])


@check("G1", misconception="asyncio-is-everywhere", step="order-from-requirements")
def test_both_backends(play: Play) -> None:
    """Services start, and stop, on asyncio and on trio."""
    t = play(services={"db": service(), "web": service("db")}, body=[wait(2)])
    t.expect("services as they were started", t.names("run"), ["db", "web"])


@check("G2", misconception="tasks-end-by-themselves", step="stop-dependants-first")
def test_nothing_is_left(play: Play) -> None:
    """When the call has ended no service, no other task and no stream of it is left."""
    t = play(services=CHAIN, body=[wait(2)])
    expect_started(t, *CHAIN)
    t.expect_nothing_left()
    t = play(services={"db": service(), "web": {"run": [wait(3), fail("E")]}}, body=[wait(2)])
    expect_started(t, "web")
    t.expect_nothing_left()


@check("G3", misconception="cancellation-is-an-end-like-others", step="stop-dependants-first")
def test_cancellation_goes_on(play: Play) -> None:
    """Cancelled from outside while services start, or while the body runs, the call ends cancelled."""
    t = play(services=CHAIN, body=[wait(30)]).cancel("caller", at=START + 9)
    expect_started(t, *CHAIN)
    part = "Cancelled from outside, the body is cancelled at once."
    t.expect("the body was cancelled at", t.one("body").cancelled_at, about(START + 9), part=part)
    part = "Cancelled from outside while the body runs, the call ends cancelled."
    t.expect_that("cancelled from outside", t.call.how == "cancelled", f"it {t.call.ending}", part=part)
    t = play(services={"db": service(), "web": service("db", up=9)}, body=[wait(1)]).cancel("caller", at=START + 4)
    expect_started(t, "db", "web")
    part = "Cancelled from outside while services start, the call ends cancelled."
    t.expect_that("cancelled while web starts", t.call.how == "cancelled", f"it {t.call.ending}", part=part)


@check("G4", misconception="blocking-is-short", step="bound-the-start")
def test_blocks_nothing(play: Play) -> None:
    """Nothing blocks the event loop."""
    t = play(services=CHAIN, body=[wait(2)])
    expect_started(t, *CHAIN)
    t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="know-when-it-is-ready")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is not an `Exception`, such as `KeyboardInterrupt`, does not become a `StartError`: it leaves the call."""
    expect_leaves(play(services={"db": {"run": [wait(1), fail("stop", "Abandon")]}}, body=[wait(1)]), "stop")


@check("G6", misconception="look-again-and-again", step="know-when-it-is-ready")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: nothing is looked at again and again."""
    plan = {"db": service(up=1000, down=1000), "web": service("db", up=1000, down=1000)}
    t = play(services=plan, body=[wait(1000)], start_timeout=5000, health_interval=9000)
    expect_started(t, "db")
    t.expect("wake-ups", t.steps, at_most(200))


@check("G8", misconception="refused-in-a-group", step="order-from-requirements")
def test_bare_value_error(play: Play) -> None:
    """The `ValueError` for services that cannot work together leaves the call bare, not in a group."""
    t = play(services={"db": service(), "web": service("cache")}, start_timeout=5)
    t.expect_that("a bare ValueError", t.call.raised == "ValueError", f"the call {t.call.ending}")


@check("G9", misconception="run-is-a-coroutine-function", step="know-when-it-is-ready")
def test_any_callable(play: Play) -> None:
    """`run` may be anything that returns an awaitable when it is called, and may raise at once."""
    loose = {"run": [awaitable(), wait(1), ready(), hang()]}
    t = play(services={"db": loose, "web": service("db")}, body=[wait(2)])
    t.expect("services as they were started", t.names("run"), ["db", "web"])
    t = play(services={"db": {"run": [at_once(), fail("E")]}}, body=[wait(2)])
    expect_leaves(
        t, "StartError", "A service whose `run` raises when it is called has not started: `StartError` leaves the call."
    )


# -- stretch -----------------------------------------------------------------------------------------------------------
@check("R1", misconception="one-after-the-other", step="side-by-side", core=False)
def test_start_together(play: Play) -> None:
    """Services that do not depend on each other start at the same time."""
    t = play(services={"db": service(up=2), "log": service(up=3)}, body=[wait(1)])
    t.expect("db and log started at", [t.of("db").start, t.of("log").start], [about(START), about(START)])


@check("R3", misconception="ready-one-by-one", step="keep-the-order-whatever-happens", core=False)
def test_failure_is_seen_while_others_start(play: Play) -> None:
    """A service that does not start ends the start at once: the call does not wait until the others are ready."""
    t = play(services={"db": service(up=20, down=0), "web": {"run": [wait(1), fail("E")]}}, body=[wait(1)])
    expect_leaves(t, "StartError")
    t.expect("the call ended at", t.call.end, at_most(START + 1.1))


@check("R4", misconception="one-after-the-other", step="side-by-side", core=False)
def test_stop_together(play: Play) -> None:
    """Services that do not depend on each other stop at the same time."""
    t = play(services={"db": service(down=2), "log": service(down=3)}, body=[wait(1)])
    end = t.one("body").end or 0
    t.expect("db and log were cancelled at", [t.of(n).cancelled_at for n in ("db", "log")], [about(end), about(end)])


@check("R4", misconception="an-error-ends-the-stop", step="keep-the-order-whatever-happens", core=False)
def test_error_while_stopping(play: Play) -> None:
    """A service that raises while it stops is `FAILED`; the stop goes on in order, and the error leaves the block."""
    web = {"requires": ["log"], "run": [wait(1), ready(), on_cancel(wait(2), fail("E")), hang()]}
    t = play(services={**SLOW, "web": web}, body=[wait(2)])
    expect_dependants_first(
        t, "When a service raises while it stops, the others are still stopped one after the other."
    )
    part = "The error of a service that raises while it stops leaves the block."
    t.expect_that("E should leave the call", "E" in t.call.errors, f"it {t.call.ending}", part=part)
    wanted = {"web": "FAILED", "log": "STOPPED", "db": "STOPPED"}
    part = "A service that raises while it stops is `FAILED`, and the others are `STOPPED`."
    if final(t)["web"] == "STOPPED":
        part = "A service that has raised is `FAILED`, and stays so: it does not become `STOPPED`."
    t.expect("states after the block", final(t), wanted, part=part)


@check("R5", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_cancelled_in_order(play: Play) -> None:
    """When the body is cancelled from outside, services are stopped in the same order."""
    expect_dependants_first(play(services=SLOW, body=[wait(30)]).cancel("caller", at=START + 9))


@check("R6", misconception="crash-seen-at-the-end", step="watch-what-runs", core=False)
def test_crash(play: Play) -> None:
    """When a running service raises, the body is cancelled and the error leaves the call."""
    plan = {"db": service(), "web": {"requires": ["db"], "run": [wait(1), ready(), wait(3), fail("E")]}}
    t = play(services=plan, body=[wait(30)])
    part = "When a running service raises, the body is cancelled at once."
    t.expect("the body was cancelled at", t.one("body").cancelled_at, about(t.one("run", "web").end or 0), part=part)
    expect_leaves(t, "E", "When a running service raises, its error leaves the call.")


@check("R7", misconception="healthy-until-proven", step="watch-what-runs", core=False)
def test_health(play: Play) -> None:
    """`healthy` tells how the last check ended, as soon as that has ended; before the first it is True."""
    plan = {"db": service(check=[fail("E")]), "log": service(check=[hang()]), "web": service(check=[wait(0.3)])}
    t = play(services=plan, body=[wait(9), health(), wait(1.6), health(), wait(1.4), health()])
    first = "Before its first check has ended a service is healthy."
    raises = "A service is unhealthy as soon as its check has raised."
    late = "A service is unhealthy as soon as its check has taken longer than `check_timeout`."
    wanted = {"9": (True, True, True), "10.6": (False, True, True), "12": (False, False, True)}
    for (moment, healthy), span, part in zip(wanted.items(), t.all("health"), (first, raises, late), strict=False):
        is_early = moment == "10.6" and isinstance(span.value, dict) and span.value.get("log") is False
        said = "While its check runs a service is as healthy as it was before." if is_early else part
        if moment == "10.6" and not t.all("check", "db"):
            sentence = "Services are checked every 10 seconds if no `health_interval` is given."
            said = SentencePart(sentence, step="watch-what-runs")
        t.expect(f"`healthy` after {moment} s", span.value, dict(zip(plan, healthy, strict=True)), part=said)
    part = "Services are checked every `health_interval` seconds, not more often."
    t.expect("checks of db within 12 s", len(t.all("check", "db")), 1, part=part)


@check("R8", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_stop_is_not_cut_short(play: Play) -> None:
    """A cancellation while services stop does not cut that short."""
    expect_dependants_first(play(services=SLOW, body=[wait(2)]).cancel("caller", at=START + 6))
