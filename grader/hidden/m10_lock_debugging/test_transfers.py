"""Hidden checks of m10: a transfer takes both locks in one order and is audited."""

from __future__ import annotations

import itertools

from grader import Play, Trace, check, checkpoint, cleanup, fail, leaves_of, near, token, wait, within

from .plans import (
    BOTH_WAYS,
    MANY,
    TWO,
    add,
    at,
    audits,
    balances,
    ending,
    expect_audited,
    expect_locks_taken,
    held,
    hold,
    in_turn,
    inside_of,
    move,
    moves,
    rights,
)

#: Ids that no simple arithmetic keeps apart: their digits, their remainders, their lengths are alike.
FIVE = {"A": [12, 100], "B": [3, 50], "C": [102, 70], "D": [21, 70], "E": [30, 10]}
#: Pairs of ids of which one is 0, or that differ in the sign, the hash, or the last of many digits only.
ODD_IDS = [(5, 0), (-3, 3), (-1, -2), (1000, 2000), (2**53, 2**53 + 1)]


# -- R1: both locks, in one order ------------------------------------------------------------------------------------
def taken_orders(t: Trace) -> dict[frozenset[str], set[tuple[str, ...]]]:
    """Pair of accounts → the orders in which transfers between them came to hold both locks."""
    orders: dict[frozenset[str], set[tuple[str, ...]]] = {}
    for number, moments in rights(t).items():
        pair = frozenset(t.by_id[number].plain_args[:2])
        orders.setdefault(pair, set()).update(tuple(mine) for _, mine in moments if len(mine) > 1)
    return orders


def expect_one_order(t: Trace, pair: frozenset[str], orders: set[tuple[str, ...]]) -> None:
    """Fail the subject unless its transfers took the locks of a pair in one and the same order."""
    seen = " and also ".join(f"first {order[0]}, then {order[-1]}" for order in sorted(orders)) or "never both at once"
    part = "" if orders else "A transfer holds the locks of both accounts at once."
    t.expect_that(
        f"the locks of {' and '.join(sorted(pair))} should be taken in one order", len(orders) == 1, seen, part=part
    )


@check("R1", misconception="order-by-position", step="one-order-for-all")
def test_same_order_both_ways(play: Play) -> None:
    """A transfer from A to B takes the two locks in the same order as a transfer from B to A."""
    pairs = play.shuffled(list(itertools.combinations("ABCDE", 2)))
    steps = [move(*way) for a, b in pairs for way in ((a, b, 9), (b, a, 45), (a, b, 0))]
    t = play(accounts={name: [number, 1000] for name, (number, _) in FIVE.items()}, actors={"m": [wait(1.3), *steps]})
    firsts = []
    for pair, orders in taken_orders(t).items():
        expect_one_order(t, pair, orders)
        firsts += [order[0] for order in orders]
    wins = sorted(firsts.count(name) for name in "ABCDE")
    part = "There is one order for all accounts, so a ring of transfers cannot deadlock."
    t.expect("how often each of five accounts is locked first", wins, [0, 1, 2, 3, 4], part=part)


@check("R1", misconception="order-that-changes", step="one-order-for-all")
def test_same_order_whatever_the_balances(play: Play) -> None:
    """The order in which the locks are taken does not depend on the balances."""
    steps = [move("A", "B", 60), move("B", "A", 80), move("A", "B", 5), move("B", "A", 5), move("A", "B", 50)]
    t = play(accounts={"A": [8, 100], "B": [5, 50]}, actors={"m": [wait(1.3), *steps, *steps[::-1]]})
    expect_locks_taken(t)
    for pair, orders in taken_orders(t).items():
        expect_one_order(t, pair, orders)


@check("R1", misconception="order-by-position", step="one-order-for-all")
def test_same_order_when_one_is_taken(play: Play) -> None:
    """While one of the two locks is taken, a transfer takes them in the same order as at other times."""
    turns = [([busy], [move(*way, 7)]) for way in BOTH_WAYS for busy in "AB"]
    t = play(accounts=TWO, actors=in_turn(*turns))
    expect_locks_taken(t)
    for pair, orders in taken_orders(t).items():
        expect_one_order(t, pair, orders)


@check("R1", misconception="order-that-changes", step="one-order-for-all")
def test_same_order_whatever_the_ids(play: Play) -> None:
    """Whatever the two ids are (0, negative, large), the locks are taken in one order both ways."""
    accounts = {f"A{n}": [a, 100] for n, (a, _) in enumerate(ODD_IDS)}
    accounts |= {f"B{n}": [b, 95] for n, (_, b) in enumerate(ODD_IDS)}  # less than A's, until A has sent 7
    steps = [move(f"{a}{n}", f"{b}{n}", 7) for n in range(len(ODD_IDS)) for a, b in BOTH_WAYS]
    t = play(accounts=accounts, actors={"m": [wait(1.3), *steps]})
    for pair, orders in taken_orders(t).items():
        ids = " and ".join(str(accounts[name][0]) for name in sorted(pair))
        seen = " and also ".join(f"first {order[0]}, then {order[-1]}" for order in sorted(orders))
        t.expect_that(
            f"the locks of the accounts {ids} should be taken in one order",
            len(orders) == 1,
            seen or "never both at once",
        )


@check("R1", misconception="order-by-position", step="see-the-circle", wide=True)
def test_ring_of_transfers(play: Play) -> None:
    """Transfers around a ring of accounts, both ways round, all end, and no money is lost."""
    plan = [*itertools.permutations("ABC", 2)]
    amounts = [play.pick(1, 9) for _ in plan]
    actors = {f"{a}{b}": [move(a, b, n, checkpoint())] for (a, b), n in zip(play.shuffled(plan), amounts, strict=True)}
    end = {"A": 100, "B": 50, "C": 70}
    for [[_, a, b, n, _]] in actors.values():
        end |= {a: end[a] - n, b: end[b] + n}
    for t in play(accounts={name: FIVE[name] for name in "ABC"}, actors=actors).orders(8):
        t.expect("balances at the end", balances(t), end)


@check("R1", misconception="one-lock-is-enough", step="change-under-locks", wide=True)
def test_both_locks_while_money_moves(play: Play) -> None:
    """Balances change only while the transfer holds the locks of both accounts."""
    movers = {"m1": [wait(1.3), move("A", "B", 10, wait(1)), move("B", "A", 20)], "m2": [wait(1.7), move("B", "A", 5)]}
    t = play(accounts=TWO, actors={"holder": [hold(["B"], wait(2)), hold(["A"], wait(3))], **movers})
    t.expect("balances at the end", balances(t), {"A": 115, "B": 25})
    for call in moves(t):
        for n in inside_of(t, "write", call):
            t.expect("locks held while a balance changes", sorted(held(t, call, n["order"])), ["A", "B"])


@check("R1", misconception="one-lock-is-enough", step="change-under-locks")
def test_changes_of_others_are_kept(play: Play) -> None:
    """A change that another task made while the transfer waited for the lock is kept."""
    turns = [([busy], [move(*way, 10)], add(busy, 50), wait(1)) for busy in "AB" for way in (*BOTH_WAYS, ("A", "B"))]
    t = play(accounts=TWO, actors=in_turn(*turns))
    t.expect("balances at the end", balances(t), {"A": 230, "B": 210})


@check("R1", misconception="one-lock-is-enough", step="change-under-locks")
def test_overlapping_transfers_add_up(play: Play) -> None:
    """Transfers that overlap in time add up: no change is lost."""
    names, end = "ABCD", {"A": 200, "B": 200, "C": 200, "D": 200}
    actors = {}
    for index, start in enumerate(play.draw(7, low=0.4, step=0.4)):
        a, b, *_ = play.shuffled(list(names))
        amount = play.pick(1, 20)
        actors[f"m{index}"] = [wait(start), move(a, b, amount, wait(play.pick(1, 3) + 0.05 * index))]
        end |= {a: end[a] - amount, b: end[b] + amount}
    t = play(accounts={name: [FIVE[name][0], 200] for name in names}, actors=actors)
    t.expect("balances at the end", balances(t), end)


# -- R2: the audit ---------------------------------------------------------------------------------------------------
@check("R2", misconception="lock-let-go-for-slow-work", step="change-under-locks")
def test_audit_once_with_its_arguments(play: Play) -> None:
    """The audit is awaited exactly once, with source, target and amount."""
    ways = [("A", "B", 30), ("B", "A", 7), ("A", "B", 77)]
    t = play(accounts=TWO, actors={"m": [wait(1.3), *(move(*way, wait(1)) for way in ways)]})
    for call, (a, b, amount) in zip(moves(t), ways, strict=True):
        part = "A source that has the money may send all of it." if ending(call) == "InsufficientFunds" else ""
        seen = [span.args for span in audits(t, call)]
        t.expect("arguments of the audits", seen, [[token(a), token(b), amount]], part=part)


@check("R2", misconception="lock-let-go-for-slow-work", step="change-under-locks")
def test_audit_under_both_locks(play: Play) -> None:
    """The audit runs while the transfer holds the locks of both accounts."""
    turns = []
    for n, ((a, b), busy) in enumerate(itertools.product(BOTH_WAYS, ("", "A", "B", "BA"))):
        turns.append(([f"{name}{n}" for name in busy], [move(f"{a}{n}", f"{b}{n}", 7, wait(1))]))
    t = play(accounts=MANY, actors=in_turn(*turns))
    for call in moves(t):
        expect_audited(t, call)
        for n in inside_of(t, "before", call) + inside_of(t, "after", call):
            t.expect("locks held in the audit", sorted(held(t, call, n["order"])), sorted(call.plain_args[:2]))


@check("R2", misconception="lock-let-go-for-slow-work", step="give-back-whatever-happens")
def test_locks_until_the_audit_has_ended(play: Play) -> None:
    """If the audit is cancelled, both locks are held until it has cleaned up."""
    ways = [(f"{a}{n}", f"{b}{n}") for n, (a, b) in enumerate(BOTH_WAYS)]
    steps = [within(2.5, move(*way, 30, cleanup(wait(2)), wait(9))) for way in ways]
    t = play(accounts=MANY, actors={"m": [wait(1.3), *steps]})
    for call in moves(t):
        expect_audited(t, call)
        for n in inside_of(t, "after", call):
            seen = [name for name in sorted(call.plain_args[:2]) if n["value"][name][1]]
            t.expect("accounts locked when the audit has cleaned up", seen, sorted(call.plain_args[:2]))


@check("R2", misconception="no-wait-is-that-long", step="change-under-locks")
def test_slow_audit(play: Play) -> None:
    """However long the audit takes, it is awaited once, and then the money moves."""
    t = play(
        accounts=MANY, actors={"m": [wait(1.3), *(move(*way, 30, wait(500)) for way in (("A0", "B0"), ("B1", "A1")))]}
    )
    for call in moves(t):
        t.expect("audits", len(audits(t, call)), 1)
        t.expect("how the transfer ended", ending(call), "returned")
        t.expect("the transfer, with an audit of 500 s, took", round(call.end - call.start, 6), near(500), unit="s")


@check("R2", misconception="no-wait-is-that-long", step="change-under-locks")
def test_long_wait_for_a_lock(play: Play) -> None:
    """However long a transfer waits for a lock, the audit is awaited once, and then the money moves."""
    ways = [("A0", "B0", "A0"), ("A1", "B1", "B1"), ("B2", "A2", "A2")]
    holder = [step for n, (*_, busy) in enumerate(ways) for step in (at(600 * n), hold([busy], wait(500)))]
    mover = [step for n, (a, b, _) in enumerate(ways) for step in (at(600 * n + 100), move(a, b, 30))]
    t = play(accounts=MANY, actors={"holder": holder, "m": mover}).accepting("runaway")
    for call in moves(t):
        if call.how == "open":
            continue  # it polls, and the run broke off: G6's matter
        t.expect("how the transfer ended", ending(call), "returned")
        t.expect("audits", len(audits(t, call)), 1)
        t.expect(
            "the transfer, whose lock is free after 400 s, took", round(call.end - call.start, 6), near(400), unit="s"
        )


@check("R2", misconception="lock-let-go-for-slow-work", step="change-under-locks")
def test_audit_before_any_change(play: Play) -> None:
    """No balance changes before the audit is over."""
    t = play(accounts=MANY, actors={"m": [wait(1.3), move("A0", "B0", 30, wait(2)), move("B1", "A1", 30, wait(2))]})
    for call in moves(t):
        seen = [n["value"] for n in inside_of(t, "before", call) + inside_of(t, "after", call)]
        t.expect("balances in the audit", [state[name][0] for state in seen for name in call.plain_args[:2]], [100] * 4)


@check("R2", misconception="undo-on-exception", step="change-under-locks")
def test_audit_that_raises_changes_nothing(play: Play) -> None:
    """If the audit raises, its error leaves the transfer, no money moves, and the audit is not awaited again."""
    kinds = ("Fault", "TimeoutError", "ValueError", "ExceptionGroup", "ExceptionGroup of one")
    ways = [*itertools.product(BOTH_WAYS, kinds)]
    steps = [move(f"{a}{n}", f"{b}{n}", 30, wait(n % 2), fail(kind, kind)) for n, ((a, b), kind) in enumerate(ways)]
    t = play(accounts=MANY, actors={"m": [wait(1.3), *steps]})
    for call, (_, kind) in zip(moves(t), ways, strict=False):
        words = f"what leaves the transfer when the audit raises {kind}"
        part = "The error that the audit raises leaves the transfer."
        if "Group" in kind:
            part = "The error that the audit raises leaves the transfer, also a group of errors."
        t.expect(words, call.errors, leaves_of(kind, kind), part=part)
    changed = [n for n, money in balances(t).items() if money != 100]
    t.expect("accounts with another balance at the end", changed, [], part="If the audit raises, no money moves.")
    seen, part = [len(audits(t, call)) for call in moves(t)], "If the audit raises, it is not awaited again."
    t.expect("audits of each transfer", seen, [1] * len(ways), part=part if max(seen, default=0) > 1 else "")


@check("R2", misconception="undo-on-exception", step="change-under-locks")
def test_audit_that_is_cancelled_changes_nothing(play: Play) -> None:
    """If the audit is cancelled, so is the transfer, no money moves, and the audit is not awaited again."""
    steps = [within(2.5, move(f"{a}{n}", f"{b}{n}", 30, wait(9))) for n, (a, b) in enumerate(BOTH_WAYS)]
    t = play(accounts=MANY, actors={"m": [wait(1.3), *steps]})
    for call in moves(t):
        expect_audited(t, call)
        if [span.how for span in audits(t, call)][:1] == ["cancelled"]:  # else it was kept from being cancelled: G3
            seen = [balances(t)[name] for name in call.plain_args[:2]]
            t.expect("balances of both", seen, [100, 100], part="If the audit is cancelled, no money moves.")
            part = "If the audit is cancelled, it is not awaited again."
            t.expect("audits", len(audits(t, call)), 1, part=part)
            part = "If the audit is cancelled, so is the transfer."
            t.expect("how the transfer whose audit was cancelled ended", ending(call), "cancelled", part=part)


@check("R2", misconception="await-between-changes", step="change-under-locks")
def test_the_amount_moves(play: Play) -> None:
    """The source loses exactly what the target gets."""
    t = play(
        accounts=FIVE, actors={"m": [wait(1.3), move("A", "B", 30), move("B", "C", 1), move("D", "A", 69, wait(1))]}
    )
    t.expect("balances at the end", balances(t), {"A": 139, "B": 79, "C": 71, "D": 1, "E": 10})
