"""Hidden checks of m09: never more than `size`, and what is taken is given back."""

from __future__ import annotations

import itertools
from typing import Any

from grader import (
    Play,
    SentencePart,
    Trace,
    at_least,
    attempt,
    cancel,
    check,
    checkpoint,
    cleanup,
    fail,
    give,
    hang,
    near,
    on_cancel,
    wait,
    within,
)

from .plans import (
    LATER,
    LONG,
    NEVER,
    ODD,
    aclose,
    another,
    at,
    expect_idle_pool,
    expect_lent,
    expect_room,
    expect_stats,
    expect_within_size,
    got,
    got_at,
    lease,
    lease_of,
    life,
    most,
    numbers,
    pool,
    probes,
    reset,
    stats,
    used,
)


def alive(t: Trace) -> int:
    """How many connections there are when somebody looks at `stats` for the first time."""
    moment = t.one("stats").begun
    return sum(begun < moment < ended for begun, ended, _ in life(t).values())


# -- R1: never more than `size`, and idle ones are used again --------------------------------------------------------
@check("R1", misconception="check-then-act", step="slot-before-connection", wide=True)
def test_never_more_than_size(play: Play) -> None:
    """Never more than `size` connections exist at once, counting those that are being made or closed."""
    size = play.pick(2, 3)
    starts, spans = play.draw(7, low=0.5, step=0.3), play.draw(7)
    actors = {
        f"u{n}": [wait(a), lease(wait(b)), lease(wait(a))] for n, (a, b) in enumerate(zip(starts, spans, strict=True))
    }
    actors["u3"][1] = lease(wait(1.7), reset("E1"))
    actors["u5"][1] = lease(wait(0.3), fail("E2", "ConnectionError"))
    trial = play(actors=actors, size=size, connect=[wait(0.45)], close=[wait(0.85)]).accepting("deadlock")
    for t in trial.orders(6):
        expect_lent(t)
        expect_within_size(t, size)


@check("R1", misconception="count-after-connect", step="slot-before-connection")
def test_several_come_at_once(play: Play) -> None:
    """However many ask at the same moment, never more than `size` connections are made."""
    for size in (1, 2):
        actors = {f"u{n}": [wait(1), lease(checkpoint(), wait(1))] for n in range(4)}
        for t in play(actors=actors, size=size, connect=[checkpoint(), wait(0.7), checkpoint()]).orders(8):
            expect_lent(t)
            part = "A caller that waited gets the connection that came back; no new one is made for it."
            expect_within_size(t, size, part=part if t.most_open("connect") <= size else "")


@check("R1", misconception="wait-cannot-be-cancelled", step="bound-the-wait")
def test_who_gave_up_frees_no_slot(play: Play) -> None:
    """Waits that were given up, `connect`s that failed and blocks that failed make no room for more than `size` connections."""
    crowd = {f"n{n}": [wait(7 + 0.1 * n), lease(wait(2))] for n in range(4)}
    actors = {
        "g": [lease(wait(20))],
        "h": [lease(wait(20))],
        "x": [wait(1), lease()],
        "y": [wait(1.5), within(1, lease())],
        "z": [wait(2), attempt("try", lease())],
        "k": [wait(3), cancel("try")],
    }
    trials = [play(actors=actors | crowd, size=2, acquire_timeout=4)]
    actors = {
        "x": [lease()],
        "y": [wait(1), within(2, lease())],
        "z": [wait(3), lease(wait(1), fail("E1", "ConnectionError"))],
        "w": [wait(4.5), lease(wait(1), fail("E1"))],
        "v": [wait(4.7), within(1, lease(hang()))],
    }
    connects = {"c1": [wait(0.5), fail("E2")], "c2": [wait(9)]}
    trials.append(play(actors=actors | crowd, size=2, connects=connects))
    trials.append(play(actors={"x": [lease()]} | crowd, size=1, connects={"c1": [wait(9), fail("E1")]}))
    for trial, size in zip(trials, (2, 2, 1), strict=True):
        t = trial.accepting("deadlock")
        t.one("connect")
        expect_within_size(t, size)


@check("R1", misconception="closing-is-gone", step="slot-before-connection")
def test_being_closed_still_counts(play: Play) -> None:
    """A new connection is made only when the one that it replaces has been closed."""
    actors = {"a": [lease(wait(1), fail("E1", "ConnectionError"))], "b": [wait(0.5), lease(wait(1))]}
    actors |= {"c": [wait(1.5), lease(wait(1))]}
    t = play(actors=actors, size=1, close=[wait(2)]).accepting("deadlock")
    expect_lent(t, "a")
    expect_within_size(t, 1)


@check("R1", misconception="always-a-new-one", step="slot-before-connection")
def test_idle_ones_are_used_again(play: Play) -> None:
    """An idle connection is used again; a new one is made only when none is idle."""
    a, b, c = play.draw(3)
    one = {"a": [lease(wait(a)), wait(1), lease(wait(b)), lease(), wait(1), lease(wait(c))]}
    t = play(actors=one, size=3, connect=[wait(0.4)])
    t.expect("connections made, for one task that leases again and again", len(t.all("connect")), 1)
    two = {
        "a": [lease(wait(a))],
        "b": [lease(wait(b))],
        "c": [wait(20), lease(wait(1))],
        "d": [wait(20.5), lease(wait(1))],
    }
    t = play(actors=two, size=4, connect=[wait(0.4)])
    part = "As many blocks as `size` have a connection at the same time."
    t.expect("connections at once, of two tasks", most(t), at_least(2), part=part)
    t.expect("connections made, for two tasks and then two others", len(t.all("connect")), 2)


@check("R1", misconception="always-a-new-one", step="slot-before-connection")
def test_waiters_use_them_again(play: Play) -> None:
    """A connection that comes back while callers wait goes to the next one of them."""
    actors = {f"u{n}": [wait(0.1 * n), lease(wait(1 + 0.3 * n))] for n in range(5)}
    t = play(actors=actors, size=2).accepting("deadlock")
    t.expect("connections made", len(t.all("connect")), 2)


@check("R1", misconception="pool-is-filled-first", step="slot-before-connection")
def test_made_when_needed(play: Play) -> None:
    """A connection is made only when somebody asks for one."""
    t = play(actors={"a": [pool(wait(2))]}, size=3).accepting("deadlock")  # that it is closed then is another matter
    t.expect("connections made without a lease", len(t.all("connect")), 0)
    t = play(actors={"a": [wait(1), lease(wait(2)), wait(3)]}, size=3)
    t.expect("connections made for one lease", len(t.all("connect")), 1)


@check("R1", misconception="one-for-all", step="slot-before-connection")
def test_one_block_each(play: Play) -> None:
    """A connection belongs to one block at a time."""
    starts, spans = play.draw(5, low=0.2, step=0.3), play.draw(5)
    actors = {
        f"u{n}": [wait(a), lease(wait(b)), lease(wait(b))] for n, (a, b) in enumerate(zip(starts, spans, strict=True))
    }
    actors |= {"v": [wait(30), lease(wait(3))], "w": [wait(31), lease(wait(1))]}
    for t in play(actors=actors, size=2, connect=[wait(0.3)]).orders(4):
        ended = {n["span"]: n["order"] for n in t.notes("back")}
        for one, two in itertools.combinations(t.notes("got"), 2):
            if one["value"] == two["value"]:
                apart = two["order"] > ended.get(one["span"], NEVER)
                t.expect_that("a connection that a block still has", apart, "was lent to another block")
    t = play(actors={"x": [lease(wait(1), lease(wait(1)), wait(1))]}, size=2)
    t.expect("connections lent to one task that leases twice at once", used(t), ["c1", "c2"])


@check("R1", misconception="one-for-all-pools", step="slot-before-connection", wide=True)
def test_two_pools(play: Play) -> None:
    """Two pools have nothing to do with each other: each has its own connections, its own queue, and its own end."""
    actors = {
        "a": [lease(wait(3)), at(8), lease(wait(1))],
        "b": [wait(0.5), another(lease(wait(5)))],
        "x": [wait(1), lease(wait(1))],
        "y": [wait(1.5), another(lease(wait(1)))],
        "o": [at(2), stats(), another(stats()), at(7), stats(), another(stats())],
        "k": [at(7.5), another(aclose())],
    }
    t = play(actors=actors, size=1, close=[wait(0.2)]).accepting("deadlock")
    served = {"a": near(0), "b": near(0.5), "x": near(3), "y": near(5.5)}
    t.expect("who got a connection: a and x of one pool, b and y of another", got_at(t), served, unit="s")
    pools = {
        f"of {which} pool at {moment} s": c
        for moment, c in ((2, (1, 0, 1)), (7, (0, 1, 0)))
        for which in ("one", "the other")
    }
    expect_stats(t, pools)
    t.expect("connections of the two pools", used(t), ["c1", "c2", "c1", "c2", "c1"])
    t.expect("connections of one pool that were closed with the other", [s.who for s in t.all("close", "c1")], [])


# -- R2: whatever happens, it is given back --------------------------------------------------------------------------
#: How blocks end: steps, and what cancels the block.
ENDINGS: dict[str, list[Any]] = {
    "returns": [wait(1)],
    "raises": [wait(1), fail("E1")],
    "raises at once": [fail("E1")],
    "is cancelled": [hang()],
    "raises a TimeoutError": [wait(1), fail("E1", "TimeoutError")],
    "raises a group": [wait(1), fail("E1", "ExceptionGroup")],
}


@check("R2", misconception="line-after-yield", step="give-back-whatever-happens")
def test_given_back_after_every_ending(play: Play) -> None:
    """However a block ends (return, error, cancellation), its connection is given back: `size` leases can be taken."""
    for steps in ENDINGS.values():
        actors = {f"u{n}": [wait(0.2 * n), within(3, lease(*steps))] for n in range(2)} | probes(2)
        expect_room(play(actors=actors, size=2), 2)
    many = {f"u{n}": [lease(wait(1 + 0.1 * n))] for n in range(12)}
    part = "A pool of size 12 lends twelve connections at once."
    expect_room(play(actors=many | probes(12), size=12), 12, part=part)


@check("R2", misconception="stats-kept-by-hand", step="give-back-whatever-happens")
def test_none_leased_after_every_ending(play: Play) -> None:
    """However a block ends (return, error, cancellation), `stats` no longer counts its lease."""
    for steps in ENDINGS.values():
        actors = {f"u{n}": [wait(0.2 * n), within(3, lease(*steps))] for n in range(2)}
        t = play(actors=actors | {"o": [at(LATER), stats()]}, size=2)
        expect_lent(t, "u0", "u1")
        seen = numbers(t)
        swapped = [(told["leased"], told["idle"]) for told in seen] == [(2, 0)] and len(t.all("connect")) == 2
        part = "`stats.leased` counts what blocks have now, `stats.idle` what nobody has." if swapped else ""
        t.expect("leased when all is over", [told["leased"] for told in seen], [0], part=part)


@check("R2", misconception="got-it-then-lost-it", step="find-the-leak", wide=True)
def test_cancelled_at_any_moment(play: Play) -> None:
    """Cancelled at any moment, while it waits, connects or works, a caller keeps no slot and loses no connection."""
    a, b = play.draw(2)
    plans: list[dict[str, Any]] = [
        {"actors": {"x": [wait(0.3), lease(wait(a), checkpoint())]}, "size": 1},
        {"actors": {"h": [lease(wait(b))], "x": [wait(0.3), lease(wait(a))]}, "size": 1},
        {"actors": {"x": [lease(wait(1))], "h": [lease(wait(2))], "y": [wait(0.5), lease(wait(a))]}, "size": 2},
    ]
    for plan in plans:
        size = plan["size"]
        actors = {**plan["actors"], "o": [at(LATER - 9), stats()], **probes(size)}
        for t in play(actors=actors, size=size, connect=[checkpoint(), wait(0.4), checkpoint()]).cancelled("x"):
            expect_room(t, size)
            expect_within_size(t, size)
            expect_idle_pool(t, alive(t))


@check("R2", misconception="got-it-then-lost-it", step="find-the-leak")
def test_made_for_a_caller_that_left(play: Play) -> None:
    """A connection that comes just as its caller is cancelled or runs out of time is not lost: it is kept or closed."""
    answers = [on_cancel(give("late")), wait(9)]
    tries: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"x": [within(3, lease(wait(1)))]}, {}),
        ({"x": [lease(wait(1))]}, {"acquire_timeout": 3}),
        ({"x": [attempt("try", lease(wait(1)))], "k": [wait(3), cancel("try")]}, {}),
    ]
    for actors, options in tries:
        everybody = {**actors, "o": [at(LATER - 9), stats()], **probes(1)}
        t = play(actors=everybody, size=1, connects={"c1": answers}, **options)
        expect_within_size(t, 1)
        expect_room(t, 1)
        expect_idle_pool(t, alive(t))


@check("R2", misconception="got-it-then-lost-it", step="find-the-leak")
def test_handed_over_at_the_same_moment(play: Play) -> None:
    """When a waiter is cancelled just as a connection is handed to it, the connection is not lost."""
    actors = {"h": [lease(wait(3))], "x": [wait(1), lease(wait(1))], **probes(1)}
    earlier = play(actors=actors, size=1).cancel("x", at=2).accepting("deadlock")
    sentence = "A waiter that was cancelled leaves the queue: no connection is handed to it later."
    left = SentencePart(sentence, misconception="gave-up-still-in-line", step="bound-the-wait")
    part = "" if got(earlier, "p0") else left
    for late in (
        [lease(wait(3)), cancel("x")],
        [lease(wait(3), cancel("x"))],
        [lease(wait(3), cancel("x"), checkpoint())],
    ):
        actors = {"h": late, "x": [wait(1), lease(wait(1))], "o": [at(LATER - 9), stats()], **probes(1)}
        for t in play(actors=actors, size=1).orders(6):
            expect_room(t, 1, part=part)
            expect_within_size(t, 1)
            expect_idle_pool(t, alive(t))


@check("R2", misconception="got-it-then-lost-it", step="find-the-leak", wide=True)
def test_slot_handed_over_at_the_same_moment(play: Play) -> None:
    """When a waiter is cancelled just as it gets the slot of a failed `connect`, the slot is not lost."""
    for late in ([], [checkpoint()]):
        actors = {"h": [lease()], "x": [wait(1), lease(wait(1))], "k": [wait(3), *late, cancel("x")]}
        actors |= {"o": [at(LATER - 9), stats()], **probes(1)}
        for t in play(actors=actors, size=1, connects={"c1": [wait(3), fail("E1")]}).orders(12):
            expect_room(t, 1)
            expect_within_size(t, 1)
            expect_idle_pool(t, alive(t))


@check("R2", misconception="pool-handles-errors", step="give-back-whatever-happens")
def test_very_same_error(play: Play) -> None:
    """The error that a block raises leaves the lease unchanged: no other error, and no group."""
    for kind in ("Fault", "TimeoutError", "RuntimeError", "ValueError", *ODD):
        t = play(actors={"u": [wait(0.3), lease(wait(1), fail("E1", kind))]}, acquire_timeout=5)
        expect_lent(t, "u")
        t.expect("what leaves the lease", t.call.raised, "E1")
    t = play(actors={"u": [wait(0.3), lease(fail("E1"))]}, size=1)
    t.expect("what leaves the lease", t.call.raised, "E1")


@check("R2", misconception="pool-handles-errors", step="give-back-whatever-happens")
def test_cancellation_of_the_block_goes_on(play: Play) -> None:
    """When a block is cancelled, its lease ends by the cancellation."""
    t = play(actors={"u": [wait(0.3), lease(cleanup(wait(1)), hang())]}).cancel("u", at=2)
    expect_lent(t, "u")
    t.expect("how the lease ended", t.call.how, "cancelled")
    t.expect("the lease ended at", t.call.end, near(3), unit="s")
    t = play(actors={"u": [wait(0.3), within(4, lease(hang()))]}, acquire_timeout=9)
    expect_lent(t, "u")
    t.expect("how the lease ended", t.call.how, "cancelled")


@check("R2", misconception="stats-kept-by-hand", step="find-the-leak", wide=True)
def test_stats_are_true(play: Play) -> None:
    """`stats` says how many are leased, idle and waiting now."""
    a, b = play.draw(2, low=1, step=0.4)
    actors = {
        "u": [wait(1), lease(wait(10))],
        "v": [wait(2), lease(wait(4 + a))],
        "w": [wait(3), lease(wait(10 + b))],
        "x": [wait(4), lease(wait(10 + b))],
        "y": [wait(4.2), within(0.5, lease(wait(1)))],
        "o": [stats(), *(step for s in (1.5, 2.5, 3.5, 4.5, 5, 8.5, 11.5, 30) for step in (at(s), stats()))],
    }
    wanted = [(0, 0, 0), (1, 0, 0), (2, 0, 0), (2, 0, 1), (2, 0, 3), (2, 0, 2), (2, 0, 1), (2, 0, 0), (0, 2, 0)]
    moments = [0, 1.5, 2.5, 3.5, 4.5, 5, 8.5, 11.5, 30]
    expect_stats(play(actors=actors, size=2), {f"at {s:g} s": c for s, c in zip(moments, wanted, strict=True)})


@check("R2", misconception="gave-up-still-in-line", step="bound-the-wait", wide=True)
def test_stats_after_giving_up(play: Play) -> None:
    """`stats` no longer counts a waiter that was cancelled or ran out of time."""
    actors = {
        "h": [lease(wait(20))],
        "x": [wait(1), lease()],
        "y": [wait(2), within(1.5, lease())],
        "z": [wait(3), attempt("try", lease())],
        "k": [wait(5), cancel("try")],
        "o": [step for s in (3.2, 4, 5.5, 8, 25) for step in (at(s), stats())],
    }
    t = play(actors=actors, size=1, acquire_timeout=6)
    expect_lent(t, "h")
    wanted = [(1, 0, 3), (1, 0, 2), (1, 0, 1), (1, 0, 0), (0, 1, 0)]
    if lease_of(t, "h").end == near(20):
        expect_stats(t, {f"at {s:g} s": c for s, c in zip((3.2, 4, 5.5, 8, 25), wanted, strict=True)})


@check("R2", misconception="timeout-is-none", step="bound-the-wait", wide=True)
def test_given_back_after_a_timeout(play: Play) -> None:
    """After callers ran out of time, waiting or connecting, `size` leases can still be taken."""
    actors = {"h": [lease(wait(8))], "x": [wait(1), lease()], "y": [wait(1.5), lease()]}
    expect_room(play(actors=actors | probes(1), size=1, acquire_timeout=3), 1)
    actors = {"x": [lease()], "y": [wait(1), lease()]}
    t = play(actors=actors | probes(2), size=2, acquire_timeout=3, connects={"c1": [wait(LONG)], "c2": [hang()]})
    expect_room(t, 2)
    expect_within_size(t, 2)
