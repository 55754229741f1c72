"""Hidden checks of m10: not enough money, many accounts, cancelled transfers."""

from __future__ import annotations

import itertools
from typing import Any

from grader import Play, Trace, at_least, at_once, attempt, cancel, check, checkpoint, fail, near, one_of, token, wait

from .plans import (
    BOTH_WAYS,
    MANY,
    THREE,
    TWO,
    add,
    at_the_end,
    audits,
    balances,
    ending,
    expect_locks_taken,
    held,
    hold,
    in_turn,
    inside_of,
    move,
    moves,
)

#: Two pairs whose ids leave the same remainder for every divisor up to 10.
PAIRS = {"A": [2, 50], "B": [1, 50], "C": [2522, 50], "D": [5041, 50]}


# -- R3: not enough money --------------------------------------------------------------------------------------------
def expect_refused(t: Trace, call: Any, error: str, raises: str = "") -> None:
    """Fail the subject unless a transfer raised `error` without an audit; `raises` is what is wrong if it did not."""
    before = [earlier for earlier in moves(t) if (earlier.finished or 0) < call.begun and earlier.who == call.who]
    kept = any(held(t, earlier, earlier.finished) for earlier in before if earlier.finished)
    part = "A transfer that is refused gives its locks back." if kept else raises
    t.expect(f"how the transfer of {call.plain_args[2]} ended", ending(call), error, part=part)
    t.expect(
        "audits of the refused transfer", len(audits(t, call)), 0, part="A transfer that is refused is not audited."
    )


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_not_enough(play: Play) -> None:
    """If the source does not have enough money, `InsufficientFunds` is raised: no audit, and no change."""
    t = play(
        accounts=TWO, actors={"m": [wait(1.3), move("B", "A", 41), move("A", "B", 101, wait(1)), move("B", "A", 10**9)]}
    )
    for call in moves(t):
        raises = "If the source does not have enough money, `InsufficientFunds` is raised."
        expect_refused(t, call, "InsufficientFunds", raises)
    t.expect("balances at the end", balances(t), {"A": 100, "B": 40}, part=UNCHANGED)


UNCHANGED = "A transfer that is refused changes no balance."


@check("R3", misconception="audit-is-a-coroutine", step="change-under-locks")
def test_not_enough_comes_before_the_audit(play: Play) -> None:
    """If the source does not have enough money, `InsufficientFunds` is raised, and the audit is not even called."""
    steps = [move(*way, 101, at_once(), fail("E1")) for way in BOTH_WAYS]
    t = play(accounts=TWO, actors={"m": [wait(1.3), *steps]})
    for call in moves(t):
        t.expect("how the transfer of 101 ended", ending(call), "InsufficientFunds")


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_target_may_be_in_debt(play: Play) -> None:
    """Only the source needs money: a target with a negative balance gets what is sent to it."""
    accounts = {"A": [8, 100], "B": [5, -100], "C": [9, -100]}
    t = play(accounts=accounts, actors={"m": [wait(1.3), move("A", "B", 30), move("A", "C", 20)]})
    for call in moves(t):
        t.expect("how the transfer to an account with -100 ended", ending(call), "returned")
    t.expect("balances at the end", balances(t), {"A": 50, "B": -70, "C": -80})


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_just_enough(play: Play) -> None:
    """If the source has exactly the amount, the transfer happens."""
    t = play(accounts={"A": [8, 100], "B": [5, 0]}, actors={"m": [wait(1.3), move("A", "B", 100), move("B", "A", 100)]})
    for call in moves(t):
        t.expect("how the transfer of the whole balance ended", ending(call), "returned")
        t.expect("audits", len(audits(t, call)), 1)


@check("R3", misconception="zero-and-self", step="change-under-locks")
def test_nothing_is_an_amount(play: Play) -> None:
    """A transfer of 0 is audited like any other, under the same locks."""
    accounts = {"A": [8, 0], "B": [5, 0], "C": [9, 10], "D": [6, 10], "E": [7, 30]}
    steps = [move(*way, amount, wait(1)) for way in (("D", "E"), ("E", "D")) for amount in (1, 0)]
    t = play(accounts=accounts, actors={"m": [wait(1.3), move("A", "B", 0), move("C", "A", 0), *steps]})
    for call in moves(t):
        nothing = call.plain_args[2] == 0
        part = "A transfer of 0 is made like any other: 0 is not negative." if nothing else ""
        t.expect(f"how the transfer of {call.plain_args[2]} ended", ending(call), "returned", part=part)
        part = "A transfer of 0 is audited like any other." if nothing else ""
        t.expect("audits", len(audits(t, call)), 1, part=part)
    locks = [
        [sorted(held(t, call, n["order"])) for what in ("before", "after") for n in inside_of(t, what, call)]
        for call in moves(t)[2:]
    ]
    words = "locks held in the audits of transfers of 0 (expected: those of transfers of 1)"
    part = "A transfer of 0 holds the same locks during its audit as any other."
    t.expect(words, locks[1::2], locks[::2], part=part)


@check("R3", misconception="refused-too-late", step="change-under-locks")
def test_negative_amount(play: Play) -> None:
    """A negative amount raises `ValueError`: no audit, and no change."""
    steps = [move("A", "B", -1), move("B", "A", -1000), move("A", "A", -1)]
    t = play(accounts=TWO, actors={"m": [wait(1.3), *steps]})
    for call in moves(t):
        expect_refused(t, call, "ValueError", "A negative amount raises `ValueError`.")
    t.expect("balances at the end", balances(t), {"A": 100, "B": 40}, part=UNCHANGED)


def source_busy(n: int) -> list[tuple[str, str, list[str]]]:
    """Four transfers between pairs of accounts, from that number on: source, target, whose locks another task has meanwhile."""
    return [
        (f"A{n}", f"B{n}", [f"A{n}"]),
        (f"B{n + 1}", f"A{n + 1}", [f"B{n + 1}"]),
        (f"A{n + 2}", f"B{n + 2}", [f"A{n + 2}", f"B{n + 2}"]),
        (f"B{n + 3}", f"A{n + 3}", [f"A{n + 3}", f"B{n + 3}"]),
    ]


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_money_changed_while_waiting(play: Play) -> None:
    """What counts is the balance when the transfer has the locks: what was taken or added while it waited counts."""
    gone = [(busy, [move(a, b, 20)], add(a, -90), wait(1)) for a, b, busy in source_busy(0)]
    come = [(busy, [move(a, b, 120)], add(a, 30), wait(1)) for a, b, busy in source_busy(4)]
    t = play(accounts=MANY, actors=in_turn(*gone, *come))
    for call in moves(t):
        source, target, amount = call.plain_args[:3]
        if amount == 20:
            expect_refused(t, call, "InsufficientFunds")
        else:
            t.expect("how the transfer ended", ending(call), "returned")
        wanted = [10, 100] if amount == 20 else [10, 220]
        t.expect("balances of source and target", [balances(t)[source], balances(t)[target]], wanted)


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_not_enough_is_seen_under_both_locks(play: Play) -> None:
    """Whether the money is enough is decided under both locks, also when the target's lock has to be waited for."""
    t = play(accounts=TWO, actors=in_turn((["B"], [move("A", "B", 101)]), (["A"], [move("B", "A", 41)])))
    for call in moves(t):
        expect_refused(t, call, "InsufficientFunds")
        words = "the transfer was refused, with the target locked for 2.7 s, after"
        part = "Whether the money is enough is decided under both locks, and not before the transfer has them."
        t.expect(words, round(call.end - call.start, 6), at_least(2.7), unit="s", part=part)


# -- R4: one account, four accounts ----------------------------------------------------------------------------------
@check("R4", misconception="zero-and-self", step="change-under-locks")
def test_to_the_same_account(play: Play) -> None:
    """A transfer to the same account is audited like any other, and leaves the balance as it was."""
    amounts = (30, 100, 1, 0)
    t = play(accounts=TWO, actors={"m": [wait(1.3), *(move("A", "A", amount, wait(1)) for amount in amounts)]})
    for call, amount in zip(moves(t), amounts, strict=True):
        part = "A transfer to the same account works like any other."
        t.expect("how the transfer to itself ended", ending(call), "returned", part=part)
        seen = [span.args for span in audits(t, call)]
        part = "A transfer to the same account is audited like any other, once and with its arguments."
        t.expect("arguments of the audits", seen, [[token("A"), token("A"), amount]], part=part)
    part = "A transfer to the same account leaves the balance as it was."
    t.expect("balances at the end", balances(t), {"A": 100, "B": 40}, part=part)


@check("R4", misconception="zero-and-self", step="change-under-locks")
def test_to_the_same_account_without_money(play: Play) -> None:
    """A transfer to the same account of more money than it has is refused."""
    t = play(accounts=TWO, actors={"m": [wait(1.3), move("B", "B", 41)]})
    expect_refused(t, t.call, "InsufficientFunds")
    t.expect("balances at the end", balances(t), {"A": 100, "B": 40})


@check("R4", misconception="zero-and-self", step="change-under-locks")
def test_to_the_same_account_under_its_lock(play: Play) -> None:
    """A transfer to the same account holds its lock when it looks at the balance and during the audit."""
    holder = [hold(["A"], wait(3), add("A", -50), wait(1))]
    t = play(accounts=TWO, actors={"holder": holder, "m": [wait(1.3), move("A", "A", 50, wait(1)), move("A", "A", 51)]})
    call, poor = moves(t)
    for n in inside_of(t, "before", call) + inside_of(t, "after", call):
        part = "A transfer to the same account holds its lock during the audit."
        t.expect("locks held in the audit", held(t, call, n["order"]), ["A"], part=part)
    t.expect("audits", len(audits(t, call)), 1)
    t.expect("how the transfer of too much ended", ending(poor), "InsufficientFunds")


@check("R4", misconception="check-before-lock", step="change-under-locks")
def test_money_of_the_same_account_while_waiting(play: Play) -> None:
    """What was added or taken while a transfer to the same account waited for the lock counts."""
    come, gone = (
        [[name], [move(name, name, 130)], add(name, money), wait(1)] for name, money in (("A0", 50), ("A1", -90))
    )
    gone[1] = [move("A1", "A1", 20)]
    t = play(accounts=MANY, actors=in_turn(tuple(come), tuple(gone)))
    t.expect("how the transfer of 130 ended, with 100 before and 150 under the lock", ending(moves(t)[0]), "returned")
    t.expect("audits", len(audits(t, moves(t)[0])), 1)
    expect_refused(t, moves(t)[1], "InsufficientFunds")


@check("R4", misconception="one-lock-for-all", step="one-order-for-all")
def test_others_go_on_during_an_audit(play: Play) -> None:
    """A transfer does not wait for the audit of a transfer between two other accounts."""
    slow = [wait(1.3), move("A", "B", 1, wait(50))]
    quick = [wait(2), move("C", "D", 1, wait(1)), move("D", "C", 2, wait(1)), move("D", "D", 3, wait(1))]
    t = play(accounts=PAIRS, actors={"slow": slow, "quick": quick})
    t.expect("three transfers between C and D were over at", t.of("quick").end, near(5), unit="s")


@check("R4", misconception="one-lock-for-all", step="one-order-for-all")
def test_others_go_on_while_this_one_waits(play: Play) -> None:
    """A transfer does not wait for one between two other accounts that itself waits for a lock."""
    for busy in "AB":
        actors = {"holder": [hold([busy], wait(50))], "slow": [wait(1.3), move("A", "B", 1, wait(1))]}
        t = play(
            accounts=PAIRS, actors=actors | {"quick": [wait(2), move("C", "D", 1, wait(1)), move("D", "C", 2, wait(1))]}
        )
        t.expect("two transfers between C and D were over at", t.of("quick").end, near(4), unit="s")


@check("R4", misconception="one-lock-for-all", step="one-order-for-all")
def test_many_pairs_at_once(play: Play) -> None:
    """Many transfers, each between two accounts of its own, do not wait for each other."""
    actors = {f"m{n}": [wait(1.3 + n / 10), move(f"A{n}", f"B{n}", 1, wait(5))] for n in range(12)}
    t = play(accounts=MANY, actors=actors)
    for call in moves(t):
        t.expect("a transfer with an audit of 5 s ended after", round(call.end - call.start, 6), near(5), unit="s")


# -- R5: cancelled transfers -----------------------------------------------------------------------------------------
NO_LOCK = "A transfer that is cancelled keeps no lock."
ALL_OR_NOTHING = "A transfer that is cancelled changes both balances or none."


def expect_whole(t: Trace) -> None:
    """Fail the subject unless each transfer, cancelled or not, left no lock and moved between A and B all or nothing."""
    may_be = [{name: THREE[name][1] for name in "AB"}]
    for call in moves(t, "m"):
        t.expect("locks still held when the transfer ended", held(t, call, call.finished), [], part=NO_LOCK)
        a, b, amount = call.plain_args[:3]
        if a != b:
            moved = [{**state, a: state[a] - amount, b: state[b] + amount} for state in may_be]
            may_be = moved if call.how == "returned" and not call.outside else may_be + moved
    t.expect("accounts still locked at the end", at_the_end(t, "locked"), [], part=NO_LOCK)
    part = ALL_OR_NOTHING
    t.expect("balances at the end", {name: balances(t)[name] for name in "AB"}, one_of(*may_be), part=part)


@check("R5", misconception="finally-releases-all", step="give-back-whatever-happens")
def test_cancelled_at_every_step(play: Play) -> None:
    """A transfer that is cancelled at any moment keeps no lock, and changes both balances or none."""
    steps = [move("A", "B", 30, wait(1), checkpoint()), move("C", "C", 30, wait(1))]
    trial = play(accounts=THREE, actors={"m": [wait(1.3), *steps]})
    expect_locks_taken(trial)
    for t in trial.cancelled("m"):
        expect_whole(t)


@check("R5", misconception="finally-releases-all", step="give-back-whatever-happens")
def test_cancelled_while_locks_are_taken(play: Play) -> None:
    """A transfer that is cancelled while it waits for a lock keeps no lock, and changes no balance."""
    turns = [(busy, [move(*way, 30)]) for way in BOTH_WAYS for busy in (["A"], ["B"])]
    turns += [(["A", "B"], [move("A", "B", 30)]), (["C"], [move("C", "C", 1)])]
    trial = play(accounts=THREE, actors=in_turn(*turns))
    expect_locks_taken(trial)
    for t in trial.cancelled("m"):
        expect_whole(t)


@check("R5", misconception="hand-over-lost", step="give-back-whatever-happens")
def test_cancelled_as_it_gets_the_lock(play: Play) -> None:
    """A transfer that is cancelled just as it gets a lock does not keep it."""
    actors: dict[str, list[Any]] = {}
    for n, (busy, late) in enumerate(itertools.product("AB", (False, True))):
        a, b, quits = f"A{n}", f"B{n}", cancel(f"try {n}")
        holding = [hold([f"{busy}{n}"], wait(4)), quits] if late else [hold([f"{busy}{n}"], wait(4), quits)]
        actors |= {f"m{n}": [wait(1.3), attempt(f"try {n}", move(a, b, 30, wait(1)))], f"holder{n}": holding}
    t = play(accounts=MANY, actors=actors)
    waited = [call for call in moves(t) if (call.end or 0) > 3.9]
    t.expect_that("transfers should wait for a lock that is free at 4 s", bool(waited), "none did")
    t.expect("accounts still locked at the end", at_the_end(t, "locked"), [], part=NO_LOCK)
    for call in moves(t):
        t.expect("locks still held when the transfer ended", held(t, call, call.finished), [], part=NO_LOCK)
        seen, part = [balances(t)[name] for name in call.plain_args[:2]], ALL_OR_NOTHING
        t.expect("balances of both", seen, one_of([100, 100], [70, 130]), part=part)
