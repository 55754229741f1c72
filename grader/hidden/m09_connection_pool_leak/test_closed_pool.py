"""Hidden checks of m09: closing the pool."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, attempt, cancel, check, checkpoint, fail, hang, near, one_of, token, wait, within

from .plans import (
    LATER,
    LONG,
    SLOW_CLOSE,
    aclose,
    at,
    expect_idle_pool,
    expect_lent,
    lease,
    lease_of,
    leases,
    life,
    make,
    pool,
    stats,
    took,
)

# -- R9: closing the pool --------------------------------------------------------------------------------------------
CLOSED = "PoolClosedError"
EARLY = "`aclose` returns only when no connection is open any more."


def gone(t: Trace) -> float:
    """When the last connection was gone; fails the subject if one is still open."""
    ends = [(name, when) for name, (_, _, when) in life(t).items()]
    t.expect("connections that were never closed", [name for name, when in ends if when is None], [])
    return max((when for _, when in ends if when is not None), default=0.0)


def expect_gone(t: Trace) -> None:
    """Fail the subject if a connection whose lease has ended is still open, and so keeps `aclose` from returning."""
    waits = t.one("aclose").how == "open"
    still = [name for name, (_, _, when) in life(t).items() if when is None]
    part = "In a closed pool, each connection is closed as its lease ends."
    t.expect_that("connections should be closed", not (waits and still), f"{', '.join(still)} never was", part=part)


def expect_closed_pool(t: Trace, *, early: str = "") -> None:
    """Fail the subject unless each `aclose` returned when no connection was left open.

    Args:
        t: the run.
        early: what is wrong if it returned too soon, in place of the check's sentence.
    """
    last = gone(t)
    for span in t.calls("aclose"):
        t.expect("how `aclose` ended", span.how, "returned")
        happened = f"the last connection was closed at {last:.4g} s"
        part = early if span.end is not None and span.end < last else ""
        t.expect("`aclose` returned at", span.end, near(max(last, span.start)), unit="s", happened=happened, part=part)


@check("R9", misconception="close-means-idle", step="close-the-pool")
def test_aclose_closes_idle_ones(play: Play) -> None:
    """`aclose` closes the idle connections and then returns."""
    actors = {"a": [lease(wait(1))], "b": [lease(wait(2))], "k": [wait(5), aclose()], "o": [at(LATER), stats()]}
    t = play(actors=actors, size=3, close=[wait(0.7)])
    seen, part = sorted(s.who for s in t.all("close") if s.how == "returned"), "`aclose` closes the idle connections."
    t.expect("connections that `aclose` closed", seen, ["c1", "c2"], part=part)
    expect_closed_pool(t, early=EARLY)
    expect_idle_pool(t, 0, "when the pool is closed")
    t = play(actors={"k": [wait(5), aclose()]}).accepting("deadlock")
    part = "`aclose` returns at once if no connection is open."
    t.expect("`aclose` of a pool that was never used returned at", t.one("aclose").end, near(5), unit="s", part=part)
    expect_closed_pool(t)


@check("R9", misconception="waiters-find-out", step="close-the-pool")
def test_waiters_are_refused_at_once(play: Play) -> None:
    """When the pool is closed, waiting callers get a `PoolClosedError` at once."""
    actors = {"h": [lease(wait(20))], "k": [wait(5), aclose()], "o": [at(LATER), stats()]}
    actors |= {name: [wait(start), lease(wait(1))] for name, start in (("x", 1), ("y", 2), ("z", 2.5))}
    for options in ({}, {"acquire_timeout": 60}):
        t = play(actors=actors, size=1, **options).accepting("deadlock")
        for span in leases(t, "x", "y", "z"):
            part = "When the pool is closed, waiting callers get a `PoolClosedError`."
            t.expect(f"what {span.who}, which waits, gets", span.errors, [CLOSED], part=part)
            part = "When the pool is closed, waiting callers are refused at once."
            t.expect(f"{span.who} was refused at", span.end, near(5), unit="s", part=part)
        expect_gone(t)
        t.expect_ended()
        expect_idle_pool(t, 0)


@check("R9", misconception="waiters-find-out", step="close-the-pool")
def test_later_callers_are_refused(play: Play) -> None:
    """After `aclose` was called, every later caller gets a `PoolClosedError`, at once."""
    later = [[wait(start), lease(wait(1))] for start in (6, 16, 30)]
    actors = {"h": [lease(wait(15))], "k": [wait(5), aclose()], "x": later[0], "y": later[1], "z": later[2]}
    for size in (1, 2):
        t = play(actors=actors, size=size, close=[wait(3)])
        for span in leases(t, "x", "y", "z"):
            part = "After `aclose` was called, every later caller gets a `PoolClosedError`."
            t.expect(f"what {span.who}, a later caller, gets", span.errors, [CLOSED], part=part)
            part = "After `aclose` was called, every later caller is refused at once."
            t.expect(f"{span.who} was refused after", took(span), near(0), unit="s", part=part)
        part = "After `aclose` was called, no connection is made."
        t.expect("connections made", len(t.all("connect")), 1, part=part if len(t.all("connect")) > 1 else "")


@check("R9", misconception="closing-ends-leases", step="close-the-pool")
def test_leases_go_on(play: Play) -> None:
    """When the pool is closed, leases go on, and each connection is closed as its lease ends."""
    actors = {"a": [lease(wait(4))], "b": [wait(0.1), lease(wait(8))], "k": [wait(2), aclose()]}
    t = play(actors=actors, size=2, close=[wait(0.7)]).accepting("deadlock")
    part = "`aclose` lets leases go on: it does not end their blocks."
    t.expect("how the leases ended", [s.ending for s in leases(t)], ["returned"] * 2, part=part)
    seen = [s.start for s in t.all("close")]
    part = "When the pool is closed, each connection that is leased is closed as its lease ends."
    t.expect("their connections began to close at", seen, [near(4), near(8.1)], unit="s", part=part)
    expect_closed_pool(t, early=EARLY)
    t.expect_ended()
    actors = {"a": [lease(wait(5000))], "k": [wait(2), aclose()], "o": [at(LONG), stats()]}
    t = play(actors=actors, size=2)
    expect_lent(t, "a")
    expect_closed_pool(t, early=EARLY)
    expect_idle_pool(t, 0)


@check("R9", misconception="close-means-idle", step="close-the-pool", core=False)
def test_closed_after_it_was_empty(play: Play) -> None:
    """`aclose` waits for leases also if earlier there was no connection at all, such as after one that broke."""
    for first in (lease(wait(1), fail("E1", "ConnectionError")), lease(wait(1))):
        actors = {"a": [first], "b": [wait(3), lease(wait(9))], "k": [wait(5), aclose()]}
        for size in (1, 2):
            t = play(actors=actors, size=size, close=[wait(0.7)])
            expect_lent(t, *"ab")
            expect_closed_pool(t)


@check("R9", misconception="closing-ends-leases", step="close-the-pool")
def test_leases_that_fail_are_closed_too(play: Play) -> None:
    """When the pool is closed, the connection of a lease that fails is closed too, and `aclose` returns."""
    for kind in ("Fault", "ExceptionGroup", "ConnectionError"):
        steps = [wait(4), fail("E1", kind)]
        actors = {"a": [lease(*steps)], "b": [lease(wait(6))], "k": [wait(2), aclose()]}
        t = play(actors=actors, size=2).accepting("deadlock")
        part = "The error of a block leaves its lease, also when the pool is closed."
        t.expect("what leaves the lease", lease_of(t, "a").raised, "E1", part=part)
        part = "The connection of a lease that fails when the pool is closed is closed too."
        t.expect("connections closed", sorted(s.who for s in t.all("close")), ["c1", "c2"], part=part)
        expect_closed_pool(t, early=EARLY)
        t.expect_ended()


@check("R9", misconception="close-means-idle", step="close-the-pool")
def test_block_of_the_pool(play: Play) -> None:
    """`async with` of the pool gives the pool and closes it at the end of the block."""
    for last in ([wait(1)], [wait(1), fail("E1")]):
        actors = {"a": [pool(lease(wait(1)), *last)], "b": [wait(0.5), lease(wait(5))], "x": [wait(3), lease()]}
        t = play(actors=actors, size=2)
        part = "`async with` of the pool gives the pool."
        t.expect("what `as` gives", [n["value"] for n in t.notes("entered")], [token("pool")], part=part)
        part = "The block of the pool ends when the last connection is closed, neither before nor later."
        t.expect("the block ended at", t.call.end, near(gone(t)), unit="s", part=part)
        part = "The end of the block closes the pool."
        t.expect("what a later caller gets", lease_of(t, "x").errors, [CLOSED], part=part)


@check("R9", misconception="refused-too-late", step="close-the-pool")
def test_size_is_checked(play: Play) -> None:
    """A `size` below 1 raises `ValueError`."""
    t = play(actors={"a": [make(0), make(-1), make(1)]})
    t.expect(
        "what making pools of size 0, -1 and 1 raised",
        [s.errors for s in t.all("make")],
        [["ValueError"], ["ValueError"], []],
    )


@check("R9", misconception="close-only-once", step="close-the-pool", core=False)
def test_aclose_twice(play: Play) -> None:
    """A second `aclose`, later or at the same time, also returns when no connection is open."""
    actors = {"a": [lease(wait(9))], "b": [lease(wait(1))]}
    actors |= {f"k{n}": [wait(start), aclose()] for n, start in enumerate((3, 3, 5, 40))}
    actors["k0"] += [wait(1), aclose()]
    for t in play(actors=actors, size=2, close=[wait(1.3)]).orders(4):
        expect_lent(t, *"ab")
        expect_closed_pool(t)
    actors = {"a": [lease(wait(1))], "b": [lease(wait(1))]}
    actors |= {f"k{n}": [wait(start), aclose()] for n, start in enumerate((3, 3, 3.5))}
    for t in play(actors=actors, size=2, close=[wait(1.3)]).orders(4):
        expect_lent(t, *"ab")
        expect_closed_pool(t)


@check("R9", misconception="connecting-is-not-open", step="close-the-pool", core=False)
def test_being_made_while_the_pool_closes(play: Play) -> None:
    """A connection that is being made when the pool closes does not stay open, and `aclose` waits for it."""
    a, b = play.draw(2, low=3)
    for steps in ([wait(b)], [wait(b), fail("E1")]):
        for connect in ([wait(a)], [wait(a), fail("E2")]):
            actors = {"x": [lease(*steps)], "y": [wait(0.5), lease(wait(1))], "k": [wait(1), aclose()]}
            t = play(actors=actors, size=1, connect=connect, close=[wait(0.7)], acquire_timeout=LONG)
            t.one("connect")
            ending = lease_of(t, "x")
            made = [s for s in t.all("connect") if s.how != "cancelled"]
            whole = [["E2"]] if made and made[0].how == "raised" else [["E1"]] if len(steps) > 1 else [[]]
            t.expect("what the caller's lease raised", ending.errors, one_of(*whole, [CLOSED]))
            t.expect("what the waiting caller gets", lease_of(t, "y").errors, [CLOSED])
            expect_closed_pool(t)


@check("R9", misconception="connecting-is-not-open", step="close-the-pool", core=False)
def test_cancelled_while_the_pool_closes(play: Play) -> None:
    """When a caller is cancelled after the pool was closed, its connection is still closed, and `aclose` returns."""
    a, b = play.draw(2, low=2)
    actors = {"x": [lease(wait(b), checkpoint())], "k": [wait(1), aclose()]}
    trial = play(actors=actors, size=1, connect=[wait(a), checkpoint()], close=[checkpoint()])
    trial.one("connect")
    for t in trial.cancelled("x"):
        if all(s.how == "returned" for s in t.all("close")):
            expect_closed_pool(t)


@check("R9", misconception="waiters-find-out", step="close-the-pool", core=False)
def test_closed_at_the_moment_of_a_hand_over(play: Play) -> None:
    """A connection or slot that is handed to a waiting caller just as the pool closes is not lost."""
    actors = {"h": [lease(wait(3))], "w": [wait(1), lease(wait(1))], "k": [wait(5), aclose()]}
    for connect in ([wait(2)], [wait(5), fail("E1")]):
        trial = play(actors=actors, size=1, connect=connect, closes={"c1": [wait(0.7)]}).accepting("deadlock")
        for t in trial.orders(32):
            t.one("connect")
            refused, failed = lease_of(t, "w").errors, ["E1"] if len(connect) > 1 else []
            t.expect("what the waiting caller gets", refused, one_of(failed, [CLOSED]))
            expect_closed_pool(t)
            t.expect_ended()
    actors = {"h": [lease(wait(3))], "w": [wait(1), lease(wait(1))], "k": [wait(3), aclose()]}
    actors |= {"c": [wait(3), cancel("w")]}
    for t in play(actors=actors, size=1, closes={"c1": [wait(0.7)]}).orders(32):
        expect_lent(t, "h")
        expect_closed_pool(t)


@check("R9", misconception="one-budget-for-all", step="close-the-pool", core=False)
def test_each_has_its_own_time(play: Play) -> None:
    """Each idle connection has a `close_timeout` of its own; one that hangs or fails keeps no other from being closed."""
    limit = play.draw(1, low=2)[0]
    users = {f"u{n}": [lease(wait(1))] for n in range(3)} | {"k": [wait(5), aclose()]}
    t = play(actors=users, size=3, close=[wait(0.8 * limit)], close_timeout=limit)
    t.expect("how closing ended", [s.ending for s in t.all("close")], ["returned"] * 3)
    expect_closed_pool(t)
    for hard in ("c1", "c2", "c3"):
        plan = {"actors": users, "size": 3, "close": [wait(0.8 * limit)], "close_timeout": limit}
        t = play(**plan, closes={hard: [hang()]})
        wanted = {name: near(limit if name == hard else 0.8 * limit) for name in ("c1", "c2", "c3")}
        t.expect(
            "seconds that closing took", {s.who: took(s) for s in sorted(t.all("close"), key=lambda s: s.who)}, wanted
        )
        t.expect("`aclose` ended at", t.one("aclose").end, near(gone(t)), unit="s")
        t = play(**plan, closes={hard: [wait(0.3), fail("F1")]})
        t.expect(
            "connections closed", sorted(s.who for s in t.all("close") if s.how != "cancelled"), ["c1", "c2", "c3"]
        )
        t.expect("`aclose` ended at", t.one("aclose").end, near(gone(t)), unit="s")


@check("R9", misconception="await-in-finally", step="close-the-pool", core=False)
def test_cancelled_aclose_closes_idle_ones(play: Play) -> None:
    """`aclose` that is cancelled, even before it began, still closes every idle connection completely."""
    users = {"a": [lease(wait(1))], "b": [lease(wait(1))]}
    plan: dict[str, Any] = {"close": SLOW_CLOSE, "close_timeout": 60}
    before = {"k": [wait(3), attempt("try", cancel("try"), aclose())]}
    others = [
        play(actors=users | before, **plan),
        play(actors={**users, "k": [pool(wait(9))]}, **plan).cancel("k", at=4),
    ]
    for t in (*play(actors={**users, "k": [wait(3), aclose()]}, **plan).cancelled("k"), *others):
        if t.calls("aclose") or t.calls("pool"):
            whole = sorted(s.who for s in t.all("close") if s.how == "returned")
            t.expect("connections that were closed completely", whole, ["c1", "c2"])


@check("R9", misconception="close-only-once", step="close-the-pool", core=False)
def test_pool_stays_closed_when_aclose_is_cancelled(play: Play) -> None:
    """When `aclose` is cancelled while it waits for a lease, the pool stays closed, and `aclose` may be called again."""
    actors = {"h": [lease(wait(20))], "k": [wait(3), within(4, aclose())], "x": [wait(9), lease()]}
    actors |= {"y": [wait(1), lease()], "l": [wait(12), aclose()]}
    t = play(actors=actors, size=1, close=[wait(0.7)])
    t.expect("what later callers get", [s.errors for s in leases(t, "x", "y")], [[CLOSED]] * 2)
    t.expect("seconds until they were refused", [took(s) for s in leases(t, "y", "x")], [near(2), near(0)])
    t.expect("how the lease of h ended", lease_of(t, "h").ending, "returned")
    t.expect("its connection began to close at", [s.start for s in t.all("close")], [near(20)], unit="s")
    t.expect("the second `aclose` returned at", t.calls("aclose")[1].end, near(20.7), unit="s")
