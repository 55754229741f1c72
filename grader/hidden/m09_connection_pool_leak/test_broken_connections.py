"""Hidden checks of m09: connect raises, and connections that broke."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, check, fail, hang, leaves_of, near, on_cancel, wait, within

from .plans import (
    LATER,
    ODD,
    at,
    expect_idle_pool,
    expect_lent,
    expect_room,
    expect_within_size,
    got,
    got_at,
    lease,
    lease_of,
    life,
    lose,
    pool,
    probes,
    reset,
    shut,
    stats,
    used,
)


# -- R5: connect raises ----------------------------------------------------------------------------------------------
@check("R5", misconception="connect-cannot-fail", step="slot-before-connection")
def test_slot_free_after_a_failure(play: Play) -> None:
    """After `connect` has raised, `size` leases can still be taken."""
    for early in ([], [wait(0.7)]):
        failing = {f"c{n}": [*early, fail(f"E{n}")] for n in (1, 2, 3)}
        actors = {"x": [lease(), lease()], "y": [lease()], "o": [at(LATER - 9), stats()]}
        t = play(actors=actors | probes(2), size=2, connects=failing)
        expect_room(t, 2)
        expect_idle_pool(t, 0, "after the failures")


@check("R5", misconception="retry-hides-it", step="slot-before-connection")
def test_error_of_connect_leaves(play: Play) -> None:
    """The error that `connect` raises leaves the lease."""
    for kind in ("Fault", "TimeoutError", "ConnectionError", "OSError", "RuntimeError", "ValueError", *ODD):
        for early in ([], [wait(0.7)]):
            t = play(
                actors={"x": [wait(0.3), lease(wait(1))]},
                acquire_timeout=9,
                connects={"c1": [*early, fail("E1", kind)]},
            )
            t.expect("what leaves the lease", t.call.errors, leaves_of("E1", kind))
            t.expect("blocks that began without a connection", [n["who"] for n in t.notes("got")], [])


@check("R5", misconception="error-means-mine", step="slot-before-connection")
def test_slot_free_after_any_error(play: Play) -> None:
    """Whatever error `connect` raises, its slot is free, and the next waiting caller gets it."""
    for kind in ("TimeoutError", "ConnectionError", "RuntimeError", *ODD):
        actors = {"x": [wait(0.3), lease(wait(1))], "y": [wait(0.5), lease(wait(1))], **probes(1)}
        t = play(actors=actors, size=1, acquire_timeout=30, connects={"c1": [wait(0.7), fail("E1", kind)]})
        part = f"When `connect` raises, here {kind}, the next waiting caller gets its slot."
        t.expect(f"connections, after a {kind} of `connect`", got_at(t, "y"), {"y": near(1)}, unit="s", part=part)
        expect_room(t, 1)


# -- R6: broken connections ------------------------------------------------------------------------------------------
#: Blocks after which the connection must not be used again; in the last ones it is closed already.
BREAKING: dict[str, list[Any]] = {
    "raises a ConnectionError": [wait(1), fail("E1", "ConnectionError")],
    "raises a ConnectionResetError": [wait(1), reset("E1")],
    "is cancelled and raises a ConnectionError": [on_cancel(fail("E1", "ConnectionError")), hang()],
    "finds it closed": [wait(1), lose()],
    "finds it closed and raises": [wait(1), lose(), fail("E1")],
    "finds it closed and is cancelled": [wait(1), lose(), hang()],
    "closes it": [wait(1), shut(), wait(0.5)],
}


def expect_not_again(t: Trace) -> None:
    """Fail the subject if the connection that x had was lent again."""
    expect_lent(t, "x")
    broken = used(t, "x")[0]
    again = [name for name, _, connection in got(t) if name != "x" and connection == broken]
    t.expect("who got the broken connection of x", again, [])


@check("R6", misconception="broken-goes-back", step="throw-the-broken-away", core=False)
def test_broken_ones_are_not_used_again(play: Play) -> None:
    """A connection that is closed before its lease ends, or whose block raised a `ConnectionError`, is not used again."""
    for steps in BREAKING.values():
        actors = {"x": [within(3, lease(*steps))], "y": [wait(2), lease(wait(1))], "o": [at(LATER), lease()]}
        t = play(actors=actors, size=1).accepting("deadlock")
        expect_not_again(t)
        stuck = [span.who for span in t.calls("lease") if span.how == "open"]
        part = "A broken connection that is thrown away leaves its slot free."
        t.expect("callers that wait forever for the slot of the broken connection", stuck, [], part=part)
        t.expect_ended()


@check("R6", misconception="exact-class", step="throw-the-broken-away", core=False)
def test_every_connection_error(play: Play) -> None:
    """A `ConnectionResetError` is a `ConnectionError` too: the connection is not used again."""
    t = play(actors={"x": [lease(wait(1), reset("E1"))], "o": [at(LATER), lease()]}, size=1)
    t.expect("what leaves the lease", t.call.raised, "E1")
    expect_not_again(t)


@check("R6", misconception="closed-by-itself", step="throw-the-broken-away", core=False)
def test_broken_ones_are_closed(play: Play) -> None:
    """If a block raised a `ConnectionError`, its connection is closed before the lease ends."""
    for steps in list(BREAKING.values())[:3]:
        for size in (1, 2):
            block = within(3, lease(*steps))
            for whole in (block, pool(block, wait(9))):
                t = play(actors={"x": [whole]}, size=size, close=[wait(0.4)])
                expect_lent(t, "x")
                ended = lease_of(t, "x").finished or 0
                t.expect(
                    "connections still open as the lease ends",
                    [c for c, (_, end, _) in life(t).items() if c in used(t) and end > ended],
                    [],
                )


@check("R6", misconception="slot-goes-with-it", step="throw-the-broken-away", core=False)
def test_their_slots_are_free(play: Play) -> None:
    """After broken connections were thrown away, `size` leases can still be taken."""
    for steps in BREAKING.values():
        actors = {f"u{n}": [wait(0.2 * n), within(3, lease(*steps))] for n in range(2)}
        t = play(actors=actors | {"o": [at(LATER - 9), stats()]} | probes(2), size=2)
        expect_room(t, 2)
        expect_within_size(t, 2)
        expect_idle_pool(t, 0)


@check("R6", misconception="slot-goes-with-it", step="throw-the-broken-away", core=False)
def test_waiters_get_the_slot(play: Play) -> None:
    """When a broken connection is thrown away, the next waiting caller gets its slot."""
    for steps in BREAKING.values():
        actors = {"x": [within(3, lease(*steps))], "y": [wait(0.5), within(40, lease(wait(1)))]}
        t = play(actors=actors, size=1)
        t.expect("who got a connection", got_at(t, "y"), {"y": near(lease_of(t, "x").end or 0.0)}, unit="s")
