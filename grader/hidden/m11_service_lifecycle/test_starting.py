"""Hidden checks of m11: starting in order, what cannot work, and a service that does not start."""

from __future__ import annotations

from grader import Play, SentencePart, Trace, about, at_least, check, cleanup, fail, give, hang, on_cancel, wait

from .plans import (
    AT,
    DIAMOND,
    IMPOSSIBLE,
    MANY,
    MIRROR,
    START,
    Services,
    body_end,
    by,
    chain,
    expect_leaves,
    expect_no_body,
    expect_start_error,
    expect_stopped,
    failing,
    graph,
    mixed,
    ready,
    runs,
    service,
)

BODY = "The body begins when all services are ready, not before and not later."


def ready_at(t: Trace, name: str) -> float:
    """When the service became ready; fails the subject if it never did."""
    return t.one("ready", name).start


# -- R1: starting in order -------------------------------------------------------------------------------------------
def expect_start_order(t: Trace, plan: Services) -> None:
    """Expect that each service was started when all that it requires were ready, and the body when all were."""
    t.expect_begun(*plan)
    up = {span.who: span.begun for span in t.all("ready")}
    for span in t.all("run"):
        early = [name for name in plan[span.who].get("requires", ()) if up.get(name, span.begun) >= span.begun]
        part = "A service is started only when all services that it requires are ready."
        t.expect(f"not ready yet when {span.who}, which requires them, was started", early, [], part=part)
    body = t.one("body")
    early = [name for name in plan if up.get(name, body.begun) >= body.begun]
    t.expect("not ready yet when the body began", early, [], part=BODY)


@check("R1", misconception="started-is-running", step="know-when-it-is-ready")
def test_starts_after_what_it_requires(play: Play) -> None:
    """A service is started when the services that it requires are ready, and not when they are just started."""
    plan = chain(play, "db", "log", "web")
    t = play(services=plan, body=[wait(1)]).accepting("deadlock")
    t.expect("services as they were started", t.names("run"), ["db", "log", "web"])
    begun = t.one("body").start
    soon = {span.who for span in t.all("ready") if span.start <= begun + 0.06}
    t.expect(
        "not ready yet when the body began", [name for name in ("db", "log", "web") if name not in soon], [], part=BODY
    )
    for name, needed in (("log", "db"), ("web", "log")):
        what = f"{name}, which requires {needed}, was started at"
        t.expect(what, t.one("run", name).start, at_least(ready_at(t, needed)))
    last = max(ready_at(t, name) for name in plan)
    t.expect("the body began at", t.one("body").start, about(last), part=BODY)
    sentence = "At the end of the block each service is cancelled: waiting until it ends by itself takes forever."
    part = SentencePart(sentence, misconception="they-end-by-themselves", step="stop-dependants-first")
    t.expect("how the run ended", t.data["end"]["kind"], "done", part=part)


@check("R1", misconception="given-in-order", step="order-from-requirements")
def test_any_graph(play: Play) -> None:
    """Services may be given in any order, and may require several others: each starts after all that it requires."""
    for form in ("list", "tuple"):
        plan = graph(play)
        for t in play(services=plan, body=[wait(1)], form=form).orders(4):
            expect_start_order(t, plan)
    for plan in (DIAMOND, MIRROR):
        expect_start_order(play(services=plan, body=[wait(1)]), plan)


@check("R1", misconception="started-is-running", step="know-when-it-is-ready")
def test_no_services(play: Play) -> None:
    """Without any service the body runs, and the block ends."""
    t = play(services={}, body=[wait(1)])
    part = "Without any service the body runs all the same."
    t.expect("the body", [span.ending for span in t.all("body")], ["returned"], part=part)
    t.expect("the call", t.call.ending, "returned")


@check("R1", misconception="state-for-all-blocks", step="order-from-requirements", wide=True)
def test_a_second_block(play: Play) -> None:
    """In a second block with the same services all are started again, in order."""
    plan = chain(play, "db", "web")
    t = play(services=plan, body=[wait(1)], blocks=2)
    t.expect("services as they were started", t.names("run"), ["db", "web"] * 2)
    t.expect("bodies", len(t.all("body")), 2)
    up = [span.start for span in t.all("ready", "db")]
    t.expect("how often db got ready", len(up), 2)
    t.expect("web started the second time at", t.all("run", "web")[1].start, at_least(up[1]))


@check("R1", misconception="one-after-the-other", step="side-by-side", core=False)
def test_start_together(play: Play) -> None:
    """Services that do not depend on each other start at the same time."""
    plan = {name: service(up=up) for name, up in zip(("db", "log", "mail"), play.draw(3), strict=True)}
    for t in play(services=mixed(play, plan), body=[wait(1)]).orders(4):
        starts = {name: span.start for name, span in sorted(runs(t).items())}
        t.expect("started at", starts, dict.fromkeys(sorted(plan), about(START)))
    many = {f"s{i}": service(up=up) for i, up in enumerate(play.draw(MANY))}
    t = play(services=many, body=[wait(1)])
    t.expect_begun(*many)
    late = [name for name, span in runs(t).items() if span.start > START + 0.06]
    t.expect(f"of {MANY} services, not started at once", late, [])


@check("R1", misconception="level-by-level", step="side-by-side", core=False)
def test_start_as_soon_as_possible(play: Play) -> None:
    """A service is started as soon as those that it requires are ready; it does not wait for any other."""
    slow = {"db": service(up=1.2), "log": service(up=6.3), "mail": service("db", up=0.9), "web": service("mail")}
    for plan in (mixed(play, slow), graph(play), graph(play)):
        t = play(services=plan, body=[wait(1)])
        t.expect_begun(*plan)
        for name, span in runs(t).items():
            last = max([START, *(ready_at(t, needed) for needed in plan[name]["requires"])])
            t.expect(f"{name} was started at", span.start, about(last))


# -- R2: what cannot work --------------------------------------------------------------------------------------------
REFUSED = {
    "unknown": "A service that requires a name that is not there is",
    "twice": "Two services with the same name are",
    "itself": "A service that requires itself is",
    "two": "Services that require each other in a circle are",
    "four": "Services that require each other in a circle are",
}


def expect_refused(play: Play, *which: str) -> None:
    """Expect `ValueError`, and nothing started."""
    for name in which:
        t = play(services=IMPOSSIBLE[name], body=[wait(1)], start_timeout=5).accepting("deadlock")
        part = f"{REFUSED[name.partition(',')[0]]} refused with a `ValueError`, and nothing is started."
        t.expect("services that were started", t.names("run"), [], part=part)
        expect_leaves(t, "ValueError", part=part)
        t.expect("how the run ended", t.data["end"]["kind"], "done")


@check("R2", misconception="names-are-right", step="order-from-requirements")
def test_wrong_names(play: Play) -> None:
    """A service that requires an unknown name, or two services of one name: `ValueError`, and nothing is started."""
    expect_refused(play, "unknown", "unknown, first", "twice", "twice, and required")


@check("R2", misconception="circles-show-themselves", step="order-from-requirements")
def test_circle(play: Play) -> None:
    """Services that require each other in a circle, or one itself: `ValueError`, and nothing is started, no other either."""
    expect_refused(play, "two", "four", "itself")


# -- R3: a service that does not start -------------------------------------------------------------------------------
@check("R3", misconception="no-bound-on-the-start", step="bound-the-start")
def test_not_ready_in_time(play: Play) -> None:
    """A service that is not ready within `start_timeout` of its start is cancelled: `StartError` with its name."""
    late = [wait(4.9), ready(), hang()]
    for steps, timeout in (([hang()], 4.5), (late, 4.5), ([hang()], 140)):
        t = play(services=failing(*steps), body=[wait(1)], start_timeout=timeout)
        part = "A service that is not ready within `start_timeout` seconds of its own start is cancelled then, and not before."
        seen = t.of("web").cancelled_at
        since = None if seen is None else seen - AT
        t.expect("counted from when it should start, web was cancelled at", since, about(timeout), part=part)
        expect_start_error(t, "web", "When a service is not ready in time")
        expect_no_body(t)


@check("R3", misconception="no-bound-on-the-start", step="bound-the-start", wide=True)
def test_not_ready_and_then_an_end(play: Play) -> None:
    """A service that is cancelled because it is late, and then raises or returns, has not started: `StartError` leaves the call."""
    for last in (fail("L"), fail("L2", "TimeoutError"), give(0)):
        t = play(services=failing(on_cancel(wait(0.3), last), hang()), body=[wait(1)], start_timeout=4.5)
        expect_start_error(t, "web", "When a service that is late raises or returns as it is cancelled")
        expect_no_body(t)


@check("R3", misconception="one-timeout-for-all", step="bound-the-start")
def test_each_has_its_own_timeout(play: Play) -> None:
    """Each service has `start_timeout` seconds from its own start; the others do not use them up."""
    plan = {"a": service(up=4.1), "b": service("a", up=4.3), "c": service("b", up=4.2)}
    t = play(services=plan, body=[wait(1)], start_timeout=4.5)
    t.expect_begun(*plan)
    t.expect("the body", [span.ending for span in t.all("body")], ["returned"])


@check("R3", misconception="timeout-around-the-service", step="bound-the-start")
def test_running_is_not_limited(play: Play) -> None:
    """A service that is ready in time may run for as long as it likes: `start_timeout` bounds only its start."""
    plan = {"db": service(up=1), "web": service("db", up=1)}
    t = play(services=plan, body=[wait(50)], start_timeout=3)
    t.expect_begun(*plan)
    t.expect("the body", [span.ending for span in t.all("body")], ["returned"])
    for name, span in runs(t).items():
        t.expect(f"{name}, where the body had to end first, was cancelled at", span.cancelled_at, at_least(body_end(t)))


@check("R3", misconception="ready-will-come", step="know-when-it-is-ready")
def test_raises_before_ready(play: Play) -> None:
    """A service that raises before it is ready does not start: `StartError` with its name, without waiting longer."""
    plans = [
        failing(wait(2.2), fail(f"E {kind}", kind))
        for kind in ("Fault", "TimeoutError", "ExceptionGroup", "ExceptionGroup of one", "KeyError", "RuntimeError")
    ]
    own = failing(wait(2.2), fail("E"))
    plans.append({**own, "web": {**own["web"], "refuses": True}})
    for plan in plans:
        t = play(services=plan, body=[wait(1)], start_timeout=30)
        expect_start_error(t, "web", "When a service raises before it is ready")
        expect_no_body(t)
        part = "A service that raises before it is ready ends the start at once, without waiting for `start_timeout`."
        t.expect("the call ended at", t.call.end, by(AT + 2.2 + 1.2 + 0.6), part=part)


@check("R3", misconception="ready-will-come", step="know-when-it-is-ready")
def test_returns_before_ready(play: Play) -> None:
    """A service that returns before it is ready does not start: `StartError` with its name, without waiting longer."""
    for steps in ([wait(2.2)], [give(0)]):
        t = play(services=failing(*steps), body=[wait(1)], start_timeout=30)
        expect_start_error(t, "web", "When a service returns before it is ready")
        expect_no_body(t, "When a service returns before it is ready")
        part = "A service that returns before it is ready ends the start at once, without waiting for `start_timeout`."
        t.expect("the call ended at", t.call.end, by(AT + 2.2 + 1.2 + 0.6), part=part)


@check("R3", misconception="first-to-start", step="know-when-it-is-ready")
def test_the_first_does_not_start(play: Play) -> None:
    """When the very first service does not start, `StartError` with its name leaves the call, and no other is started."""
    for steps in ([hang()], [wait(1.1), fail("E")], [wait(1.1)]):
        plan = {"web": service("db"), "db": {"run": steps}}
        t = play(services=plan, body=[wait(1)], start_timeout=3)
        expect_start_error(t, "db")
        part = "When a service does not start, those that require it are not started."
        t.expect("services that were started", t.names("run"), ["db"], part=part)


@check("R3", misconception="the-group-cleans-up", step="stop-dependants-first", wide=True)
def test_failed_start_stops_in_order(play: Play) -> None:
    """When a service does not start, those already started are stopped, dependants first."""
    ends = ([wait(2)], [cleanup(wait(1.5)), hang()], [cleanup(wait(1.5)), fail("E")])
    for steps in ends:
        plan = failing(*steps)
        t = play(services=plan, body=[wait(1)], start_timeout=4.5)
        t.expect("services that were started", sorted(runs(t)), ["db", "log", "web"])
        expect_stopped(t, plan, "When a service does not start")


@check("R3", misconception="state-for-all-blocks", step="bound-the-start", wide=True)
def test_a_block_after_a_failed_start(play: Play) -> None:
    """After a start that failed, another block with the same services starts them again from the beginning."""
    for steps in ([hang()], [wait(1.1), fail("E")]):
        t = play(services=failing(*steps), body=[wait(1)], start_timeout=3, blocks=2)
        t.expect("services as they were started", t.names("run"), ["db", "log", "web"] * 2)
        for call in t.calls("running"):
            t.expect_that("StartError should leave the call", "StartError" in call.errors, f"it {call.ending}")


@check("R3", misconception="ready-one-by-one", step="keep-the-order-whatever-happens", core=False)
def test_failure_is_seen_while_others_start(play: Play) -> None:
    """A service that does not start ends the start at once: the call does not wait until the others are ready."""
    for steps, at in (([wait(2.2), fail("E")], 2.2), ([wait(2.2)], 2.2), ([hang()], 4.5)):
        slow = {"db": service(up=4.2, down=0), "web": {"run": steps}, "log": service(up=4.3, down=0)}
        t = play(services=mixed(play, slow), body=[wait(1)], start_timeout=4.5)
        expect_start_error(t, "web")
        t.expect("the call ended at", t.call.end, by(START + at))
