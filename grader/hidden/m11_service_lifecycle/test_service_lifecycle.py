"""Hidden checks of m11: what `running` promises, whatever a service, the body or the outside does, and when."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grader import (
    Play,
    Trace,
    at_least,
    at_most,
    at_once,
    awaitable,
    check,
    cleanup,
    fail,
    give,
    hang,
    leaves_of,
    near,
    on_cancel,
    verb,
    wait,
)

START = 2.9
ready, states, health = verb("ready"), verb("states"), verb("health")

Plan = Mapping[str, Any]
Services = Mapping[str, Plan]


# -- services ----------------------------------------------------------------------------------------------------------
def service(*requires: str, up: float = 1.0, down: float = 0.7, **more: Any) -> dict[str, Any]:
    """A service that is ready after `up` seconds and needs `down` seconds to end when it is cancelled."""
    return {"requires": list(requires), "run": [cleanup(wait(down)), wait(up), ready(), hang()], **more}


def doing(*steps: Any, requires: Sequence[str] = (), up: float = 1.0, down: float = 0.7) -> dict[str, Any]:
    """A service that does this once it is ready."""
    return {"requires": list(requires), "run": [cleanup(wait(down)), wait(up), ready(), *steps]}


def chain(play: Play, *names: str, **last: Any) -> dict[str, Any]:
    """Services of which each requires the one before, in random order; `last`: more of the last one's plan."""
    ups, downs = play.draw(len(names)), play.draw(len(names))
    plan = {
        name: service(*names[:i][-1:], up=ups[i], down=downs[i], **(last if name == names[-1] else {}))
        for i, name in enumerate(names)
    }
    return mixed(play, plan)


def mixed(play: Play, plan: Services) -> dict[str, Any]:
    """The services in random order."""
    return {name: dict(plan[name]) for name in play.shuffled(list(plan))}


def graph(play: Play, count: int = 6) -> dict[str, Any]:
    """Services that require others at random, none in a circle."""
    names = play.shuffled(["db", "log", "mail", "web", "api", "jobs"])[:count]
    ups, downs = play.draw(count), play.draw(count)
    plan = {}
    for i, name in enumerate(names):
        wanted = [other for other in names[:i] if play.pick(0, 2) == 0]
        plan[name] = service(*wanted, up=ups[i], down=downs[i])
    return mixed(play, plan)


DIAMOND = {
    "db": service(up=1.3, down=0.6),
    "log": service("db", up=2.1, down=1.9),
    "mail": service("db", up=0.8, down=0.4),
    "web": service("log", "mail", up=0.7, down=1.1),
}
MIRROR = {**dict(reversed(DIAMOND.items())), "web": service("mail", "log", up=0.7, down=1.1)}
"""The same, given and required the other way round."""


MANY = 24
"""As many services as nobody would let start a few at a time by chance."""


def about(moment: float) -> Any:
    """That moment, or one a little later: who blocks or polls for a moment breaks other clauses."""
    return near(moment, within=0.06)


def by(moment: float) -> Any:
    """That moment at the latest, or a little later."""
    return at_most(moment + 0.06)


# -- what is read from a run -------------------------------------------------------------------------------------------
def ready_at(t: Trace, name: str) -> float:
    """When the service became ready; fails the subject if it never did."""
    return t.one("ready", name).start


def runs(t: Trace) -> dict[str, Any]:
    """Service → its run, of those that were started."""
    return {span.who: span for span in t.all("run")}


def body_end(t: Trace) -> float:
    """When the body ended; fails the subject if it never began."""
    return t.one("body").end or 0.0


def final(t: Trace, who: str = "caller") -> Any:
    """The states after the block of that caller; fails the subject if its body never began."""
    t.one("body", who)
    notes = t.notes("final", who)
    t.expect_that("the states after the block", bool(notes), "cannot be read")
    return notes[0]["value"]


def expect_started(t: Trace, names: Iterable[str]) -> None:
    """Expect that these services were started at all: a check of how they end would prove nothing otherwise."""
    never = [name for name in names if not t.all("run", name)]
    t.expect_that("services", not never, f"{', '.join(never)} never started")


def order_complaint(t: Trace, plan: Services) -> str:
    """Say which service was cancelled before one that requires it had ended; empty text if none was."""
    seen = runs(t)
    for name, span in seen.items():
        for other in seen:
            late = seen[other].end is None or seen[other].end > (span.cancelled_at or 0.0) + 1e-6
            if name in plan[other].get("requires", ()) and span.cancelled_at is not None and late:
                end = "never ended" if seen[other].end is None else f"ended at {seen[other].end:g}"
                return f"{name} was cancelled at {span.cancelled_at:g}, {other}, which requires it, {end}"
    return ""


def expect_stop_order(t: Trace, plan: Services) -> None:
    """Expect that no service was cancelled before all that require it had ended."""
    complaint = order_complaint(t, plan)
    t.expect_that("a service is cancelled when all that require it have ended", not complaint, complaint)


def expect_all_ended(t: Trace) -> None:
    """Expect that each service that was started has ended, cleanup included, when the call ends."""
    call = t.call
    for name, span in runs(t).items():
        over = span.finished is not None and call.finished is not None and span.finished < call.finished
        t.expect_that(f"{name} when the call ended", over, "had not ended, cleanup included")


def expect_stopped(t: Trace, plan: Services, *, started: Iterable[str] | None = None) -> None:
    """Expect that these services, or all of the plan, were started, and stopped in order, and that all have ended."""
    expect_started(t, plan if started is None else started)
    expect_stop_order(t, plan)
    expect_all_ended(t)


def expect_leaves(t: Trace, *errors: str) -> None:
    """Expect that these errors leave the call, bare or in groups; others may be with them."""
    for error in errors:
        t.expect_that(f"{error} should leave the call", error in t.call.errors, f"it {t.call.ending}")


def expect_start_error(t: Trace, name: str) -> None:
    """Expect that a `StartError` with the service's name leaves the call."""
    expect_leaves(t, "StartError")
    texts = [error.text for error in t.call.errors if error == "StartError"]
    t.expect_that("StartError with the name of", any(name in text for text in texts), f"{name}: not in its text")


def expect_no_body(t: Trace) -> None:
    """Expect that the body did not run; one that began and was cancelled at its first checkpoint did not."""
    t.expect("bodies", [span.ending for span in t.all("body") if (span.end or 0) > span.start + 1e-6], [])


# -- R1: starting in order ---------------------------------------------------------------------------------------------
def expect_start_order(t: Trace, plan: Services) -> None:
    """Expect that each service was started when all that it requires were ready, and the body when all were."""
    expect_started(t, plan)
    up = {span.who: span.begun for span in t.all("ready")}
    for span in t.all("run"):
        early = [name for name in plan[span.who].get("requires", ()) if up.get(name, span.begun) >= span.begun]
        t.expect(f"not running yet when {span.who}, which requires them, was started", early, [])
    body = t.one("body")
    early = [name for name in plan if up.get(name, body.begun) >= body.begun]
    t.expect("not running yet when the body began", early, [])


@check("R1", misconception="started-is-running", step="order-from-requirements")
def test_starts_after_what_it_requires(play: Play) -> None:
    """A service is started only when those that it requires are ready; having been started is not enough."""
    plan = chain(play, "db", "log", "web")
    t = play(services=plan, body=[wait(1)])
    t.expect("services as they were started", t.names("run"), ["db", "log", "web"])
    for name, needed in (("log", "db"), ("web", "log")):
        t.expect(f"{name} started at", t.one("run", name).start, at_least(ready_at(t, needed)))


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
def test_body_begins_when_all_run(play: Play) -> None:
    """The body begins as soon as all services are running, and not before."""
    plan = chain(play, "db", "log", "web")
    t = play(services=plan, body=[wait(1)])
    last = max(ready_at(t, name) for name in plan)
    t.expect("the body began at", t.one("body").start, about(last))


@check("R1", misconception="started-is-running", step="know-when-it-is-ready")
def test_no_services(play: Play) -> None:
    """Without any service the body runs, and the block ends."""
    t = play(services={}, body=[wait(1)])
    t.expect("the body", t.one("body").ending, "returned")
    t.expect("the call", t.call.ending, "returned")


@check("R1", misconception="state-for-all-blocks", step="order-from-requirements")
def test_a_second_block(play: Play) -> None:
    """In a second block with the same services all are started again, in order."""
    plan = chain(play, "db", "web")
    t = play(services=plan, body=[wait(1)], blocks=2)
    t.expect("services as they were started", t.names("run"), ["db", "web"] * 2)
    t.expect("bodies", len(t.all("body")), 2)
    up = [span.start for span in t.all("ready", "db")]
    t.expect("how often db got ready", len(up), 2)
    t.expect("web started the second time at", t.all("run", "web")[1].start, at_least(up[1]))


@check("R1", misconception="one-after-the-other", step="order-from-requirements", core=False)
def test_start_together(play: Play) -> None:
    """Services that do not depend on each other start at the same time."""
    plan = {name: service(up=up) for name, up in zip(("db", "log", "mail"), play.draw(3), strict=True)}
    for t in play(services=mixed(play, plan), body=[wait(1)]).orders(4):
        starts = {name: span.start for name, span in sorted(runs(t).items())}
        t.expect("started at", starts, dict.fromkeys(sorted(plan), about(START)))
    many = {f"s{i}": service(up=up) for i, up in enumerate(play.draw(MANY))}
    t = play(services=many, body=[wait(1)])
    expect_started(t, many)
    late = [name for name, span in runs(t).items() if span.start > START + 0.06]
    t.expect(f"of {MANY} services, not started at once", late, [])


@check("R1", misconception="level-by-level", step="order-from-requirements", core=False)
def test_start_as_soon_as_possible(play: Play) -> None:
    """A service starts as soon as those that it requires are running; it does not wait for any other."""
    slow = {"db": service(up=1.2), "log": service(up=6.3), "mail": service("db", up=0.9), "web": service("mail")}
    for plan in (mixed(play, slow), graph(play), graph(play)):
        t = play(services=plan, body=[wait(1)])
        expect_started(t, plan)
        for name, span in runs(t).items():
            last = max([START, *(ready_at(t, needed) for needed in plan[name]["requires"])])
            t.expect(f"{name} started at", span.start, about(last))


# -- R2: what cannot work ----------------------------------------------------------------------------------------------
IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "unknown": {"db": service(), "web": service("db", "cache"), "log": service()},
    "unknown, first": {"web": service("cache"), "db": service()},
    "twice": {"db": service(), "log": service(), "copy": service(name="db")},
    "twice, and required": {"copy": service(name="db"), "web": service("db"), "db": service()},
    "itself": {"db": service(), "web": service("db", "web")},
    "two": {"log": service(), "web": service("mail"), "mail": service("web")},
    "four": {"log": service(), "a": service("d"), "b": service("a", "log"), "c": service("b"), "d": service("c")},
}


def expect_refused(play: Play, *which: str) -> None:
    """Expect `ValueError`, and nothing started."""
    for name in which:
        t = play(services=IMPOSSIBLE[name], body=[wait(1)], start_timeout=5)
        t.expect("services that were started", t.names("run"), [])
        expect_leaves(t, "ValueError")


@check("R2", misconception="names-are-right", step="order-from-requirements")
def test_unknown_names(play: Play) -> None:
    """A service that requires an unknown name: `ValueError`, and nothing is started."""
    expect_refused(play, "unknown", "unknown, first")


@check("R2", misconception="names-are-right", step="order-from-requirements")
def test_two_of_one_name(play: Play) -> None:
    """Two services of one name: `ValueError`, and nothing is started."""
    expect_refused(play, "twice", "twice, and required")


@check("R2", misconception="circles-show-themselves", step="order-from-requirements")
def test_circle(play: Play) -> None:
    """Services that require each other in a circle: `ValueError`, and nothing is started, not even the others."""
    expect_refused(play, "two", "four")


@check("R2", misconception="circles-show-themselves", step="order-from-requirements")
def test_requires_itself(play: Play) -> None:
    """A service that requires itself: `ValueError`, and nothing is started."""
    expect_refused(play, "itself")


# -- R3: a service that does not start ---------------------------------------------------------------------------------
def failing(*steps: Any, requires: Sequence[str] = ("log",)) -> dict[str, Any]:
    """A chain of three of which the last does not get ready."""
    return {
        "web": {"requires": list(requires), "run": list(steps)},
        "log": service("db", up=1.4, down=1.2),
        "db": service(up=0.8, down=0.6),
    }


AT = START + 0.8 + 1.4
"""When the last of the three is started."""


@check("R3", misconception="no-bound-on-the-start", step="bound-the-start")
def test_not_ready_in_time(play: Play) -> None:
    """A service that is not ready within `start_timeout` of its start is cancelled: `StartError` with its name."""
    late = [wait(4.9), ready(), hang()]
    for steps, timeout in (([hang()], 4.5), (late, 4.5), ([hang()], 140)):
        t = play(services=failing(*steps), body=[wait(1)], start_timeout=timeout)
        t.expect("web was cancelled at", t.of("web").cancelled_at, about(AT + timeout))
        expect_start_error(t, "web")
        expect_no_body(t)


@check("R3", misconception="no-bound-on-the-start", step="bound-the-start")
def test_not_ready_and_then_an_end(play: Play) -> None:
    """A service that is cancelled because it is late, and raises or returns then: it is a `StartError` all the same."""
    for last in (fail("L"), fail("L2", "TimeoutError"), give(0)):
        t = play(services=failing(on_cancel(wait(0.3), last), hang()), body=[wait(1)], start_timeout=4.5)
        expect_start_error(t, "web")
        expect_no_body(t)


@check("R3", misconception="one-timeout-for-all", step="bound-the-start")
def test_each_has_its_own_timeout(play: Play) -> None:
    """Each service has `start_timeout` seconds from its own start; the others do not use them up."""
    plan = {"a": service(up=4.1), "b": service("a", up=4.3), "c": service("b", up=4.2)}
    t = play(services=plan, body=[wait(1)], start_timeout=4.5)
    expect_started(t, plan)
    t.expect("the body", [span.ending for span in t.all("body")], ["returned"])


@check("R3", misconception="timeout-around-the-service", step="bound-the-start")
def test_running_is_not_limited(play: Play) -> None:
    """A service that is ready in time may run for any time: `start_timeout` is not about that."""
    plan = {"db": service(up=1), "web": service("db", up=1)}
    t = play(services=plan, body=[wait(50)], start_timeout=3)
    expect_started(t, plan)
    t.expect("the body", [span.ending for span in t.all("body")], ["returned"])
    for name, span in runs(t).items():
        t.expect(f"{name} was cancelled at", span.cancelled_at, at_least(body_end(t)))


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
        expect_start_error(t, "web")
        expect_no_body(t)
        t.expect("the call ended at", t.call.end, by(AT + 2.2 + 1.2 + 0.6))


@check("R3", misconception="ready-will-come", step="know-when-it-is-ready")
def test_returns_before_ready(play: Play) -> None:
    """A service that returns before it is ready does not start: `StartError` with its name, without waiting longer."""
    for steps in ([wait(2.2)], [give(0)]):
        t = play(services=failing(*steps), body=[wait(1)], start_timeout=30)
        expect_start_error(t, "web")
        expect_no_body(t)
        t.expect("the call ended at", t.call.end, by(AT + 2.2 + 1.2 + 0.6))


@check("R3", misconception="first-to-start", step="know-when-it-is-ready")
def test_the_first_does_not_start(play: Play) -> None:
    """A service that does not start, when it is the first of all: `StartError` with its name, and no other starts."""
    for steps in ([hang()], [wait(1.1), fail("E")], [wait(1.1)]):
        plan = {"web": service("db"), "db": {"run": steps}}
        t = play(services=plan, body=[wait(1)], start_timeout=3)
        expect_start_error(t, "db")
        t.expect("services that were started", t.names("run"), ["db"])


@check("R3", misconception="the-group-cleans-up", step="stop-dependants-first")
def test_failed_start_stops_in_order(play: Play) -> None:
    """When a service does not start, those already started are stopped, dependants first."""
    ends = ([wait(2)], [cleanup(wait(1.5)), hang()], [cleanup(wait(1.5)), fail("E")])
    for steps in ends:
        plan = failing(*steps)
        t = play(services=plan, body=[wait(1)], start_timeout=4.5)
        t.expect("services that were started", sorted(runs(t)), ["db", "log", "web"])
        expect_stopped(t, plan)


@check("R3", misconception="state-for-all-blocks", step="bound-the-start")
def test_a_block_after_a_failed_start(play: Play) -> None:
    """After a start that failed another block with the same services starts them again, and fails by itself."""
    for steps in ([hang()], [wait(1.1), fail("E")]):
        t = play(services=failing(*steps), body=[wait(1)], start_timeout=3, blocks=2)
        t.expect("services as they were started", t.names("run"), ["db", "log", "web"] * 2)
        for call in t.calls("running"):
            t.expect_that("StartError should leave the call", "StartError" in call.errors, f"it {call.ending}")


@check("R3", misconception="ready-one-by-one", step="know-when-it-is-ready", core=False)
def test_failure_is_seen_while_others_start(play: Play) -> None:
    """A service that does not start ends the start at once, also while others, started before or after, still start."""
    for steps, at in (([wait(2.2), fail("E")], 2.2), ([wait(2.2)], 2.2), ([hang()], 4.5)):
        slow = {"db": service(up=4.2, down=0), "web": {"run": steps}, "log": service(up=4.3, down=0)}
        t = play(services=mixed(play, slow), body=[wait(1)], start_timeout=4.5)
        expect_start_error(t, "web")
        t.expect("the call ended at", t.call.end, by(START + at))


# -- R4: stopping in order ---------------------------------------------------------------------------------------------
@check("R4", misconception="cancel-all-at-once", step="stop-dependants-first")
def test_stops_dependants_first(play: Play) -> None:
    """A service is cancelled only when all that require it have ended, cleanup included."""
    for plan in (chain(play, "db", "log", "web"), DIAMOND, MIRROR):
        t = play(services=plan, body=[wait(3)])
        expect_stopped(t, plan)


@check("R4", misconception="reverse-of-the-list", step="stop-dependants-first")
def test_stops_any_graph(play: Play) -> None:
    """Whatever requires what: no service is cancelled before all that require it have ended."""
    for _ in range(2):
        plan = graph(play)
        for t in play(services=plan, body=[wait(2)]).orders(4):
            expect_stopped(t, plan)


@check("R4", misconception="they-end-by-themselves", step="stop-dependants-first")
def test_stops_after_the_body(play: Play) -> None:
    """At the end of the block every service is cancelled, not before, and the block ends when they have ended."""
    plan = chain(play, "db", "log", "web")
    t = play(services=plan, body=[wait(3)])
    expect_started(t, plan)
    t.expect("the call", t.call.ending, "returned")
    for name, span in runs(t).items():
        t.expect_that(name, span.cancelled_at is not None, f"was not cancelled: it {span.ending}")
        t.expect(f"{name} was cancelled at", span.cancelled_at, at_least(body_end(t)))
    t.expect("the call ended at", t.call.end, about(max([START, *(span.end or 0.0 for span in runs(t).values())])))


@check("R4", misconception="state-set-once", step="watch-what-runs")
def test_states_before_and_after(play: Play) -> None:
    """All services are `RUNNING` in the body, and `STOPPED` after the block."""
    plan = chain(play, "db", "log", "web")
    t = play(services=plan, body=[states(), wait(3), states()])
    expect_started(t, plan)
    for seen in t.all("states", "caller"):
        t.expect("states in the body", seen.value, dict.fromkeys(plan, "RUNNING"))
    t.expect("states after the block", final(t), dict.fromkeys(plan, "STOPPED"))


@check("R4", misconception="state-set-once", step="watch-what-runs")
def test_states_follow_the_stop(play: Play) -> None:
    """While services stop, each is `RUNNING` until it is cancelled, then `STOPPING`, and `STOPPED` when it has ended."""
    names = ["db", "log", "web"]
    asks = [cleanup(wait(0.4), states(), wait(0.5)), wait(1.1), ready(), hang()]
    plan = {name: {"requires": names[:i][-1:], "run": asks} for i, name in enumerate(names)}
    t = play(services=mixed(play, plan), body=[wait(3)])
    for i, name in enumerate(names):
        wanted = ["RUNNING"] * i + ["STOPPING"] + ["STOPPED"] * (2 - i)
        seen = t.one("states", name).value
        t.expect(f"states of db, log and web while {name} stops", [seen[other] for other in names], wanted)


@check("R4", misconception="state-set-once", step="watch-what-runs")
def test_returning_is_stopping_too(play: Play) -> None:
    """A service that answers its cancellation by returning has stopped like any other."""
    plan = {"db": service(), "web": doing(on_cancel(wait(0.8), give(0)), hang(), requires=["db"])}
    t = play(services=plan, body=[wait(3)])
    t.expect("the call", t.call.ending, "returned")
    t.expect("states after the block", final(t), dict.fromkeys(plan, "STOPPED"))
    expect_stopped(t, plan)


@check("R4", misconception="one-after-the-other", step="stop-dependants-first", core=False)
def test_stop_together(play: Play) -> None:
    """Services that do not depend on each other stop at the same time."""
    plan = {name: service(down=down) for name, down in zip(("db", "log", "mail"), play.draw(3), strict=True)}
    for t in play(services=mixed(play, plan), body=[wait(2)]).orders(4):
        seen = {name: span.cancelled_at for name, span in sorted(runs(t).items())}
        t.expect("cancelled at", seen, dict.fromkeys(sorted(plan), about(body_end(t))))
    many = {f"s{i}": service(down=down) for i, down in enumerate(play.draw(MANY))}
    t = play(services=many, body=[wait(2)])
    expect_started(t, many)
    late = [name for name, span in runs(t).items() if (span.cancelled_at or 0) > body_end(t) + 0.06]
    t.expect(f"of {MANY} services, not cancelled at once", late, [])


@check("R4", misconception="level-by-level", step="stop-dependants-first", core=False)
def test_stop_as_soon_as_possible(play: Play) -> None:
    """A service is cancelled as soon as those that require it have ended; it does not wait for any other to stop."""
    slow = {"db": service(), "log": service("db", down=1.2), "mail": service(), "web": service("mail", down=6.3)}
    for plan in (mixed(play, slow), graph(play), graph(play)):
        t = play(services=plan, body=[wait(2)])
        expect_started(t, plan)
        seen = runs(t)
        for name, span in seen.items():
            ends = [seen[other].end or t.time for other in seen if name in plan[other]["requires"]]
            last = max([body_end(t), *ends])
            t.expect(f"{name} was cancelled at", span.cancelled_at, about(last))


def grumpy(error: str, *requires: str, kind: str = "Fault", down: float = 0.9) -> dict[str, Any]:
    """A service that raises when it is stopped."""
    return {
        "requires": list(requires),
        "run": [wait(1), ready(), on_cancel(wait(down), fail(error, kind)), hang()],
    }


@check("R4", misconception="an-error-ends-the-stop", step="keep-the-order-whatever-happens", core=False)
def test_error_while_stopping(play: Play) -> None:
    """A service that raises while it stops: the stop of the others goes on in order, and the error leaves the block."""
    kinds = ("Fault", "TimeoutError", "ConnectionError", "ClosedResourceError", "EndOfStream", "KeyError")
    for kind in (*kinds, "ExceptionGroup", "ExceptionGroup of one"):
        plan = {
            "db": service(),
            "log": service("db", down=2.2),
            "web": grumpy(f"S {kind}", "log", kind=kind),
            "mail": grumpy(f"M {kind}", "log", kind=kind, down=0.3),
        }
        t = play(services=mixed(play, plan), body=[wait(2)])
        expect_stopped(t, plan)
        expect_leaves(t, *dict.fromkeys(leaves_of(f"S {kind}", kind) + leaves_of(f"M {kind}", kind)))
        seen = final(t)
        wanted = ["STOPPED", "STOPPED", "FAILED", "FAILED"]
        t.expect("states of db, log, web and mail after the block", [seen[name] for name in plan], wanted)


@check("R4", misconception="an-error-ends-the-stop", step="watch-what-runs", core=False)
def test_failed_while_stopping(play: Play) -> None:
    """A service that raises while it stops is `FAILED`; the others are `STOPPED`."""
    asks = [cleanup(wait(0.4), states(), wait(0.5)), wait(1.1), ready(), hang()]
    plan = {"db": {"run": asks}, "web": grumpy("S", "db"), "mail": service()}
    t = play(services=plan, body=[wait(2)])
    wanted = {"db": "STOPPED", "web": "FAILED", "mail": "STOPPED"}
    t.expect("states after the block", final(t), wanted)
    t.expect("the state of web while db stops", t.one("states", "db").value["web"], "FAILED")


@check("R4", misconception="an-error-ends-the-stop", step="keep-the-order-whatever-happens", core=False)
def test_error_while_stopping_beside_another(play: Play) -> None:
    """When the body has raised, or a start has failed, and a service raises while it stops, both errors leave."""
    plan = {"db": grumpy("D"), "web": grumpy("S", "db")}
    t = play(services=plan, body=[wait(2), fail("E")])
    expect_leaves(t, "E", "S", "D")
    t = play(services={**plan, "mail": {"requires": ["web"], "run": [wait(1), fail("E")]}}, body=[wait(2)])
    expect_leaves(t, "S", "D", "StartError")


@check("R4", misconception="an-error-ends-the-stop", step="keep-the-order-whatever-happens", core=False)
def test_failed_while_stopping_after_a_cancellation(play: Play) -> None:
    """A service that raises while it stops is `FAILED`, also if the body was cancelled from outside, or raised."""
    plan = {"db": service(), "log": grumpy("S", "db"), "web": service("log")}
    wanted = {"db": "STOPPED", "log": "FAILED", "web": "STOPPED"}
    for t in (
        play(services=plan, body=[wait(40)]).cancel("caller", at=START + 9),
        play(services=plan, body=[fail("E")]),
    ):
        expect_stopped(t, plan)
        t.expect("states after the block", final(t), wanted)


@check("R4", misconception="state-for-all-blocks", step="watch-what-runs")
def test_two_blocks_at_once(play: Play) -> None:
    """Two blocks that run at the same time, with services of the same names, do not disturb each other."""
    plan = {"db": service(up=1.1, down=0.6), "web": service("db", up=0.8, down=0.9)}
    again = {
        f"{name} of other": {**service(*needed, up=0.7, down=0.4), "name": name} for name, needed in NEEDED.items()
    }
    ask = [wait(2), states(), wait(4), states()]
    t = play(services=plan, body=[wait(5)], others={"other": {"services": again, "body": ask, "begin": START + 3.4}})
    t.expect("db of other was started at", t.one("run", "db of other").start, about(START + 3.4))
    expect_started(t, (*plan, *again))
    for seen in t.all("states", "other"):
        t.expect("states in the body of other", seen.value, dict.fromkeys(again, "RUNNING"))
    for who, mine in (("caller", plan), ("other", again)):
        t.expect(f"states after the block of {who}", final(t, who), dict.fromkeys(mine, "STOPPED"))
    for call in t.calls("running"):
        t.expect("the call", call.ending, "returned")


NEEDED: dict[str, tuple[str, ...]] = {"db": (), "web": ("db",)}


# -- R5: the same order, whatever ends it --------------------------------------------------------------------------------
@check("R5", misconception="an-error-skips-the-stop", step="keep-the-order-whatever-happens", core=False)
def test_body_raises(play: Play) -> None:
    """When the body raises, services are stopped in the same order, cleanup included, and its error goes on."""
    late = (DIAMOND, [wait(2), fail("E", "TimeoutError")])
    for plan, steps in ((chain(play, "db", "log", "web"), [fail("E")]), (DIAMOND, [wait(2), fail("E")]), late):
        t = play(services=plan, body=steps)
        expect_stopped(t, plan)
        expect_leaves(t, "E")


@check("R5", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_body_is_cancelled(play: Play) -> None:
    """When the body is cancelled from outside, services are stopped in the same order, cleanup included."""
    for plan, body in ((chain(play, "db", "log", "web"), [cleanup(wait(1.5)), wait(30)]), (DIAMOND, [wait(30)])):
        t = play(services=plan, body=body).cancel("caller", at=START + 19)
        expect_stopped(t, plan)
        for name, span in runs(t).items():
            t.expect(f"{name} was cancelled at", span.cancelled_at, at_least(body_end(t)))


@check("R5", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_deadline_around_the_block(play: Play) -> None:
    """When a deadline around the block strikes, services are stopped in the same order, cleanup included."""
    plan = chain(play, "db", "log", "web")
    expect_stopped(play(services=plan, body=[wait(30)]).within("caller", START + 19), plan)
    plan = {"db": service(up=1.2), "log": service("db", up=0.7), "web": service("log", up=9)}
    expect_stopped(play(services=plan, body=[wait(1)]).within("caller", START + 4), plan)


@check("R5", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_start_is_cancelled(play: Play) -> None:
    """When the start is cancelled, what is still starting is cancelled, nothing more is started, all stop in order."""
    plan = {
        "db": service(up=1.2, down=1.1),
        "log": service("db", up=7, down=0.9),
        "mail": service(up=2.9, down=0.5),
        "web": service("mail", up=1, down=0.5),
        "api": service("log", up=1),
    }
    at = START + 2.2
    t = play(services=mixed(play, plan), body=[wait(1)]).cancel("caller", at=at)
    expect_stopped(t, plan, started=("db", "log", "mail"))
    for name in ("log", "mail"):
        t.expect(f"{name}, which was still starting, was cancelled at", t.of(name).cancelled_at, about(at))
    expect_none_started_after(t, at)
    expect_no_body(t)


def expect_none_started_after(t: Trace, moment: float) -> None:
    """Expect that nothing was started any more after that moment."""
    late = [name for name, span in runs(t).items() if span.start > moment + 1e-6]
    t.expect("services that were started afterwards", late, [])


@check("R5", misconception="the-others-may-go-on", step="keep-the-order-whatever-happens", core=False)
def test_start_fails_while_others_start(play: Play) -> None:
    """Once the start has failed what is still starting is cancelled, and nothing more is started."""
    for steps, at in (([wait(2.2), fail("E")], 2.2), ([wait(2.2)], 2.2), ([hang()], 4.5)):
        plan = {
            "db": service(up=1.2, down=1.1),
            "log": service("db", up=4.2, down=0.9),
            "api": service("log", up=1),
            "mail": {"run": steps},
        }
        t = play(services=mixed(play, plan), body=[wait(1)], start_timeout=4.5)
        expect_stopped(t, plan, started=("db", "log", "mail"))
        t.expect("log, which was still starting, was cancelled at", t.of("log").cancelled_at, about(START + at))
        expect_none_started_after(t, START + at)


@check("R5", misconception="the-others-may-go-on", step="keep-the-order-whatever-happens", core=False)
def test_crash_during_the_start(play: Play) -> None:
    """When a running service raises or ends while others start, nothing more is started, and all stop in order."""
    for steps in ([wait(1.1), fail("E")], [wait(1.1)]):
        plan = {
            "db": service(up=0.9, down=1.1),
            "mail": doing(*steps, requires=["db"], up=0.4, down=0),
            "log": service("db", up=5.2, down=0.9),
            "api": service("log", up=1),
        }
        t = play(services=mixed(play, plan), body=[wait(1)], start_timeout=30)
        expect_none_started_after(t, START + 2.4)
        expect_stopped(t, plan, started=("db", "mail", "log"))


@check("R5", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled at any moment, services are stopped in the same order, cleanup included, and none is left running."""
    plan = {"db": service(up=1.2, down=1.1), "web": service("db", up=0.9, down=0.4)}
    for t in play(services=plan, body=[wait(1)]).cancelled("caller"):
        expect_stopped(t, plan, started=() if t.notes("cancel") else plan)
        for moment in t.notes("cancel"):
            expect_none_started_after(t, moment["t"])


# -- R6: a service that ends while it should run -------------------------------------------------------------------------
CRASHES = ([wait(2.3), fail("E")], [wait(2.3), fail("E2", "TimeoutError")], [wait(2.3)])
"""Ways to end by itself."""


def crashing(who: str, steps: Sequence[Any]) -> dict[str, Any]:
    """A chain of which one crashes."""
    names = ["db", "log", "web"]
    return {
        name: doing(
            *(steps if name == who else [hang()]), requires=names[:i][-1:], up=0.9, down=0 if name == who else 1.1
        )
        for i, name in enumerate(names)
    }


def crash_of(t: Trace, who: str) -> float:
    """When the service ended."""
    return t.one("run", who).end or 0.0


def expect_crash_leaves(t: Trace, who: str) -> None:
    """Expect that the error of the service, or `RuntimeError` with its name if it just returned, leaves the call."""
    error = t.one("run", who).raised
    if error is not None:
        expect_leaves(t, str(error.token))
        return
    expect_leaves(t, "RuntimeError")
    texts = [leaf.text for leaf in t.call.errors if leaf == "RuntimeError"]
    t.expect_that("RuntimeError with the name of", any(who in text for text in texts), f"{who}: not in its text")


@check("R6", misconception="crash-seen-at-the-end", step="watch-what-runs", core=False)
def test_crash_cancels_the_body(play: Play) -> None:
    """When a running service raises or returns, the body is cancelled at once."""
    for steps, who in zip(CRASHES, ("db", "log", "web"), strict=True):
        t = play(services=crashing(who, steps), body=[cleanup(wait(1)), wait(40)])
        t.expect("the body was cancelled at", t.one("body").cancelled_at, about(crash_of(t, who)))


@check("R6", misconception="returning-is-fine", step="watch-what-runs", core=False)
def test_error_of_a_crash_leaves(play: Play) -> None:
    """The error of a service that crashed leaves the call; if it just returned, `RuntimeError` with its name."""
    for steps in CRASHES:
        for who, body in (("db", [wait(40)]), ("web", [on_cancel(wait(0.5), give(0)), wait(40)])):
            expect_crash_leaves(play(services=crashing(who, steps), body=body), who)
    for kind in ("EndOfStream", "ClosedResourceError", "KeyError", "RuntimeError"):
        t = play(services=crashing("log", [wait(2.3), fail(f"E {kind}", kind)]), body=[wait(40)])
        expect_crash_leaves(t, "log")
        t.expect("states after the block", final(t), {"db": "STOPPED", "log": "FAILED", "web": "STOPPED"})


@check("R6", misconception="crash-ends-all-at-once", step="keep-the-order-whatever-happens", core=False)
def test_crash_stops_the_others_in_order(play: Play) -> None:
    """After a crash the others are stopped when the body has ended, cleanup included, dependants first."""
    for steps, who in zip(CRASHES, ("log", "web", "db"), strict=True):
        plan = crashing(who, steps)
        t = play(services=plan, body=[cleanup(wait(1.7)), wait(40)])
        for name, span in runs(t).items():
            if name != who:
                t.expect(f"{name} was cancelled at", span.cancelled_at, at_least(body_end(t)))
        expect_stopped(t, plan)


@check("R6", misconception="state-set-once", step="watch-what-runs", core=False)
def test_crashed_is_failed(play: Play) -> None:
    """A service that raises or returns while it should run is `FAILED`, from then on."""
    for steps in CRASHES:
        for who in ("log", "db"):
            plan = crashing(who, steps)
            t = play(services=plan, body=[cleanup(wait(0.6), states(), wait(0.6)), wait(40)])
            wanted = {**dict.fromkeys(plan, "RUNNING"), who: "FAILED"}
            t.expect("states while the body cleans up", t.one("states", "caller").value, wanted)
            t.expect("states after the block", final(t), {**dict.fromkeys(plan, "STOPPED"), who: "FAILED"})


@check("R6", misconception="crash-seen-at-the-end", step="watch-what-runs", core=False)
def test_crash_before_the_body(play: Play) -> None:
    """A service that crashes while others still start: its error leaves, and the body does not run."""
    for steps in CRASHES:
        plan = {"db": doing(*steps, up=0.9, down=0), "log": service(up=5.3), "web": service("log")}
        t = play(services=plan, body=[wait(40)], start_timeout=8)
        expect_crash_leaves(t, "db")
        expect_no_body(t)


@check("R6", misconception="first-crash-counts", step="watch-what-runs", core=False)
def test_two_crashes(play: Play) -> None:
    """When a second service crashes while the body, cancelled for the first, cleans up, both errors leave the call."""
    plan = {
        "db": service(),
        "log": doing(wait(2.3), fail("E"), requires=["db"], down=0),
        "web": doing(wait(3.1), fail("E2"), requires=["db"], down=0),
    }
    t = play(services=plan, body=[cleanup(wait(1.9)), wait(40)])
    expect_leaves(t, "E", "E2")


@check("R6", misconception="first-crash-counts", step="watch-what-runs", core=False)
def test_crash_and_an_error_of_the_body(play: Play) -> None:
    """When the body, cancelled because a service crashed, raises while it cleans up, its error and the service's leave."""
    for steps in CRASHES:
        t = play(services=crashing("log", steps), body=[on_cancel(wait(0.5), fail("B")), wait(40)])
        expect_crash_leaves(t, "log")
        expect_leaves(t, "B")


# -- R7: checks --------------------------------------------------------------------------------------------------------
def checks_at(t: Trace, name: str) -> list[float]:
    """When the service was checked, from the beginning of the body (s)."""
    return [round(span.start - t.one("body").start, 6) for span in t.all("check", name)]


def watched(**checks: Any) -> dict[str, Any]:
    """Services that get ready at different times; name → what its check does, or a list of such scripts, in turn."""
    plan: dict[str, Any] = {}
    for i, (name, script) in enumerate(checks.items()):
        several = bool(script) and isinstance(script[0], list) and isinstance(script[0][0], list)
        plan[name] = service(up=1.3 + 0.7 * i, **({"checks": script} if several else {"check": script}))
    return plan


def nears(*times: float) -> list[Any]:
    """Each about that time."""
    return [about(time) for time in times]


@check("R7", misconception="intervals-add-up", step="watch-what-runs", core=False)
def test_checked_at_intervals(play: Play) -> None:
    """Every `health_interval` seconds, from when the body begins, all services are checked, however long a check takes."""
    plan = watched(db=[wait(0.7)], log=[wait(0.2)], web=[])
    t = play(services=plan, body=[wait(9.9)], health_interval=2.4, check_timeout=1.5)
    for name in plan:
        t.expect(f"{name} was checked, after s", checks_at(t, name), nears(2.4, 4.8, 7.2, 9.6))


@check("R7", misconception="intervals-add-up", step="watch-what-runs", core=False)
def test_intervals_of_any_size(play: Play) -> None:
    """`health_interval` and `check_timeout` may be parts of a second, or minutes."""
    for scale in (0.3, 90):
        plan = watched(db=[wait(0.75 * scale)], web=[hang()])
        body = [wait(3.6 * scale), health()]
        t = play(services=plan, body=body, health_interval=scale, check_timeout=0.8 * scale)
        for name in plan:
            t.expect(f"{name} was checked, after s", checks_at(t, name), nears(scale, 2 * scale, 3 * scale))
        begin = t.one("body").start
        t.expect("a check that hangs ended at", t.all("check", "web")[0].end, about(begin + 1.8 * scale))
        t.expect("healthy", t.one("health", "caller").value, {"db": True, "web": False})


@check("R7", misconception="state-for-all-blocks", step="watch-what-runs", core=False)
def test_healthy_in_a_second_block(play: Play) -> None:
    """In a second block with the same services `healthy` is True again before the first check."""
    t = play(services=watched(db=[fail("E")], web=[]), body=[health(), wait(3)], health_interval=2, blocks=2)
    for seen in t.all("health", "caller"):
        t.expect("healthy before the first check", seen.value, {"db": True, "web": True})
    t.expect("bodies", len(t.all("body")), 2)
    t.expect("checks of db, one in each block", len(t.all("check", "db")), 2)


@check("R7", misconception="intervals-add-up", step="watch-what-runs", core=False)
def test_defaults(play: Play) -> None:
    """By default services are checked every 10 seconds, each check for at most 1 second."""
    t = play(services=watched(db=[wait(0.95)], web=[hang()]), body=[wait(25), health(), wait(10)])
    for name in ("db", "web"):
        t.expect(f"{name} was checked, after s", checks_at(t, name), nears(10, 20, 30))
    t.expect("a check that hangs ended at", t.all("check", "web")[0].end, about(t.one("body").start + 11))
    t.expect("healthy", t.one("health", "caller").value, {"db": True, "web": False})


@check("R7", misconception="a-check-ends-by-itself", step="watch-what-runs", core=False)
def test_check_timeout(play: Play) -> None:
    """A check is cancelled after `check_timeout` seconds."""
    plan = watched(db=[hang()], log=[wait(0.7)], web=[wait(5)])
    t = play(services=plan, body=[wait(3.5)], health_interval=2, check_timeout=0.8)
    for name in ("db", "web"):
        ends = [(span.how, span.end) for span in t.all("check", name)]
        begin = t.one("body").start
        t.expect(f"checks of {name}", ends, [("cancelled", about(begin + 2.8))])
    t.expect("checks of log", [span.how for span in t.all("check", "log")][:1], ["returned"])


@check("R7", misconception="healthy-until-proven", step="watch-what-runs", core=False)
def test_healthy_tells_how_the_last_check_ended(play: Play) -> None:
    """`healthy` is True before the first check; then it tells how the last one ended: an error or a timeout is unhealthy."""
    late = [on_cancel(fail("L")), hang()]
    plan = watched(
        db=[[wait(0.3)], [wait(0.4), fail("E")], [wait(0.3)], [fail("E2", "ExceptionGroup")]],
        log=[[hang()], [wait(0.3)], [wait(0.2), fail("E3", "TimeoutError")], [wait(0.1)]],
        web=[[at_once(), fail("E4")], [awaitable(), wait(0.2)], late, [wait(0.3)]],
    )
    asks = [step for _ in range(5) for step in (wait(1.6), health(), wait(0.4))]
    t = play(services=plan, body=asks, health_interval=2, check_timeout=0.8)
    seen = [span.value for span in t.all("health", "caller")]
    wanted = {
        "db": [True, True, False, True, False],
        "log": [True, False, True, False, True],
        "web": [True, False, True, False, True],
    }
    for name, values in wanted.items():
        t.expect(f"healthy({name!r}) after s 1.6, 3.6, 5.6 …", [value[name] for value in seen], values)


@check("R7", misconception="healthy-until-proven", step="watch-what-runs", core=False)
def test_while_a_check_runs(play: Play) -> None:
    """While a check runs `healthy` still tells how the one before ended."""
    plan = watched(db=[[wait(0.6)], [wait(0.6), fail("E")], [wait(0.6)]])
    asks = [step for _ in range(3) for step in (wait(1.7), wait(0.6), health(), wait(0.1))]
    t = play(services=plan, body=asks, health_interval=2.2, check_timeout=0.9)
    seen = [span.value["db"] for span in t.all("health", "caller")]
    t.expect("healthy while the first, second and third check run", seen, [True, True, False])


@check("R7", misconception="one-check-holds-up-all", step="watch-what-runs", core=False)
def test_healthy_from_when_the_check_has_ended(play: Play) -> None:
    """`healthy` follows each check from when that one has ended, also while others of the same round still run."""
    plan = watched(db=[[wait(0.1), fail("E")], [wait(0.1)]], log=[[hang()], [wait(0.7)]], web=[[hang()], [hang()]])
    asks = [wait(2.4), *[step for _ in range(2) for step in (health(), wait(0.8), health(), wait(1.2))]]
    t = play(services=plan, body=asks, health_interval=2, check_timeout=1.3)
    wanted = {"db": [False, False, True, True], "log": [True, True, False, True], "web": [True, True, False, False]}
    seen = [span.value for span in t.all("health", "caller")]
    for name, values in wanted.items():
        t.expect(f"healthy({name!r}) after s 2.4, 3.2, 4.4, 5.2", [value[name] for value in seen], values)


@check("R7", misconception="unhealthy-is-stopped", step="watch-what-runs", core=False)
def test_unhealthy_is_not_stopped(play: Play) -> None:
    """An unhealthy service is not stopped, it still is `RUNNING`, and the body is not disturbed."""
    for script in ([wait(0.3), fail("E")], [hang()], [fail("E2", "TimeoutError")]):
        t = play(services=watched(db=script, web=[]), body=[wait(9), states()], health_interval=2, check_timeout=0.8)
        t.expect("the body", t.one("body").ending, "returned")
        t.one("check", "db")
        t.expect("states at the end of the body", t.one("states", "caller").value, {"db": "RUNNING", "web": "RUNNING"})
        t.expect("db was cancelled at", t.of("db").cancelled_at, at_least(body_end(t)))
        t.expect("the call", t.call.ending, "returned")


@check("R7", misconception="one-check-holds-up-all", step="watch-what-runs", core=False)
def test_a_check_holds_up_no_other(play: Play) -> None:
    """A check that takes longer than `health_interval` does not hold up the checks of other services."""
    plan = watched(db=[wait(5.5)], log=[], web=[wait(0.2)])
    t = play(services=plan, body=[wait(9)], health_interval=2, check_timeout=7)
    for name in ("log", "web"):
        t.expect(f"{name} was checked, after s", checks_at(t, name), nears(2, 4, 6, 8))


@check("R7", misconception="background-task-left", step="watch-what-runs", core=False)
def test_checks_end_with_the_body(play: Play) -> None:
    """When the body ends, checks that run are cancelled, and no further ones are made while services stop."""
    plan = {**watched(db=[hang()]), "web": service(down=9)}
    for body in ([wait(2.7)], [wait(2.7), fail("E")]):
        t = play(services=plan, body=body, health_interval=2, check_timeout=30)
        t.expect("a check of db was cancelled at", t.one("check", "db").cancelled_at, about(body_end(t)))
        late = [span.who for span in t.all("check") if span.start > body_end(t) + 1e-6]
        t.expect("checks after the body", late, [])


# -- R8: the stop is not cut short ---------------------------------------------------------------------------------------
SLOW = {"db": service(down=0.6), "log": service("db", down=1.2), "web": service("log", down=8.5), "mail": service("db")}


@check("R8", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_cancelled_while_stopping(play: Play) -> None:
    """A cancellation while services stop does not cut that short: what a dependant requires runs until that has ended."""
    for offset in (0.3, 4, 9):
        t = play(services=SLOW, body=[wait(3)]).cancel("caller", at=START + 6 + offset)
        expect_stopped(t, SLOW)


@check("R8", misconception="shield-with-a-bound", step="keep-the-order-whatever-happens", core=False)
def test_stop_has_no_bound(play: Play) -> None:
    """However long a dependant needs to clean up, what it requires stays running, cancelled or not."""
    plan = {"db": service(), "web": service("db", down=20_000)}
    for trial in (play(services=plan, body=[wait(3)]), play(services=plan, body=[wait(30)]).cancel("caller", at=20)):
        expect_stopped(trial, plan)


@check("R8", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_deadline_while_stopping(play: Play) -> None:
    """A deadline around the block that strikes while services stop does not cut that short."""
    for body in ([wait(3)], [wait(3), fail("E")]):
        t = play(services=SLOW, body=body).within("caller", START + 8)
        expect_stopped(t, SLOW)


@check("R8", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_cancelled_while_a_failed_start_stops(play: Play) -> None:
    """After a start that failed, or a crash, a cancellation does not cut the stop short either."""
    plan = failing(cleanup(wait(2.5)), fail("E"))
    expect_stopped(play(services=plan, body=[wait(1)]).cancel("caller", at=AT + 1.3), plan)
    expect_stopped(play(services=plan, body=[wait(1)]).cancel("caller", at=AT + 3), plan)
    plan = crashing("web", [wait(2.3), fail("E")])
    expect_stopped(play(services=plan, body=[wait(40)]).cancel("caller", at=START + 5.5), plan)


# -- rules for every exercise --------------------------------------------------------------------------------------------
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
        expect_started(t, plan)
        t.expect_nothing_left()
    for steps in ([wait(2), fail("E")], [cleanup(wait(1)), hang()]):
        t = play(services=failing(*steps), body=[wait(1)], start_timeout=4)
        expect_started(t, ("db", "log", "web"))
        t.expect_nothing_left()
    play(services=plan, body=[wait(12)]).cancel("caller", at=START + 0.5).expect_nothing_left()


@check("G3", misconception="cancellation-is-an-end-like-others", step="keep-the-order-whatever-happens")
def test_cancellation_goes_on(play: Play) -> None:
    """Cancelled from outside while the body runs, the body is cancelled at once, and the block ends by that."""
    plan = {"db": service(down=0.3), "web": service("db", down=0.4)}
    for trial in (
        play(services=plan, body=[wait(30)]).cancel("caller", at=START + 9),
        play(services=plan, body=[wait(30)]).within("caller", START + 9),
    ):
        expect_started(trial, plan)
        trial.expect("the body was cancelled at", trial.one("body").cancelled_at, about(START + 9))
        trial.expect_that("cancelled from outside", trial.call.how == "cancelled", f"it {trial.call.ending}")
        trial.expect("the block ended at", trial.call.end, by(START + 9.7))


@check("G3", misconception="cancellation-is-an-end-like-others", step="keep-the-order-whatever-happens")
def test_cancelled_start_goes_on(play: Play) -> None:
    """Cancelled from outside while services start, the block ends by that: no body, no `StartError`, no waiting."""
    plan = {"db": service(down=0.3), "web": service("db", up=9, down=0.4)}
    for at in (0.6, 5):
        t = play(services=plan, body=[wait(30)], start_timeout=20).cancel("caller", at=START + at)
        expect_started(t, ["db"])
        t.expect_that("cancelled from outside", t.call.how == "cancelled", f"it {t.call.ending}")
        t.expect("the block ended at", t.call.end, by(START + at + 0.7))
        expect_no_body(t)


@check("G3", misconception="cancellation-is-an-end-like-others", step="keep-the-order-whatever-happens")
def test_cancellation_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment before the body has ended, the block ends by that, or at the next await."""
    for t in play(services={"db": service()}, body=[wait(1), wait(1)]).cancelled("caller"):
        expect_started(t, [] if t.notes("cancel") else ["db"])
        if t.notes("cancel") and [span.how for span in t.all("body")] != ["returned"]:
            t.expect_that("cancelled from outside", t.call.how == "cancelled", f"it {t.call.ending}")


@check("G4", misconception="blocking-is-short", step="bound-the-start")
def test_blocks_nothing(play: Play) -> None:
    """No call blocks the event loop."""
    plan = {"db": service(), "web": service("db")}
    for t in (play(services=plan, body=[wait(25)]), play(services=failing(hang()), body=[wait(1)], start_timeout=3)):
        expect_started(t, ["db", "web"])
        t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="know-when-it-is-ready")
def test_interrupts_are_no_start_errors(play: Play) -> None:
    """An exception that is no `Exception`, such as KeyboardInterrupt, is no failed start: it leaves the call itself."""
    t = play(services=failing(wait(1), fail("stop", "Abandon")), body=[wait(1)])
    expect_leaves(t, "stop")


@check("G5", misconception="catch-everything", step="keep-the-order-whatever-happens", core=False)
def test_interrupts_pass(play: Play) -> None:
    """An exception that is no `Exception` leaves the call, whoever raises it, and services are stopped in order."""
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
    """An exception that is no `Exception`, raised by a service while it stops, is not lost; the others stop in order."""
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        plan = {"db": service(down=1.6), "log": service("db", down=2.2), "web": grumpy("stop", "log", kind=kind)}
        # This asks only that it is not lost: a stop that never ends after it is not judged here.
        t = play(services=plan, body=[wait(2)]).accepting("deadlock")
        expect_started(t, plan)
        t.expect_that(f"{kind} of web should leave the call", t.call.how != "returned", f"it {t.call.ending}")
        expect_stop_order(t, plan)


@check("G6", misconception="look-again-and-again", step="know-when-it-is-ready")
def test_no_busy_waiting(play: Play) -> None:
    """The number of wake-ups does not grow with the time that services take to start, to run and to stop."""

    def steps(scale: float) -> int:
        plan = {"db": service(up=scale, down=scale), "web": service("db", up=scale, down=scale)}
        t = play(services=plan, body=[wait(scale)], start_timeout=3 * scale, health_interval=9 * scale)
        expect_started(t, ["db"])
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
    expect_all_ended(t)
