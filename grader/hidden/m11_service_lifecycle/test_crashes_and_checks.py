"""Hidden checks of m11: a service that ends while it should run, and checks of its health."""

from __future__ import annotations

from typing import Any

from grader import (
    Play,
    SentencePart,
    Trace,
    about,
    at_least,
    at_once,
    awaitable,
    check,
    cleanup,
    fail,
    give,
    hang,
    on_cancel,
    wait,
)

from .plans import (
    body_end,
    crashing,
    doing,
    expect_leaves,
    expect_no_body,
    expect_stopped,
    final,
    health,
    runs,
    service,
    states,
)

# -- R6: a service that ends while it should run ---------------------------------------------------------------------
CRASHES = ([wait(2.3), fail("E")], [wait(2.3), fail("E2", "TimeoutError")], [wait(2.3)])
"""Ways to end by itself."""


def crash_of(t: Trace, who: str) -> float:
    """When the service ended."""
    return t.one("run", who).end or 0.0


def expect_crash_leaves(t: Trace, who: str, kind: str = "an error", also: str = "") -> None:
    """Expect that the error of the service, or `RuntimeError` with its name if it just returned, leaves the call.

    Args:
        t: the run.
        who: the service.
        kind: of what it raised.
        also: what happened besides, as the rest of a sentence.
    """
    error = t.one("run", who).raised
    if error is not None:
        expect_leaves(t, str(error.token), part=f"When a running service raises {kind}, that leaves the call{also}.")
        return
    part = f"When a running service returns by itself, `RuntimeError` with its name leaves the call{also}."
    expect_leaves(t, "RuntimeError", part=part)
    texts = [leaf.text for leaf in t.call.errors if leaf == "RuntimeError"]
    named = any(who in text for text in texts)
    t.expect_that(f"the name {who}", named, "not in the text of the RuntimeError", part=part)


@check("R6", misconception="crash-seen-at-the-end", step="watch-what-runs", core=False)
def test_crash_cancels_the_body(play: Play) -> None:
    """When a running service raises or returns, the body is cancelled at once."""
    for steps, who in zip(CRASHES, ("db", "log", "web"), strict=True):
        t = play(services=crashing(who, steps), body=[cleanup(wait(1)), wait(40)])
        t.expect("the body was cancelled at", t.one("body").cancelled_at, about(crash_of(t, who)))


@check("R6", misconception="state-set-once", step="watch-what-runs", core=False)
def test_crashed_is_failed(play: Play) -> None:
    """A service that raises or returns while it should run is `FAILED`, from then on."""
    for steps in CRASHES:
        for who in ("log", "db"):
            plan = crashing(who, steps)
            t = play(services=plan, body=[cleanup(wait(0.6), states(), wait(0.6)), wait(40)])
            seen = t.one("states", "caller").value
            part = "A service that has crashed is `FAILED` from then on."
            t.expect(f"the state of {who}, which crashed, while the body cleans up", seen[who], "FAILED", part=part)
            wanted = {**dict.fromkeys(plan, "RUNNING"), who: "FAILED"}
            part = "While the body cleans up after a crash, the other services are still `RUNNING`."
            t.expect("states while the body cleans up", seen, wanted, part=part)
            part = "A service that crashed is still `FAILED` after the block, and the others are `STOPPED`."
            t.expect("states after the block", final(t), {**dict.fromkeys(plan, "STOPPED"), who: "FAILED"}, part=part)


@check("R6", misconception="returning-is-fine", step="watch-what-runs", core=False)
def test_error_of_a_crash_leaves(play: Play) -> None:
    """The error of a service that crashed leaves the call; if it just returned, `RuntimeError` with its name."""
    for steps in CRASHES:
        for who, body in (("db", [wait(40)]), ("web", [on_cancel(wait(0.5), give(0)), wait(40)])):
            expect_crash_leaves(play(services=crashing(who, steps), body=body), who)
    for kind in ("EndOfStream", "ClosedResourceError", "KeyError", "RuntimeError"):
        t = play(services=crashing("log", [wait(2.3), fail(f"E {kind}", kind)]), body=[wait(40)])
        expect_crash_leaves(t, "log", kind)
        part = "A service that crashed is `FAILED` after the block, and the others are `STOPPED`."
        t.expect("states after the block", final(t), {"db": "STOPPED", "log": "FAILED", "web": "STOPPED"}, part=part)


@check("R6", misconception="crash-ends-all-at-once", step="keep-the-order-whatever-happens", core=False)
def test_crash_stops_the_others_in_order(play: Play) -> None:
    """After a crash the others are stopped in order, dependants first, and only when the body has ended, cleanup included."""
    for steps, who in zip(CRASHES, ("log", "web", "db"), strict=True):
        plan = crashing(who, steps)
        t = play(services=plan, body=[cleanup(wait(1.7)), wait(40)])
        for name, span in runs(t).items():
            if name != who:
                part = "After a crash the other services are cancelled only when the body has ended, cleanup included."
                t.expect(f"{name} was cancelled at", span.cancelled_at, at_least(body_end(t)), part=part)
        expect_stopped(t, plan, "After a crash")


@check("R6", misconception="crash-seen-at-the-end", step="watch-what-runs", core=False)
def test_crash_before_the_body(play: Play) -> None:
    """When a service crashes while others still start, its error leaves the call, and the body does not run."""
    for steps in CRASHES:
        plan = {"db": doing(*steps, up=0.9, down=0), "log": service(up=5.3), "web": service("log")}
        t = play(services=plan, body=[wait(40)], start_timeout=8)
        expect_crash_leaves(t, "db")
        expect_no_body(t, "When a service crashes before all are ready")


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
        expect_crash_leaves(t, "log", also=", also if the body raises as it is cancelled for that")
        part = "When the body, cancelled because a service crashed, raises as well, its error leaves the call too."
        expect_leaves(t, "B", part=part)


# -- R7: checks ------------------------------------------------------------------------------------------------------
def checks_at(t: Trace, name: str) -> list[float]:
    """When the service was checked, from the beginning of the body (s)."""
    return [round(span.start - t.one("body").start, 6) for span in t.all("check", name)]


def expect_no_late_checks(t: Trace, *names: str) -> None:
    """Expect that no check of these services began after the body."""
    late = [span.who for span in t.all("check") if span.who in names and span.start > body_end(t) + 1e-6]
    part = "When the body has ended, no other check begins while services stop."
    t.expect("services that were checked after the body", late, [], part=part)


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


FIRST = "Before its first check has ended a service is healthy."
RAISED = "A service whose last check raised is unhealthy."
TIMED_OUT = "A service whose last check took longer than `check_timeout` is unhealthy."
WELL = "A service whose last check ended without an error is healthy, whatever those before did."


@check("R7", misconception="intervals-add-up", step="watch-what-runs", core=False)
def test_checked_at_intervals(play: Play) -> None:
    """Services are checked every `health_interval` seconds from when the body begins: the time of a check does not add to it."""
    plan = watched(db=[wait(0.7)], log=[wait(0.2)], web=[])
    t = play(services=plan, body=[wait(9.9)], health_interval=2.4, check_timeout=1.5)
    expect_no_late_checks(t, *plan)
    for name in plan:
        t.expect(
            f"counted from when the body began, {name} was checked at", checks_at(t, name), nears(2.4, 4.8, 7.2, 9.6)
        )


@check("R7", misconception="intervals-add-up", step="watch-what-runs", core=False, wide=True)
def test_intervals_of_any_size(play: Play) -> None:
    """`health_interval` and `check_timeout` may be parts of a second, or minutes."""
    for scale in (0.3, 90):
        plan = watched(db=[wait(0.75 * scale)], web=[hang()])
        body = [wait(3.6 * scale), health()]
        t = play(services=plan, body=body, health_interval=scale, check_timeout=0.8 * scale)
        expect_no_late_checks(t, *plan)
        for name in plan:
            what = f"counted from when the body began, {name} was checked at"
            part = "Services are checked every `health_interval` seconds, also where that is a part of a second, or minutes."
            t.expect(what, checks_at(t, name), nears(scale, 2 * scale, 3 * scale), part=part)
        begin = t.one("body").start
        part = "A check that hangs is cancelled after `check_timeout` seconds, also where that is a part of a second, or minutes."
        t.expect("a check that hangs ended at", t.all("check", "web")[0].end, about(begin + 1.8 * scale), part=part)
        t.expect("`healthy`", t.one("health", "caller").value, {"db": True, "web": False}, part=TIMED_OUT)


@check("R7", misconception="state-for-all-blocks", step="watch-what-runs", core=False)
def test_healthy_in_a_second_block(play: Play) -> None:
    """In a second block with the same services `healthy` is True again before the first check."""
    t = play(services=watched(db=[fail("E")], web=[]), body=[health(), wait(3)], health_interval=2, blocks=2)
    for seen in t.all("health", "caller"):
        t.expect("`healthy` before the first check", seen.value, {"db": True, "web": True})
    t.expect("bodies", len(t.all("body")), 2)
    t.expect("checks of db, one in each block", len(t.all("check", "db")), 2)


@check("R7", misconception="intervals-add-up", step="watch-what-runs", core=False, wide=True)
def test_defaults(play: Play) -> None:
    """By default services are checked every 10 seconds, each check for at most 1 second."""
    t = play(services=watched(db=[wait(0.95)], web=[hang()]), body=[wait(25), health(), wait(10)])
    expect_no_late_checks(t, "db", "web")
    for name in ("db", "web"):
        what = f"counted from when the body began, {name} was checked at"
        t.expect(what, checks_at(t, name), nears(10, 20, 30), part="By default services are checked every 10 seconds.")
    part = "By default a check that hangs is cancelled after 1 second."
    t.expect("a check that hangs ended at", t.all("check", "web")[0].end, about(t.one("body").start + 11), part=part)
    t.expect("`healthy`", t.one("health", "caller").value, {"db": True, "web": False}, part=TIMED_OUT)


@check("R7", misconception="a-check-ends-by-itself", step="watch-what-runs", core=False)
def test_check_timeout(play: Play) -> None:
    """A check is cancelled after `check_timeout` seconds."""
    plan = watched(db=[hang()], log=[wait(0.7)], web=[wait(5)])
    t = play(services=plan, body=[wait(3.5)], health_interval=2, check_timeout=0.8)
    expect_no_late_checks(t, "db", "web")
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
    sentence = "An unhealthy service is not stopped, and the body is not disturbed."
    part = SentencePart(sentence, misconception="unhealthy-is-stopped", step="watch-what-runs")
    t.expect("how the body ended", t.one("body").ending, "returned", part=part)
    wanted = {
        "db": [True, True, False, True, False],
        "log": [True, False, True, False, True],
        "web": [True, False, True, False, True],
    }
    for name, values in wanted.items():
        told = [value[name] for value in seen]
        for number, (is_healthy, should) in enumerate(zip(told, values, strict=False)):
            late = (name, number) in {("log", 1), ("web", 3)}
            part = FIRST if not number else WELL if should else TIMED_OUT if late else RAISED
            t.expect(f"`healthy({name!r})` after check {number}", is_healthy, should, part=part)
        t.expect(f"`healthy({name!r})` after 0, 1, 2, 3 and 4 checks", told, values)


@check("R7", misconception="healthy-until-proven", step="watch-what-runs", core=False)
def test_while_a_check_runs(play: Play) -> None:
    """While a check runs `healthy` still tells how the one before ended."""
    plan = watched(db=[[wait(0.6)], [wait(0.6), fail("E")], [wait(0.6)]])
    asks = [step for _ in range(3) for step in (wait(1.7), wait(0.6), health(), wait(0.1))]
    t = play(services=plan, body=asks, health_interval=2.2, check_timeout=0.9)
    seen = [span.value["db"] for span in t.all("health", "caller")]
    t.expect("`healthy` while the first, second and third check run", seen, [True, True, False])


@check("R7", misconception="one-check-holds-up-all", step="watch-what-runs", core=False)
def test_healthy_from_when_the_check_has_ended(play: Play) -> None:
    """`healthy` changes as soon as a service's own check has ended, also while checks of other services still run."""
    plan = watched(db=[[wait(0.1), fail("E")], [wait(0.1)]], log=[[hang()], [wait(0.7)]], web=[[hang()], [hang()]])
    asks = [wait(2.4), *[step for _ in range(2) for step in (health(), wait(0.8), health(), wait(1.2))]]
    t = play(services=plan, body=asks, health_interval=2, check_timeout=1.3)
    wanted = {"db": [False, False, True, True], "log": [True, True, False, True], "web": [True, True, False, False]}
    seen = [span.value for span in t.all("health", "caller")]
    for name, values in wanted.items():
        what = f"`healthy({name!r})` 2.4, 3.2, 4.4 and 5.2 s after the body began"
        t.expect(what, [value[name] for value in seen], values)


@check("R7", misconception="unhealthy-is-stopped", step="watch-what-runs", core=False)
def test_unhealthy_is_not_stopped(play: Play) -> None:
    """An unhealthy service is not stopped, it still is `RUNNING`, and the body is not disturbed."""
    for script in ([wait(0.3), fail("E")], [hang()], [fail("E2", "TimeoutError")]):
        t = play(services=watched(db=script, web=[]), body=[wait(9), states()], health_interval=2, check_timeout=0.8)
        t.expect("the body", t.one("body").ending, "returned")
        t.one("check", "db")
        part = "A service that is unhealthy is still `RUNNING`."
        seen = t.one("states", "caller").value
        t.expect("states at the end of the body", seen, {"db": "RUNNING", "web": "RUNNING"}, part=part)
        part = "A service that is unhealthy is not cancelled: it runs until the block ends."
        t.expect("db was cancelled at", t.of("db").cancelled_at, at_least(body_end(t)), part=part)
        t.expect("the call", t.call.ending, "returned")


@check("R7", misconception="one-check-holds-up-all", step="watch-what-runs", core=False)
def test_a_check_holds_up_no_other(play: Play) -> None:
    """Services are checked on time also while the check of another one takes longer than `health_interval`."""
    plan = watched(db=[wait(5.5)], log=[], web=[wait(0.2)])
    t = play(services=plan, body=[wait(9)], health_interval=2, check_timeout=7)
    expect_no_late_checks(t, "log", "web")
    for name in ("log", "web"):
        t.expect(f"counted from when the body began, {name} was checked at", checks_at(t, name), nears(2, 4, 6, 8))


@check("R7", misconception="background-task-left", step="watch-what-runs", core=False)
def test_checks_end_with_the_body(play: Play) -> None:
    """When the body ends, checks that run are cancelled, and no other check begins while services stop."""
    plan = {**watched(db=[hang()]), "web": service(down=9)}
    for body in ([wait(2.7)], [wait(2.7), fail("E")]):
        t = play(services=plan, body=body, health_interval=2, check_timeout=30)
        part = "When the body ends, checks that run are cancelled."
        t.expect("a check of db was cancelled at", t.one("check", "db").cancelled_at, about(body_end(t)), part=part)
        expect_no_late_checks(t, *plan)
