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
    t.expect_begun(*plan)
    t.expect("the call", t.call.ending, "returned")
    for name, span in runs(t).items():
        t.expect_that(name, span.cancelled_at is not None, f"was not cancelled: it {span.ending}")
        t.expect(f"{name} was cancelled at", span.cancelled_at, at_least(body_end(t)))
    t.expect("the call ended at", t.call.end, about(max([START, *(span.end or 0.0 for span in runs(t).values())])))


@check("R4", misconception="state-set-once", step="stop-dependants-first")
def test_states_before_and_after(play: Play) -> None:
    """All services are `RUNNING` in the body, and `STOPPED` after the block."""
    plan = chain(play, "db", "log", "web")
    t = play(services=plan, body=[states(), wait(3), states()])
    t.expect_begun(*plan)
    for seen in t.all("states", "caller"):
        t.expect("states in the body", seen.value, dict.fromkeys(plan, "RUNNING"))
    t.expect("states after the block", final(t), dict.fromkeys(plan, "STOPPED"))


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
        t.expect(f"states of db, log and web while {name} stops", [seen[other] for other in names], wanted)


@check("R4", misconception="state-set-once", step="stop-dependants-first")
def test_returning_is_stopping_too(play: Play) -> None:
    """A service that answers its cancellation by returning has stopped like any other."""
    plan = {"db": service(), "web": doing(on_cancel(wait(0.8), give(0)), hang(), requires=["db"])}
    t = play(services=plan, body=[wait(3)])
    t.expect("the call", t.call.ending, "returned")
    t.expect("states after the block", final(t), dict.fromkeys(plan, "STOPPED"))
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


@check("R4", misconception="state-for-all-blocks", step="stop-dependants-first")
def test_two_blocks_at_once(play: Play) -> None:
    """Two blocks that run at the same time, with services of the same names, do not disturb each other."""
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
    """When a deadline around the block expires, services are stopped in the same order, cleanup included."""
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


# -- R8: the stop is not cut short -----------------------------------------------------------------------------------
SLOW = {"db": service(down=0.6), "log": service("db", down=1.2), "web": service("log", down=8.5), "mail": service("db")}


@check("R8", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_cancelled_while_stopping(play: Play) -> None:
    """A cancellation, or a deadline around the block, while services stop does not cut that short: each has its turn."""
    for offset in (0.3, 4, 9):
        t = play(services=SLOW, body=[wait(3)]).cancel("caller", at=START + 6 + offset)
        expect_stopped(t, SLOW)
    for body in ([wait(3)], [wait(3), fail("E")]):
        t = play(services=SLOW, body=body).within("caller", START + 8)
        expect_stopped(t, SLOW)


@check("R8", misconception="shield-with-a-bound", step="keep-the-order-whatever-happens", core=False)
def test_stop_has_no_bound(play: Play) -> None:
    """However long a dependant needs to clean up, what it requires stays running, cancelled or not."""
    plan = {"db": service(), "web": service("db", down=20_000)}
    for trial in (play(services=plan, body=[wait(3)]), play(services=plan, body=[wait(30)]).cancel("caller", at=20)):
        expect_stopped(trial, plan)


@check("R8", misconception="cancellation-reaches-all", step="keep-the-order-whatever-happens", core=False)
def test_cancelled_while_a_failed_start_stops(play: Play) -> None:
    """After a start that failed, or a crash, a cancellation does not cut the stop short either."""
    plan = failing(cleanup(wait(2.5)), fail("E"))
    expect_stopped(play(services=plan, body=[wait(1)]).cancel("caller", at=AT + 1.3), plan)
    expect_stopped(play(services=plan, body=[wait(1)]).cancel("caller", at=AT + 3), plan)
    plan = crashing("web", [wait(2.3), fail("E")])
    expect_stopped(play(services=plan, body=[wait(40)]).cancel("caller", at=START + 5.5), plan)
