"""What the hidden checks of m10 share: plans, and what is read from a trace."""

from __future__ import annotations

import itertools
from typing import Any

from grader import Play, Trace, attempt, cancel, fail, hang, verb, wait

move, hold, add, look = verb("move"), verb("hold"), verb("add"), verb("look")
take, drop, inside = verb("take"), verb("drop"), verb("inside")
holders, locked, same, collect = verb("holders"), verb("locked"), verb("same"), verb("collect")
at, spawn = verb("at"), verb("spawn")
TWO = {"A": [8, 100], "B": [5, 40]}
THREE = {**TWO, "C": [6, 70]}
BOTH_WAYS = (("A", "B"), ("B", "A"))
#: Twelve pairs of accounts, for transfers that must not get into each other's way: A0 and B0, A1 and B1 …
MANY = {f"{name}{n}": [10 * n + number, 100] for n in range(12) for name, number in (("A", 8), ("B", 5))}
RUNTIME = "RuntimeError"
ORDER = "LockOrderError"


# -- reading ---------------------------------------------------------------------------------------------------------
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
    t.expect_that("the plan should come to its end", bool(notes), "it never did")
    return notes[-1]["value"]


def balances(t: Trace) -> Any:
    """Account → balance at the end."""
    return at_the_end(t, "balances")


def expect_locks_taken(t: Trace) -> None:
    """Fail the subject unless some transfer took locks: one that does nothing has nothing to give back."""
    taken = [mine for moments in rights(t).values() for _, mine in moments if mine]
    t.expect_that("transfers should take locks", bool(taken), "none was taken")


def expect_audited(t: Trace, call: Any) -> None:
    """Fail the subject unless the transfer awaited its audit."""
    t.expect_that("the transfer should await its audit", bool(audits(t, call)), "it never did")


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


def wait_part(span: Any, moment: float) -> str:
    """What is wrong if a wait that was given up at that moment went on; empty if it did not."""
    ended = span.end is not None and span.end < moment + 0.1
    return "" if ended else "`acquire` that is cancelled while it waits ends at once."


def expect_in_turn(t: Trace, lock: str) -> None:
    """Fail the subject if two had the lock at once."""
    seen = overlap(t, lock)
    t.expect_that("one task at a time should have the lock", not seen, seen)


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


def refusals(t: Trace, who: str, lock: str) -> list[str]:
    """How each try of that actor's to take the lock ended."""
    return [ending(span) for span in takes(t, who, lock)]


def expect_refusal(t: Trace, who: str, lock: str, held_locks: str) -> None:
    """Fail the subject unless that actor's first try to take `lock` raised `LockOrderError`."""
    t.expect(f"how taking {lock} while holding {held_locks} ended", refusals(t, who, lock)[:1], [ORDER])


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
