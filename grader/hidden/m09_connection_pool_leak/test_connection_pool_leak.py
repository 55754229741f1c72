"""Hidden checks of m09: what the pool promises, on both backends."""

from __future__ import annotations

import itertools
from typing import Any

from grader import (
    Play,
    Span,
    Trace,
    at_most,
    at_once,
    attempt,
    awaitable,
    cancel,
    check,
    checkpoint,
    cleanup,
    fail,
    give,
    hang,
    leaves_of,
    near,
    on_cancel,
    one_of,
    token,
    verb,
    wait,
    within,
)

lease, aclose, pool, stats, make = verb("lease"), verb("aclose"), verb("pool"), verb("stats"), verb("make")
lose, shut, reset = verb("lose"), verb("shut"), verb("reset")
at, another = verb("at"), verb("another")

#: Errors whose classes pools use themselves, or that mean something to those who catch them.
ODD = (
    *("KeyError", "IndexError", "WouldBlock", "EndOfStream", "ClosedResourceError", "BrokenResourceError"),
    *("ExceptionGroup", "ExceptionGroup of one"),
)

#: Longer than anything that a check waits for.
LONG = 9000.0
#: When everything that a check begins with is over, and the pool is looked at.
LATER = 500.0
NEVER = 10**9


# -- reading -----------------------------------------------------------------------------------------------------------
def life(t: Trace) -> dict[str, tuple[int, int, float | None]]:
    """Connection → the moments of its beginning and its end in the order of events, and the time of its end."""
    lives = {}
    for made in t.all("connect"):
        ends = [(s.finished or NEVER, s.end) for s in t.all("close", made.who)]
        ends += [(n["order"], n["t"]) for n in t.notes("lost", made.who)]
        if made.how in ("raised", "cancelled"):
            ends = [(made.finished or NEVER, made.end)]
        lives[made.who] = (made.begun, *min(ends, default=(NEVER, None)))
    return lives


def most(t: Trace) -> int:
    """How many connections there were at once, at most."""
    events = sorted(
        (moment, change) for begun, ended, _ in life(t).values() for moment, change in ((begun, 1), (ended, -1))
    )
    return max(itertools.accumulate(change for _, change in events), default=0)


def alive(t: Trace) -> int:
    """How many connections there are when somebody looks at `stats` for the first time."""
    moment = t.one("stats").begun
    return sum(begun < moment < ended for begun, ended, _ in life(t).values())


def expect_within_size(t: Trace, size: int) -> None:
    """Fail the subject if there were more connections than the pool's size at once."""
    t.expect("connections at once", most(t), at_most(size))


def leases(t: Trace, *who: str) -> list[Span]:
    """The leases of these actors, or of all, in the order in which they were asked for."""
    return [s for s in t.calls("lease") if not who or s.who in who]


def got(t: Trace, *who: str) -> list[tuple[str, float, str]]:
    """Who got a connection that `connect` made, when, and which one, in that order."""
    made = [token(name) for name in t.names("connect")]
    notes = [n for n in t.notes("got") if n["value"] in made and (not who or n["who"] in who)]
    return [(n["who"], n["t"], n["value"].name) for n in notes]


def got_at(t: Trace, *who: str) -> dict[str, float]:
    """Who got a connection → when (the first time)."""
    times: dict[str, float] = {}
    for name, when, _ in got(t, *who):
        times.setdefault(name, when)
    return times


def used(t: Trace, *who: str) -> list[str]:
    """The connections that were lent, in order."""
    return [name for _, _, name in got(t, *who)]


def lease_of(t: Trace, who: str) -> Span:
    """The first lease that the actor asked for."""
    return t.first(leases(t, who), f"the lease of {who}", "was never asked for")


def expect_lent(t: Trace, *who: str) -> None:
    """Fail the subject unless each of these, or anybody, got a connection that `connect` made.

    A pool that lends nothing has nothing to lose, to close or to bound.
    """
    t.expect_that("a connection that `connect` made", bool(got(t)), "nobody got one")
    t.expect("those of them who got a connection", sorted({name for name, _, _ in got(t, *who)} & {*who}), sorted(who))


def numbers(t: Trace, *who: str) -> list[tuple[Any, ...]]:
    """What `stats` told: leased, idle and waiting, each time."""
    values = [s.value for s in t.all("stats") if not who or s.who in who]
    return [tuple(getattr(v, name, repr(v)) for name in ("leased", "idle", "waiting")) for v in values]


def probes(count: int, *, after: float = LATER) -> dict[str, list[Any]]:
    """Actors that come late and at the same time, to see whether that many connections can be leased."""
    return {f"p{n}": [at(after), within(7, lease(wait(3)))] for n in range(count)}


def expect_room(t: Trace, count: int, *, after: float = LATER) -> None:
    """Fail the subject unless the `probes` were all served at once, with connections that `connect` made."""
    served = [when for name, when, _ in got(t) if name.startswith("p") and after <= when < after + 1]
    t.expect("leases that can be taken at once when all is over", len(served), count)


def struck(t: Trace, who: str, what: str = "lease") -> bool:
    """Whether the cancellation from outside interrupted that call of the actor's."""
    return any(s.outside for s in t.calls(what) if s.who == who)


def expect_left_by_it(t: Trace, who: str, what: str = "lease") -> None:
    """Fail the subject if a call that the cancellation interrupted ended otherwise, or the actor went on behind it."""
    for span in t.calls(what):
        if span.who == who and span.outside:
            t.expect(f"cancelled from outside, the {what}", span.how, "cancelled")


# -- R1: never more than `size`, and idle ones are used again ------------------------------------------------------------
@check("R1", misconception="check-then-act", step="slot-before-connection")
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
            expect_within_size(t, size)


@check("R1", misconception="wait-cannot-be-cancelled", step="bound-the-wait")
def test_who_gave_up_frees_no_slot(play: Play) -> None:
    """Waits that were given up, failed `connect`s and failed blocks do not make room for more than `size` connections."""
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


@check("R1", misconception="closing-is-gone", step="throw-the-broken-away")
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
    t.expect("connections made, for two tasks and then two others", len(t.all("connect")), 2)


@check("R1", misconception="always-a-new-one", step="slot-before-connection")
def test_waiters_use_them_again(play: Play) -> None:
    """A connection that comes back to a full pool goes to the next one in line."""
    actors = {f"u{n}": [wait(0.1 * n), lease(wait(1 + 0.3 * n))] for n in range(5)}
    t = play(actors=actors, size=2).accepting("deadlock")
    t.expect("connections made", len(t.all("connect")), 2)


@check("R1", misconception="pool-is-filled-first", step="slot-before-connection")
def test_made_when_needed(play: Play) -> None:
    """A connection is made only when somebody asks for one."""
    t = play(actors={"a": [pool(wait(2))]}, size=3)
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
                t.expect_that(
                    "a connection that is lent", two["order"] > ended.get(one["span"], NEVER), "was lent again"
                )
    t = play(actors={"x": [lease(wait(1), lease(wait(1)), wait(1))]}, size=2)
    t.expect("connections lent to one task that leases twice at once", used(t), ["c1", "c2"])


@check("R1", misconception="one-for-all-pools", step="slot-before-connection")
def test_two_pools(play: Play) -> None:
    """Two pools have nothing in common: each has its own `size` connections, its own idle ones, and its own end."""
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
    t.expect("served, a and x by one pool, b and y by another", got_at(t), served)
    t.expect("leased, idle and waiting: one pool, the other, and later", numbers(t), [(1, 0, 1)] * 2 + [(0, 1, 0)] * 2)
    t.expect("connections of the two pools", used(t), ["c1", "c2", "c1", "c2", "c1"])
    t.expect("connections of the one pool closed with the other", [s.who for s in t.all("close", "c1")], [])


# -- R2: whatever happens, it is given back --------------------------------------------------------------------------------
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
    """However blocks end (return, error, cancellation), `size` leases can be taken afterwards."""
    for steps in ENDINGS.values():
        actors = {f"u{n}": [wait(0.2 * n), within(3, lease(*steps))] for n in range(2)} | probes(2)
        expect_room(play(actors=actors, size=2), 2)
    many = {f"u{n}": [lease(wait(1 + 0.1 * n))] for n in range(12)}
    expect_room(play(actors=many | probes(12), size=12), 12)


@check("R2", misconception="stats-kept-by-hand", step="give-back-whatever-happens")
def test_none_leased_after_every_ending(play: Play) -> None:
    """However blocks end (return, error, cancellation), `stats.leased` is 0 afterwards."""
    for steps in ENDINGS.values():
        actors = {f"u{n}": [wait(0.2 * n), within(3, lease(*steps))] for n in range(2)}
        t = play(actors=actors | {"o": [at(LATER), stats()]}, size=2)
        expect_lent(t, "u0", "u1")
        t.expect("leased when all is over", [told[0] for told in numbers(t)], [0])


@check("R2", misconception="got-it-then-lost-it", step="find-the-leak")
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
            t.expect("leased, idle and waiting when all is over", numbers(t), [(0, alive(t), 0)])


@check("R2", misconception="got-it-then-lost-it", step="find-the-leak")
def test_made_for_a_caller_that_left(play: Play) -> None:
    """A connection that comes just when its caller is cancelled or runs out of time is kept or closed."""
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
        t.expect("leased, idle and waiting when all is over", numbers(t), [(0, alive(t), 0)])


@check("R2", misconception="got-it-then-lost-it", step="find-the-leak")
def test_handed_over_at_the_same_moment(play: Play) -> None:
    """A waiter that is cancelled at the moment at which a connection comes free does not lose it."""
    for late in (
        [lease(wait(3)), cancel("x")],
        [lease(wait(3), cancel("x"))],
        [lease(wait(3), cancel("x"), checkpoint())],
    ):
        actors = {"h": late, "x": [wait(1), lease(wait(1))], "o": [at(LATER - 9), stats()], **probes(1)}
        for t in play(actors=actors, size=1).orders(6):
            expect_room(t, 1)
            expect_within_size(t, 1)
            t.expect("leased, idle and waiting when all is over", numbers(t), [(0, alive(t), 0)])


@check("R2", misconception="got-it-then-lost-it", step="find-the-leak")
def test_slot_handed_over_at_the_same_moment(play: Play) -> None:
    """A waiter that is cancelled at the moment at which it gets the slot of a failed `connect` does not lose that slot."""
    for late in ([], [checkpoint()]):
        actors = {"h": [lease()], "x": [wait(1), lease(wait(1))], "k": [wait(3), *late, cancel("x")]}
        actors |= {"o": [at(LATER - 9), stats()], **probes(1)}
        for t in play(actors=actors, size=1, connects={"c1": [wait(3), fail("E1")]}).orders(12):
            expect_room(t, 1)
            expect_within_size(t, 1)
            t.expect("leased, idle and waiting when all is over", numbers(t), [(0, alive(t), 0)])


@check("R2", misconception="pool-handles-errors", step="give-back-whatever-happens")
def test_very_same_error(play: Play) -> None:
    """The error that a block raises leaves the lease as it is."""
    for kind in ("Fault", "TimeoutError", "RuntimeError", "ValueError", *ODD):
        t = play(actors={"u": [wait(0.3), lease(wait(1), fail("E1", kind))]}, acquire_timeout=5)
        expect_lent(t, "u")
        t.expect("what leaves the lease", t.call.raised, "E1")
    t = play(actors={"u": [wait(0.3), lease(fail("E1"))]}, size=1)
    t.expect("what leaves the lease", t.call.raised, "E1")


@check("R2", misconception="pool-handles-errors", step="give-back-whatever-happens")
def test_cancellation_of_the_block_goes_on(play: Play) -> None:
    """If a block is cancelled, its lease ends by the cancellation."""
    t = play(actors={"u": [wait(0.3), lease(cleanup(wait(1)), hang())]}).cancel("u", at=2)
    expect_lent(t, "u")
    t.expect("the lease", t.call.how, "cancelled")
    t.expect("the lease ended at", t.call.end, near(3))
    t = play(actors={"u": [wait(0.3), within(4, lease(hang()))]}, acquire_timeout=9)
    expect_lent(t, "u")
    t.expect("the lease", t.call.how, "cancelled")


@check("R2", misconception="stats-kept-by-hand", step="find-the-leak")
def test_stats_are_true(play: Play) -> None:
    """`stats` tells how many are leased, idle and waiting now."""
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
    t = play(actors=actors, size=2)
    t.expect("leased, idle and waiting", numbers(t), wanted)


@check("R2", misconception="gave-up-still-in-line", step="bound-the-wait")
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
        t.expect("leased, idle and waiting", numbers(t), wanted)


@check("R2", misconception="timeout-is-none", step="bound-the-wait")
def test_given_back_after_a_timeout(play: Play) -> None:
    """After callers ran out of time, waiting or connecting, `size` leases can be taken."""
    actors = {"h": [lease(wait(8))], "x": [wait(1), lease()], "y": [wait(1.5), lease()]}
    expect_room(play(actors=actors | probes(1), size=1, acquire_timeout=3), 1)
    actors = {"x": [lease()], "y": [wait(1), lease()]}
    t = play(actors=actors | probes(2), size=2, acquire_timeout=3, connects={"c1": [wait(LONG)], "c2": [hang()]})
    expect_room(t, 2)
    expect_within_size(t, 2)


# -- R3: first come, first served ----------------------------------------------------------------------------------------
@check("R3", misconception="whoever-wakes-first", step="slot-before-connection", core=False)
def test_order_of_arrival(play: Play) -> None:
    """Those who wait are served in the order in which they came."""
    for size in (1, 2):
        names = play.shuffled([f"w{n}" for n in range(12)])
        holders = {f"h{n}": [lease(wait(5 + n))] for n in range(size)}
        line = {name: [wait(1 + 0.3 * n), lease(wait(play.pick(2, 5) + 0.013 * 2**n))] for n, name in enumerate(names)}
        t = play(actors=play_order(play, holders | line), size=size)
        t.expect("those who were served", [name for name in got_at(t) if name in names], names)


def play_order(play: Play, actors: dict[str, Any]) -> dict[str, Any]:
    """The actors in another order."""
    return {name: actors[name] for name in play.shuffled(list(actors))}


@check("R3", misconception="newcomer-takes-it", step="slot-before-connection", core=False)
def test_nobody_barges_in(play: Play) -> None:
    """Nobody who comes later, or comes back, gets a connection before one that waits."""
    actors = {
        "h": [lease(wait(3)), lease(wait(1))],
        "w": [wait(1), lease(wait(1))],
        "x": [wait(1.5), lease(wait(1))],
        "n": [wait(3), lease(wait(1))],
        "m": [wait(3), checkpoint(), lease(wait(1))],
    }
    for t in play(actors=actors, size=1).orders(12):
        t.expect("the first three that were served", [name for name, _, _ in got(t)][:3], ["h", "w", "x"])


@check("R3", misconception="gave-up-still-in-line", step="bound-the-wait", core=False)
def test_who_gave_up_takes_nothing(play: Play) -> None:
    """After a waiter was cancelled or ran out of time, those behind it are served when a connection comes free."""
    leaving = {"x": [wait(1), lease(wait(1))], "y": [wait(2), lease(wait(1))], "z": [wait(9), lease(wait(1))]}
    actors = {"h": [lease(wait(12))], **leaving, "k": [wait(3), cancel("y")], "n": [wait(10), lease(wait(1))]}
    t = play(actors=actors, size=1, acquire_timeout=6)
    t.expect("served", got_at(t, *"xyzn"), {"z": near(12), "n": near(13)})


@check("R3", misconception="gave-up-still-in-line", step="bound-the-wait", core=False)
def test_who_gives_up_in_the_last_moment_takes_nothing(play: Play) -> None:
    """If a waiter is cancelled just as a connection comes free, those behind it get it."""
    for late in (
        [lease(wait(3)), cancel("x")],
        [lease(wait(3), cancel("x"))],
        [lease(wait(3)), cancel("x"), cancel("y")],
    ):
        line = {name: [wait(1 + n / 10), lease(wait(0.5))] for n, name in enumerate("xyz")}
        for t in play(actors={"h": late, **line}, size=1).orders(6):
            t.expect("z was served at", got_at(t, "z"), {"z": one_of(near(3), near(3.5))})
    line = {"x": [wait(1), lease(wait(0.4))], "y": [wait(2), lease(wait(0.4))]}
    for t in play(actors={"h": [lease(wait(4))], **line}, size=1, acquire_timeout=3).orders(6):
        t.expect("y was served at", got_at(t, "y"), {"y": one_of(near(4), near(4.4))})


@check("R3", misconception="lock-around-it", step="slot-before-connection", core=False)
def test_who_connects_does_not_wait(play: Play) -> None:
    """Who is connecting does not wait: a connection that comes back goes to the first of those who do."""
    actors = {"u": [lease(wait(4))], "v": [wait(1), lease(wait(1))], "w": [wait(2), lease(wait(1))]}
    actors |= {"x": [wait(3), lease(wait(1))]}
    t = play(actors=actors, size=2, connects={"c2": [wait(50)]})
    t.expect("served", got_at(t, "w", "x"), {"w": near(4), "x": near(5)})


# -- R4: one timeout for all of it -----------------------------------------------------------------------------------------
def expect_timed_out(t: Trace, span: Span, after: float) -> None:
    """Fail the subject unless that lease ended by `TimeoutError`, so long after it was asked for."""
    t.expect("what leaves the lease", span.errors, ["TimeoutError"])
    t.expect("seconds until then", (span.end or 0.0) - span.start, near(after))


@check("R4", misconception="timeout-is-none", step="bound-the-wait")
def test_waiting_is_bounded(play: Play) -> None:
    """A caller that has waited for `acquire_timeout` gets a `TimeoutError` then."""
    drawn, a, b = play.draw(3)
    actors = {"h": [lease(wait(LONG))], "x": [wait(a), lease()], "y": [wait(a + b / 2), lease()]}
    for limit in (drawn, 0.4, 90):
        t = play(actors=actors, size=1, acquire_timeout=limit)
        expect_lent(t, "h")
        for span in leases(t, "x", "y"):
            expect_timed_out(t, span, limit)


@check("R4", misconception="wait-only", step="bound-the-wait")
def test_connecting_is_bounded(play: Play) -> None:
    """Making a connection takes at most `acquire_timeout`; then there is a `TimeoutError`."""
    limit, a = play.draw(2)
    for slow in ([hang()], [wait(limit + 0.2)]):
        t = play(actors={"x": [wait(a), lease()]}, size=2, acquire_timeout=limit, connect=slow)
        expect_timed_out(t, t.call, limit)
        t.expect("the connection was given up at", t.one("connect").end, near(a + limit))


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
    """The time of one who waits does not begin anew when others come and go."""
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
    """`acquire_timeout` does not end the block, also not after a wait."""
    actors = {"x": [lease(wait(40))], "y": [wait(3), lease(wait(29.5))], "z": [wait(34), lease(wait(50))]}
    t = play(actors=actors, size=2, acquire_timeout=3, connect=[wait(2)])
    expect_lent(t, *"xyz")
    t.expect("how the leases ended", [s.ending for s in leases(t)], ["returned"] * 3)


@check("R4", misconception="timeout-is-none", step="bound-the-wait")
def test_not_too_soon(play: Play) -> None:
    """A caller that can have a connection within `acquire_timeout`, or has no such limit, is not turned away."""
    limit = play.draw(1)[0]
    actors = {"h": [lease(wait(0.9 * limit))], "x": [wait(0.1), lease(wait(1))]}
    t = play(actors=actors, size=1, acquire_timeout=limit, connect=[wait(0.05)])
    expect_lent(t, *"hx")
    t.expect("how the leases ended", [s.ending for s in leases(t)], ["returned"] * 2)
    t = play(actors={"h": [lease(wait(4000))], "x": [wait(1), lease(wait(1))]}, size=1, connect=[wait(4000)])
    expect_lent(t, *"hx")
    t.expect("how the leases ended, with no limit", [s.ending for s in leases(t)], ["returned"] * 2)


# -- R5: connect raises ------------------------------------------------------------------------------------------------------
@check("R5", misconception="connect-cannot-fail", step="slot-before-connection")
def test_slot_free_after_a_failure(play: Play) -> None:
    """After `connect` raised, `size` leases can be taken."""
    for early in ([], [wait(0.7)]):
        failing = {f"c{n}": [*early, fail(f"E{n}")] for n in (1, 2, 3)}
        actors = {"x": [lease(), lease()], "y": [lease()], "o": [at(LATER - 9), stats()]}
        t = play(actors=actors | probes(2), size=2, connects=failing)
        expect_room(t, 2)
        t.expect("leased, idle and waiting after the failures", numbers(t), [(0, 0, 0)])


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
            t.expect("blocks that began all the same", [n["who"] for n in t.notes("got")], [])


@check("R5", misconception="error-means-mine", step="slot-before-connection")
def test_slot_free_after_any_error(play: Play) -> None:
    """Of whatever class the error of `connect` is, its slot is free, and the next one in line gets it."""
    for kind in ("TimeoutError", "ConnectionError", "RuntimeError", *ODD):
        actors = {"x": [wait(0.3), lease(wait(1))], "y": [wait(0.5), lease(wait(1))], **probes(1)}
        t = play(actors=actors, size=1, acquire_timeout=30, connects={"c1": [wait(0.7), fail("E1", kind)]})
        t.expect(f"after a {kind}, y got its connection at", got_at(t, "y"), {"y": near(1)})
        expect_room(t, 1)


# -- R6: broken connections --------------------------------------------------------------------------------------------------
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
    t.expect("who got the connection that x had", again, [])


@check("R6", misconception="broken-goes-back", step="throw-the-broken-away", core=False)
def test_broken_ones_are_not_used_again(play: Play) -> None:
    """A connection that is closed before its lease ends, or whose block raised a `ConnectionError`, is not used again."""
    for steps in BREAKING.values():
        actors = {"x": [within(3, lease(*steps))], "y": [wait(2), lease(wait(1))], "o": [at(LATER), lease()]}
        t = play(actors=actors, size=1)
        expect_not_again(t)


@check("R6", misconception="exact-class", step="throw-the-broken-away", core=False)
def test_every_connection_error(play: Play) -> None:
    """A `ConnectionResetError` is a `ConnectionError` too: the connection is not used again."""
    t = play(actors={"x": [lease(wait(1), reset("E1"))], "o": [at(LATER), lease()]}, size=1)
    t.expect("what leaves the lease", t.call.raised, "E1")
    expect_not_again(t)


@check("R6", misconception="closed-by-itself", step="throw-the-broken-away", core=False)
def test_broken_ones_are_closed(play: Play) -> None:
    """If a block raised a `ConnectionError`, its connection is closed when the lease has ended."""
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
    """After broken connections were thrown away, `size` leases can be taken."""
    for steps in BREAKING.values():
        actors = {f"u{n}": [wait(0.2 * n), within(3, lease(*steps))] for n in range(2)}
        t = play(actors=actors | {"o": [at(LATER - 9), stats()]} | probes(2), size=2)
        expect_room(t, 2)
        expect_within_size(t, 2)
        t.expect("leased, idle and waiting before", numbers(t), [(0, 0, 0)])


@check("R6", misconception="slot-goes-with-it", step="throw-the-broken-away", core=False)
def test_waiters_get_the_slot(play: Play) -> None:
    """When a broken connection is thrown away, the next one in line gets its slot."""
    for steps in BREAKING.values():
        actors = {"x": [within(3, lease(*steps))], "y": [wait(0.5), within(40, lease(wait(1)))]}
        t = play(actors=actors, size=1)
        t.expect("y got its connection at", got_at(t, "y"), {"y": near(lease_of(t, "x").end or 0.0)})


# -- R7: closing is protected, within bounds ---------------------------------------------------------------------------------
SLOW_CLOSE = [checkpoint(), wait(1.3), checkpoint(), wait(0.4)]


def expect_closed_whole(t: Trace) -> None:
    """Fail the subject if closing one of the connections was interrupted."""
    for span in t.all("close"):
        t.expect(f"closing {span.who}", span.ending, "returned")


def took(span: Span) -> float:
    """Seconds that it took."""
    return (span.end or LONG) - span.start


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


@check("R7", misconception="await-in-finally", step="close-the-pool", core=False)
def test_closing_as_the_lease_ends_is_not_interrupted(play: Play) -> None:
    """When the pool was closed meanwhile, a cancellation does not interrupt the closing as the lease ends."""
    a = play.draw(1)[0]
    actors = {"x": [lease(wait(2), wait(a))], "k": [wait(1), aclose()]}
    trial = play(actors=actors, close=SLOW_CLOSE, close_timeout=60).accepting("deadlock")
    trial.one("close")
    for t in trial.cancelled("x"):
        expect_closed_whole(t)


@check("R7", misconception="shield-without-a-bound", step="throw-the-broken-away", core=False)
def test_closing_is_given_up(play: Play) -> None:
    """The closing of a connection is given up after `close_timeout`, at that moment."""
    drawn = play.draw(1)[0]
    broken = {"x": [lease(wait(1), fail("E1", "ConnectionError"))]}
    for limit, options in ((drawn, {}), (0.4, {}), (90.0, {"acquire_timeout": 0.7})):
        for slow in ([hang()], [wait(limit + 0.3)]):
            trial = play(actors=broken, close=slow, close_timeout=limit, **options)
            for t in (trial, trial.cancel("x", at=1 + limit / 2)):
                t.expect("closing was given up after", took(t.one("close")), near(limit))
                t.expect("the lease ended at", t.call.end, near(1 + limit))
    actors = {"x": [lease(hang())], "k": [wait(1), aclose()]}
    t = play(actors=actors, close=[hang()], close_timeout=drawn).cancel("x", at=3)
    t.expect("closing was given up after", took(t.one("close")), near(drawn))


@check("R7", misconception="shield-without-a-bound", step="throw-the-broken-away", core=False)
def test_five_seconds_by_default(play: Play) -> None:
    """Without `close_timeout`, closing a connection may take 5 seconds, neither more nor less."""
    for seconds, wanted in ((4.8, 4.8), (5.2, 5.0)):
        t = play(actors={"x": [lease(wait(1), fail("E1", "ConnectionError"))]}, close=[wait(seconds)])
        t.expect("closing took", took(t.one("close")), near(wanted))


@check("R7", misconception="slot-goes-with-it", step="throw-the-broken-away", core=False)
def test_slot_free_after_a_hard_closing(play: Play) -> None:
    """After closing a connection was given up, or raised, its slot is free."""
    closes = ([hang()], [wait(0.4), fail("F1")], [fail("F1")], [wait(0.4), fail("F1", "TimeoutError")])
    for close in (*closes, [on_cancel(fail("F1")), hang()]):
        actors = {"x": [lease(wait(1), fail("E1", "ConnectionError"))], "y": [wait(0.5), within(60, lease(wait(1)))]}
        t = play(actors=actors | probes(1), size=1, closes={"c1": close}, close_timeout=2)
        t.one("close", "c1")
        t.expect("y got its connection at", got_at(t, "y"), {"y": near(lease_of(t, "x").end or 0.0)})
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


@check("R7", misconception="last-exception-counts", step="close-the-pool", core=False)
def test_error_of_closing_hides_no_cancellation(play: Play) -> None:
    """The cancellation of the block goes on, also if closing raised or was given up."""
    for close in ([wait(0.4), fail("F1")], [fail("F1")], [hang()], [on_cancel(fail("F1")), hang()]):
        actors = {"x": [lease(hang())], "k": [wait(1), aclose()]}
        t = play(actors=actors, size=1, close=close, close_timeout=2).accepting("deadlock").cancel("x", at=3)
        expect_lent(t, "x")
        if (t.call.end or 0) >= 3:
            t.one("close")
            t.expect("the lease", t.call.how, "cancelled")


@check("R7", misconception="catch-everything", step="throw-the-broken-away", core=False)
def test_interrupts_of_closing(play: Play) -> None:
    """What closing raises that is no `Exception`, such as KeyboardInterrupt, goes on, and the slot is free."""
    for early in ([], [wait(1)]):
        close = [*early, fail("stop", "Abandon")]
        actors = {"x": [lease(wait(1), fail("E1", "ConnectionError"))], "o": [at(LATER - 9), stats()], **probes(1)}
        t = play(actors=actors, size=1, closes={"c1": close})
        t.one("close", "c1")
        expect_room(t, 1)
        t.expect("leased when all is over", [told[0] for told in numbers(t)], [0])
        t = play(actors={"x": [lease(wait(2))], "k": [wait(1), aclose()]}, size=1, closes={"c1": close})
        t.one("close", "c1")
        t.expect_that("what leaves the lease", "stop" in t.call.errors, f"not what closing raised: it {t.call.ending}")


# -- R8: slow ones hold up nobody --------------------------------------------------------------------------------------------
@check("R8", misconception="lock-around-it", step="slot-before-connection", core=False)
def test_slow_connect_holds_up_nobody(play: Play) -> None:
    """While one connection is slow to come, who could have another one does not wait for it."""
    actors = {
        "u": [lease(wait(3)), wait(4), lease(wait(1))],
        "v": [wait(1), lease(wait(1))],
        "w": [wait(2), lease(wait(9))],
        "x": [wait(5), lease(wait(1))],
    }
    t = play(actors=actors, size=3, connects={"c2": [wait(70)], "c3": [wait(0.5)]})
    t.expect("served", got_at(t, "w", "x"), {"w": near(2.5), "x": near(5)})
    t.expect("u's leases ended at", [s.end for s in leases(t, "u")], [near(3), near(8)])


@check("R8", misconception="lock-around-it", step="slot-before-connection", core=False)
def test_connecting_side_by_side(play: Play) -> None:
    """Several connections are made at the same time if there is room for them."""
    a, b, c = play.draw(3, low=4)
    actors = {name: [wait(start), lease(wait(1))] for name, start in (("x", 0.1), ("y", 0.2), ("z", 0.3))}
    t = play(actors=actors, size=3, connects={"c1": [wait(a)], "c2": [wait(b)], "c3": [wait(c)]})
    served = sorted(got_at(t).values())
    t.expect("served", served, [near(when) for when in sorted((0.1 + a, 0.2 + b, 0.3 + c))])


@check("R8", misconception="lock-around-it", step="throw-the-broken-away", core=False)
def test_slow_close_holds_up_nobody(play: Play) -> None:
    """While one connection is slow to close, who could have another one does not wait for that."""
    broken = [wait(1), fail("E1", "ConnectionError")]
    actors = {
        "u": [lease(*broken)],
        "v": [wait(0.5), lease(wait(2.2))],
        "w": [wait(2), lease(wait(1))],
        "x": [wait(2.2), lease(wait(1))],
    }
    t = play(actors=actors, size=2, close=[wait(30)], close_timeout=40)
    t.expect("served", got_at(t, "w", "x"), {"w": near(2.7), "x": near(3.7)})
    t.expect("v's lease ended at", lease_of(t, "v").end, near(2.7))
    t = play(actors={"u": [lease(*broken)], "w": [wait(2), lease(wait(1))]}, size=2, close=[wait(30)], close_timeout=40)
    t.expect("served", got_at(t, "w"), {"w": near(2)})


@check("R8", misconception="lock-around-it", step="throw-the-broken-away", core=False)
def test_closing_side_by_side(play: Play) -> None:
    """A connection that is thrown away is closed at once, also while another one is slow to close."""
    actors = {
        "u": [lease(wait(1), fail("E1", "ConnectionError"))],
        "v": [wait(0.5), lease(wait(2), fail("E2", "ConnectionError"))],
        "w": [wait(2), lease(wait(1))],
    }
    t = play(actors=actors, size=2, closes={"c1": [wait(30)], "c2": [wait(0.3)]}, close_timeout=40)
    t.expect("w, who can have the slot of the other one, was served at", got_at(t, "w"), {"w": near(2.8)})


# -- R9: closing the pool ----------------------------------------------------------------------------------------------------
CLOSED = "PoolClosedError"


def gone(t: Trace) -> float:
    """When the last connection was gone; fails the subject if one is still open."""
    ends = [(name, when) for name, (_, _, when) in life(t).items()]
    t.expect("connections that are never closed", [name for name, when in ends if when is None], [])
    return max((when for _, when in ends if when is not None), default=0.0)


def expect_closed_pool(t: Trace) -> None:
    """Fail the subject unless each `aclose` returned when no connection was left open."""
    last = gone(t)
    for span in t.calls("aclose"):
        t.expect("`aclose`", span.how, "returned")
        t.expect("no connection was left open, and `aclose` returned, at", span.end, near(max(last, span.start)))


@check("R9", misconception="close-means-idle", step="close-the-pool")
def test_aclose_closes_idle_ones(play: Play) -> None:
    """`aclose` closes the idle connections and then returns."""
    actors = {"a": [lease(wait(1))], "b": [lease(wait(2))], "k": [wait(5), aclose()], "o": [at(LATER), stats()]}
    t = play(actors=actors, size=3, close=[wait(0.7)])
    t.expect(
        "connections that `aclose` closed", sorted(s.who for s in t.all("close") if s.how == "returned"), ["c1", "c2"]
    )
    expect_closed_pool(t)
    t.expect("leased, idle and waiting when the pool is closed", numbers(t), [(0, 0, 0)])
    expect_closed_pool(play(actors={"k": [wait(5), aclose()]}))


@check("R9", misconception="waiters-find-out", step="close-the-pool")
def test_waiters_are_refused_at_once(play: Play) -> None:
    """When the pool is closed, those who wait get a `PoolClosedError` at once."""
    actors = {"h": [lease(wait(20))], "k": [wait(5), aclose()], "o": [at(LATER), stats()]}
    actors |= {name: [wait(start), lease(wait(1))] for name, start in (("x", 1), ("y", 2), ("z", 2.5))}
    for options in ({}, {"acquire_timeout": 60}):
        t = play(actors=actors, size=1, **options)
        for span in leases(t, "x", "y", "z"):
            t.expect("what the one who waits gets", span.errors, [CLOSED])
            t.expect("refused at", span.end, near(5))
        t.expect("leased, idle and waiting when all is over", numbers(t), [(0, 0, 0)])


@check("R9", misconception="waiters-find-out", step="close-the-pool")
def test_later_callers_are_refused(play: Play) -> None:
    """Once `aclose` was called, nobody gets a connection any more: they get a `PoolClosedError`."""
    later = [[wait(start), lease(wait(1))] for start in (6, 16, 30)]
    actors = {"h": [lease(wait(15))], "k": [wait(5), aclose()], "x": later[0], "y": later[1], "z": later[2]}
    for size in (1, 2):
        t = play(actors=actors, size=size, close=[wait(3)])
        for span in leases(t, "x", "y", "z"):
            t.expect("what a later caller gets", span.errors, [CLOSED])
            t.expect("seconds until it was refused", took(span), near(0))
        t.expect("connections made", len(t.all("connect")), 1)


@check("R9", misconception="closing-ends-leases", step="close-the-pool")
def test_leases_go_on(play: Play) -> None:
    """When the pool is closed, leases go on, and each connection is closed as its lease ends."""
    actors = {"a": [lease(wait(4))], "b": [wait(0.1), lease(wait(8))], "k": [wait(2), aclose()]}
    t = play(actors=actors, size=2, close=[wait(0.7)])
    t.expect("how the leases ended", [s.ending for s in leases(t)], ["returned"] * 2)
    t.expect("their connections began to be closed at", [s.start for s in t.all("close")], [near(4), near(8.1)])
    expect_closed_pool(t)
    actors = {"a": [lease(wait(5000))], "k": [wait(2), aclose()], "o": [at(LONG), stats()]}
    t = play(actors=actors, size=2)
    expect_lent(t, "a")
    expect_closed_pool(t)
    t.expect("leased, idle and waiting when all is over", numbers(t), [(0, 0, 0)])


@check("R9", misconception="close-means-idle", step="close-the-pool", core=False)
def test_closed_after_it_was_empty(play: Play) -> None:
    """`aclose` waits for leases also if the pool had been empty before, such as after a connection that broke."""
    for first in (lease(wait(1), fail("E1", "ConnectionError")), lease(wait(1))):
        actors = {"a": [first], "b": [wait(3), lease(wait(9))], "k": [wait(5), aclose()]}
        for size in (1, 2):
            t = play(actors=actors, size=size, close=[wait(0.7)])
            expect_lent(t, *"ab")
            expect_closed_pool(t)


@check("R9", misconception="closing-ends-leases", step="close-the-pool")
def test_leases_that_fail_are_closed_too(play: Play) -> None:
    """When the pool is closed, a lease that ends by an error has its connection closed too, and `aclose` returns."""
    for kind in ("Fault", "ExceptionGroup", "ConnectionError"):
        steps = [wait(4), fail("E1", kind)]
        t = play(actors={"a": [lease(*steps)], "b": [lease(wait(6))], "k": [wait(2), aclose()]}, size=2)
        t.expect("what leaves the lease", lease_of(t, "a").raised, "E1")
        t.expect("connections closed", sorted(s.who for s in t.all("close")), ["c1", "c2"])
        expect_closed_pool(t)


@check("R9", misconception="close-means-idle", step="close-the-pool")
def test_block_of_the_pool(play: Play) -> None:
    """`async with` of the pool gives the pool and closes it at the end of the block."""
    for last in ([wait(1)], [wait(1), fail("E1")]):
        actors = {"a": [pool(lease(wait(1)), *last)], "b": [wait(0.5), lease(wait(5))], "x": [wait(3), lease()]}
        t = play(actors=actors, size=2)
        t.expect("what `as` gives", [n["value"] for n in t.notes("entered")], [token("pool")])
        t.expect("the block ended at", t.call.end, near(gone(t)))
        t.expect("what a later caller gets", lease_of(t, "x").errors, [CLOSED])


@check("R9", misconception="refused-too-late", step="close-the-pool")
def test_size_is_checked(play: Play) -> None:
    """A pool whose `size` is less than 1 is a `ValueError`."""
    t = play(actors={"a": [make(0), make(-1), make(1)]})
    t.expect("what making the pools raised", [s.errors for s in t.all("make")], [["ValueError"], ["ValueError"], []])


@check("R9", misconception="close-only-once", step="close-the-pool", core=False)
def test_aclose_twice(play: Play) -> None:
    """A second `aclose`, later or at the same time, is fine: it returns when no connection is open."""
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
            t.expect("how the caller's lease ended", ending.errors, one_of(*whole, [CLOSED]))
            t.expect("what the one who waits gets", lease_of(t, "y").errors, [CLOSED])
            expect_closed_pool(t)


@check("R9", misconception="connecting-is-not-open", step="close-the-pool", core=False)
def test_cancelled_while_the_pool_closes(play: Play) -> None:
    """When a caller is cancelled after the pool was closed, its connection is closed, and `aclose` returns."""
    a, b = play.draw(2, low=2)
    actors = {"x": [lease(wait(b), checkpoint())], "k": [wait(1), aclose()]}
    trial = play(actors=actors, size=1, connect=[wait(a), checkpoint()], close=[checkpoint()])
    trial.one("connect")
    for t in trial.cancelled("x"):
        if all(s.how == "returned" for s in t.all("close")):
            expect_closed_pool(t)


@check("R9", misconception="waiters-find-out", step="close-the-pool", core=False)
def test_closed_at_the_moment_of_a_hand_over(play: Play) -> None:
    """A connection or slot that is handed on just as the pool closes is not lost: `aclose` returns."""
    actors = {"h": [lease(wait(3))], "w": [wait(1), lease(wait(1))], "k": [wait(5), aclose()]}
    for connect in ([wait(2)], [wait(5), fail("E1")]):
        for t in play(actors=actors, size=1, connect=connect, closes={"c1": [wait(0.7)]}).orders(32):
            t.one("connect")
            refused, failed = lease_of(t, "w").errors, ["E1"] if len(connect) > 1 else []
            t.expect("what the one who waits gets", refused, one_of(failed, [CLOSED]))
            expect_closed_pool(t)
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
        t.expect("closing took", {s.who: took(s) for s in sorted(t.all("close"), key=lambda s: s.who)}, wanted)
        t.expect("`aclose` ended at", t.one("aclose").end, near(gone(t)))
        t = play(**plan, closes={hard: [wait(0.3), fail("F1")]})
        t.expect(
            "connections closed", sorted(s.who for s in t.all("close") if s.how != "cancelled"), ["c1", "c2", "c3"]
        )
        t.expect("`aclose` ended at", t.one("aclose").end, near(gone(t)))


@check("R9", misconception="await-in-finally", step="close-the-pool", core=False)
def test_cancelled_aclose_closes_idle_ones(play: Play) -> None:
    """`aclose` that is cancelled, also before it began, still closes the idle connections, and whole."""
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
            t.expect("connections closed whole", whole, ["c1", "c2"])


@check("R9", misconception="close-only-once", step="close-the-pool", core=False)
def test_pool_stays_closed_when_aclose_is_cancelled(play: Play) -> None:
    """The pool stays closed when `aclose` is cancelled while it waits for a lease; it can be closed once more."""
    actors = {"h": [lease(wait(20))], "k": [wait(3), within(4, aclose())], "x": [wait(9), lease()]}
    actors |= {"y": [wait(1), lease()], "l": [wait(12), aclose()]}
    t = play(actors=actors, size=1, close=[wait(0.7)])
    t.expect("what later callers get", [s.errors for s in leases(t, "x", "y")], [[CLOSED]] * 2)
    t.expect("seconds until they were refused", [took(s) for s in leases(t, "y", "x")], [near(2), near(0)])
    t.expect("how the lease ended", lease_of(t, "h").ending, "returned")
    t.expect("its connection began to be closed at", [s.start for s in t.all("close")], [near(20)])
    t.expect("the second `aclose` returned at", t.calls("aclose")[1].end, near(20.7))


# -- rules for every exercise ------------------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="slot-before-connection")
def test_both_backends(play: Play) -> None:
    """On asyncio and on trio: two of three tasks have a connection, and the third gets one later."""
    actors = {f"u{n}": [wait(0.2 * n), lease(wait(2))] for n in range(3)}
    t = play(actors=actors, size=2, connect=[wait(0.3)])
    expect_lent(t, "u0", "u1", "u2")
    t.expect("how the leases ended", [s.ending for s in leases(t)], ["returned"] * 3)


@check("G1", misconception="asyncio-is-everywhere", step="close-the-pool")
def test_both_backends_aclose(play: Play) -> None:
    """`aclose` works on asyncio and on trio."""
    t = play(actors={"a": [lease(wait(6))], "b": [lease(wait(1))], "k": [wait(4), aclose()]})
    expect_lent(t, *"ab")
    t.expect("`aclose`", t.one("aclose").ending, "returned")


@check("G2", misconception="things-end-by-themselves", step="give-back-whatever-happens")
def test_nothing_is_left(play: Play) -> None:
    """When a lease or `aclose` has ended, no task, stream or lock of it is left, and no slot is lost."""
    actors = {
        "h": [lease(wait(3))],
        "x": [wait(1), lease(wait(1), fail("E1"))],
        "y": [wait(1.5), lease(wait(9))],
        "z": [wait(1.7), within(3, lease(hang()))],
        "k": [wait(20), aclose()],
    }
    for plan in ({"connect": [wait(0.3)]}, {"connects": {"c1": [wait(0.4), fail("E2")]}, "close": [wait(0.4)]}):
        trial = play(actors=actors, size=1, **plan)
        expect_lent(trial, "y")
        for t in trial.cancelled("y", limit=40):
            for number, span in enumerate(s for s in t.calls() if s.what in ("lease", "aclose")):
                t.expect_nothing_left(span, but=() if number else ("streams",))


@check("G3", misconception="wait-cannot-be-cancelled", step="bound-the-wait")
def test_cancelled_while_waiting(play: Play) -> None:
    """Cancelled from outside, or by an enclosing deadline, while it waits, a lease ends by that at once."""
    actors = {"h": [lease(wait(50))], "x": [wait(1), lease(wait(1))]}
    for options in ({}, {"acquire_timeout": 30}):
        trial = play(actors=actors, size=1, **options)
        for t in (trial.cancel("x", at=4), trial.within("x", 4)):
            expect_lent(t, "h")
            t.expect("the lease", lease_of(t, "x").how, "cancelled")
            t.expect("it ended at", lease_of(t, "x").end, near(4))


@check("G3", misconception="shield-everything", step="slot-before-connection")
def test_cancelled_while_connecting(play: Play) -> None:
    """Cancelled from outside, or by an enclosing deadline, while it connects, a lease ends by that at once."""
    for options in ({}, {"acquire_timeout": 30}):
        trial = play(actors={"x": [wait(1), lease(wait(1))]}, connect=[wait(20)], **options)
        for t in (trial.cancel("x", at=4), trial.within("x", 4)):
            t.one("connect")
            t.expect("the lease", t.call.how, "cancelled")
            t.expect("it ended at", t.call.end, near(4))


@check("G3", misconception="shield-everything", step="give-back-whatever-happens")
def test_cancelled_in_the_block(play: Play) -> None:
    """Cancelled from outside, or by an enclosing deadline, a block is interrupted at once."""
    trial = play(actors={"x": [wait(1), lease(wait(20))]}, acquire_timeout=30)
    for t in (trial.cancel("x", at=4), trial.within("x", 4)):
        expect_lent(t, "x")
        t.expect("the block was cancelled at", t.call.cancelled_at, near(4))
        t.expect("the lease", t.call.how, "cancelled")


@check("G3", misconception="handled-once-is-done", step="give-back-whatever-happens")
def test_cancellation_goes_on_from_every_moment(play: Play) -> None:
    """Cancelled from outside at any moment, a lease ends by that cancellation."""
    actors = {"h": [lease(wait(2))], "x": [wait(0.5), lease(wait(1), checkpoint(), wait(1))]}
    for size in (1, 2):
        trial = play(actors=actors, size=size, connect=[wait(0.3), checkpoint()], acquire_timeout=30)
        expect_lent(trial, "x")
        for t in trial.cancelled("x"):
            expect_left_by_it(t, "x")


@check("G3", misconception="shield-everything", step="close-the-pool")
def test_cancelled_aclose(play: Play) -> None:
    """`aclose` that is cancelled while it waits for a lease to end ends by that at once; so does a block of the pool."""
    actors = {"h": [lease(wait(50))], "k": [wait(1), aclose()]}
    trial = play(actors=actors, size=2)
    for t in (trial.cancel("k", at=4), trial.within("k", 4)):
        expect_lent(t, "h")
        t.expect("`aclose`", t.one("aclose").how, "cancelled")
        t.expect("it ended at", t.one("aclose").end, near(4))
    trial = play(actors={"x": [pool(lease(wait(1)), wait(50))]})
    for t in (trial.cancel("x", at=4), trial.within("x", 4)):
        expect_lent(t, "x")
        t.expect("the block of the pool, cancelled from outside,", t.call.how, "cancelled")


@check("G4", misconception="blocking-is-short", step="bound-the-wait")
def test_nothing_blocks(play: Play) -> None:
    """No call blocks the event loop: other tasks run meanwhile."""
    actors = {
        "h": [lease(wait(5))],
        "x": [wait(1), lease(wait(1), fail("E1", "ConnectionError"))],
        "y": [wait(2), lease(), lease()],
        "z": [wait(2.5), within(1, lease())],
        "k": [wait(20), aclose()],
    }
    trials = [play(actors=actors, size=1, acquire_timeout=9)]
    trials.append(play(actors=actors, size=2, connects={"c1": [fail("E2")]}, close=[wait(0.5)]))
    for trial in trials:
        t = trial.accepting("deadlock")
        t.expect_not_blocked()
        expect_lent(t)


@check("G5", misconception="catch-everything", step="give-back-whatever-happens")
def test_interrupts_of_a_block(play: Play) -> None:
    """What a block raises that is no `Exception`, such as KeyboardInterrupt, goes on, and the connection is given back."""
    actors = {"x": [lease(wait(1), fail("stop", "Abandon"))], **probes(1)}
    t = play(actors=actors, size=1)
    t.expect_that("what leaves the lease", "stop" in t.call.errors, f"not what the block raised: it {t.call.ending}")
    expect_room(t, 1)


@check("G5", misconception="catch-everything", step="slot-before-connection")
def test_interrupts_of_connect(play: Play) -> None:
    """What `connect` raises that is no `Exception`, such as KeyboardInterrupt, goes on, and the slot is free."""
    for early in ([], [wait(1)]):
        actors = {"x": [lease(wait(1))], "y": [wait(0.5), lease(wait(0.1))], **probes(1)}
        t = play(actors=actors, size=1, connects={"c1": [*early, fail("stop", "Abandon")]})
        t.expect_that(
            "what leaves the lease", "stop" in t.call.errors, f"not what `connect` raised: it {t.call.ending}"
        )
        expect_room(t, 1)


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting(play: Play) -> None:
    """Those who wait for a connection do not wake up more often if everything takes a thousand times as long."""
    steps = []
    for long in (1, 1000):
        actors = {"h": [lease(wait(5 * long))], "x": [wait(1), lease(wait(long))], "y": [wait(1.5), lease(wait(long))]}
        t = play(actors=actors, size=1, connect=[wait(long)], acquire_timeout=6.2 * long)
        expect_lent(t, "h")
        steps.append(t.steps)
    t.expect("wake-ups of all tasks", steps[1], at_most(steps[0] + 10))


@check("G6", misconception="look-again-and-again", step="close-the-pool")
def test_no_busy_waiting_for_the_end(play: Play) -> None:
    """`aclose` does not wake up more often if the leases last a thousand times as long."""
    steps = []
    for long in (1, 1000):
        t = play(actors={"h": [lease(wait(5 * long))], "k": [wait(1), aclose()]}, size=1, close=[wait(1)])
        expect_lent(t, "h")
        t.expect("`aclose`", t.one("aclose").how, "returned")
        steps.append(t.steps)
    t.expect("wake-ups of all tasks", steps[1], at_most(steps[0] + 10))


@check("G8", misconception="refused-too-late", step="close-the-pool")
def test_size_is_checked_first(play: Play) -> None:
    """A size below 1 is refused by a bare `ValueError` when the pool is made or entered."""
    t = play(actors={"a": [make(0), make(-3)]})
    t.expect("what making the pools raised", [s.raised for s in t.all("make")], ["ValueError"] * 2)
    t.expect("pools that were entered all the same", len(t.notes("made")), 0)


@check("G9", misconception="connect-is-a-coroutine-function", step="slot-before-connection")
def test_any_awaitable(play: Play) -> None:
    """`connect` may give any awaitable, also one that is no coroutine."""
    actors = {"x": [lease(wait(1))], "y": [wait(0.2), lease(wait(1))], "z": [wait(0.3), lease(wait(1))]}
    t = play(actors=actors, size=2, connect=[awaitable(), wait(0.4)])
    expect_lent(t, *"xyz")
    t.expect("how the leases ended", [s.ending for s in leases(t)], ["returned"] * 3)


@check("G9", misconception="connect-is-a-coroutine-function", step="slot-before-connection")
def test_raises_when_called(play: Play) -> None:
    """`connect` may raise when it is called: its error leaves the lease, and its slot is free."""
    failing = {f"c{n}": [at_once(), fail(f"E{n}")] for n in (1, 2)}
    t = play(actors={"x": [lease(), lease()], **probes(1)}, size=1, connects=failing)
    t.expect("what left the leases", [s.errors for s in leases(t, "x")], [["E1"], ["E2"]])
    expect_room(t, 1)
