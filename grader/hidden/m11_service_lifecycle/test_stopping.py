"""Hidden checks of m11: stopping in order, whatever ends it, and not cut short."""

from __future__ import annotations

from grader import Play, Trace, about, at_least, check, cleanup, fail, give, hang, leaves_of, on_cancel, wait

from .plans import (
    AT,
    DIAMOND,
    MANY,
    MIRROR,
    START,
    body_end,
    chain,
    crashing,
    doing,
    expect_leaves,
    expect_no_body,
    expect_stopped,
    failing,
    final,
    graph,
    grumpy,
    mixed,
    ready,
    runs,
    service,
    states,
)


# -- R4: stopping in order -------------------------------------------------------------------------------------------
@check("R4", misconception="cancel-all-at-once", step="stop-dependants-first")
def test_stops_dependants_first(play: Play) -> None:
    """A service is cancelled only when all that require it have ended, cleanup included."""
    for plan in (chain(play, "db", "log", "web"), DIAMOND, MIRROR):
        t = play(services=plan, body=[wait(3)])
        expect_stopped(t, plan)


@check("R4", misconception="reverse-of-the-list", step="stop-dependants-first")
def test_stops_any_graph(play: Play) -> None:
    """Services may be given in any order: each is cancelled only when all that require it have ended."""
    for _ in range(2):
        plan = graph(play)
        for t in play(services=plan, body=[wait(2)]).orders(4):
            expect_stopped(t, plan)


@check("R4", misconception="they-end-by-themselves", step="stop-dependants-first")
def test_stops_after_the_body(play: Play) -> None:
    """Every service is cancelled when the body has ended, not before, and the block ends when all have ended."""
    plan = chain(play, "db", "log", "web")
    t = play(services=plan, body=[wait(3)])
    t.expect_begun(*plan)
    t.expect("the call", t.call.ending, "returned")
    for name, span in runs(t).items():
        part = "When the body has ended, every service is cancelled."
        t.expect_that(name, span.cancelled_at is not None, f"was not cancelled: it {span.ending}", part=part)
        part = "No service is cancelled before the body has ended."
        t.expect(f"{name} was cancelled at", span.cancelled_at, at_least(body_end(t)), part=part)
    last = max([START, *(span.end or 0.0 for span in runs(t).values())])
    t.expect("the call ended at", t.call.end, about(last), part="The block ends as soon as all services have ended.")


STOPS = {
    "RUNNING": "While others stop, a service that is not cancelled yet is still `RUNNING`.",
    "STOPPING": "A service that has been cancelled, and has not ended, is `STOPPING`.",
    "STOPPED": "A service that has been cancelled and has ended is `STOPPED`, also while others still stop.",
}


@check("R4", misconception="state-set-once", step="stop-dependants-first")
def test_states_before_and_after(play: Play) -> None:
    """All services are `RUNNING` in the body, and `STOPPED` after the block."""
    plan = chain(play, "db", "log", "web")
    t = play(services=plan, body=[states(), wait(3), states()])
    t.expect_begun(*plan)
    for seen in t.all("states", "caller"):
        part = "In the body all services are `RUNNING`."
        t.expect("states in the body", seen.value, dict.fromkeys(plan, "RUNNING"), part=part)
    part = "After the block all services are `STOPPED`."
    t.expect("states after the block", final(t), dict.fromkeys(plan, "STOPPED"), part=part)


@check("R4", misconception="state-set-once", step="stop-dependants-first")
def test_states_follow_the_stop(play: Play) -> None:
    """While services stop, each is `RUNNING` until it is cancelled, then `STOPPING`, and `STOPPED` when it has ended."""
    names = ["db", "log", "web"]
    asks = [cleanup(wait(0.4), states(), wait(0.5)), wait(1.1), ready(), hang()]
    plan = {name: {"requires": names[:i][-1:], "run": asks} for i, name in enumerate(names)}
    t = play(services=mixed(play, plan), body=[wait(3)])
    for i, name in enumerate(names):
        wanted = ["RUNNING"] * i + ["STOPPING"] + ["STOPPED"] * (2 - i)
        seen = t.one("states", name).value
        for other, state in zip(names, wanted, strict=True):
            t.expect(f"the state of {other} while {name} stops", seen[other], state, part=STOPS[state])


@check("R4", misconception="state-set-once", step="stop-dependants-first")
def test_returning_is_stopping_too(play: Play) -> None:
    """A service that returns when it is cancelled, and does not raise, has stopped like any other."""
    plan = {"db": service(), "web": doing(on_cancel(wait(0.8), give(0)), hang(), requires=["db"])}
    t = play(services=plan, body=[wait(3)])
    t.expect("the call", t.call.ending, "returned")
    part = "A service that returns when it is cancelled is `STOPPED` like any other."
    t.expect("states after the block", final(t), dict.fromkeys(plan, "STOPPED"), part=part)
    expect_stopped(t, plan)


@check("R4", misconception="one-after-the-other", step="side-by-side", core=False)
def test_stop_together(play: Play) -> None:
    """Services that do not depend on each other stop at the same time."""
    plan = {name: service(down=down) for name, down in zip(("db", "log", "mail"), play.draw(3), strict=True)}
    for t in play(services=mixed(play, plan), body=[wait(2)]).orders(4):
        seen = {name: span.cancelled_at for name, span in sorted(runs(t).items())}
        t.expect("cancelled at", seen, dict.fromkeys(sorted(plan), about(body_end(t))))
    many = {f"s{i}": service(down=down) for i, down in enumerate(play.draw(MANY))}
    t = play(services=many, body=[wait(2)])
    t.expect_begun(*many)
    late = [name for name, span in runs(t).items() if (span.cancelled_at or 0) > body_end(t) + 0.06]
    t.expect(f"of {MANY} services, not cancelled at once", late, [])


@check("R4", misconception="level-by-level", step="side-by-side", core=False)
def test_stop_as_soon_as_possible(play: Play) -> None:
    """A service is cancelled as soon as those that require it have ended; it does not wait for any other to stop."""
    slow = {"db": service(), "log": service("db", down=1.2), "mail": service(), "web": service("mail", down=6.3)}
    for plan in (mixed(play, slow), graph(play), graph(play)):
        t = play(services=plan, body=[wait(2)])
        t.expect_begun(*plan)
        seen = runs(t)
        for name, span in seen.items():
            ends = [seen[other].end or t.time for other in seen if name in plan[other]["requires"]]
            last = max([body_end(t), *ends])
            t.expect(f"{name} was cancelled at", span.cancelled_at, about(last))


ENDED = {
    "STOPPED": "When one service raises while it stops, the others are `STOPPED` after the block.",
    "FAILED": "A service that raises while it stops is `FAILED`.",
}


@check("R4", misconception="an-error-ends-the-stop", step="keep-the-order-whatever-happens", core=False, wide=True)
def test_error_while_stopping(play: Play) -> None:
    """When a service raises while it stops, the others are still stopped in order, and the error leaves the block."""
    kinds = ("Fault", "TimeoutError", "ConnectionError", "ClosedResourceError", "EndOfStream", "KeyError")
    for kind in (*kinds, "ExceptionGroup", "ExceptionGroup of one"):
        plan = {
            "db": service(),
            "log": service("db", down=2.2),
            "web": grumpy(f"S {kind}", "log", kind=kind),
            "mail": grumpy(f"M {kind}", "log", kind=kind, down=0.3),
        }
        t = play(services=mixed(play, plan), body=[wait(2)])
        expect_stopped(t, plan, "When a service raises while it stops")
        part = f"{'An error' if kind == 'Fault' else kind} that a service raises while it stops leaves the block."
        expect_leaves(t, *dict.fromkeys(leaves_of(f"S {kind}", kind) + leaves_of(f"M {kind}", kind)), part=part)
        seen = final(t)
        for name, state in zip(plan, ("STOPPED", "STOPPED", "FAILED", "FAILED"), strict=True):
            t.expect(f"the state of {name} after the block", seen[name], state, part=ENDED[state])


@check("R4", misconception="an-error-ends-the-stop", step="watch-what-runs", core=False, wide=True)
def test_failed_while_stopping(play: Play) -> None:
    """A service that raises while it stops is `FAILED`; the others are `STOPPED`."""
    asks = [cleanup(wait(0.4), states(), wait(0.5)), wait(1.1), ready(), hang()]
    plan = {"db": {"run": asks}, "web": grumpy("S", "db"), "mail": service()}
    t = play(services=plan, body=[wait(2)])
    wanted = {"db": "STOPPED", "web": "FAILED", "mail": "STOPPED"}
    t.expect("states after the block", final(t), wanted)
    part = "A service that raised while it stopped is `FAILED`, also while others still stop."
    t.expect("the state of web while db stops", t.one("states", "db").value["web"], "FAILED", part=part)


@check("R4", misconception="an-error-ends-the-stop", step="keep-the-order-whatever-happens", core=False, wide=True)
def test_error_while_stopping_beside_another(play: Play) -> None:
    """When the body raises, or a start fails, and services then raise while they stop, all these errors leave the block."""
    plan = {"db": grumpy("D"), "web": grumpy("S", "db")}
    t = play(services=plan, body=[wait(2), fail("E")])
    expect_leaves(t, "E", "S", "D")
    t = play(services={**plan, "mail": {"requires": ["web"], "run": [wait(1), fail("E")]}}, body=[wait(2)])
    expect_leaves(t, "S", "D", "StartError")


@check("R4", misconception="an-error-ends-the-stop", step="keep-the-order-whatever-happens", core=False, wide=True)
def test_failed_while_stopping_after_a_cancellation(play: Play) -> None:
    """A service that raises while it stops is `FAILED`, also where the body was cancelled from outside, or raised."""
    plan = {"db": service(), "log": grumpy("S", "db"), "web": service("log")}
    wanted = {"db": "STOPPED", "log": "FAILED", "web": "STOPPED"}
    for t, when in (
        (
            play(services=plan, body=[wait(40)]).cancel("caller", at=START + 9),
            "When the body is cancelled from outside",
        ),
        (play(services=plan, body=[fail("E")]), "When the body raises"),
    ):
        expect_stopped(t, plan, when)
        part = f"{when}, a service that then raises as it is stopped is `FAILED`, and the others are `STOPPED`."
        t.expect("states after the block", final(t), wanted, part=part)


@check("R4", misconception="state-for-all-blocks", step="stop-dependants-first", wide=True)
def test_two_blocks_at_once(play: Play) -> None:
    """Two blocks that run at the same time, with services of the same names, do not affect each other."""
    plan = {"db": service(up=1.1, down=0.6), "web": service("db", up=0.8, down=0.9)}
    again = {
        f"{name} of other": {**service(*needed, up=0.7, down=0.4), "name": name} for name, needed in NEEDED.items()
    }
    ask = [wait(2), states(), wait(4), states()]
    t = play(services=plan, body=[wait(5)], others={"other": {"services": again, "body": ask, "begin": START + 3.4}})
    t.expect("db of other was started at", t.one("run", "db of other").start, about(START + 3.4))
    t.expect_begun(*plan, *again)
    for seen in t.all("states", "other"):
        t.expect("states in the body of other", seen.value, dict.fromkeys(again, "RUNNING"))
    for who, mine in (("caller", plan), ("other", again)):
        t.expect(f"states after the block of {who}", final(t, who), dict.fromkeys(mine, "STOPPED"))
    for call in t.calls("running"):
        t.expect("the call", call.ending, "returned")


NEEDED: dict[str, tuple[str, ...]] = {"db": (), "web": ("db",)}


# -- R5: the same order, whatever ends it ----------------------------------------------------------------------------
@check("R5", misconception="an-error-skips-the-stop", step="keep-the-order-whatever-happens", core=False)
def test_body_raises(play: Play) -> None:
    """When the body raises, services are stopped in the same order, cleanup included, and its error leaves the block."""
    late = (DIAMOND, [wait(2), fail("E", "TimeoutError")])
    for plan, steps in ((chain(play, "db", "log", "web"), [fail("E")]), (DIAMOND, [wait(2), fail("E")]), late):
        t = play(services=plan, body=steps)
        expect_stopped(t, plan, "When the body raises")
        expect_leaves(t, "E", part="When the body raises, its error leaves the block.")


@check("R5", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_body_is_cancelled(play: Play) -> None:
    """When the body is cancelled from outside, services are stopped in the same order, cleanup included."""
    for plan, body in ((chain(play, "db", "log", "web"), [cleanup(wait(1.5)), wait(30)]), (DIAMOND, [wait(30)])):
        t = play(services=plan, body=body).cancel("caller", at=START + 19)
        expect_stopped(t, plan, "When the body is cancelled from outside")
        for name, span in runs(t).items():
            part = "When the body is cancelled, no service is cancelled before the body has ended, cleanup included."
            t.expect(f"{name} was cancelled at", span.cancelled_at, at_least(body_end(t)), part=part)


@check("R5", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_deadline_around_the_block(play: Play) -> None:
    """When a deadline around the block expires, services are stopped in the same order, cleanup included."""
    plan = chain(play, "db", "log", "web")
    expect_stopped(play(services=plan, body=[wait(30)]).within("caller", START + 19), plan)
    plan = {"db": service(up=1.2), "log": service("db", up=0.7), "web": service("log", up=9)}
    expect_stopped(play(services=plan, body=[wait(1)]).within("caller", START + 4), plan)


@check("R5", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_start_is_cancelled(play: Play) -> None:
    """When the start is cancelled, services that still start are cancelled, no other is started, and all are stopped in order."""
    plan = {
        "db": service(up=1.2, down=1.1),
        "log": service("db", up=7, down=0.9),
        "mail": service(up=2.9, down=0.5),
        "web": service("mail", up=1, down=0.5),
        "api": service("log", up=1),
    }
    at = START + 2.2
    t = play(services=mixed(play, plan), body=[wait(1)]).cancel("caller", at=at)
    expect_stopped(t, plan, "When the start is cancelled", started=("db", "log", "mail"))
    for name in ("log", "mail"):
        part = "When the start is cancelled, services that are not ready yet are cancelled at once."
        t.expect(f"{name}, which was still starting, was cancelled at", t.of(name).cancelled_at, about(at), part=part)
    expect_none_started_after(t, at, "When the start has been cancelled")
    expect_no_body(t, "When the start is cancelled")


def expect_none_started_after(t: Trace, moment: float, when: str) -> None:
    """Expect that nothing was started any more after that moment, of which `when` says what it was."""
    late = [name for name, span in runs(t).items() if span.start > moment + 1e-6]
    t.expect("services that were started afterwards", late, [], part=f"{when}, no other service is started.")


@check("R5", misconception="the-others-may-go-on", step="keep-the-order-whatever-happens", core=False, wide=True)
def test_start_fails_while_others_start(play: Play) -> None:
    """When one service does not start, those that still start are cancelled at once, and no other is started."""
    for steps, at in (([wait(2.2), fail("E")], 2.2), ([wait(2.2)], 2.2), ([hang()], 4.5)):
        plan = {
            "db": service(up=1.2, down=1.1),
            "log": service("db", up=4.2, down=0.9),
            "api": service("log", up=1),
            "mail": {"run": steps},
        }
        t = play(services=mixed(play, plan), body=[wait(1)], start_timeout=4.5)
        expect_stopped(t, plan, "When a service does not start", started=("db", "log", "mail"))
        part = "When one service does not start, those that still start are cancelled at once."
        seen = t.of("log").cancelled_at
        t.expect("log, which was still starting, was cancelled at", seen, about(START + at), part=part)
        expect_none_started_after(t, START + at, "When a service has not started")


@check("R5", misconception="the-others-may-go-on", step="keep-the-order-whatever-happens", core=False, wide=True)
def test_crash_during_the_start(play: Play) -> None:
    """When a running service raises or returns while others start, no other is started, and all are stopped in order."""
    for steps in ([wait(1.1), fail("E")], [wait(1.1)]):
        plan = {
            "db": service(up=0.9, down=1.1),
            "mail": doing(*steps, requires=["db"], up=0.4, down=0),
            "log": service("db", up=5.2, down=0.9),
            "api": service("log", up=1),
        }
        t = play(services=mixed(play, plan), body=[wait(1)], start_timeout=30)
        expect_none_started_after(t, START + 2.4, "When a running service has crashed")
        expect_stopped(t, plan, "When a service crashes while others start", started=("db", "mail", "log"))


@check("R5", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled at any moment, services are stopped in the same order, cleanup included, and none is left running."""
    plan = {"db": service(up=1.2, down=1.1), "web": service("db", up=0.9, down=0.4)}
    for t in play(services=plan, body=[wait(1)]).cancelled("caller"):
        expect_stopped(t, plan, started=() if t.notes("cancel") else plan)
        for moment in t.notes("cancel"):
            expect_none_started_after(t, moment["t"], "When the call has been cancelled")


# -- R8: the stop is not cut short -----------------------------------------------------------------------------------
SLOW = {"db": service(down=0.6), "log": service("db", down=1.2), "web": service("log", down=8.5), "mail": service("db")}


@check("R8", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_cancelled_while_stopping(play: Play) -> None:
    """A cancellation from outside while services stop does not cut the stop short: the order is kept to the end."""
    for offset in (0.3, 4, 9):
        t = play(services=SLOW, body=[wait(3)]).cancel("caller", at=START + 6 + offset)
        expect_stopped(t, SLOW)
    for body in ([wait(3)], [wait(3), fail("E")]):
        t = play(services=SLOW, body=body).within("caller", START + 8)
        expect_stopped(t, SLOW)


@check("R8", misconception="shield-with-a-bound", step="keep-the-order-whatever-happens", core=False)
def test_stop_has_no_bound(play: Play) -> None:
    """The stop has no time limit: however long a service needs to clean up, those that it requires keep running."""
    plan = {"db": service(), "web": service("db", down=20_000)}
    for trial in (play(services=plan, body=[wait(3)]), play(services=plan, body=[wait(30)]).cancel("caller", at=20)):
        expect_stopped(trial, plan)


@check("R8", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_cancelled_while_a_failed_start_stops(play: Play) -> None:
    """A cancellation from outside does not cut the stop short either where a start has failed or a service has crashed."""
    plan = failing(cleanup(wait(2.5)), fail("E"))
    expect_stopped(play(services=plan, body=[wait(1)]).cancel("caller", at=AT + 1.3), plan)
    expect_stopped(play(services=plan, body=[wait(1)]).cancel("caller", at=AT + 3), plan)
    plan = crashing("web", [wait(2.3), fail("E")])
    expect_stopped(play(services=plan, body=[wait(40)]).cancel("caller", at=START + 5.5), plan)
