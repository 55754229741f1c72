"""Public checks of m09: run them as often as you like, with `grader check m09` or with pytest.

A plan says what each actor does, step by step; `scene.py` lists the steps. `lease(wait(2))` is a block of two seconds
with a connection of the pool; `aclose()` closes the pool. Connections are called c1, c2 … as they are made.
"""

from __future__ import annotations

from grader import (
    Play,
    SentencePart,
    Trace,
    at_least,
    at_most,
    attempt,
    awaitable,
    cancel,
    check,
    fail,
    hang,
    near,
    one_of,
    token,
    verb,
    wait,
    within,
)

lease, aclose, pool, stats, make = verb("lease"), verb("aclose"), verb("pool"), verb("stats"), verb("make")
at = verb("at")


def served(t: Trace, *who: str) -> dict[str, float]:
    """Who of these, or of all, got a connection that `connect` made → when."""
    made = [token(name) for name in t.names("connect")]
    return {n["who"]: n["t"] for n in t.notes("got") if n["value"] in made and (not who or n["who"] in who)}


def expect_lent(t: Trace, *who: str) -> None:
    """Expect that these got a connection: what a pool that lends nothing does, says nothing."""
    t.expect("those who got a connection that `connect` made", sorted(served(t, *who)), sorted(who))


def expect_stats(t: Trace, wanted: dict[str, tuple[int, int, int]], part: str = "", *parts: str) -> None:
    """Expect what `stats` said, each time that it was asked: when → leased, idle and waiting; a part for each, or for all."""
    names = ("leased", "idle", "waiting")
    said = [{name: getattr(s.value, name, repr(s.value)) for name in names} for s in t.all("stats")]
    t.expect("answers of `stats`", len(said), len(wanted))
    about = (part, *parts) if parts else [part] * len(wanted)
    for (moment, expected), seen, says in zip(wanted.items(), said, about, strict=True):
        numbers = dict(zip(names, expected, strict=True))
        wrong = [name for name in names if seen[name] != numbers[name]]
        alone = f"`stats` says how many are {', '.join(wrong)} now, and counts each as long as that is so."
        t.expect(f"`stats` {moment}", seen, numbers, part=says or (alone if len(wrong) == 1 else ""))


# -- core ------------------------------------------------------------------------------------------------------------
@check("R1", misconception="check-then-act", step="slot-before-connection")
def test_never_more_than_size(play: Play) -> None:
    """However many ask at the same moment, never more than `size` connections are made."""
    actors = {f"u{n}": [wait(1), lease(wait(1))] for n in range(4)}
    for t in play(actors=actors, size=2, connect=[wait(0.7)]).orders(4):
        made, part = t.all("connect"), ""
        if sum(span.start < 1.5 for span in made) in (1, 2):  # all ask at 1 s, so the others came after a wait
            sentence = "A caller that has waited gets the connection that came back: it does not make another one."
            part = SentencePart(sentence, misconception="always-a-new-one", step="slot-before-connection")
            if not t.names("close") and len(made) > 2:
                once_more = play(actors={"a": [lease(wait(1)), wait(1), lease(wait(1))]}, size=2).accepting("deadlock")
                if len(once_more.all("connect")) == 1:
                    part = "A caller that has waited gets the connection that came back, or its slot: never more than `size` are open at once."
                else:
                    sentence = "An idle connection is used again: a new one is made only when none is idle."
                    part = SentencePart(sentence, misconception="always-a-new-one", step="slot-before-connection")
        t.expect("connections made", len(made), one_of(1, 2), part=part)
        expect_lent(t, *actors)
    actors = {"x": [lease()], **{f"u{n}": [wait(1), lease(wait(1))] for n in range(4)}}
    t = play(actors=actors, size=1, connect=[wait(0.7)], connects={"c1": [wait(3), fail("E")]}).accepting("deadlock")
    part = "If `connect` raises, one of the waiting callers gets its slot, and not two."
    t.expect("connections made at once after one that failed", t.most_open("connect"), at_most(1), part=part)
    t = play(actors={"a": [lease(wait(9))], "b": [wait(1), lease(wait(1))]}, size=2)
    part = "As many blocks as `size` have a connection at the same time."
    t.expect("who got a connection", served(t), {"a": near(0), "b": near(1)}, unit="s", part=part)
    actors = {"h": [lease(wait(20))], "x": [wait(1), lease()], "y": [wait(6), lease()]}
    t = play(actors=actors, size=1, acquire_timeout=4).accepting("deadlock")
    expect_lent(t, "h")
    part = "A waiter that gives up has no slot yet, and so it frees none."
    t.expect("connections made, when a waiter gave up", len(t.all("connect")), 1, part=part)


@check("R1", misconception="always-a-new-one", step="slot-before-connection")
def test_idle_one_is_used_again(play: Play) -> None:
    """An idle connection is used again; a new one is made only when none is idle."""
    t = play(actors={"a": [lease(wait(1)), wait(1), lease(wait(1))]}, size=2)
    t.expect("connections made", len(t.all("connect")), 1)


@check("R1", misconception="one-for-all-pools", step="slot-before-connection", wide=True)
def test_two_pools(play: Play) -> None:
    """Two pools have nothing to do with each other: what is idle or leased in one does not count in the other."""
    steps = [["another", lease(wait(2)), stats()], wait(3)]
    t = play(actors={"a": [lease(wait(1)), lease(*steps)], "b": [wait(2), lease()]}, size=1)
    t.expect("connections made", len(t.all("connect")), 2)
    got = {note["who"]: note for note in t.notes("got")}
    part = ""
    if "a" in got and "b" in got and got["b"]["t"] < 5 and got["b"]["value"] == token("c1"):  # `a` has it until 6 s
        sentence = "A connection that is lent is not idle any more: no two callers have it at the same time."
        part = SentencePart(sentence, misconception="one-for-all", step="slot-before-connection")
    t.expect("who got a connection", served(t, "b"), {"b": near(6)}, unit="s", part=part)
    expect_stats(t, {"of the other pool": (0, 1, 0)})
    t = play(actors={"a": [lease(wait(1)), ["another", lease(wait(1))]]}, size=1)
    t.expect("connections made, when one is idle in the first pool", len(t.all("connect")), 2)


@check("R2", misconception="line-after-yield", step="give-back-whatever-happens")
def test_given_back(play: Play) -> None:
    """However a block ends (return, error, cancellation), its connection is given back."""
    for steps in ([wait(1)], [wait(1), fail("E")], [hang()]):
        t = play(actors={"a": [within(3, lease(*steps))], "b": [wait(5), within(1, lease())]}, size=1)
        how = "is cancelled" if steps == [hang()] else "raises an error" if len(steps) > 1 else "ends without an error"
        part = f"When a block {how}, its connection is given back."
        t.expect("who got a connection", served(t, "b"), {"b": near(5)}, unit="s", part=part)


@check("R2", misconception="pool-handles-errors", step="give-back-whatever-happens")
def test_very_same_error(play: Play) -> None:
    """The error that a block raises leaves the lease unchanged, not in a group, also a `TimeoutError`."""
    for kind in ("ValueError", "TimeoutError"):
        t = play(actors={"a": [lease(wait(1), fail("E", kind))]}, acquire_timeout=5)
        t.expect("what leaves the lease", t.call.raised, "E")


@check("R5", misconception="connect-cannot-fail", step="slot-before-connection")
def test_connect_fails(play: Play) -> None:
    """If `connect` raises, its error leaves the lease, and its slot is free for the next."""
    actors = {"a": [lease()], "b": [wait(1), within(9, lease())]}
    t = play(actors=actors, size=1, connects={"c1": [wait(2), fail("E")]})
    t.expect("what a gets", t.call.errors, ["E"])
    part = "If `connect` raises, its slot is free, and a waiting caller gets it."
    t.expect("who got a connection", served(t, "b"), {"b": near(2)}, unit="s", part=part)


@check("R2", misconception="stats-kept-by-hand", step="find-the-leak")
def test_stats(play: Play) -> None:
    """`stats` says how many are leased, idle and waiting now."""
    actors = {"a": [lease(wait(4))], "b": [wait(1), lease(wait(4))], "o": [wait(0.5), stats(), wait(2), stats()]}
    t = play(actors={**actors, "c": [wait(20), stats()]}, size=1)
    wanted = {"at 0.5 s": (1, 0, 0), "at 2.5 s, while b waits": (1, 0, 1), "at the end": (0, 1, 0)}
    expect_stats(t, wanted)


@check("R2", misconception="stats-kept-by-hand", step="find-the-leak", wide=True)
def test_stats_after_giving_up(play: Play) -> None:
    """`stats` no longer counts a waiter that was cancelled or ran out of time."""
    actors = {"a": [lease(wait(9))], "b": [wait(1), lease()], "c": [wait(2), lease()]}
    looks = {"o": [at(3), stats(), at(5), stats(), at(8), stats()]}
    t = play(actors={**actors, **looks}, size=1, acquire_timeout=5).cancel("b", at=4)
    expect_lent(t, "a")
    wanted = {
        "at 3 s, while b and c wait": (1, 0, 2),
        "at 5 s, after b was cancelled": (1, 0, 1),
        "at 8 s, after c ran out of time": (1, 0, 0),
    }
    sentence = "`stats` counts every caller that waits for a connection, also one that waits for a lock of the pool."
    expect_stats(
        t,
        wanted,
        SentencePart(sentence, step="find-the-leak"),
        "`stats` no longer counts a waiter that was cancelled.",
        "`stats` no longer counts a waiter that ran out of time.",
    )


@check("R2", misconception="got-it-then-lost-it", step="find-the-leak")
def test_cancelled_at_any_moment(play: Play) -> None:
    """Cancelled at any moment, while it waits, connects or works, a caller keeps no slot and loses no connection."""
    actors = {"x": [lease(wait(1))], "y": [at(9), within(1, lease())]}
    for t in play(actors=actors, size=1, connect=[wait(0.4)]).cancelled("x"):
        part = ""
        if any(span.how == "cancelled" for span in t.all("connect")):
            part = "A caller that is cancelled while it makes a connection gives its slot back."
        elif "x" in served(t) and t.of("x")[lease(wait(1))].how == "cancelled":
            part = "A caller that is cancelled when it has its connection gives it back."
        t.expect("who got a connection", served(t, "y"), {"y": one_of(near(9), near(9.4))}, unit="s", part=part)


@check("R2", misconception="got-it-then-lost-it", step="find-the-leak")
def test_cancelled_at_the_hand_over(play: Play) -> None:
    """When a waiter is cancelled just as a slot is handed to it, the slot is not lost."""
    actors = {"h": [lease(wait(3))], "x": [wait(1), lease(wait(1))], "y": [at(9), within(1, lease())]}
    earlier, part = play(actors=actors, size=1).cancel("x", at=2).accepting("deadlock"), ""
    if "y" not in served(earlier, "y"):
        sentence = "A waiter that was cancelled leaves the queue: no connection is handed to it later."
        part = SentencePart(sentence, misconception="gave-up-still-in-line", step="find-the-leak")
    for first in (lease(wait(3)), lease()):
        actors = {"h": [first], "x": [wait(1), lease(wait(1))], "k": [wait(3), cancel("x")]}
        actors["y"] = [at(9), within(1, lease())]
        connects = {} if len(first) > 1 else {"c1": [wait(3), fail("E")]}
        for t in play(actors=actors, size=1, connects=connects).orders(8):
            t.expect("who got a connection", served(t, "y"), {"y": near(9)}, unit="s", part=part)


@check("R4", misconception="timeout-around-the-lease", step="bound-the-wait")
def test_block_is_not_bounded(play: Play) -> None:
    """`acquire_timeout` does not end the block."""
    t = play(actors={"a": [lease(wait(50))]}, acquire_timeout=3)
    expect_lent(t, "a")
    t.expect("how the lease ended", t.call.ending, "returned")


@check("R4", misconception="timeout-is-none", step="bound-the-wait")
def test_waiting_is_bounded(play: Play) -> None:
    """A caller that has waited for `acquire_timeout` gets a `TimeoutError` then."""
    t = play(actors={"a": [lease(wait(50))], "b": [wait(1), lease()]}, size=1, acquire_timeout=3)
    expect_lent(t, "a")
    asked, part = t.of("b")[lease()], ""
    if asked.end is not None and asked.end > 4.5:
        actors = {"a": [lease(wait(50))], "b": [wait(1), lease()]}
        other = play(actors=actors, size=1, acquire_timeout=30).cancel("b", at=4).accepting("deadlock")
        if (other.of("b")[lease()].end or 0) > 4.5:
            sentence = "A caller that waits can be cancelled, by `acquire_timeout` and from outside: no shield keeps it waiting."
            part = SentencePart(sentence, misconception="wait-cannot-be-cancelled", step="bound-the-wait")
    t.expect("what b gets", asked.errors, ["TimeoutError"], part=part)
    t.expect("b got its error at", t.of("b")[lease()].end, near(4), unit="s")
    t = play(actors={"a": [lease()]}, size=1, acquire_timeout=3, connect=[wait(50)]).accepting("deadlock")
    part = "A caller whose `connect` takes longer than `acquire_timeout` gets a `TimeoutError` then."
    t.expect("a, which waited for `connect` alone, was refused at", t.call.end, near(3), unit="s", part=part)
    actors, connects = {"a": [lease()], "b": [wait(1), lease()]}, {"c1": [wait(2.5), fail("E")], "c2": [wait(2)]}
    t = play(actors=actors, size=1, acquire_timeout=3, connects=connects).accepting("deadlock")
    part = "`acquire_timeout` bounds waiting and making a connection together, not each of them."
    t.expect(
        "b, which waited for 1.5 s and then connected, was refused at",
        t.of("b")[lease()].end,
        near(4),
        unit="s",
        part=part,
    )


@check("R9", misconception="close-means-idle", step="close-the-pool")
def test_aclose(play: Play) -> None:
    """`aclose` refuses waiting callers, lets leases go on, and returns when their connections are closed."""
    actors = {"a": [lease(wait(9))], "b": [wait(1), lease()], "k": [wait(2), aclose()], "c": [wait(3), lease()]}
    t = play(actors=actors, size=1, close=[wait(0.5)]).accepting("deadlock")
    held = t.of("a")[lease(wait(9))]
    part = "`aclose` lets leases go on: it does not end their blocks."
    t.expect("how the lease of a ended", held.ending, "returned", part=part)
    t.expect("the lease of a, with a block of 9 s, took", held.took, at_least(8.9), part=part)
    parts = (
        "A caller that waits when `aclose` is called is refused at once.",
        "A caller that comes after `aclose` was called is refused at once.",
    )
    for (who, moment), part in zip((("b", 2), ("c", 3)), parts, strict=True):
        t.expect(f"what {who} gets", t.of(who)[lease()].errors, ["PoolClosedError"], part=part)
        t.expect(f"{who} was refused at", t.of(who)[lease()].end, near(moment), unit="s", part=part)
    part = "A connection whose lease ends after `aclose` was called is closed, and then `aclose` returns."
    closed = t.one("aclose").end
    if closed is not None and 8.9 < closed < 9.3:
        idle = play(actors={"a": [lease(wait(1))], "k": [wait(3), aclose()]}, size=1).accepting("deadlock")
        sentence = "`aclose` closes the idle connections too."
        part = SentencePart(sentence, step="close-the-pool")
        if idle.names("close"):
            sentence = (
                "A connection that is being closed still counts: its slot is not free, and `aclose` waits for it."
            )
            part = SentencePart(sentence, misconception="closing-is-gone", step="close-the-pool")
    t.expect("`aclose` returned at", closed, near(9.5), unit="s", part=part)
    borrowers = {who: [lease(wait(1))] for who in "abc"}
    t = play(actors={**borrowers, "k": [wait(3), aclose()]}, size=3).accepting("deadlock")
    part = SentencePart("`aclose` closes every idle connection, not only some of them.", step="close-the-pool")
    t.expect("connections closed, of three idle ones", sorted(t.names("close")), ["c1", "c2", "c3"], part=part)
    t = play(actors={"k": [wait(2), aclose()]}).accepting("deadlock")
    part = "`aclose` returns at once if no connection is open."
    t.expect("`aclose` of a pool that was never used returned at", t.one("aclose").end, near(2), unit="s", part=part)


@check("R9", misconception="waiters-find-out", step="close-the-pool")
def test_all_who_wait_are_refused(play: Play) -> None:
    """`aclose` refuses all waiting callers at once; a lease that fails later keeps its error, and its connection is closed."""
    line = {f"w{n}": [wait(1), lease()] for n in range(3)}
    t = play(
        actors={"a": [lease(wait(9), fail("E", "ConnectionError"))], **line, "k": [wait(2), aclose(), stats()]}, size=1
    )
    expect_lent(t, "a")
    leases = {span.who: span for span in t.calls("lease")}
    t.expect("what the waiting callers get", [leases[who].errors for who in line], [["PoolClosedError"]] * 3)
    t.expect("they were refused at", [leases[who].end for who in line], [near(2)] * 3, unit="s")
    part = "A lease that fails when the pool is closed keeps its own error."
    if leases["a"].how == "returned":
        alone = play(actors={"a": [lease(wait(1), fail("E", "ConnectionError"))]}).accepting("deadlock")
        if alone.call.how == "returned":
            part = "What a block raises leaves the lease: a `ConnectionError` is not swallowed."
    t.expect("what leaves the lease of a", leases["a"].raised, "E", part=part)
    part = "The connection of a lease that fails when the pool is closed is closed too."
    t.expect("connections closed", t.names("close"), ["c1"], part=part)
    waiting = t.all("stats")[-1:]
    part = "When all is closed, `stats` counts nothing any more."
    if any(getattr(look.value, "waiting", 0) for look in waiting):
        part = "A caller that was refused or gave up does not wait any more: `stats` no longer counts it."
    expect_stats(t, {"when all is closed": (0, 0, 0)}, part=part)


@check("R9", misconception="close-means-idle", step="close-the-pool")
def test_block_of_the_pool(play: Play) -> None:
    """`async with` of the pool gives the pool and closes it at the end of the block."""
    t = play(actors={"a": [pool(lease(wait(1)), wait(1))]}).accepting("deadlock")
    if t.call.end is None and t.all("connect") and not t.names("close"):
        part = SentencePart("`aclose` closes the idle connections too, and then returns.", step="close-the-pool")
        t.expect("connections closed", t.names("close"), ["c1"], part=part)
    t.expect_that("the block of the pool", t.one("pool").end is not None, "never ended, where it should return")
    t.expect("what `as` gives", [n["value"] for n in t.notes("entered")], [token("pool")])
    part = SentencePart(
        "A connection is made when a caller asks for one, and not before.", step="slot-before-connection"
    )
    t.expect("connections made, for one lease", len(t.all("connect")), 1, part=part)
    t.expect("connections closed", t.names("close"), ["c1"], part="The end of the block closes the pool.")


# -- stretch ---------------------------------------------------------------------------------------------------------
@check("R3", misconception="whoever-wakes-first", step="hand-it-on", core=False)
def test_first_come_first_served(play: Play) -> None:
    """Waiting callers are served in the order in which they came."""
    line = {f"w{n}": [wait(1 + 0.3 * n), lease(wait(1))] for n in range(4)}
    t = play(actors={"h": [lease(wait(3)), lease(wait(1))], **line}, size=1)
    expect_lent(t, "h", *line)
    t.expect("served, in this order", [n["who"] for n in t.notes("got")], ["h", *line, "h"])


@check("R6", misconception="broken-goes-back", step="throw-the-broken-away", core=False)
def test_broken_one_is_closed(play: Play) -> None:
    """If a block raises a `ConnectionError`, its connection is closed and not used again."""
    t = play(actors={"a": [lease(wait(1), fail("E", "ConnectionError")), wait(1), lease()]}, size=1)
    t = t.naming("After a block raised a `ConnectionError` its slot is free: the next caller gets a new connection.")
    part = "If a block raises a `ConnectionError`, its connection is closed."
    t.expect("connections closed", t.names("close"), ["c1"], part=part)
    lent = [n["value"] for n in t.notes("got")]
    part = "A connection whose block raised a `ConnectionError` is not used again."
    t.expect("connections lent", lent, [token("c1"), token("c2")], part=part)


@check("R7", misconception="await-in-finally", step="throw-the-broken-away", core=False)
def test_closing_is_protected(play: Play) -> None:
    """A cancellation does not interrupt the closing of a broken connection."""
    t = play(actors={"a": [lease(wait(1), fail("E", "ConnectionError"))]}, close=[wait(3)]).cancel("a", at=2)
    t.expect("how the closing ended", t.one("close").ending, "returned")


@check("R7", misconception="shield-without-a-bound", step="throw-the-broken-away", core=False)
def test_closing_is_bounded(play: Play) -> None:
    """The closing of a connection is given up after `close_timeout`."""
    t = play(actors={"a": [lease(wait(1), fail("E", "ConnectionError"))]}, close=[wait(90)], close_timeout=2)
    t.expect("closing was given up at", t.one("close").end, near(3), unit="s")
    t.expect("what leaves the lease", t.call.raised, "E")


@check("R8", misconception="lock-around-it", step="hand-it-on", core=False)
def test_slow_connect(play: Play) -> None:
    """A slow `connect` holds up no caller that could be served by another connection."""
    actors = {"a": [lease(wait(1))], "b": [wait(1), lease(wait(1))], "c": [wait(3), lease(wait(1))]}
    t = play(actors=actors, size=2, connects={"c1": [wait(60)], "c2": [wait(0.5)]})
    t.expect("who got a connection", served(t, "b", "c"), {"b": near(1.5), "c": near(3)}, unit="s")


@check("R9", misconception="await-in-finally", step="close-the-pool", core=False)
def test_aclose_is_cancelled(play: Play) -> None:
    """`aclose` that is cancelled while it closes an idle connection still closes it completely."""
    actors = {"a": [lease(wait(1))], "k": [wait(2), attempt("try", aclose())], "s": [wait(3), cancel("try")]}
    t = play(actors=actors, close=[wait(2)])
    t.expect("how the closing ended", t.one("close").ending, "returned")


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="slot-before-connection")
def test_both_backends(play: Play) -> None:
    """On asyncio and on trio: one task has the connection, the other gets it later."""
    t = play(actors={"a": [lease(wait(2))], "b": [wait(1), lease(wait(1))]}, size=1, connect=[wait(0.3)])
    expect_lent(t, *"ab")
    t.expect("how the leases ended", [s.ending for s in t.calls("lease")], ["returned"] * 2)


@check("G2", misconception="things-end-by-themselves", step="give-back-whatever-happens")
def test_nothing_is_left(play: Play) -> None:
    """When a lease has ended, it has left no task, stream or lock behind."""
    actors = {"a": [lease(wait(2))], "b": [wait(1), lease(wait(1))], "c": [wait(1.5), within(1, lease())]}
    t = play(actors=actors, size=1)
    expect_lent(t, *"ab")
    for span in t.calls("lease")[1:]:
        t.expect_nothing_left(span)


@check("G3", misconception="wait-cannot-be-cancelled", step="bound-the-wait")
def test_cancellation(play: Play) -> None:
    """A lease that is cancelled from outside while it waits ends at once by the cancellation."""
    t = play(actors={"a": [lease(wait(50))], "b": [wait(1), lease()]}, size=1, acquire_timeout=30).cancel("b", at=4)
    expect_lent(t, "a")
    t.expect("how the lease of b, cancelled at 4 s, ended", t.of("b")[lease()].how, "cancelled")
    t.expect("it ended at", t.of("b")[lease()].end, near(4), unit="s")
    t = play(actors={"a": [pool(lease(wait(50)))]}).cancel("a", at=3)
    expect_lent(t, "a")
    part = "The block of the pool that is cancelled from outside ends by the cancellation."
    t.expect("how the block of the pool, cancelled at 3 s, ended", t.one("pool").how, "cancelled", part=part)


@check("G4", misconception="blocking-is-short", step="bound-the-wait")
def test_nothing_blocks(play: Play) -> None:
    """No call blocks the event loop: other tasks run meanwhile."""
    actors = {
        "a": [lease(wait(5))],
        "b": [wait(1), lease()],
        "c": [wait(2), within(1, lease())],
        "k": [wait(9), aclose()],
    }
    t = play(actors=actors, size=1)
    t.expect_not_blocked()
    expect_lent(t, *"ab")


@check("G5", misconception="catch-everything", step="give-back-whatever-happens")
def test_interrupts(play: Play) -> None:
    """Something like `KeyboardInterrupt` leaves the block and the lease, and the connection is given back."""
    actors = {"a": [lease(wait(1), fail("stop", "Abandon"))], "b": [wait(5), within(1, lease())]}
    t = play(actors=actors, size=1)
    part = "Whatever ends a block leaves the lease, also what is not an `Exception`: a `KeyboardInterrupt`, a cancellation."
    left = "stop" in t.call.errors
    t.expect_that("what the block raised should leave the lease", left, f"it {t.call.ending}", part=part)
    t.expect("who got a connection", served(t, "b"), {"b": near(5)}, unit="s")


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting(play: Play) -> None:
    """A task that waits a thousand times as long for a connection does not wake up more often."""
    steps = [play(actors={"a": [lease(wait(5 * long))], "b": [wait(1), lease()]}, size=1).steps for long in (1, 1000)]
    t = play(actors={"a": [lease(wait(1))]})
    expect_lent(t, "a")
    t.expect("wake-ups of all tasks in the longer run", steps[1], at_most(steps[0] + 10))


@check("G8", misconception="refused-too-late", step="close-the-pool")
def test_bad_size(play: Play) -> None:
    """A `size` below 1 raises a bare `ValueError` when the pool is made or entered."""
    t = play(actors={"a": [make(0)]})
    t.expect("what making a pool of size 0 raised", t.one("make").raised, "ValueError")


@check("G9", misconception="connect-is-a-coroutine-function", step="slot-before-connection")
def test_any_awaitable(play: Play) -> None:
    """`connect` may give any awaitable, also one that is not a coroutine."""
    t = play(actors={"a": [lease(wait(1))]}, connect=[awaitable(), wait(0.4)])
    expect_lent(t, "a")
    t.expect("how the lease ended", t.call.ending, "returned")
