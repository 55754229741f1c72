"""Hidden checks of m09: closing a connection is protected within bounds and holds up nobody."""

from __future__ import annotations

from grader import Play, Trace, cancel, check, fail, hang, near, on_cancel, wait, within

from .plans import (
    LATER,
    SLOW_CLOSE,
    aclose,
    at,
    expect_lent,
    expect_room,
    expect_within_size,
    got_at,
    lease,
    lease_of,
    leases,
    lose,
    numbers,
    probes,
    reset,
    stats,
    took,
)


# -- R7: closing is protected, within bounds -------------------------------------------------------------------------
def expect_closed_whole(t: Trace) -> None:
    """Fail the subject if closing one of the connections was interrupted."""
    for span in t.all("close"):
        t.expect(f"how the closing of {span.who} ended", span.ending, "returned")


@check("R7", misconception="await-in-finally", step="throw-the-broken-away", core=False)
def test_closing_is_not_interrupted(play: Play) -> None:
    """A cancellation, or an enclosing deadline, does not interrupt the closing of a broken connection."""
    a = play.draw(1)[0]
    broken = [wait(a), fail("E1", "ConnectionError")]
    trial = play(actors={"x": [wait(0.2), lease(*broken)]}, close=SLOW_CLOSE, close_timeout=60)
    trial.one("close")
    for t in (*trial.cancelled("x"), trial.within("x", 0.2 + a + 0.7)):
        expect_closed_whole(t)
    for steps in ([wait(a), cancel("x"), *broken[1:]], [on_cancel(*broken[1:]), hang()]):
        t = play(actors={"x": [wait(0.2), lease(*steps)]}, close=SLOW_CLOSE, close_timeout=60).cancel("x", at=9)
        t.one("close")
        expect_closed_whole(t)


@check("R7", misconception="await-in-finally", step="throw-the-broken-away", core=False)
def test_closing_as_the_lease_ends_is_not_interrupted(play: Play) -> None:
    """In a closed pool, a cancellation does not interrupt the closing of the connection whose lease ends."""
    a = play.draw(1)[0]
    actors = {"x": [lease(wait(2), wait(a))], "k": [wait(1), aclose()]}
    trial = play(actors=actors, close=SLOW_CLOSE, close_timeout=60).accepting("deadlock")
    trial.one("close")
    for t in trial.cancelled("x"):
        expect_closed_whole(t)


@check("R7", misconception="shield-without-a-bound", step="throw-the-broken-away", core=False)
def test_closing_is_given_up(play: Play) -> None:
    """Closing a connection is given up exactly after `close_timeout`."""
    drawn = play.draw(1)[0]
    broken = {"x": [lease(wait(1), fail("E1", "ConnectionError"))]}
    for limit, options in ((drawn, {}), (0.4, {}), (90.0, {"acquire_timeout": 0.7})):
        for slow in ([hang()], [wait(limit + 0.3)]):
            trial = play(actors=broken, close=slow, close_timeout=limit, **options).accepting("deadlock")
            for t in (trial, trial.cancel("x", at=1 + limit / 2)):
                t.expect("closing was given up after", took(t.one("close")), near(limit), unit="s")
                t.expect("the lease ended at", t.call.end, near(1 + limit), unit="s")
                t.expect_ended()
    actors = {"x": [lease(hang())], "k": [wait(1), aclose()]}
    t = play(actors=actors, close=[hang()], close_timeout=drawn).cancel("x", at=3)
    t.expect("closing was given up after", took(t.one("close")), near(drawn), unit="s")


@check("R7", misconception="shield-without-a-bound", step="throw-the-broken-away", core=False)
def test_five_seconds_by_default(play: Play) -> None:
    """Without `close_timeout`, closing a connection may take 5 seconds, neither more nor less."""
    for seconds, wanted in ((4.8, 4.8), (5.2, 5.0)):
        t = play(actors={"x": [lease(wait(1), fail("E1", "ConnectionError"))]}, close=[wait(seconds)])
        t.expect("closing took", took(t.one("close")), near(wanted), unit="s")


@check("R7", misconception="slot-goes-with-it", step="throw-the-broken-away", core=False)
def test_slot_free_after_a_hard_closing(play: Play) -> None:
    """When closing a connection was given up, or raised, its slot is free."""
    closes = ([hang()], [wait(0.4), fail("F1")], [fail("F1")], [wait(0.4), fail("F1", "TimeoutError")])
    for close in (*closes, [on_cancel(fail("F1")), hang()]):
        actors = {"x": [lease(wait(1), fail("E1", "ConnectionError"))], "y": [wait(0.5), within(60, lease(wait(1)))]}
        t = play(actors=actors | probes(1), size=1, closes={"c1": close}, close_timeout=2)
        t.one("close", "c1")
        t.expect("who got a connection", got_at(t, "y"), {"y": near(lease_of(t, "x").end or 0.0)}, unit="s")
        expect_room(t, 1)
        expect_within_size(t, 1)


@check("R7", misconception="last-exception-counts", step="throw-the-broken-away", core=False)
def test_error_of_closing_hides_no_error(play: Play) -> None:
    """The error of the block leaves the lease, also if closing raised or was given up."""
    kinds = [[wait(0.4), fail("F1", kind)] for kind in ("Fault", "ExceptionGroup", "KeyError", "BrokenResourceError")]
    for close in (*kinds, [fail("F1")], [hang()], [on_cancel(fail("F1")), hang()]):
        for steps in ([wait(1), fail("E1", "ConnectionError")], [wait(1), reset("E1")], [wait(1), lose(), fail("E1")]):
            t = play(actors={"x": [lease(*steps)]}, size=1, close=close, close_timeout=2)
            if lose() not in steps:
                t.one("close")
            t.expect("what leaves the lease", t.call.raised, "E1")
        actors = {"x": [lease(wait(3), fail("E1"))], "k": [wait(1), aclose()]}
        t = play(actors=actors, size=1, close=close, close_timeout=2).accepting("deadlock")
        if (t.call.end or 0) >= 3:
            t.one("close")
            t.expect("what leaves the lease", t.call.raised, "E1")


@check("R7", misconception="last-exception-counts", step="throw-the-broken-away", core=False)
def test_error_of_closing_hides_no_cancellation(play: Play) -> None:
    """The cancellation of the block goes on, also if closing raised or was given up."""
    for close in ([wait(0.4), fail("F1")], [fail("F1")], [hang()], [on_cancel(fail("F1")), hang()]):
        actors = {"x": [lease(hang())], "k": [wait(1), aclose()]}
        t = play(actors=actors, size=1, close=close, close_timeout=2).accepting("deadlock").cancel("x", at=3)
        expect_lent(t, "x")
        if (t.call.end or 0) >= 3:
            t.one("close")
            t.expect("how the lease ended", t.call.how, "cancelled")


@check("R7", misconception="catch-everything", step="throw-the-broken-away", core=False)
def test_interrupts_of_closing(play: Play) -> None:
    """Something like `KeyboardInterrupt` that closing raises leaves the lease, and the slot is free."""
    for early in ([], [wait(1)]):
        close = [*early, fail("stop", "Abandon")]
        actors = {"x": [lease(wait(1), fail("E1", "ConnectionError"))], "o": [at(LATER - 9), stats()], **probes(1)}
        t = play(actors=actors, size=1, closes={"c1": close})
        t.one("close", "c1")
        expect_room(t, 1)
        t.expect("leased when all is over", [told["leased"] for told in numbers(t)], [0])
        t = play(actors={"x": [lease(wait(2))], "k": [wait(1), aclose()]}, size=1, closes={"c1": close})
        t.one("close", "c1")
        t.expect_that("what closing raised should leave the lease", "stop" in t.call.errors, f"it {t.call.ending}")


# -- R8: slow ones hold up nobody ------------------------------------------------------------------------------------
@check("R8", misconception="lock-around-it", step="hand-it-on", core=False)
def test_slow_connect_holds_up_nobody(play: Play) -> None:
    """A slow `connect` holds up no caller that could be served by another connection."""
    actors = {
        "u": [lease(wait(3)), wait(4), lease(wait(1))],
        "v": [wait(1), lease(wait(1))],
        "w": [wait(2), lease(wait(9))],
        "x": [wait(5), lease(wait(1))],
    }
    t = play(actors=actors, size=3, connects={"c2": [wait(70)], "c3": [wait(0.5)]})
    t.expect("who got a connection", got_at(t, "w", "x"), {"w": near(2.5), "x": near(5)}, unit="s")
    t.expect("u's leases ended at", [s.end for s in leases(t, "u")], [near(3), near(8)], unit="s")


@check("R8", misconception="lock-around-it", step="hand-it-on", core=False)
def test_connecting_side_by_side(play: Play) -> None:
    """Several connections are made at the same time if there is room for them."""
    a, b, c = play.draw(3, low=4)
    actors = {name: [wait(start), lease(wait(1))] for name, start in (("x", 0.1), ("y", 0.2), ("z", 0.3))}
    t = play(actors=actors, size=3, connects={"c1": [wait(a)], "c2": [wait(b)], "c3": [wait(c)]})
    served = sorted(got_at(t).values())
    wanted = [near(when) for when in sorted((0.1 + a, 0.2 + b, 0.3 + c))]
    t.expect("three callers got their connections at", served, wanted, unit="s")


@check("R8", misconception="lock-around-it", step="hand-it-on", core=False)
def test_slow_close_holds_up_nobody(play: Play) -> None:
    """A slow close holds up no caller that could be served by another connection."""
    broken = [wait(1), fail("E1", "ConnectionError")]
    actors = {
        "u": [lease(*broken)],
        "v": [wait(0.5), lease(wait(2.2))],
        "w": [wait(2), lease(wait(1))],
        "x": [wait(2.2), lease(wait(1))],
    }
    t = play(actors=actors, size=2, close=[wait(30)], close_timeout=40)
    t.expect("who got a connection", got_at(t, "w", "x"), {"w": near(2.7), "x": near(3.7)}, unit="s")
    t.expect("v's lease ended at", lease_of(t, "v").end, near(2.7), unit="s")
    t = play(actors={"u": [lease(*broken)], "w": [wait(2), lease(wait(1))]}, size=2, close=[wait(30)], close_timeout=40)
    t.expect("who got a connection", got_at(t, "w"), {"w": near(2)}, unit="s")


@check("R8", misconception="lock-around-it", step="hand-it-on", core=False)
def test_closing_side_by_side(play: Play) -> None:
    """A connection that is thrown away is closed at once, also while another one is slow to close."""
    actors = {
        "u": [lease(wait(1), fail("E1", "ConnectionError"))],
        "v": [wait(0.5), lease(wait(2), fail("E2", "ConnectionError"))],
        "w": [wait(2), lease(wait(1))],
    }
    t = play(actors=actors, size=2, closes={"c1": [wait(30)], "c2": [wait(0.3)]}, close_timeout=40)
    t.expect("who got the slot of the one that closes quickly", got_at(t, "w"), {"w": near(2.8)}, unit="s")
