"""Hidden checks of m09: first come, first served, and one timeout for all of it."""

from __future__ import annotations

from typing import Any

from grader import Play, SentencePart, Span, Trace, cancel, check, checkpoint, fail, hang, near, one_of, wait, within

from .plans import LONG, expect_lent, got, got_at, lease, lease_of, leases


# -- R3: first come, first served ------------------------------------------------------------------------------------
@check("R3", misconception="whoever-wakes-first", step="hand-it-on", core=False)
def test_order_of_arrival(play: Play) -> None:
    """Waiting callers are served in the order in which they came."""
    for size in (1, 2):
        names = play.shuffled([f"w{n}" for n in range(12)])
        holders = {f"h{n}": [lease(wait(5 + n))] for n in range(size)}
        line = {name: [wait(1 + 0.3 * n), lease(wait(play.pick(2, 5) + 0.013 * 2**n))] for n, name in enumerate(names)}
        t = play(actors=play_order(play, holders | line), size=size)
        t.expect("served, in this order", [name for name in got_at(t) if name in names], names)


def play_order(play: Play, actors: dict[str, Any]) -> dict[str, Any]:
    """The actors in another order."""
    return {name: actors[name] for name in play.shuffled(list(actors))}


@check("R3", misconception="newcomer-takes-it", step="hand-it-on", core=False)
def test_nobody_barges_in(play: Play) -> None:
    """A caller that comes later, or comes back, does not get a connection before one that is waiting."""
    actors = {
        "h": [lease(wait(3)), lease(wait(1))],
        "w": [wait(1), lease(wait(1))],
        "x": [wait(1.5), lease(wait(1))],
        "n": [wait(3), lease(wait(1))],
        "m": [wait(3), checkpoint(), lease(wait(1))],
    }
    for t in play(actors=actors, size=1).orders(12):
        t.expect(
            "the first three that were served, in this order", [name for name, _, _ in got(t)][:3], ["h", "w", "x"]
        )


@check("R3", misconception="gave-up-still-in-line", step="hand-it-on", core=False)
def test_who_gave_up_takes_nothing(play: Play) -> None:
    """A waiter that was cancelled or ran out of time takes no connection: those after it are served."""
    leaving = {"x": [wait(1), lease(wait(1))], "y": [wait(2), lease(wait(1))], "z": [wait(9), lease(wait(1))]}
    actors = {"h": [lease(wait(12))], **leaving, "k": [wait(3), cancel("y")], "n": [wait(10), lease(wait(1))]}
    t = play(actors=actors, size=1, acquire_timeout=6)
    t.expect("who got a connection", got_at(t, *"xyzn"), {"z": near(12), "n": near(13)}, unit="s")


@check("R3", misconception="gave-up-still-in-line", step="hand-it-on", core=False)
def test_who_gives_up_in_the_last_moment_takes_nothing(play: Play) -> None:
    """When a waiter is cancelled just as a connection is handed to it, the next one gets that connection."""
    for late in (
        [lease(wait(3)), cancel("x")],
        [lease(wait(3), cancel("x"))],
        [lease(wait(3)), cancel("x"), cancel("y")],
    ):
        line = {name: [wait(1 + n / 10), lease(wait(0.5))] for n, name in enumerate("xyz")}
        for t in play(actors={"h": late, **line}, size=1).orders(6):
            t.expect("who got a connection", got_at(t, "z"), {"z": one_of(near(3), near(3.5))}, unit="s")
    line = {"x": [wait(1), lease(wait(0.4))], "y": [wait(2), lease(wait(0.4))]}
    for t in play(actors={"h": [lease(wait(4))], **line}, size=1, acquire_timeout=3).orders(6):
        t.expect("who got a connection", got_at(t, "y"), {"y": one_of(near(4), near(4.4))}, unit="s")


@check("R3", misconception="lock-around-it", step="hand-it-on", core=False)
def test_who_connects_does_not_wait(play: Play) -> None:
    """A caller that is connecting is not in the queue: a connection that comes back goes to the first one that waits."""
    actors = {"u": [lease(wait(4))], "v": [wait(1), lease(wait(1))], "w": [wait(2), lease(wait(1))]}
    actors |= {"x": [wait(3), lease(wait(1))]}
    t = play(actors=actors, size=2, connects={"c2": [wait(50)]})
    t.expect("who got a connection", got_at(t, "w", "x"), {"w": near(4), "x": near(5)}, unit="s")


# -- R4: one timeout for all of it -----------------------------------------------------------------------------------
def expect_timed_out(t: Trace, span: Span, after: float, part: str = "") -> None:
    """Fail the subject unless that lease ended by `TimeoutError`, so long after it was asked for."""
    ended = [n["span"] for n in t.notes("got")]  # leases that lost their block to a timeout
    bounded = any(s.id in ended and s.how == "raised" and s.errors == ["TimeoutError"] for s in leases(t, "h"))
    part = "`acquire_timeout` does not end a block that has its connection." if bounded else part
    t.expect(f"what {span.who} gets", span.errors, ["TimeoutError"], part=part)
    t.expect(f"{span.who} got its `TimeoutError` after", (span.end or 0.0) - span.start, near(after), unit="s")


@check("R4", misconception="timeout-is-none", step="bound-the-wait")
def test_waiting_is_bounded(play: Play) -> None:
    """A caller that has waited for `acquire_timeout` gets a `TimeoutError` then."""
    drawn, a, b = play.draw(3)
    actors = {"h": [lease(wait(LONG))], "x": [wait(a), lease()], "y": [wait(a + b / 2), lease()]}
    outside = (
        play(actors={"h": [lease(wait(50))], "x": [wait(1), lease()]}, size=1).cancel("x", at=4).accepting("deadlock")
    )
    sentence = (
        "A caller that waits can be cancelled, by `acquire_timeout` and from outside: no shield keeps it waiting."
    )
    shielded = SentencePart(sentence, misconception="wait-cannot-be-cancelled", step="bound-the-wait")
    part = shielded if any((span.end or LONG) > 4.5 for span in leases(outside, "x")) else ""
    for limit in (drawn, 0.4, 90):
        t = play(actors=actors, size=1, acquire_timeout=limit)
        expect_lent(t, "h")
        for span in leases(t, "x", "y"):
            expect_timed_out(t, span, limit, part)


@check("R4", misconception="wait-only", step="bound-the-wait")
def test_connecting_is_bounded(play: Play) -> None:
    """A caller whose `connect` takes longer than `acquire_timeout` gets a `TimeoutError` then."""
    limit, a = play.draw(2)
    for slow in ([hang()], [wait(limit + 0.2)]):
        t = play(actors={"x": [wait(a), lease()]}, size=2, acquire_timeout=limit, connect=slow)
        expect_timed_out(t, t.call, limit)
        t.expect("`connect` was given up at", t.one("connect").end, near(a + limit), unit="s")


@check("R4", misconception="two-timeouts", step="bound-the-wait")
def test_waiting_and_connecting_together(play: Play) -> None:
    """Waiting and then connecting have one timeout together, not one each."""
    limit = play.draw(1, low=5)[0]
    actors = {"h": [lease()], "x": [wait(1), lease()]}
    connects = {"c1": [wait(1 + 0.6 * limit), fail("E1")], "c2": [wait(0.6 * limit)]}
    t = play(actors=actors, size=1, acquire_timeout=limit, connects=connects)
    t.one("connect")
    if lease_of(t, "h").errors == ["E1"]:
        expect_timed_out(t, lease_of(t, "x"), limit)


@check("R4", misconception="time-begins-anew", step="bound-the-wait")
def test_time_does_not_begin_anew(play: Play) -> None:
    """The timeout of a waiting caller does not start again when others come and go."""
    actors = {"h": [lease(wait(3))], "w": [wait(0.5), lease(wait(4))], "x": [wait(1), lease()]}
    t = play(actors=actors, size=1, acquire_timeout=5)
    expect_lent(t, "h")
    for span in leases(t, "w", "x"):
        if span.who not in got_at(t):  # who of the two is served, R3 asks
            expect_timed_out(t, span, 5)
    actors = {
        "h": [lease(wait(2)), wait(0.5), lease(wait(2)), wait(0.5), lease(wait(9))],
        "w": [wait(0.5), lease(wait(30))],
    }
    t = play(actors=actors | {"x": [wait(1), lease()], "y": [wait(1.7), within(1, lease())]}, size=1, acquire_timeout=7)
    expect_lent(t, "h")
    for span in leases(t, "w", "x"):
        if span.who not in got_at(t):
            expect_timed_out(t, span, 7)


@check("R4", misconception="timeout-around-the-lease", step="bound-the-wait")
def test_the_block_is_not_bounded(play: Play) -> None:
    """`acquire_timeout` does not end the block, not even after a wait."""
    actors = {"x": [lease(wait(40))], "y": [wait(3), lease(wait(29.5))], "z": [wait(34), lease(wait(50))]}
    t = play(actors=actors, size=2, acquire_timeout=3, connect=[wait(2)])
    expect_lent(t, *"xyz")
    t.expect("how the leases ended", [s.ending for s in leases(t)], ["returned"] * 3)


@check("R4", misconception="timeout-is-none", step="bound-the-wait")
def test_not_too_soon(play: Play) -> None:
    """A caller that can have a connection within `acquire_timeout`, or that has no such limit, is not refused."""
    limit = play.draw(1)[0]
    actors = {"h": [lease(wait(0.9 * limit))], "x": [wait(0.1), lease(wait(1))]}
    t = play(actors=actors, size=1, acquire_timeout=limit, connect=[wait(0.05)])
    expect_lent(t, *"hx")
    t.expect("how the leases ended", [s.ending for s in leases(t)], ["returned"] * 2)
    t = play(actors={"h": [lease(wait(4000))], "x": [wait(1), lease(wait(1))]}, size=1, connect=[wait(4000)])
    expect_lent(t, *"hx")
    t.expect("how the leases ended, with no limit", [s.ending for s in leases(t)], ["returned"] * 2)
