"""Hidden checks of m10: the rules of every exercise."""

from __future__ import annotations

import itertools

from grader import Play, at_least, at_most, at_once, awaitable, check, checkpoint, fail, hang, near, wait, within

from .plans import (
    BLOCKS,
    BOTH_WAYS,
    MANY,
    THREE,
    TWO,
    at_the_end,
    audits,
    balances,
    blocks,
    both,
    drop,
    dropping,
    ending,
    expect_audited,
    expect_held_in_the_blocks,
    expect_in_turn,
    expect_locks_taken,
    first_take,
    got,
    hold,
    holders,
    in_turn,
    inside,
    locked,
    move,
    moves,
    names_of,
    take,
    takes,
    told,
)


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="backend-lock", step="who-holds-what")
def test_both_backends(play: Play) -> None:
    """On asyncio and on trio: one task holds a lock of the monitor, one waits for it, and `transfer` works."""
    actors = {"a": [wait(0.3), inside("x", wait(2))], "b": [wait(1.3), inside("x", wait(1))]}
    t = play(accounts=TWO, actors={**actors, "m": [wait(1.3), move("A", "B", 10, wait(1))]})
    expect_in_turn(t, "x")
    t.expect("who got the lock", names_of(t, "x"), ["a", "b"])
    t.expect("how the two blocks ended", [span.how for span in t.all("inside")], ["returned", "returned"])
    [call] = moves(t)
    t.expect("how the transfer ended", ending(call), "returned")
    expect_audited(t, call)
    expect_locks_taken(t)


@check("G2", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_transfer_leaves_nothing(play: Play) -> None:
    """However a transfer ends, it keeps no lock, and none of its tasks still runs."""
    error, short = [wait(1), fail("E1")], []
    ways = [
        ("A", "B", 30, [wait(1)]),
        ("A", "B", 71, short),
        ("A", "B", 30, error),
        ("B", "A", 71, short),
        ("B", "A", 9, error),
    ]
    ways += [("B", "A", 9, [fail("E1")]), ("A", "A", 30, error), ("A", "A", 101, short), ("A", "B", -1, short)]
    ways += [(a, b, 9, [wait(1), fail("E2", "ExceptionGroup")]) for a, b in (("A", "A"), *BOTH_WAYS)]
    t = play(accounts=TWO, actors={"m": [wait(1.3), *(move(a, b, n, *steps) for a, b, n, steps in ways)]})
    expect_locks_taken(t)
    for call in moves(t):
        part = "However a transfer ends, it keeps no lock." if list(call.left) == ["locks"] else ""
        t.expect("left behind by the transfer", call.left, {}, part=part)
    part = "However a transfer ends, it keeps no lock."
    t.expect("accounts still locked at the end", at_the_end(t, "locked"), [], part=part)


@check("G2", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_block_gives_the_lock_back(play: Play) -> None:
    """However an `async with` block ends, its lock is free then."""
    t = play(actors=blocks(*(within(1, take(name)) for name in BLOCKS)))
    expect_held_in_the_blocks(t)
    t.expect("how taking the locks after the blocks ended", [ending(span) for span in takes(t, "o")], ["returned"] * 6)


@check("G3", misconception="shield-around-everything", step="give-back-whatever-happens")
def test_transfer_cancelled_in_time(play: Play) -> None:
    """A transfer that is cancelled while it waits for a lock or for the audit ends at once."""
    ways = [
        *itertools.product(([], ["A"], ["B"], ["B", "A"]), BOTH_WAYS),
        *itertools.product(([], ["A"]), [("A", "A")]),
    ]
    turns = []
    for n, (busy, (a, b)) in enumerate(ways):
        turns.append(([f"{name}{n}" for name in busy], [within(2.5, move(f"{a}{n}", f"{b}{n}", 30, wait(9)))]))
    t = play(accounts=MANY, actors=in_turn(*turns, during=9))
    t.expect_that(
        "transfers should wait for locks and audits", any(call.end > call.start + 2 for call in moves(t)), "none did"
    )
    for call in moves(t):
        if call.end > call.start + 2:  # else it ended by itself before it was cancelled
            part = "A transfer that is cancelled while it waits ends by the cancellation."
            t.expect("how the transfer, cancelled after 2.5 s, ended", ending(call), "cancelled", part=part)
            part = "A transfer that is cancelled while it waits for a lock or for the audit ends at once."
            wanted = near(call.start + 2.5)
            t.expect("the transfer, cancelled after 2.5 s, ended at", call.end, wanted, unit="s", part=part)


@check("G3", misconception="swallowed-cancellation", step="give-back-whatever-happens")
def test_transfer_lets_cancellation_pass(play: Play) -> None:
    """A transfer that is cancelled from outside ends by the cancellation: it does not return, and raises no error."""
    actors = in_turn((["A", "B"], [move("A", "B", 30, wait(1), checkpoint())]), (["C"], [move("C", "C", 30, wait(1))]))
    trial = play(accounts=THREE, actors=actors)
    expect_locks_taken(trial)
    for t in trial.cancelled("m"):
        t.expect_cancellation_passes()
        struck = [call for call in moves(t, "m") if call.outside]
        t.expect("how the cancelled transfer ended", [ending(call) for call in struck], ["cancelled"] * len(struck))


@check("G3", misconception="shield-around-everything", step="who-holds-what")
def test_acquire_cancelled_in_time(play: Play) -> None:
    """`acquire` or `async with` that is cancelled while it waits for a lock ends at once."""
    line = {f"w{n}": [wait(1 + n), within(3.2, wish)] for n, wish in enumerate([take("x"), inside("x"), take("x")])}
    t = play(actors={"h": [take("x"), wait(50), drop("x")], **line})
    for call in takes(t)[1:]:
        part = "A task that is cancelled while it waits for a lock stops waiting: it does not get the lock."
        t.expect("how the wait, cancelled after 3.2 s, ended", ending(call), "cancelled", part=part)
        part = "A task that is cancelled while it waits for a lock stops waiting, at once."
        wanted = near(call.start + 3.2)
        t.expect("the wait, cancelled after 3.2 s, ended at", call.end, wanted, unit="s", part=part)


@check("G3", misconception="swallowed-cancellation", step="give-back-whatever-happens")
def test_block_lets_cancellation_pass(play: Play) -> None:
    """A task that is cancelled inside `async with` does not go on after the block."""
    actors = {
        "a": [wait(0.3), within(2, inside("x", hang()))],
        "b": [wait(0.6), within(2, inside("2/y", inside("2/z", hang())))],
    }
    t = play(actors=actors | {"o": [wait(1), *map(locked, ("x", "2/y", "2/z"))]})
    t.expect("whether the locks are locked in the blocks", told(t, "o"), [True] * 3)
    t.expect("blocks after which the cancelled tasks went on", [n["value"] for n in t.notes("out")], [])
    t.expect("how the blocks ended", [ending(span) for span in takes(t)], ["cancelled"] * 3)


@check("G4", misconception="backend-lock", step="who-holds-what")
def test_nothing_blocks_the_loop(play: Play) -> None:
    """No call blocks the event loop: other tasks can run meanwhile."""
    movers = {
        "m": [wait(1.3), move("A", "B", 1, wait(1)), move("A", "A", 1)],
        "n": [wait(1.6), move("A", "B", 99), move("A", "B", 999)],
    }
    monitor = {
        "a": [wait(0.3), take("x"), wait(2), *dropping("xx")],
        "b": [wait(1), inside("x"), holders(), locked("x")],
    }
    t = play(accounts=TWO, actors=movers | {"holder": [hold(["A"], wait(2), wait(1))]})
    t.expect_not_blocked()
    expect_locks_taken(t)
    t = play(actors=monitor)
    t.expect_not_blocked()
    t.expect(
        "b, which waits for the lock, got it at",
        [when for who, when, *_ in got(t, "x") if who == "b"],
        [at_least(2.3)],
        unit="s",
    )


@check("G5", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_interrupts_pass(play: Play) -> None:
    """Something like `KeyboardInterrupt` that leaves the audit leaves the transfer too: no lock is kept, no money moves."""
    ways, audit = [("A", "B"), ("B", "A"), ("A", "A")], [wait(1), fail("stop", "Abandon")]
    steps = [move(f"{a}{n}", f"{b}{n}", 30, *audit) for n, (a, b) in enumerate(ways)]
    steps += [move(f"{a}{n}", f"{b}{n}", 30, at_once(), *audit[1:]) for n, (a, b) in enumerate(ways, 3)]
    t = play(accounts=MANY, actors={"m": [wait(1.3), *steps]})
    t.expect_that("audits should be awaited", bool(t.all("audit")), "none was")
    for call in moves(t):
        if audits(t, call):
            words, seen = "what left the audit should leave the transfer", f"it {call.ending}"
            part = "Something like `KeyboardInterrupt` that leaves the audit leaves the transfer too."
            t.expect_that(words, "stop" in call.errors, seen, part=part)
    part = "When something like `KeyboardInterrupt` leaves the transfer, no lock is kept."
    t.expect("accounts still locked at the end", at_the_end(t, "locked"), [], part=part)
    changed = [n for n, money in balances(t).items() if money != 100]
    part = "When something like `KeyboardInterrupt` leaves the audit, no money moves."
    t.expect("accounts with another balance at the end", changed, [], part=part)


@check("G5", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_interrupts_leave_a_block(play: Play) -> None:
    """Something like `KeyboardInterrupt` that is raised inside `async with` leaves the block, and the lock is free."""
    actors = {
        "a": [wait(0.3), inside("x", wait(1), fail("stop", "Abandon"))],
        "o": [wait(1), locked("x"), wait(2), within(1, take("x"))],
    }
    t = play(actors=actors)
    t.expect("whether x is locked in the block", told(t, "o"), [True])
    block = t.one("inside")
    words, seen = "what is raised in the block should leave it", f"it {block.ending}"
    part = "Something like `KeyboardInterrupt` that is raised inside `async with` leaves the block."
    t.expect_that(words, "stop" in block.errors, seen, part=part)
    part = "When something like `KeyboardInterrupt` has left the block, its lock is free."
    t.expect("how taking the lock after that ended", ending(first_take(t, "o")), "returned", part=part)


@check("G6", misconception="polling", step="who-holds-what")
def test_transfer_waits_without_polling(play: Play) -> None:
    """A transfer that waits a thousand times as long does not wake up more often: it does not poll."""
    steps = []
    for long in (1, 1000):
        turns = [([busy], [move(*way, 1, wait(6 * long))]) for busy in "AB" for way in (*BOTH_WAYS, (busy, busy))]
        holder = [step for busy, _ in turns for step in (hold(busy, wait(3 * long)), wait(7 * long))]
        mover = [step for _, [move_it] in turns for step in (wait(1.3 * long), move_it, wait(0.7 * long))]
        t = play(accounts=TWO, actors={"holder": holder, "m": mover})
        expect_locks_taken(t)
        steps.append([call.steps for call in moves(t)])
    for short, longer in zip(*steps, strict=False):
        t.expect("wake-ups of the longer transfer", longer, at_most(short + 4))


@check("G6", misconception="polling", step="who-holds-what")
def test_lock_waits_without_polling(play: Play) -> None:
    """A task that waits a thousand times as long for a lock does not wake up more often: it does not poll."""
    steps = []
    for long in (1, 1000):
        t = play(actors={f"t{i}": [wait(i + 0.3), *both("x", wait(5 * long))[i % 2]] for i in range(4)})
        expect_in_turn(t, "x")
        t.expect("the first to get the lock", names_of(t, "x")[:1], ["t0"])
        steps.append(t.steps)
    t.expect("wake-ups of all tasks in the longer run", steps[1], at_most(steps[0] + 4))


@check("G8", misconception="refused-too-late", step="change-under-locks")
def test_negative_amount_at_once(play: Play) -> None:
    """A negative amount raises a bare `ValueError` at once, before the transfer waits for a lock."""
    turns = [(busy, [move(*way, -1)]) for way in (*BOTH_WAYS, ("A", "A")) for busy in (["A"], ["B"], ["A", "B"])]
    t = play(accounts=TWO, actors=in_turn(*turns))
    legal = play(accounts=TWO, actors={"m": [move("A", "B", 1)]})
    legal.expect("how a transfer of 1 ended", ending(legal.call), "returned")
    for call in moves(t):
        part = "A negative amount raises a bare `ValueError`."
        t.expect("what a transfer of -1 raised", call.raised, "ValueError", part=part)
        part = "A negative amount is refused at once, before the transfer waits for a lock."
        t.expect("it was refused at", call.end, near(call.start), unit="s", part=part)


@check("G9", misconception="audit-is-a-coroutine", step="change-under-locks")
def test_any_awaitable_audit(play: Play) -> None:
    """The audit may return any awaitable, not only a coroutine, and the transfer awaits it."""
    steps = [move(*way, 30, awaitable(), wait(1)) for way in BOTH_WAYS]
    t = play(accounts=TWO, actors={"m": [wait(1.3), *steps]})
    t.expect("how the transfers ended", [ending(call) for call in moves(t)], ["returned"] * 2)
    t.expect("how the audits ended", [span.how for span in t.all("audit")], ["returned"] * 2)


@check("G9", misconception="audit-is-a-coroutine", step="change-under-locks")
def test_audit_that_raises_when_called(play: Play) -> None:
    """If the audit raises as soon as it is called, no money moves and no lock is kept."""
    t = play(accounts=TWO, actors={"m": [wait(1.3), move("A", "B", 30, at_once(), fail("E1"))]})
    expect_audited(t, t.call)
    part = "If the audit raises as soon as it is called, no money moves."
    t.expect("balances at the end", balances(t), {"A": 100, "B": 40}, part=part)
    part = "If the audit raises as soon as it is called, no lock is kept."
    t.expect("accounts still locked", at_the_end(t, "locked"), [], part=part)
