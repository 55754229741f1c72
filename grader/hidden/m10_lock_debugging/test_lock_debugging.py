"""Hidden checks of m10: what `transfer` and the monitor promise, on both backends."""

from __future__ import annotations

import itertools
from typing import Any

from grader import (
    Play,
    Trace,
    at_least,
    at_most,
    at_once,
    attempt,
    awaitable,
    cancel,
    check,
    checkpoint,
    cleanup,
    fail,
    hang,
    leaves_of,
    near,
    one_of,
    token,
    verb,
    wait,
    within,
)

move, hold, add, look = verb("move"), verb("hold"), verb("add"), verb("look")
take, drop, inside = verb("take"), verb("drop"), verb("inside")
holders, locked, same, collect = verb("holders"), verb("locked"), verb("same"), verb("collect")
at, spawn = verb("at"), verb("spawn")

#: Ids that no simple arithmetic keeps apart: their digits, their remainders, their lengths are alike.
FIVE = {"A": [12, 100], "B": [3, 50], "C": [102, 70], "D": [21, 70], "E": [30, 10]}
TWO = {"A": [8, 100], "B": [5, 40]}
THREE = {**TWO, "C": [6, 70]}
#: Two pairs whose ids leave the same remainder for every divisor up to 10.
PAIRS = {"A": [2, 50], "B": [1, 50], "C": [2522, 50], "D": [5041, 50]}
BOTH_WAYS = (("A", "B"), ("B", "A"))
#: Pairs of ids of which one is 0, or that differ in the sign, the hash, or the last of many digits only.
ODD_IDS = [(5, 0), (-3, 3), (-1, -2), (1000, 2000), (2**53, 2**53 + 1)]
#: Twelve pairs of accounts, for transfers that must not get into each other's way: A0 and B0, A1 and B1 …
MANY = {f"{name}{n}": [10 * n + number, 100] for n in range(12) for name, number in (("A", 8), ("B", 5))}
RUNTIME = "RuntimeError"
ORDER = "LockOrderError"


# -- reading ---------------------------------------------------------------------------------------------------
Rights = list[tuple[int, list[str]]]


def rights(t: Trace) -> dict[int, Rights]:
    """Transfer (its span's number) → from which moment on it holds the locks of which accounts, in the order taken."""
    found: dict[int, Rights] = {call.id: [(-1, [])] for call in moves(t)}
    for entry in t.data["notes"]:
        if entry["what"] in ("take lock", "drop lock"):
            call = transfer_around(t, entry["span"])
            if call is not None:
                rest = [name for name in found[call][-1][1] if name != entry["value"]]
                found[call].append((entry["order"], rest + [entry["value"]] * (entry["what"] == "take lock")))
    return found


def transfer_around(t: Trace, number: int | None) -> int | None:
    """The number of the transfer in which a span lies."""
    while number is not None and t.by_id[number].what != "move":
        number = t.by_id[number].parent
    return number


def held(t: Trace, call: Any, moment: int) -> list[str]:
    """Accounts whose locks the transfer holds at a moment, in the order taken."""
    return [mine for order, mine in rights(t)[call.id] if order < moment][-1]


def moves(t: Trace, who: str | None = None) -> list[Any]:
    """The calls of `transfer`, in order."""
    return t.all("move", who)


def audits(t: Trace, call: Any) -> list[Any]:
    """The times that the audit of a transfer began."""
    return [span for span in t.all("audit") if transfer_around(t, span.id) == call.id]


def inside_of(t: Trace, what: str, call: Any) -> list[dict[str, Any]]:
    """Notes of a kind that were made inside the call."""
    return [n for n in t.notes(what) if transfer_around(t, n["span"]) == call.id]


def at_the_end(t: Trace, what: str) -> Any:
    """What the scene noted at its end: ``balances``, or the accounts that are still ``locked``."""
    notes = t.notes(what)
    t.expect_that("the plan", bool(notes), "never came to its end")
    return notes[-1]["value"]


def balances(t: Trace) -> Any:
    """Account → balance at the end."""
    return at_the_end(t, "balances")


def expect_locks_taken(t: Trace) -> None:
    """Fail the subject unless some transfer took locks: one that does nothing has nothing to give back."""
    taken = [mine for moments in rights(t).values() for _, mine in moments if mine]
    t.expect_that("locks that transfers took", bool(taken), "none")


def expect_audited(t: Trace, call: Any) -> None:
    """Fail the subject unless the transfer awaited its audit."""
    t.expect_that("the audit of the transfer", bool(audits(t, call)), "was never awaited")


def ending(span: Any) -> str:
    """How a step ended: ``returned``, ``cancelled``, or the class of what it raised that matters here."""
    kinds = [
        kind for kind in (ORDER, RUNTIME, "InsufficientFunds", "ValueError") if any(e == kind for e in span.errors)
    ]
    if kinds:
        return kinds[0]
    if any(name in (error.kind, *error.kinds) for error in span.errors for name in ("CancelledError", "Cancelled")):
        return "cancelled"
    return str(span.raised) if span.raised is not None else str(span.how)


def takes(t: Trace, who: str | None = None, lock: str | None = None) -> list[Any]:
    """The times that a lock was asked for, by `acquire` or `async with`, in order."""
    spans = [span for span in t.calls() if span.what in ("take", "inside") and who in (None, span.who)]
    return [span for span in spans if lock in (None, span.plain_args[0])]


def first_take(t: Trace, who: str, lock: str | None = None) -> Any:
    """The first time that the actor asked for a lock, or for this one."""
    return t.first(takes(t, who, lock), f"a lock for {who}", "was never asked for")


def expect_in_turn(t: Trace, lock: str) -> None:
    """Fail the subject if two had the lock at once."""
    t.expect("two at once", overlap(t, lock), "")


def got(t: Trace, lock: str) -> list[tuple[str, float, int, int]]:
    """Who got the lock: name, time, and the places of getting it and letting it go in the order of events."""
    found = []
    for span in takes(t, None, lock):
        if span.what == "inside":
            begin = [n for n in t.notes("in") if n["span"] == span.id]
            stop = [n for n in t.notes("end") if n["span"] == span.id]
            if begin:
                found.append(
                    (span.who, begin[0]["t"], begin[0]["order"], (stop or [{"order": span.finished}])[0]["order"])
                )
        elif span.how == "returned":
            later = [s for s in t.all("drop", span.who) if s.plain_args[0] == lock and s.begun > span.finished]
            found.append((span.who, span.end, span.finished, later[0].begun if later else 10**9))
    return sorted(found, key=lambda entry: entry[2])


def names_of(t: Trace, lock: str) -> list[str]:
    """Who got the lock, in order."""
    return [who for who, *_ in got(t, lock)]


def overlap(t: Trace, lock: str) -> str:
    """Say who had the lock while another had it; empty text if nobody."""
    for one, two in itertools.combinations(got(t, lock), 2):
        if two[2] < one[3]:
            return f"{two[0]} got {lock} while {one[0]} had it"
    return ""


def shown(t: Trace, who: str) -> list[Any]:
    """What `holders()` told that actor, each time."""
    return [span.value for span in t.all("holders", who)]


def told(t: Trace, who: str) -> list[Any]:
    """What `locked()` told that actor, each time."""
    return [span.value for span in t.all("locked", who)]


def taking(*names: str) -> list[Any]:
    """Take locks, one inside the other; one text of letters is as many names."""
    return [take(name) for name in (names[0] if len(names) == 1 else names)]


def dropping(*names: str) -> list[Any]:
    """Give locks back."""
    return [drop(name) for name in (names[0] if len(names) == 1 else names)]


def both(lock: str, *steps: Any) -> list[list[Any]]:
    """The two ways to hold a lock during some steps."""
    return [[take(lock), *steps, drop(lock)], [inside(lock, *steps)]]


def passing(*path: str) -> dict[str, list[Any]]:
    """Actors that teach the orders of a path, one link each: with the second lock inside the first."""
    links = list(itertools.pairwise(path))
    return {f"{a}-{b}": [wait(0.01 * i), take(a), take(b), drop(b), drop(a)] for i, (a, b) in enumerate(links)}


def in_turn(*turns: tuple[list[str], list[Any], *tuple[Any, ...]], during: float = 4) -> dict[str, list[Any]]:
    """Actors that take turns of 20 s: for `during` s the ``holder`` has some locks; ``m`` begins its steps 1.3 s later.

    Args:
        turns: whose locks are held, the steps of ``m``, and what the holder does at the end, still with the locks.
        during: how long they are held (virtual s).
    """
    holder, m = [], []
    for number, (busy, steps, *then) in enumerate(turns):
        holder += [at(20 * number), hold(busy, wait(during), *then)]
        m += [at(20 * number + 1.3), *steps]
    return {"holder": holder, "m": m}


# -- R1: both locks, in one order ------------------------------------------------------------------------------
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
    t.expect_that(f"the locks of {' and '.join(sorted(pair))} are taken", len(orders) == 1, seen)


@check("R1", misconception="order-by-position", step="one-order-for-all")
def test_same_order_both_ways(play: Play) -> None:
    """A transfer back takes the two locks in the same order as the transfer there: neither waits for the other."""
    pairs = play.shuffled(list(itertools.combinations("ABCDE", 2)))
    steps = [move(*way) for a, b in pairs for way in ((a, b, 9), (b, a, 45), (a, b, 0))]
    t = play(accounts={name: [number, 1000] for name, (number, _) in FIVE.items()}, actors={"m": [wait(1.3), *steps]})
    firsts = []
    for pair, orders in taken_orders(t).items():
        expect_one_order(t, pair, orders)
        firsts += [order[0] for order in orders]
    wins = sorted(firsts.count(name) for name in "ABCDE")
    t.expect("how often each of five accounts is the first of two", wins, [0, 1, 2, 3, 4])


@check("R1", misconception="order-that-changes", step="one-order-for-all")
def test_same_order_whatever_the_balances(play: Play) -> None:
    """The order in which two locks are taken does not change with the balances."""
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
            f"the locks of accounts with the ids {ids} are taken", len(orders) == 1, seen or "never both at once"
        )


@check("R1", misconception="order-by-position", step="see-the-circle")
def test_ring_of_transfers(play: Play) -> None:
    """Transfers around a ring of accounts, both ways round, all come to an end, and no money is lost."""
    plan = [*itertools.permutations("ABC", 2)]
    amounts = [play.pick(1, 9) for _ in plan]
    actors = {f"{a}{b}": [move(a, b, n, checkpoint())] for (a, b), n in zip(play.shuffled(plan), amounts, strict=True)}
    end = {"A": 100, "B": 50, "C": 70}
    for [[_, a, b, n, _]] in actors.values():
        end |= {a: end[a] - n, b: end[b] + n}
    for t in play(accounts={name: FIVE[name] for name in "ABC"}, actors=actors).orders(8):
        t.expect("balances at the end", balances(t), end)


@check("R1", misconception="one-lock-is-enough", step="change-under-locks")
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
    """What another task did to a balance while the transfer waited for its lock is kept."""
    turns = [([busy], [move(*way, 10)], add(busy, 50), wait(1)) for busy in "AB" for way in (*BOTH_WAYS, ("A", "B"))]
    t = play(accounts=TWO, actors=in_turn(*turns))
    t.expect("balances at the end", balances(t), {"A": 230, "B": 210})


@check("R1", misconception="one-lock-is-enough", step="change-under-locks")
def test_overlapping_transfers_add_up(play: Play) -> None:
    """Transfers that overlap in time add up: none forgets another's changes."""
    names, end = "ABCD", {"A": 200, "B": 200, "C": 200, "D": 200}
    actors = {}
    for index, start in enumerate(play.draw(7, low=0.4, step=0.4)):
        a, b, *_ = play.shuffled(list(names))
        amount = play.pick(1, 20)
        actors[f"m{index}"] = [wait(start), move(a, b, amount, wait(play.pick(1, 3) + 0.05 * index))]
        end |= {a: end[a] - amount, b: end[b] + amount}
    t = play(accounts={name: [FIVE[name][0], 200] for name in names}, actors=actors)
    t.expect("balances at the end", balances(t), end)


# -- R2: the audit ---------------------------------------------------------------------------------------------
@check("R2", misconception="lock-let-go-for-slow-work", step="change-under-locks")
def test_audit_once_with_its_arguments(play: Play) -> None:
    """The audit is awaited exactly once, with source, target and amount."""
    ways = [("A", "B", 30), ("B", "A", 7), ("A", "B", 77)]
    t = play(accounts=TWO, actors={"m": [wait(1.3), *(move(*way, wait(1)) for way in ways)]})
    for call, (a, b, amount) in zip(moves(t), ways, strict=True):
        t.expect("arguments of the audits", [span.args for span in audits(t, call)], [[token(a), token(b), amount]])


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
    """If the audit is cancelled, both locks are held until its cleanup is over."""
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
        t.expect("the transfer", ending(call), "returned")
        t.expect("an audit of 500 s: the transfer ended after (s)", round(call.end - call.start, 6), near(500))


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
        t.expect("the transfer", ending(call), "returned")
        t.expect("audits", len(audits(t, call)), 1)
        t.expect("a lock free after 400 s: the transfer ended after (s)", round(call.end - call.start, 6), near(400))


@check("R2", misconception="lock-let-go-for-slow-work", step="change-under-locks")
def test_audit_before_any_change(play: Play) -> None:
    """No balance changes before the audit is over."""
    t = play(accounts=MANY, actors={"m": [wait(1.3), move("A0", "B0", 30, wait(2)), move("B1", "A1", 30, wait(2))]})
    for call in moves(t):
        seen = [n["value"] for n in inside_of(t, "before", call) + inside_of(t, "after", call)]
        t.expect("balances in the audit", [state[name][0] for state in seen for name in call.plain_args[:2]], [100] * 4)


@check("R2", misconception="undo-on-exception", step="change-under-locks")
def test_audit_that_raises_changes_nothing(play: Play) -> None:
    """If the audit raises, its error leaves the transfer, no money moves, and the audit is not asked again."""
    kinds = ("Fault", "TimeoutError", "ValueError", "ExceptionGroup", "ExceptionGroup of one")
    ways = [*itertools.product(BOTH_WAYS, kinds)]
    steps = [move(f"{a}{n}", f"{b}{n}", 30, wait(n % 2), fail(kind, kind)) for n, ((a, b), kind) in enumerate(ways)]
    t = play(accounts=MANY, actors={"m": [wait(1.3), *steps]})
    for call, (_, kind) in zip(moves(t), ways, strict=False):
        t.expect(f"what left the transfer, when the audit raised a {kind}", call.errors, leaves_of(kind, kind))
    t.expect("accounts with another balance at the end", [n for n, money in balances(t).items() if money != 100], [])
    t.expect("audits of each transfer", [len(audits(t, call)) for call in moves(t)], [1] * len(ways))


@check("R2", misconception="undo-on-exception", step="change-under-locks")
def test_audit_that_is_cancelled_changes_nothing(play: Play) -> None:
    """If the audit is cancelled, so is the transfer, no money moves, and the audit is not asked again."""
    steps = [within(2.5, move(f"{a}{n}", f"{b}{n}", 30, wait(9))) for n, (a, b) in enumerate(BOTH_WAYS)]
    t = play(accounts=MANY, actors={"m": [wait(1.3), *steps]})
    for call in moves(t):
        expect_audited(t, call)
        if [span.how for span in audits(t, call)][:1] == ["cancelled"]:  # else it was kept from being cancelled: G3
            t.expect("balances of both", [balances(t)[name] for name in call.plain_args[:2]], [100, 100])
            t.expect("audits", len(audits(t, call)), 1)
            t.expect("the transfer whose audit was cancelled", ending(call), "cancelled")


@check("R2", misconception="await-between-changes", step="change-under-locks")
def test_the_amount_moves(play: Play) -> None:
    """The source loses exactly what the target gets."""
    t = play(
        accounts=FIVE, actors={"m": [wait(1.3), move("A", "B", 30), move("B", "C", 1), move("D", "A", 69, wait(1))]}
    )
    t.expect("balances at the end", balances(t), {"A": 139, "B": 79, "C": 71, "D": 1, "E": 10})


# -- R3: not enough money --------------------------------------------------------------------------------------
def expect_refused(t: Trace, call: Any, error: str) -> None:
    """Fail the subject unless a transfer raised `error` without an audit."""
    t.expect(f"transfer of {call.plain_args[2]}", ending(call), error)
    t.expect("audits of the refused transfer", len(audits(t, call)), 0)


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_not_enough(play: Play) -> None:
    """If the source has not enough money, the transfer is refused without an audit and without a change."""
    t = play(
        accounts=TWO, actors={"m": [wait(1.3), move("B", "A", 41), move("A", "B", 101, wait(1)), move("B", "A", 10**9)]}
    )
    for call in moves(t):
        expect_refused(t, call, "InsufficientFunds")
    t.expect("balances at the end", balances(t), {"A": 100, "B": 40})


@check("R3", misconception="audit-is-a-coroutine", step="change-under-locks")
def test_not_enough_comes_before_the_audit(play: Play) -> None:
    """If the source has not enough money, that is the error, even if the audit would raise as soon as it is called."""
    steps = [move(*way, 101, at_once(), fail("E1")) for way in BOTH_WAYS]
    t = play(accounts=TWO, actors={"m": [wait(1.3), *steps]})
    for call in moves(t):
        t.expect("transfer of 101", ending(call), "InsufficientFunds")


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_target_may_be_in_debt(play: Play) -> None:
    """Only the source must have money: a target with a negative balance gets what is sent to it."""
    accounts = {"A": [8, 100], "B": [5, -100], "C": [9, -100]}
    t = play(accounts=accounts, actors={"m": [wait(1.3), move("A", "B", 30), move("A", "C", 20)]})
    for call in moves(t):
        t.expect("transfer to an account with -100", ending(call), "returned")
    t.expect("balances at the end", balances(t), {"A": 50, "B": -70, "C": -80})


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_just_enough(play: Play) -> None:
    """If the source has exactly what is asked for, the transfer happens."""
    t = play(accounts={"A": [8, 100], "B": [5, 0]}, actors={"m": [wait(1.3), move("A", "B", 100), move("B", "A", 100)]})
    for call in moves(t):
        t.expect("transfer of the whole balance", ending(call), "returned")
        t.expect("audits", len(audits(t, call)), 1)


@check("R3", misconception="zero-and-self", step="change-under-locks")
def test_nothing_is_an_amount(play: Play) -> None:
    """A transfer of 0 is audited like any other, under the same locks."""
    accounts = {"A": [8, 0], "B": [5, 0], "C": [9, 10], "D": [6, 10], "E": [7, 30]}
    steps = [move(*way, amount, wait(1)) for way in (("D", "E"), ("E", "D")) for amount in (1, 0)]
    t = play(accounts=accounts, actors={"m": [wait(1.3), move("A", "B", 0), move("C", "A", 0), *steps]})
    for call in moves(t):
        t.expect(f"transfer of {call.plain_args[2]}", ending(call), "returned")
        t.expect("audits", len(audits(t, call)), 1)
    locks = [
        [sorted(held(t, call, n["order"])) for what in ("before", "after") for n in inside_of(t, what, call)]
        for call in moves(t)[2:]
    ]
    t.expect("locks held in the audits of transfers of 0, as in those of 1", locks[1::2], locks[::2])


@check("R3", misconception="refused-too-late", step="change-under-locks")
def test_negative_amount(play: Play) -> None:
    """A negative amount raises `ValueError`, without an audit and without a change."""
    steps = [move("A", "B", -1), move("B", "A", -1000), move("A", "A", -1)]
    t = play(accounts=TWO, actors={"m": [wait(1.3), *steps]})
    for call in moves(t):
        expect_refused(t, call, "ValueError")
    t.expect("balances at the end", balances(t), {"A": 100, "B": 40})


#: Whose lock another task has while a transfer waits: the source's alone, or both.
SOURCE_BUSY = [("A0", "B0", ["A0"]), ("B1", "A1", ["B1"]), ("A2", "B2", ["A2", "B2"]), ("B3", "A3", ["A3", "B3"])]


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_money_gone_while_waiting(play: Play) -> None:
    """Money that was there when the transfer began, and is gone when it has the locks, is not enough."""
    turns = [(busy, [move(a, b, 20)], add(a, -90), wait(1)) for a, b, busy in SOURCE_BUSY]
    t = play(accounts=MANY, actors=in_turn(*turns))
    for call in moves(t):
        expect_refused(t, call, "InsufficientFunds")
        t.expect("balances of source and target", [balances(t)[name] for name in call.plain_args[:2]], [10, 100])


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_money_come_while_waiting(play: Play) -> None:
    """Money that came while the transfer waited for the locks counts."""
    turns = [(busy, [move(a, b, 120)], add(a, 30), wait(1)) for a, b, busy in SOURCE_BUSY]
    t = play(accounts=MANY, actors=in_turn(*turns))
    for call in moves(t):
        t.expect("the transfer", ending(call), "returned")
        t.expect("balances of source and target", [balances(t)[name] for name in call.plain_args[:2]], [10, 220])


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_not_enough_is_seen_under_both_locks(play: Play) -> None:
    """Whether the money is enough is judged when the transfer has both locks, and so not while the target's is taken."""
    t = play(accounts=TWO, actors=in_turn((["B"], [move("A", "B", 101)]), (["A"], [move("B", "A", 41)])))
    for call in moves(t):
        expect_refused(t, call, "InsufficientFunds")
        t.expect("refused after (s), with the target locked for 2.7 s", round(call.end - call.start, 6), at_least(2.7))


# -- R4: one account, four accounts ----------------------------------------------------------------------------
@check("R4", misconception="zero-and-self", step="change-under-locks")
def test_to_the_same_account(play: Play) -> None:
    """A transfer to the same account is audited like any other, and leaves the balance as it was."""
    amounts = (30, 100, 1, 0)
    t = play(accounts=TWO, actors={"m": [wait(1.3), *(move("A", "A", amount, wait(1)) for amount in amounts)]})
    for call, amount in zip(moves(t), amounts, strict=True):
        t.expect("transfer to itself", ending(call), "returned")
        t.expect("arguments of the audits", [span.args for span in audits(t, call)], [[token("A"), token("A"), amount]])
    t.expect("balances at the end", balances(t), {"A": 100, "B": 40})


@check("R4", misconception="zero-and-self", step="change-under-locks")
def test_to_the_same_account_without_money(play: Play) -> None:
    """A transfer to the same account of more than it has is refused."""
    t = play(accounts=TWO, actors={"m": [wait(1.3), move("B", "B", 41)]})
    expect_refused(t, t.call, "InsufficientFunds")
    t.expect("balances at the end", balances(t), {"A": 100, "B": 40})


@check("R4", misconception="zero-and-self", step="change-under-locks")
def test_to_the_same_account_under_its_lock(play: Play) -> None:
    """A transfer to the same account is audited, and judged, while it holds its lock."""
    holder = [hold(["A"], wait(3), add("A", -50), wait(1))]
    t = play(accounts=TWO, actors={"holder": holder, "m": [wait(1.3), move("A", "A", 50, wait(1)), move("A", "A", 51)]})
    call, poor = moves(t)
    for n in inside_of(t, "before", call) + inside_of(t, "after", call):
        t.expect("locks held in the audit", held(t, call, n["order"]), ["A"])
    t.expect("audits", len(audits(t, call)), 1)
    t.expect("transfer of too much", ending(poor), "InsufficientFunds")


@check("R4", misconception="check-before-lock", step="change-under-locks")
def test_money_of_the_same_account_while_waiting(play: Play) -> None:
    """Money that came or went while a transfer to the same account waited for its lock counts."""
    come, gone = (
        [[name], [move(name, name, 130)], add(name, money), wait(1)] for name, money in (("A0", 50), ("A1", -90))
    )
    gone[1] = [move("A1", "A1", 20)]
    t = play(accounts=MANY, actors=in_turn(tuple(come), tuple(gone)))
    t.expect("transfer of 130, with 100 before and 150 under the lock", ending(moves(t)[0]), "returned")
    t.expect("audits", len(audits(t, moves(t)[0])), 1)
    expect_refused(t, moves(t)[1], "InsufficientFunds")


@check("R4", misconception="one-lock-for-all", step="one-order-for-all")
def test_others_go_on_during_an_audit(play: Play) -> None:
    """A transfer between two other accounts does not wait for the audit of this one."""
    slow = [wait(1.3), move("A", "B", 1, wait(50))]
    quick = [wait(2), move("C", "D", 1, wait(1)), move("D", "C", 2, wait(1)), move("D", "D", 3, wait(1))]
    t = play(accounts=PAIRS, actors={"slow": slow, "quick": quick})
    t.expect("three transfers between C and D are over at", t.of("quick").end, near(5))


@check("R4", misconception="one-lock-for-all", step="one-order-for-all")
def test_others_go_on_while_this_one_waits(play: Play) -> None:
    """A transfer between two other accounts does not wait for one that itself waits for a lock."""
    for busy in "AB":
        actors = {"holder": [hold([busy], wait(50))], "slow": [wait(1.3), move("A", "B", 1, wait(1))]}
        t = play(
            accounts=PAIRS, actors=actors | {"quick": [wait(2), move("C", "D", 1, wait(1)), move("D", "C", 2, wait(1))]}
        )
        t.expect("two transfers between C and D are over at", t.of("quick").end, near(4))


@check("R4", misconception="one-lock-for-all", step="one-order-for-all")
def test_many_pairs_at_once(play: Play) -> None:
    """Many transfers, each between two accounts of its own, do not wait for each other."""
    actors = {f"m{n}": [wait(1.3 + n / 10), move(f"A{n}", f"B{n}", 1, wait(5))] for n in range(12)}
    t = play(accounts=MANY, actors=actors)
    for call in moves(t):
        t.expect("a transfer with an audit of 5 s ends after (s)", round(call.end - call.start, 6), near(5))


# -- R5: cancelled transfers -----------------------------------------------------------------------------------
def expect_whole(t: Trace) -> None:
    """Fail the subject unless each transfer, cancelled or not, left no lock and moved between A and B all or nothing."""
    may_be = [{name: THREE[name][1] for name in "AB"}]
    for call in moves(t, "m"):
        t.expect("locks still held when the transfer ended", held(t, call, call.finished), [])
        a, b, amount = call.plain_args[:3]
        if a != b:
            moved = [{**state, a: state[a] - amount, b: state[b] + amount} for state in may_be]
            may_be = moved if call.how == "returned" and not call.outside else may_be + moved
    t.expect("accounts still locked at the end", at_the_end(t, "locked"), [])
    t.expect("balances at the end", {name: balances(t)[name] for name in "AB"}, one_of(*may_be))


@check("R5", misconception="finally-releases-all", step="give-back-whatever-happens")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled at any moment, a transfer keeps no lock, and changes both balances or none."""
    steps = [move("A", "B", 30, wait(1), checkpoint()), move("C", "C", 30, wait(1))]
    trial = play(accounts=THREE, actors={"m": [wait(1.3), *steps]})
    expect_locks_taken(trial)
    for t in trial.cancelled("m"):
        expect_whole(t)


@check("R5", misconception="finally-releases-all", step="give-back-whatever-happens")
def test_cancelled_while_locks_are_taken(play: Play) -> None:
    """Cancelled while it waits for a lock, a transfer keeps no lock, and changes no balance."""
    turns = [(busy, [move(*way, 30)]) for way in BOTH_WAYS for busy in (["A"], ["B"])]
    turns += [(["A", "B"], [move("A", "B", 30)]), (["C"], [move("C", "C", 1)])]
    trial = play(accounts=THREE, actors=in_turn(*turns))
    expect_locks_taken(trial)
    for t in trial.cancelled("m"):
        expect_whole(t)


@check("R5", misconception="hand-over-lost", step="give-back-whatever-happens")
def test_cancelled_as_it_gets_the_lock(play: Play) -> None:
    """Cancelled at the moment at which it gets a lock, a transfer does not keep it."""
    actors: dict[str, list[Any]] = {}
    for n, (busy, late) in enumerate(itertools.product("AB", (False, True))):
        a, b, quits = f"A{n}", f"B{n}", cancel(f"try {n}")
        holding = [hold([f"{busy}{n}"], wait(4)), quits] if late else [hold([f"{busy}{n}"], wait(4), quits)]
        actors |= {f"m{n}": [wait(1.3), attempt(f"try {n}", move(a, b, 30, wait(1)))], f"holder{n}": holding}
    t = play(accounts=MANY, actors=actors)
    waited = [call for call in moves(t) if (call.end or 0) > 3.9]
    t.expect_that("transfers that waited for a lock that is free at 4", bool(waited), "none")
    t.expect("accounts still locked at the end", at_the_end(t, "locked"), [])
    for call in moves(t):
        t.expect("locks still held when the transfer ended", held(t, call, call.finished), [])
        t.expect("balances of both", [balances(t)[name] for name in call.plain_args[:2]], one_of([100, 100], [70, 130]))


# -- R6: orders are learned ------------------------------------------------------------------------------------
def refusals(t: Trace, who: str, lock: str) -> list[str]:
    """How each try of that actor's to take the lock ended."""
    return [ending(span) for span in takes(t, who, lock)]


def expect_refusal(t: Trace, who: str, lock: str, held_locks: str) -> None:
    """Fail the subject unless that actor's first try to take `lock` raised `LockOrderError`."""
    t.expect(f"taking {lock} while holding {held_locks}", refusals(t, who, lock)[:1], [ORDER])


TREES = ["ash", "bay", "elm", "fir", "oak", "yew"]


def is_circle(names: Any, after: set[tuple[str, str]], refused: set[tuple[str, str]]) -> bool:
    """Tell whether the names, around either way, are learned orders and one that was refused."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return False
    if len(set(names)) != len(names) or len(names) < 2:
        return False
    for ring in (names, names[::-1]):
        links = set(zip(ring, ring[1:] + ring[:1], strict=True))
        new = links - after
        if links <= after | refused and (len(new) == 1 or (not new and links & refused)):
            return True
    return False


@check("R6", misconception="deadlock-must-happen", step="learn-the-order", core=False)
def test_against_the_order(play: Play) -> None:
    """Taking a lock against an order that was learned before raises `LockOrderError`, in each of several monitors."""
    actors: dict[str, list[Any]] = {}
    for n, (one, two) in enumerate(itertools.product((0, 1), (0, 1))):
        x, y = f"{n}/x", f"{n}/y"
        actors[f"a{n}"] = [wait(n), *both(x, *both(y, wait(0.1))[two])[one]]
        actors[f"b{n}"] = [wait(n + 5.3), *both(y, *both(x)[one])[two]]
    t = play(actors=actors)
    for n in range(4):
        expect_refusal(t, f"b{n}", f"{n}/x", f"{n}/y")


@check("R6", misconception="deadlock-must-happen", step="learn-the-order", core=False)
def test_against_the_order_of_its_own(play: Play) -> None:
    """A task that takes locks against an order which it taught itself is refused, too."""
    actors = {}
    for n, (one, two) in enumerate(itertools.product((0, 1), (0, 1))):
        x, y = f"x{n}", f"y{n}"
        actors[f"a{n}"] = [wait(n + 0.3), *both(x, *both(y, wait(0.1))[two])[one], *both(y, take(x))[two]]
    t = play(actors=actors)
    for n in range(4):
        wanted = ["returned", ORDER]
        t.expect(f"taking x{n} before y{n}, and then while holding y{n}", refusals(t, f"a{n}", f"x{n}"), wanted)


@check("R6", misconception="order-forgotten", step="learn-the-order", core=False)
def test_learned_for_good(play: Play) -> None:
    """An order stays learned: when the locks are free, when others are taken, after it was refused once."""
    others = [take("x"), drop("x"), take("y"), drop("y"), *taking("py"), *dropping("yp"), *taking("qx")]
    again = [*taking("yx"), drop("y"), *taking("xy"), *dropping("yx"), *taking("yx"), drop("y")]
    actors = passing("x", "y") | {"o": [wait(1), *others, *dropping("xq")], "b": [wait(2.3), *again]}
    t = play(actors=actors)
    t.expect("taking x while holding y, and once in the right order", refusals(t, "b", "x"), [ORDER, "returned", ORDER])


@check("R6", misconception="deadlock-must-happen", step="learn-the-order", core=False)
def test_refused_before_it_waits(play: Play) -> None:
    """A lock that another task holds, asked for against the order, is refused at once, without waiting."""
    actors = passing("x", "y") | passing("p", "q") | {"h": [wait(1), *taking("xp"), wait(9), *dropping("px")]}
    actors |= {"w": [wait(1.6), *others("p")], "b": [wait(2.3), *taking("yx")], "c": [wait(2.3), *taking("qp")]}
    t = play(actors=actors)
    for who, wish, has in (("b", "x", "y"), ("c", "p", "q")):
        expect_refusal(t, who, wish, has)
        t.expect("the error comes at", first_take(t, who, wish).end, near(2.3))


@check("R6", misconception="pairs-only", step="learn-the-order", core=False)
def test_against_a_chain(play: Play) -> None:
    """A circle of three or more locks is found."""
    actors, paths = {}, [[f"{name}{n}" for name in play.shuffled(TREES)[:n]] for n in (3, 4, 5, 6)]
    paths.append([f"{name} {n}" for n in (1, 2) for name in play.shuffled(TREES)])
    for path in paths:
        actors |= passing(*path) | {path[0]: [wait(2.3), take(path[-1]), take(path[0])]}
    t = play(actors=actors)
    for path in paths:
        expect_refusal(t, path[0], path[0], f"{path[-1]}, at the end of a chain of {len(path)}")


@check("R6", misconception="pairs-only", step="learn-the-order", core=False)
def test_every_branch_counts(play: Play) -> None:
    """When one lock comes before several, each of these orders is known."""
    actors = {name: [wait(n / 9), take("x"), take(name), drop(name), drop("x")] for n, name in enumerate("yzw")}
    tries = {f"b{name}": [wait(2.3 + n), take(name), take("x"), drop("x"), drop(name)] for n, name in enumerate("yzw")}
    t = play(actors=actors | tries)
    for name in "yzw":
        expect_refusal(t, f"b{name}", "x", name)


@check("R6", misconception="pairs-only", step="learn-the-order", core=False)
def test_every_held_lock_counts(play: Play) -> None:
    """When a task holds several locks, each of them is looked at."""
    teach = [*taking("xyz"), drop("y"), take("w"), drop("x"), take("v"), *dropping("vwz")]
    tries = {pair: [*pair] for pair in ("yx", "zx", "zy", "wx", "wz", "vz", "vw", "vx")}
    for names in (["y", "p1", "q1"], ["p2", "y", "q2"], ["p3", "q3", "y"]):
        tries[names[0]] = [*names, "x"]
    actors = {
        who: [wait(2.3 + n), *map(take, names), *map(drop, names[:-1])] for n, (who, names) in enumerate(tries.items())
    }
    t = play(actors={"a": teach} | actors)
    for who, names in tries.items():
        expect_refusal(t, who, names[-1], " and ".join(names[:-1]))


@check("R6", misconception="order-forgotten", step="learn-the-order", core=False)
def test_given_back_crosswise(play: Play) -> None:
    """A task may give its locks back in any order: what it still holds counts, and nothing else."""
    actors: dict[str, list[Any]] = {}
    for keep, gone in (("x1", "y1"), ("y2", "x2")):
        z, pair = f"z{keep}", sorted((keep, gone))
        actors[f"a{keep}"] = [*map(take, pair), drop(gone), take(z), drop(z), drop(keep)]
        actors[f"b{keep}"] = [wait(2.3), take(z), take(keep)]
    t = play(actors=actors)
    for keep in ("x1", "y2"):
        expect_refusal(t, f"b{keep}", keep, f"z{keep}")


@check("R6", misconception="learned-too-late", step="learn-the-order", core=False)
def test_learned_when_the_wait_begins(play: Play) -> None:
    """When two tasks each hold a lock and wait for the other's, the second to ask is refused."""
    actors = {
        "a": [take("x"), wait(2), take("y"), *dropping("yx")],
        "b": [wait(1.3), take("y"), wait(2), take("x"), drop("y")],
    }
    t = play(actors=actors)
    expect_refusal(t, "b", "x", "y")
    t.expect("taking y while holding x", refusals(t, "a", "y"), ["returned"])


@check("R6", misconception="learned-too-late", step="learn-the-order", core=False)
def test_learned_at_the_same_moment(play: Play) -> None:
    """When two tasks ask for each other's lock at the same moment, one is refused, and the other gets the lock."""
    actors = {"a": [take("x"), at(2), take("y"), *dropping("yx")], "b": [take("y"), at(2), take("x"), *dropping("xy")]}
    for t in play(actors=actors).orders(8):
        seen = sorted([*refusals(t, "a", "y"), *refusals(t, "b", "x")])
        t.expect("how asking for each other's lock ended", seen, [ORDER, "returned"])


@check("R6", misconception="order-forgotten", step="learn-the-order", core=False)
def test_learned_for_good_after_a_wait(play: Play) -> None:
    """An order that began with a wait stays learned when the lock was got and given back."""
    actors: dict[str, list[Any]] = {}
    for n in (0, 1):
        x, y = f"x{n}", f"y{n}"
        actors |= {f"h{n}": [take(y), wait(2), drop(y)], f"a{n}": [wait(1), *both(x, *both(y, wait(1))[n])[n]]}
        actors[f"b{n}"] = [wait(5.3), take(y), take(x)]
    t = play(actors=actors)
    for n in (0, 1):
        expect_refusal(t, f"b{n}", f"x{n}", f"y{n}")


@check("R6", misconception="cancelled-waiter-just-leaves", step="learn-the-order", core=False)
def test_a_later_wait_given_up_forgets_nothing(play: Play) -> None:
    """A wait that is cancelled does not make the monitor forget an order that was learned before."""
    quits = [wait(2), take("x"), within(1, take("y")), drop("x")]
    actors = passing("x", "y") | {"h": [wait(1), take("y"), wait(4), drop("y")], "q": quits}
    t = play(actors=actors | {"b": [wait(6.3), *taking("yx")]})
    expect_refusal(t, "b", "x", "y")


@check("R6", misconception="refused-is-learned", step="learn-the-order", core=False)
def test_refused_order_is_not_learned(play: Play) -> None:
    """An order that was refused is not learned: the right order is not refused afterwards."""
    wrong = [wait(1.3), *taking("pyqx"), *dropping("qyp")]
    after = {f"{a}{b}": [wait(2.3), *(take(n) for n in (a, b)), drop(b), drop(a), wait(1)] for a, b in [("x", "y")]}
    after |= {"xp": [wait(3.3), *taking("xp"), *dropping("px")], "xq": [wait(4.3), *taking("xq"), *dropping("qx")]}
    t = play(actors=passing("x", "y") | {"b": wrong} | after)
    expect_refusal(t, "b", "x", "p, y and q")
    for who, lock in (("xy", "y"), ("xp", "p"), ("xq", "q")):
        t.expect(f"taking {lock} while holding x", refusals(t, who, lock), ["returned"])


@check("R6", misconception="refused-is-learned", step="learn-the-order", core=False)
def test_refused_lock_is_not_taken(play: Play) -> None:
    """After `LockOrderError` the lock that was refused is not taken."""
    after = [wait(3.3), locked("x"), holders(), within(1, take("x"))]
    actors = passing("x", "y") | {"b": [wait(1.3), *taking("pyx"), wait(9), *dropping("yp")], "o": after}
    t = play(actors=actors)
    expect_refusal(t, "b", "x", "p and y")
    t.expect("locked", told(t, "o"), [False])
    t.expect("another task that takes the lock", refusals(t, "o", "x"), ["returned"])


@check("R6", misconception="refused-is-learned", step="learn-the-order", core=False)
def test_refused_at_a_busy_lock_is_not_taken(play: Play) -> None:
    """A task that was refused a lock which another task held does not get it later: it goes to the next in line."""
    actors = passing("x", "y") | {"h": [wait(1), take("x"), wait(2), drop("x")]}
    actors |= {"b": [wait(1.3), *taking("yx"), wait(9), drop("y")], "w": [wait(2.3), take("x"), wait(0.5), drop("x")]}
    t = play(actors=actors | {"o": [wait(4.3), locked("x"), holders(), within(1, take("x"))]}).accepting("deadlock")
    expect_refusal(t, "b", "x", "y")
    t.expect("the next in line gets the lock at", [when for who, when, *_ in got(t, "x") if who == "w"], [near(3)])
    t.expect("locked when all have given it back", told(t, "o"), [False])
    t.expect("holders", shown(t, "o"), [{"y": "b"}])
    t.expect("another task that takes the lock", refusals(t, "o", "x"), ["returned"])


@check("R6", misconception="finally-releases-all", step="learn-the-order", core=False)
def test_refused_task_keeps_what_it_holds(play: Play) -> None:
    """After `LockOrderError` the task still holds the locks that it held."""
    wrong = [wait(1.3), *taking("pyx"), wait(4), *dropping("yp")]
    t = play(
        actors=passing("x", "y") | {"b": wrong, "o": [wait(2.3), holders(), take("p"), drop("p"), take("y"), drop("y")]}
    )
    expect_refusal(t, "b", "x", "p and y")
    t.expect("holders", shown(t, "o"), [{"p": "b", "y": "b"}])
    t.expect("the next task gets p at", first_take(t, "o", "p").end, at_least(5.3))
    t.expect("giving back", [ending(span) for span in t.all("drop", "b")], ["returned", "returned"])


@check("R6", misconception="circle-named-wrongly", step="learn-the-order", core=False)
def test_cycle_names_the_circle(play: Play) -> None:
    """`cycle` names the locks around the circle, each once, in the order of the circle."""
    for length in (2, 3, 5):
        path = play.shuffled(TREES)[:length]
        teach = {f"start {n}": [take(f"1{n}"), take(n), drop(n), drop(f"1{n}")] for n in path} | passing(*path)
        teach |= {f"end {n}": [wait(0.5), take(n), *others(f"0{n}"), *others(f"z{n}"), drop(n)] for n in path}
        t = play(actors=teach | {"b": [wait(2.3), take(path[-1]), take(path[0])]})
        expect_refusal(t, "b", path[0], path[-1])
        seen = next((note["value"] for note in t.notes("cycle")), None)
        ring = is_circle(seen, set(itertools.pairwise(path)), {(path[-1], path[0])})
        t.expect_that("cycle", ring, f"expected the circle {' → '.join(path)} → {path[0]}, seen {seen}")


def others(lock: str) -> list[Any]:
    """Take a lock and give it back."""
    return [take(lock), drop(lock)]


Errands = tuple[dict[str, list[Any]], list[tuple[bool, list[str], set[tuple[str, str]]]]]


def reaches(after: set[tuple[str, str]], start: str, goal: str) -> bool:
    """Tell whether learned orders lead from one lock to another."""
    found, new = {start}, {start}
    while new:
        new = {b for a, b in after if a in new} - found
        found |= new
    return goal in found


def errands(play: Play) -> Errands:
    """Draw tasks that take locks one after the other, now and then against the order.

    Returns:
        the scripts, and for each taking in turn: whether it must be refused, what the task holds, the orders known.
    """
    names = play.shuffled(["ash", "bay", "elm", "fir", "oak"])
    after: set[tuple[str, str]] = set()
    scripts: dict[str, list[Any]] = {}
    wanted: list[tuple[bool, list[str], set[tuple[str, str]]]] = []
    for number in range(9):
        held_locks: list[str] = []
        script = scripts[f"t{number}"] = [wait(number + 0.3)]
        for name in play.shuffled(names)[:4]:
            if held_locks and play.pick(0, 3) == 0:
                script.append(drop(held_locks.pop(play.pick(0, len(held_locks) - 1))))
            refused = any(reaches(after, name, other) for other in held_locks)
            wanted.append((refused, list(held_locks), set(after)))
            script.append(take(name))
            if not refused:
                after |= {(other, name) for other in held_locks}
                held_locks.append(name)
        script += [drop(name) for name in play.shuffled(held_locks)]
    return scripts, wanted


@check("R6", misconception="order-forgotten", step="learn-the-order", core=False)
def test_errands_against_the_order(play: Play) -> None:
    """Many tasks take locks in many orders: each that is against what was learned is refused."""
    for _ in range(2):
        scripts, wanted = errands(play)
        t = play(actors=scripts)
        for span, (refused, held_locks, _) in zip(takes(t), wanted, strict=False):
            if not refused and ending(span) == ORDER:
                break  # a false alarm: R7's matter, and from here on the two know different orders
            if refused:
                t.expect(f"{span.who} takes {span.plain_args[0]} while holding {held_locks}", ending(span), ORDER)


@check("R6", misconception="circle-named-wrongly", step="learn-the-order", core=False)
def test_errands_name_circles(play: Play) -> None:
    """Many tasks take locks in many orders: `cycle` is a circle of learned orders and the one that was refused."""
    scripts, wanted = errands(play)
    t = play(actors=scripts).accepting("deadlock")
    if any(refused for refused, *_ in wanted):
        t.expect_that("locks that are refused", any(ending(span) == ORDER for span in takes(t)), "none")
    seen = {n["span"]: n["value"] for n in t.notes("cycle")}
    for span, (refused, held_locks, after) in zip(takes(t), wanted, strict=False):
        if (ending(span) == ORDER) != refused:
            break  # another check's matter
        ring = not refused or is_circle(seen.get(span.id), after, {(other, span.plain_args[0]) for other in held_locks})
        t.expect_that("cycle", ring, f"{seen.get(span.id)} for taking {span.plain_args[0]} while holding {held_locks}")


# -- R7: no false alarm ----------------------------------------------------------------------------------------
PROBE = {
    "probe 1": [take("probe/x"), take("probe/y"), drop("probe/y"), drop("probe/x")],
    "probe 2": [wait(90), take("probe/y"), take("probe/x"), drop("probe/y")],
}
"""Actors to whom a monitor that raises alarms at all raises one: a silent one has no false alarms, and proves nothing."""


def expect_no_alarm(t: Trace) -> None:
    """Fail the subject if any lock was refused because of the order, but for the one of the `PROBE`."""
    expect_refusal(t, "probe 2", "probe/x", "probe/y")
    for span in takes(t):
        if span.who in PROBE:
            continue
        t.expect_that("a false alarm", ending(span) != ORDER, f"{span.who} gets {ORDER} for {span.plain_args[0]}")


@check("R7", misconception="sequence-is-an-order", step="learn-the-order", core=False)
def test_one_after_the_other_is_no_order(play: Play) -> None:
    """Locks that were taken one after the other, without overlap, have no order."""
    once = [take("x"), drop("x"), take("y"), drop("y"), inside("z"), inside("x"), take("y"), drop("y")]
    twice = [wait(1.3), *taking("zyx"), *dropping("xyz"), inside("z", inside("y", inside("x")))]
    expect_no_alarm(play(actors={"a": once, "b": twice} | PROBE))


@check("R7", misconception="sequence-is-an-order", step="learn-the-order", core=False)
def test_given_back_is_not_held(play: Play) -> None:
    """A lock that was given back does not count as held while the task holds another."""
    teach = [*taking("xyz"), *dropping("zy"), take("w"), *dropping("wx")]
    after = [wait(1.3), *taking("wyz"), *dropping("wyz")]
    expect_no_alarm(play(actors={"a": teach, "b": after} | PROBE))


@check("R7", misconception="held-by-anyone", step="learn-the-order", core=False)
def test_held_by_another_task(play: Play) -> None:
    """A lock that another task holds does not count as held by this one."""
    actors = {"a": [take("x"), wait(5), drop("x")], "b": [wait(1), take("y"), wait(2), inside("z"), drop("y")]}
    after = [wait(7.3), *taking("zx"), *dropping("xz"), *taking("yx"), *dropping("xy")]
    expect_no_alarm(play(actors=actors | {"c": after} | PROBE))


@check("R7", misconception="child-has-parents-locks", step="learn-the-order", core=False)
def test_child_tasks_hold_nothing(play: Play) -> None:
    """A child task does not hold what its parent holds, nor what another child holds."""
    children = {"child": [wait(1), take("y"), wait(1), drop("y"), inside("z")], "other child": [wait(1.5), inside("w")]}
    after = [
        wait(5.3),
        *taking("yx"),
        *dropping("xy"),
        *taking("zx"),
        *dropping("xz"),
        *taking("wyx"),
        *dropping("xyw"),
    ]
    for parent in both("x", spawn(children)):
        expect_no_alarm(play(actors={"a": parent, "b": after} | PROBE))


@check("R7", misconception="pairs-only", step="learn-the-order", core=False)
def test_orders_that_agree(play: Play) -> None:
    """Orders that agree are accepted, also if several ways lead from one lock to another, but none back."""
    links = [
        ("a", "b"),
        ("a", "c"),
        ("b", "d"),
        ("c", "d"),
        ("d", "e"),
        ("a", "e"),
        ("a", "d"),
        ("b", "e"),
        ("c", "e"),
        ("b", "c"),
    ]
    steps = {f"{a}{b}": [wait(0.1 * i), take(a), take(b), drop(b), drop(a)] for i, (a, b) in enumerate(links)}
    all_five = [take(name) for name in "abcde"] + [drop(name) for name in "cebad"]
    many = [*taking("abcdefghij"), *dropping("cebadjihgf")]
    expect_no_alarm(
        play(actors={**steps, "all": [wait(3.3), *all_five, *all_five], "many": [wait(5.3), *many, *many], **PROBE})
    )


@check("R7", misconception="sequence-is-an-order", step="learn-the-order", core=False)
def test_first_use_is_no_order(play: Play) -> None:
    """The order in which locks are made, or first used, is no order between them."""
    names = play.shuffled(["ash", "bay", "elm", "fir"])
    made = [step for name in names for step in (locked(name), take(name), drop(name))]
    chain = [take(name) for name in reversed(names)] + [drop(name) for name in names]
    expect_no_alarm(play(actors={"a": made, "b": [wait(1.3), *chain], **PROBE}))


@check("R7", misconception="cancelled-waiter-just-leaves", step="learn-the-order", core=False)
def test_given_up_is_not_held(play: Play) -> None:
    """A lock that the task did not get, as it gave up or was refused, does not count as held."""
    quits = [wait(1), within(1, take("x")), take("y"), drop("y"), within(0.2, inside("x")), take("z"), drop("z")]
    after = [wait(5.3), *taking("yx"), *dropping("xy"), *taking("zx"), *dropping("xz")]
    expect_no_alarm(play(actors={"h": [take("x"), wait(4), drop("x")], "q": quits, "b": after, **PROBE}))


@check("R7", misconception="lock-is-reentrant", step="learn-the-order", core=False)
def test_refused_again_teaches_nothing(play: Play) -> None:
    """A task that asks for a lock which it holds already teaches no order."""
    again = [*taking("xy"), within(1, take("x")), within(1, take("y")), *dropping("yx")]
    expect_no_alarm(play(actors={"a": again, "b": [wait(5.3), *taking("xy"), *dropping("yx")], **PROBE}))


@check("R7", misconception="refused-is-learned", step="learn-the-order", core=False)
def test_no_alarm_after_a_refusal(play: Play) -> None:
    """After a `LockOrderError` the right order, and the same task with nothing in hand, is accepted."""
    tried = [wait(1.3), *taking("yx"), drop("y"), *taking("xy"), *dropping("yx"), *taking("zx")]
    t = play(actors=passing("x", "y") | {"b": [*tried, *dropping("xz"), take("y"), drop("y")]})
    expect_refusal(t, "b", "x", "y")
    for span in takes(t, "b")[2:]:
        t.expect_that("a false alarm", ending(span) != ORDER, f"b gets {ORDER} for {span.plain_args[0]}")


@check("R7", misconception="held-by-anyone", step="learn-the-order", core=False)
def test_monitors_know_nothing_of_each_other(play: Play) -> None:
    """What one monitor learned, or what is held in one, does not count in another monitor."""
    other = [*taking("o/y", "o/x"), *dropping("o/y", "o/x")]
    mixed = [*taking("p", "o/q"), *dropping("o/q", "p"), *taking("q", "o/p", "p"), *dropping("p", "q", "o/p")]
    expect_no_alarm(play(actors=passing("x", "y") | {"b": [wait(1.3), *other, *mixed]} | PROBE))


@check("R7", misconception="pairs-only", step="learn-the-order", core=False)
def test_errands_that_agree(play: Play) -> None:
    """Many tasks take locks in many orders: each that agrees with all that was learned is accepted."""
    scripts, wanted = errands(play)
    t = play(actors=scripts | PROBE).accepting("deadlock")
    if t.data["end"]["kind"] == "done":
        expect_refusal(t, "probe 2", "probe/x", "probe/y")
    mine = [span for span in takes(t) if span.who not in PROBE]
    for span, (refused, held_locks, _) in zip(mine, wanted, strict=False):
        if refused and ending(span) != ORDER:
            break  # not refused: R6's matter, and from here on the two know different orders
        if not refused:
            seen = f"{span.who} gets {ORDER} for {span.plain_args[0]} while holding {held_locks}"
            t.expect_that("a false alarm", ending(span) != ORDER, seen)


# -- R8: taking twice, releasing what is not held --------------------------------------------------------------
@check("R8", misconception="lock-is-reentrant", step="who-holds-what")
def test_taking_again(play: Play) -> None:
    """A task that takes a lock which it holds gets a `RuntimeError` at once."""
    ways = {
        "a": [take("0/x0"), wait(2), take("0/x0")],
        "b": [inside("1/x1", take("1/x1"))],
        "c": [take("2/x2"), inside("2/x2")],
        "d": [inside("3/x3", inside("3/x3"), wait(2))],
        "e": [take("4/x4"), wait(2), *taking("4/x4", "4/x4")],
    }
    waiters = {f"w{n}": [wait(2.3), within(3, take(f"{n}/x{n}"))] for n in range(5)}
    t = play(actors={who: [wait(1.3), *steps] for who, steps in ways.items()} | waiters)
    for n, who in enumerate(ways):
        t.expect(f"who got the lock that {who} takes", names_of(t, f"{n}/x{n}")[:1], [who])
        for again in takes(t, who)[1:]:
            t.expect("taking a lock again", ending(again), RUNTIME)
            t.expect("the error comes at", again.end, near(again.start))


@check("R8", misconception="lock-is-reentrant", step="who-holds-what")
def test_taking_again_the_first_of_several(play: Play) -> None:
    """A task that holds several locks and takes one of them again gets a `RuntimeError`."""
    several = [*taking("xyzxyz"), drop("x"), *taking("zy")]
    t = play(actors={"a": [wait(1.3), *several]})
    t.expect("taking x, y and z", [ending(span) for span in takes(t, "a")[:3]], ["returned"] * 3)
    for again in takes(t, "a")[3:]:
        t.expect(f"taking {again.plain_args[0]} again", ending(again), RUNTIME)


@check("R8", misconception="lock-is-reentrant", step="who-holds-what")
def test_taking_after_giving_back(play: Play) -> None:
    """A task that gave a lock back may take it again."""
    steps = [step for _ in range(2) for way in both("x") for step in way]
    t = play(actors={"a": [wait(1.3), *steps, *taking("yx"), *dropping("yx"), *steps]})
    t.expect("how taking x ended", {ending(span) for span in takes(t, "a", "x")}, {"returned"})


@check("R8", misconception="release-without-acquire", step="who-holds-what")
def test_releasing_a_free_lock(play: Play) -> None:
    """A task that releases a lock which nobody holds gets a `RuntimeError`."""
    steps = [*dropping("xy"), take("y"), *dropping("yy"), inside("y"), drop("y"), take("z"), drop("y")]
    t = play(actors={"a": [wait(1.3), *steps]})
    for span in t.all("drop", "a"):
        wanted = "returned" if span.begun == t.all("drop", "a")[2].begun else RUNTIME
        t.expect(f"releasing {span.plain_args[0]}", ending(span), wanted)


@check("R8", misconception="release-without-acquire", step="who-holds-what")
def test_releasing_anothers_lock(play: Play) -> None:
    """A task that releases a lock which another task holds gets a `RuntimeError`."""
    child = {"child": [wait(2), drop("x")]}
    holding = [take("x"), spawn(child), wait(4), drop("x")]
    others = {
        "b": [wait(1.3), drop("x")],
        "c": [wait(1.6), take("y"), *dropping("xy")],
        "w": [wait(3), within(1, take("x")), drop("x")],
    }
    t = play(actors={"a": holding, **others})
    t.expect("a takes the lock", ending(first_take(t, "a")), "returned")
    for who in ("child", "b", "c", "w"):
        t.expect(f"{who} releases the lock of a", ending(t.of(who)[drop("x")]), RUNTIME)


@check("R8", misconception="release-without-acquire", step="who-holds-what")
def test_only_the_holder_releases(play: Play) -> None:
    """A lock stays taken when a task that does not hold it tries to release it."""
    actors = {"a": [take("x"), wait(5), drop("x")], "b": [wait(1.3), drop("x")], "c": [wait(1.6), take("x"), drop("x")]}
    t = play(actors=actors)
    t.expect("c gets the lock at", first_take(t, "c", "x").end, at_least(5))
    t.expect("the holder releases", ending(t.of("a")[drop("x")]), "returned")


@check("R8", misconception="task-known-by-name", step="who-holds-what")
def test_tasks_of_one_name(play: Play) -> None:
    """Two tasks of the same name are two tasks."""
    actors = {"a": [take("x"), wait(5), drop("x")], "b": [wait(1.3), take("x"), drop("x")], "c": [wait(2), drop("x")]}
    t = play(actors=actors, names={"a": "clerk", "b": "clerk", "c": "clerk"})
    t.expect("a namesake of the holder takes the lock", ending(first_take(t, "b", "x")), "returned")
    t.expect("a namesake of the holder releases the lock", ending(t.of("c")[drop("x")]), RUNTIME)


# -- R9: who holds what ----------------------------------------------------------------------------------------
@check("R9", misconception="asked-is-held", step="who-holds-what")
def test_holders(play: Play) -> None:
    """`holders()` shows exactly which task holds which lock."""
    for a, b in zip(both("x", inside("y", wait(4)), wait(4)), both("x", wait(4)), strict=True):
        watch = [step for _ in range(4) for step in (wait(2.7), holders())]
        actors = {
            "a": a,
            "b": [wait(1), *b],
            "o": [holders(), *watch],
            "c": [wait(2), take("z"), wait(5), drop("z"), holders()],
        }
        t = play(actors=actors, names={"c": "third"})
        ac, held_c = {"x": "a", "y": "a", "z": "third"}, {"x": "a", "z": "third"}
        t.expect("holders at 2.7, 5.4, 8.1, 10.8", shown(t, "o")[1:], [ac, held_c, {"x": "b"}, {"x": "b"}])
        t.expect("holders", shown(t, "c"), [{"x": "a"}])


@check("R9", misconception="asked-is-held", step="who-holds-what")
def test_locked(play: Play) -> None:
    """`locked()` tells whether any task holds the lock."""
    [one, two] = both("x", locked("x"), wait(4))
    watch = [wait(2.3), locked("x"), locked("y"), wait(6), locked("x"), wait(9), locked("x")]
    t = play(actors={"a": [locked("x"), *one, locked("x"), wait(2), *two, locked("x")], "o": watch})
    t.expect(
        "locked, asked by the holder before, while and after it holds it", told(t, "a"), [False, True] * 2 + [False]
    )
    t.expect("locked, asked by another task", told(t, "o"), [True, False, True, False])


@check("R9", misconception="cancelled-waiter-just-leaves", step="who-holds-what")
def test_given_up_leaves_no_trace(play: Play) -> None:
    """A task that gave up waiting for a lock is neither its holder nor waiting still."""
    for wish in (take("x"), inside("x")):
        quits = [
            wait(1),
            within(1, wish),
            drop("x"),
            holders(),
            wait(4),
            holders(),
            locked("x"),
            within(1, take("x")),
            holders(),
        ]
        t = play(actors={"h": [take("x"), wait(5), drop("x")], "q": quits})
        t.expect(
            "holders after giving up, when the lock is free, with the lock", shown(t, "q"), [{"x": "h"}, {}, {"x": "q"}]
        )
        t.expect("locked", told(t, "q"), [False])
        t.expect("releasing what it did not get", ending(t.of("q")[drop("x")]), RUNTIME)


@check("R9", misconception="cancelled-waiter-just-leaves", step="who-holds-what")
def test_given_up_in_the_middle_of_the_line(play: Play) -> None:
    """When a task of the line gives up waiting, the others get the lock in turn, not too early and not too late."""
    actors, gave_up = {}, {"1/x": 1, "2/y": 2, "3/z": 3}
    for x, gone in gave_up.items():
        line = [[take(x), wait(2), drop(x)] for _ in range(3)]
        line[gone - 1] = [within(4.4 - gone, take(x))]
        actors |= {f"{x} h": [take(x), wait(5), drop(x)]} | {f"{x} w{i + 1}": [wait(i + 1), *line[i]] for i in range(3)}
    t = play(actors={**actors, "o": [wait(12.3), *map(holders, "123"), *map(locked, gave_up)]})
    for x, gone in gave_up.items():
        t.expect(
            "those who got the lock", sorted(names_of(t, x)), [f"{x} h", *(f"{x} w{i}" for i in (1, 2, 3) if i != gone)]
        )
        t.expect("times", [when for _, when, *_ in got(t, x)], [near(0), at_least(5), at_least(7)])
    t.expect("holders at the end", shown(t, "o"), [{}] * 3)
    t.expect("locked at the end", told(t, "o"), [False] * 3)


@check("R9", misconception="cancelled-waiter-just-leaves", step="give-back-whatever-happens")
def test_cancelled_at_every_step_of_acquire(play: Play) -> None:
    """Cancelled at any moment of `acquire`, a task does not keep the lock, and the next one gets it."""
    for holding, wish in itertools.product(([], [take("x"), wait(3), drop("x")]), both("x")):
        after = [wait(5.3), holders(), locked("x"), within(1, take("x")), drop("x")]
        line = {"next": [wait(2), take("x"), drop("x")]} if holding else {}
        trial = play(actors={"h": holding, "q": [wait(1), *wish], **line, "o": after})
        when_q = [when for who, when, *_ in got(trial, "x") if who == "q"]
        trial.expect("q gets the lock at", when_q, [near(3 if holding else 1)])
        for t in trial.cancelled("q"):
            t.expect("holders after it", shown(t, "o"), [{}])
            t.expect("locked after it", told(t, "o"), [False])
            t.expect("the last to get the lock", names_of(t, "x")[-1:], ["o"])


@check("R9", misconception="asked-is-held", step="give-back-whatever-happens")
def test_cancelled_before_it_asks(play: Play) -> None:
    """A task that was cancelled before it asks for a free lock does not keep it."""
    wishes = zip(("1/x", "2/y"), (0, 1), strict=True)
    asking = [[wait(1), attempt(f"try {x}", cancel(f"try {x}"), *both(x)[way])] for x, way in wishes]
    after = [*map(holders, "12"), *map(locked, ("1/x", "2/y")), within(1, take("1/x")), within(1, take("2/y"))]
    after += map(locked, ("1/x", "2/y"))
    t = play(actors={"p": asking[0], "q": asking[1], "o": [wait(3.3), *after]})
    t.expect("holders after it", shown(t, "o"), [{}, {}])
    t.expect("locked after it, and when the next task has the locks", told(t, "o"), [False, False, True, True])
    t.expect("the next task that takes the locks", [ending(span) for span in takes(t, "o")], ["returned"] * 2)


@check("R9", misconception="hand-over-lost", step="who-holds-what")
def test_cancelled_at_the_hand_over(play: Play) -> None:
    """When a waiter is cancelled at the very moment at which it is given the lock, the lock is not lost."""
    actors, locks = {}, ["0/w", "1/x", "2/y", "3/z"]
    for n, x in enumerate(locks):
        ends = [cancel(f"try {x}"), drop(x)]
        behind = {f"{x} next": [wait(2), take(x), wait(1), drop(x)]} if n > 1 else {}
        actors |= {f"{x} h": [take(x), wait(3), *(ends if n % 2 else ends[::-1])], **behind}
        actors |= {f"{x} q": [wait(1), attempt(f"try {x}", take(x), drop(x))]}
    watch = [*map(holders, "0123"), *map(locked, locks), *(within(1, take(x), drop(x)) for x in locks)]
    t = play(actors={**actors, "o": [wait(6.3), *watch]})
    for x in locks[2:]:
        t.expect(
            "the next gets the lock at", [when for who, when, *_ in got(t, x) if who == f"{x} next"], [at_least(3)]
        )
    t.expect("holders after it", shown(t, "o"), [{}] * 4)
    t.expect("locked after it", told(t, "o"), [False] * 4)
    t.expect("the next task that takes the locks", [ending(span) for span in takes(t, "o")], ["returned"] * 4)
    t.expect(
        "who got the lock from behind", [names_of(t, x)[-2:-1] for x in locks[2:]], [[f"{x} next"] for x in locks[2:]]
    )


@check("R9", misconception="release-without-acquire", step="who-holds-what")
def test_refusals_leave_the_books_alone(play: Play) -> None:
    """After a refused `release` or `acquire`, `holders()` still shows who holds the lock."""
    holding = [*taking("yx"), wait(2), within(1, take("x")), within(1, take("y")), wait(4), *dropping("xy")]
    watch = [wait(1.2), holders(), wait(3.5), holders(), locked("x"), locked("y"), wait(9), holders()]
    t = play(actors={"a": holding, "b": [wait(0.6), *dropping("xz")], "o": watch})
    t.expect("holders", shown(t, "o"), [{"x": "a", "y": "a"}, {"x": "a", "y": "a"}, {}])
    t.expect("locked", told(t, "o"), [True, True])


@check("R9", misconception="task-known-by-name", step="who-holds-what")
def test_holders_by_name_of_the_task(play: Play) -> None:
    """`holders()` tells the whole name of the very task that holds the lock: a child's is not its parent's."""
    parent = [take("x"), spawn({"child": [take("y"), holders(), wait(2), drop("y")]}), holders(), drop("x")]
    t = play(
        actors={
            "a": parent,
            "b": [wait(0.3), take("z"), wait(5), drop("z")],
            "c": [wait(0.6), take("w"), wait(5), drop("w")],
            "o": [wait(1.3), holders()],
        },
        names={"b": "a", "c": "pool.worker-1"},
    )
    named = {"w": "pool.worker-1", "x": "a", "z": "a"}
    t.expect("holders while the child holds y", shown(t, "o"), [dict(sorted({**named, "y": "child"}.items()))])
    t.expect("holders after that", shown(t, "a"), [named])


BLOCKS = ["a/a", "b/b", "c/c", "d/d", "e/e", "e/f"]
HELD = [name for name in BLOCKS if name != "c/c"]
"""Of these locks, those whose block does not end at once."""


def blocks(*after: Any) -> dict[str, list[Any]]:
    """Actors that leave the blocks of these locks, each in another way, and one, ``o``, that looks on afterwards."""
    inner = [[wait(1)], [wait(1), fail("E1")], [fail("E1")], [hang()], [inside("e/f", hang())]]
    ways = dict(zip(BLOCKS[:5], inner, strict=True))
    actors = {name: [wait(0.3), attempt(f"try {name}", inside(name, *steps))] for name, steps in ways.items()}
    return actors | {
        "k": [wait(3), *(cancel(f"try {name}") for name in ways)],
        "o": [wait(5.3), *after],
        "w": [wait(0.6), *map(locked, HELD)],
    }


def expect_held_in_the_blocks(t: Trace) -> None:
    """Fail the subject unless the locks of the blocks that last a while are held in them."""
    t.expect(f"whether {', '.join(HELD)} are locked in their blocks", told(t, "w"), [True] * len(HELD))


@check("R9", misconception="asked-is-held", step="give-back-whatever-happens")
def test_books_after_a_block(play: Play) -> None:
    """After an `async with` block was left, by itself, by an error or by cancellation, its task is not shown any more."""
    t = play(actors=blocks(*map(holders, "abcde"), *map(locked, BLOCKS)))
    expect_held_in_the_blocks(t)
    t.expect("holders after the blocks", shown(t, "o"), [{}] * 5)
    t.expect("locked after the blocks", told(t, "o"), [False] * 6)


# -- R10: one lock, one line -----------------------------------------------------------------------------------
def line_of(play: Play, count: int) -> dict[str, list[Any]]:
    """Draw tasks that come one after the other, hold the lock x in either way, and sometimes give up before they get it."""
    starts = sorted(play.draw(count, low=0.4, step=0.4))
    hold_for = play.draw(count, low=1, step=0.3)
    actors = {}
    for index, (start, seconds) in enumerate(zip(starts, hold_for, strict=True)):
        way = both("x", wait(seconds))[play.pick(0, 1)]
        quits = index and play.pick(0, 3) == 0
        actors[f"t{index}"] = [wait(start), within(0.157, *way)] if quits else [wait(start), *way]
    return actors


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_the_same_lock_for_the_same_name(play: Play) -> None:
    """`lock(name)` gives the same object each time."""
    steps = [
        same("x"),
        same("y"),
        take("x"),
        same("x"),
        wait(2),
        drop("x"),
        same("x"),
        inside("y", same("y")),
        same("y"),
    ]
    t = play(
        actors={
            "a": steps,
            "b": [wait(1.3), same("x"), same("y"), take("x"), same("x"), drop("x"), collect(), same("x")],
        }
    )
    t.expect("the same object", [span.value for span in t.all("same")], [True] * len(t.all("same")))


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_the_same_lock_among_many(play: Play) -> None:
    """`lock(name)` gives the same object each time, however many names there are."""
    names = [f"lock {n}" for n in range(50)]
    t = play(actors={"a": [*map(same, names), *map(same, names)]})
    changed = [span.plain_args[0] for span in t.all("same") if not span.value]
    t.expect("names of 50 that gave another object the second time", changed, [])


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_names_as_they_are(play: Play) -> None:
    """Names that differ in a space or a capital letter are names of different locks."""
    t = play(actors={"a": [wait(0.3), *taking("x", "X", "x "), holders(), wait(1), *dropping("x ", "X", "x")]})
    for span in takes(t):
        t.expect(f"a task takes 'x', 'X' and 'x ': taking {span.plain_args[0]!r}", ending(span), "returned")
    t.expect("holders", shown(t, "a"), [{"X": "a", "x": "a", "x ": "a"}])


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_nobody_else_gets_a_held_lock(play: Play) -> None:
    """Only one task has a lock at a time, also if nobody kept the lock object."""
    actors = {}
    for x, i in (("1/x", 0), ("2/y", 1)):
        actors |= {f"{x}1": both(x, collect(), wait(3), collect())[i], f"{x}3": [wait(2), inside(x)]}
        actors |= {f"{x}2": [wait(1.3), collect(), take(x), wait(1), drop(x)]}
    t = play(actors=actors)
    for x in ("1/x", "2/y"):
        expect_in_turn(t, x)
        t.expect("how many got the lock", len(got(t, x)), 3)


@check("R10", misconception="free-for-the-first-to-come", step="who-holds-what")
def test_order_of_arrival(play: Play) -> None:
    """Waiters get the lock in order of arrival."""
    lines = {
        x: {f"{x} {i}": [wait(0.1 * i), *both(x, wait(2))[n]] for i in range(13)} for n, x in enumerate(("1/x", "2/y"))
    }
    t = play(actors=lines["1/x"] | lines["2/y"])
    for x, line in lines.items():
        expect_in_turn(t, x)
        t.expect("those who got the lock", names_of(t, x), list(line))


@check("R10", misconception="free-for-the-first-to-come", step="who-holds-what")
def test_order_of_arrival_whatever_is_held(play: Play) -> None:
    """A task that holds other locks waits in line like any other."""
    actors = {"a": [take("x"), wait(5), drop("x")], "b": [wait(1), *others("x")], "e": [wait(4), *others("x")]}
    actors |= {
        "c": [take("y"), wait(2), *others("x"), drop("y")],
        "d": [*taking("pq"), wait(3), inside("x"), drop("q")],
    }
    t = play(actors=actors)
    expect_in_turn(t, "x")
    t.expect("those who got the lock", names_of(t, "x"), [*"abcde"])


@check("R10", misconception="cancelled-waiter-just-leaves", step="who-holds-what")
def test_order_after_one_gave_up(play: Play) -> None:
    """When one of the line gives up, the others get the lock in their order of arrival."""
    actors, lines = {}, {f"{gone}/x": gone for gone in (1, 2, 3, 4)}
    for x, gone in lines.items():
        actors[f"{x} 0"] = [take(x), wait(5), drop(x)]
        for i in range(1, 5):
            way = both(x, wait(1))[i % 2]
            actors[f"{x} {i}"] = [wait(0.5 * i), *([within(3.2, *way)] if i == gone else way)]
    t = play(actors=actors)
    for x, gone in lines.items():
        t.expect("those who got the lock", names_of(t, x), [f"{x} {i}" for i in range(5) if i != gone])


@check("R10", misconception="hand-over-lost", step="who-holds-what")
def test_order_after_a_hand_over_that_failed(play: Play) -> None:
    """When the first of the line is cancelled as it is given the lock, the others get it in their order of arrival."""
    actors = {}
    for n, x in enumerate(("1/x", "2/y")):
        ends = [cancel(f"try {x}"), drop(x)]
        actors[f"{x} 0"] = [take(x), wait(3), *(ends[::-1] if n else ends)]
        actors[f"{x} 1"] = [wait(1), attempt(f"try {x}", take(x), drop(x))]
        actors |= {f"{x} {i}": [wait(1 + i / 9), *both(x, wait(1))[i % 2]] for i in (2, 3, 4)}
    t = play(actors=actors)
    for x in ("1/x", "2/y"):
        line = [f"{x} {i}" for i in range(5)]
        expect_in_turn(t, x)
        t.expect("those who got the lock", names_of(t, x), one_of(line, [line[0], *line[2:]]))


@check("R10", misconception="no-wait-is-that-long", step="who-holds-what")
def test_long_wait_in_line(play: Play) -> None:
    """However long a task waits for a lock, it gets it when its turn has come."""
    line = {f"w{n}": [wait(n + 1.3), *both("x", wait(1))[n]] for n in (0, 1)}
    t = play(actors={"h": [take("x"), wait(500), drop("x")], **line})
    t.expect("how the waits ended", [ending(span) for span in takes(t)], ["returned"] * 3)
    t.expect("the lock was got at", [when for _, when, *_ in got(t, "x")], [near(0), near(500), near(501)])


@check("R10", misconception="free-for-the-first-to-come", step="who-holds-what")
def test_no_barging_in(play: Play) -> None:
    """A task that comes later, or comes back, does not get the lock before one that waits."""
    actors = {}
    for x, i in (("1/x", 0), ("2/y", 1)):
        actors |= {f"{x}1": [*both(x, wait(2))[i], *both(x, wait(1))[i]], f"{x}2": [wait(1), *both(x, wait(1))[i]]}
        actors |= {f"{x}3": [wait(2), *both(x, wait(1))[i]]}
    for t in play(actors=actors).orders(10):
        for x in ("1/x", "2/y"):
            expect_in_turn(t, x)
            t.expect("the second to get the lock", names_of(t, x)[1:2], [f"{x}2"])


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_one_at_a_time(play: Play) -> None:
    """In any order of the tasks, one at a time has the lock, and each gets it."""
    actors = {f"t{i}": [wait(1), *both("x", checkpoint())[i % 2], *both("x")[i // 2]] for i in range(4)}
    for t in play(actors=actors).orders(8):
        expect_in_turn(t, "x")
        t.expect("times that the lock was got", len(got(t, "x")), 8)


@check("R10", misconception="free-for-the-first-to-come", step="who-holds-what")
def test_line_moves_on(play: Play) -> None:
    """In a longer line, some of which give up, nobody is passed over, and the lock never lies free while one waits."""
    actors = line_of(play, 8)
    t = play(actors=actors)
    seen = got(t, "x")
    expect_in_turn(t, "x")
    t.expect("those who got the lock", [who for who, *_ in seen], sorted(who for who, *_ in seen))
    done = {who for who, script in actors.items() if script[1][0] != "within"} - {who for who, *_ in seen}
    t.expect("those who waited and never got it", sorted(done), [])


# -- rules for every exercise ----------------------------------------------------------------------------------
@check("G1", misconception="backend-lock", step="who-holds-what")
def test_both_backends_monitor(play: Play) -> None:
    """A lock of the monitor works on asyncio and on trio: one task holds it, one waits for it."""
    t = play(actors={"a": [wait(0.3), inside("x", wait(2))], "b": [wait(1.3), inside("x", wait(1))]})
    expect_in_turn(t, "x")
    t.expect("who got the lock", names_of(t, "x"), ["a", "b"])
    t.expect("how the two blocks ended", [span.how for span in t.all("inside")], ["returned", "returned"])


@check("G1", misconception="backend-lock", step="change-under-locks")
def test_both_backends_transfer(play: Play) -> None:
    """`transfer` works on asyncio and on trio."""
    t = play(accounts=TWO, actors={"m": [wait(1.3), move("A", "B", 10, wait(1))]})
    t.expect("the transfer", ending(t.call), "returned")
    expect_audited(t, t.call)
    expect_locks_taken(t)


@check("G2", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_transfer_leaves_nothing(play: Play) -> None:
    """When a transfer has ended, by itself or by an error, no lock is still taken and no task still runs."""
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
        t.expect("left behind", call.left, {})
    t.expect("accounts still locked", at_the_end(t, "locked"), [])


@check("G2", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_block_gives_the_lock_back(play: Play) -> None:
    """When an `async with` block was left, by itself, by an error or by cancellation, its lock is free."""
    t = play(actors=blocks(*(within(1, take(name)) for name in BLOCKS)))
    expect_held_in_the_blocks(t)
    t.expect("the next task that takes the locks", [ending(span) for span in takes(t, "o")], ["returned"] * 6)


@check("G3", misconception="shield-around-everything", step="give-back-whatever-happens")
def test_transfer_cancelled_in_time(play: Play) -> None:
    """Cancelled while it waits for a lock or for the audit, a transfer ends at once."""
    ways = [
        *itertools.product(([], ["A"], ["B"], ["B", "A"]), BOTH_WAYS),
        *itertools.product(([], ["A"]), [("A", "A")]),
    ]
    turns = []
    for n, (busy, (a, b)) in enumerate(ways):
        turns.append(([f"{name}{n}" for name in busy], [within(2.5, move(f"{a}{n}", f"{b}{n}", 30, wait(9)))]))
    t = play(accounts=MANY, actors=in_turn(*turns, during=9))
    t.expect_that("transfers that last", any(call.end > call.start + 2 for call in moves(t)), "none")
    for call in moves(t):
        if call.end > call.start + 2:  # else it ended by itself before it was cancelled
            t.expect("cancelled after 2.5 s, the transfer", ending(call), "cancelled")
            t.expect("cancelled after 2.5 s, it ended at", call.end, near(call.start + 2.5))


@check("G3", misconception="swallowed-cancellation", step="give-back-whatever-happens")
def test_transfer_lets_cancellation_pass(play: Play) -> None:
    """Cancelled from outside at any moment, a transfer ends by the cancellation, and not by an error or by itself."""
    actors = in_turn((["A", "B"], [move("A", "B", 30, wait(1), checkpoint())]), (["C"], [move("C", "C", 30, wait(1))]))
    trial = play(accounts=THREE, actors=actors)
    expect_locks_taken(trial)
    for t in trial.cancelled("m"):
        t.expect_cancellation_passes()
        struck = [call for call in moves(t, "m") if call.outside]
        t.expect("how the cancelled transfer ended", [ending(call) for call in struck], ["cancelled"] * len(struck))


@check("G3", misconception="shield-around-everything", step="who-holds-what")
def test_acquire_cancelled_in_time(play: Play) -> None:
    """Cancelled while it waits for a lock, `acquire` or `async with` ends at once."""
    line = {f"w{n}": [wait(1 + n), within(3.2, wish)] for n, wish in enumerate([take("x"), inside("x"), take("x")])}
    t = play(actors={"h": [take("x"), wait(50), drop("x")], **line})
    for call in takes(t)[1:]:
        t.expect("cancelled after 3.2 s, the wait", ending(call), "cancelled")
        t.expect("cancelled after 3.2 s, it ended at", call.end, near(call.start + 3.2))


@check("G3", misconception="swallowed-cancellation", step="give-back-whatever-happens")
def test_block_lets_cancellation_pass(play: Play) -> None:
    """A task that is cancelled inside `async with` does not go on behind the block."""
    actors = {
        "a": [wait(0.3), within(2, inside("x", hang()))],
        "b": [wait(0.6), within(2, inside("2/y", inside("2/z", hang())))],
    }
    t = play(actors=actors | {"o": [wait(1), *map(locked, ("x", "2/y", "2/z"))]})
    t.expect("whether the locks are locked in the blocks", told(t, "o"), [True] * 3)
    t.expect("blocks that the cancelled tasks went on behind", [n["value"] for n in t.notes("out")], [])
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
        "b, who waits for the lock, has it at", [when for who, when, *_ in got(t, "x") if who == "b"], [at_least(2.3)]
    )


@check("G5", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_interrupts_pass(play: Play) -> None:
    """What is no `Exception` and leaves the audit leaves the transfer too, which keeps no lock and moves no money."""
    ways, audit = [("A", "B"), ("B", "A"), ("A", "A")], [wait(1), fail("stop", "Abandon")]
    steps = [move(f"{a}{n}", f"{b}{n}", 30, *audit) for n, (a, b) in enumerate(ways)]
    steps += [move(f"{a}{n}", f"{b}{n}", 30, at_once(), *audit[1:]) for n, (a, b) in enumerate(ways, 3)]
    t = play(accounts=MANY, actors={"m": [wait(1.3), *steps]})
    t.expect_that("audits", bool(t.all("audit")), "none was awaited")
    for call in moves(t):
        if audits(t, call):
            t.expect_that("what left the audit must leave the transfer", "stop" in call.errors, call.ending)
    t.expect("accounts still locked", at_the_end(t, "locked"), [])
    t.expect("accounts with another balance at the end", [n for n, money in balances(t).items() if money != 100], [])


@check("G5", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_interrupts_leave_a_block(play: Play) -> None:
    """What is no `Exception` and is raised inside `async with` leaves the block, which gives the lock back."""
    actors = {
        "a": [wait(0.3), inside("x", wait(1), fail("stop", "Abandon"))],
        "o": [wait(1), locked("x"), wait(2), within(1, take("x"))],
    }
    t = play(actors=actors)
    t.expect("whether x is locked in the block", told(t, "o"), [True])
    block = t.one("inside")
    t.expect_that("what is raised in the block must leave it", "stop" in block.errors, block.ending)
    t.expect("the next task that takes the lock", ending(first_take(t, "o")), "returned")


@check("G6", misconception="polling", step="who-holds-what")
def test_transfer_waits_without_polling(play: Play) -> None:
    """A transfer that waits a thousand times as long wakes up no more often: it does not poll."""
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
    """A task that waits a thousand times as long for a lock wakes up no more often: it does not poll."""
    steps = []
    for long in (1, 1000):
        t = play(actors={f"t{i}": [wait(i + 0.3), *both("x", wait(5 * long))[i % 2]] for i in range(4)})
        expect_in_turn(t, "x")
        t.expect("the first to get the lock", names_of(t, "x")[:1], ["t0"])
        steps.append(t.steps)
    t.expect("wake-ups of all tasks", steps[1], at_most(steps[0] + 4))


@check("G8", misconception="refused-too-late", step="change-under-locks")
def test_negative_amount_at_once(play: Play) -> None:
    """A negative amount is refused by a bare `ValueError` at once, before the transfer waits for a lock."""
    turns = [(busy, [move(*way, -1)]) for way in (*BOTH_WAYS, ("A", "A")) for busy in (["A"], ["B"], ["A", "B"])]
    t = play(accounts=TWO, actors=in_turn(*turns))
    legal = play(accounts=TWO, actors={"m": [move("A", "B", 1)]})
    legal.expect("transfer of 1, which is legal", ending(legal.call), "returned")
    for call in moves(t):
        t.expect("what it raised", call.raised, "ValueError")
        t.expect("refused at", call.end, near(call.start))


@check("G9", misconception="audit-is-a-coroutine", step="change-under-locks")
def test_any_awaitable_audit(play: Play) -> None:
    """The audit may give any awaitable, not only a coroutine, and the transfer awaits it."""
    steps = [move(*way, 30, awaitable(), wait(1)) for way in BOTH_WAYS]
    t = play(accounts=TWO, actors={"m": [wait(1.3), *steps]})
    t.expect("how the transfers ended", [ending(call) for call in moves(t)], ["returned"] * 2)
    t.expect("audits", [span.how for span in t.all("audit")], ["returned"] * 2)


@check("G9", misconception="audit-is-a-coroutine", step="change-under-locks")
def test_audit_that_raises_when_called(play: Play) -> None:
    """If the audit raises when it is called, before anything is awaited, no money moves and no lock stays taken."""
    t = play(accounts=TWO, actors={"m": [wait(1.3), move("A", "B", 30, at_once(), fail("E1"))]})
    expect_audited(t, t.call)
    t.expect("balances at the end", balances(t), {"A": 100, "B": 40})
    t.expect("accounts still locked", at_the_end(t, "locked"), [])
