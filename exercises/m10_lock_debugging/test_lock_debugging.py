"""Public checks of m10: run them as often as you like, with `grader check m10` or with pytest.

A plan says what accounts there are (name: id and balance) and what each actor does, step by step; `scene.py` lists the
steps. `move("A", "B", 30, wait(1))` is a transfer of 30 from A to B whose audit takes one second.
"""

from __future__ import annotations

from typing import Any

from grader import (
    Play,
    SentencePart,
    Trace,
    at_least,
    at_most,
    at_once,
    attempt,
    awaitable,
    cancel,
    check,
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

move, hold, add = verb("move"), verb("hold"), verb("add")
take, drop, inside = verb("take"), verb("drop"), verb("inside")
holders, locked, same = verb("holders"), verb("locked"), verb("same")

TWO = {"A": [8, 100], "B": [5, 40]}


def at_the_end(t: Trace, what: str) -> Any:
    """What the scene notes at the end: ``balances``, or the accounts that are still ``locked``."""
    notes = t.notes(what)
    t.expect_that("the plan should come to its end", bool(notes), "it never did")
    return notes[-1]["value"]


def kind(t: Trace, who: str, step: list[Any]) -> str:
    """How that step of the actor's ended: ``returned``, ``cancelled``, or the class of what it raised."""
    span = t.of(who)[step]
    for name in ("LockOrderError", "RuntimeError"):
        if any(error == name for error in span.errors):
            return name
    return str(span.raised or span.how)


@check("R1", misconception="order-by-position", step="one-order-for-all")
def test_transfers_both_ways(play: Play) -> None:
    """Two transfers between the same accounts, there and back at the same time, both end, and move both amounts."""
    there, back = [wait(1), move("A", "B", 30, wait(1))], [wait(1), move("B", "A", 5, wait(1))]
    for t in play(accounts=TWO, actors={"there": there, "back": back}).orders(10):
        part = "Two transfers at the same time move both amounts: no money is lost, and none is made."
        t.expect("balances at the end", at_the_end(t, "balances"), {"A": 75, "B": 65}, part=part)


@check("R1", misconception="one-lock-is-enough", step="change-under-locks")
def test_waits_for_both_locks(play: Play) -> None:
    """The transfer waits for the locks of both accounts before money moves."""
    for busy in ("A", "B"):
        t = play(accounts=TWO, actors={"other": [hold([busy], wait(5))], "m": [wait(1), move("A", "B", 30)]})
        t.expect(f"the lock of {busy} is free at 5 s; the transfer ended at", t.call.end, near(5), unit="s")


@check("R1", misconception="order-that-changes", step="one-order-for-all")
def test_order_stays_the_same(play: Play) -> None:
    """The order in which the locks are taken does not depend on the balances."""
    back, there = move("B", "A", 5), move("A", "B", 10)
    for money, change in ((100, -80), (20, 80)):
        other = [hold(["A"], add("A", change), wait(3), add("A", -change), wait(3))]
        actors = {"other": other, "back": [wait(1), back], "there": [wait(4), there]}
        t = play(accounts={**TWO, "A": [8, money]}, actors=actors).accepting("deadlock")
        ends = [t.of("back")[back].how, t.of("there")[there].how]
        t.expect("how the transfers back and there ended", ends, ["returned"] * 2)


@check("R2", misconception="lock-let-go-for-slow-work", step="change-under-locks")
def test_audit_before_the_money_moves(play: Play) -> None:
    """The audit is awaited once, with both locks taken, before any balance changes."""
    for source, target, amount in (("A", "B", 30), ("B", "A", 1)):
        t = play(accounts=TWO, actors={"m": [wait(1), move(source, target, amount, wait(2))]})
        given = [token(source), token(target), amount]
        calls = [span.args for span in t.all("audit")]
        part = (
            "The audit is called with the source, the target and the amount, in this order." if len(calls) == 1 else ""
        )
        t.expect("arguments of the audits", calls, [given], part=part)
        wanted = {"A": [100, True], "B": [40, True]}
        for moment, when in (("before", "when the audit begins"), ("after", "when the audit ends")):
            seen = next((note["value"] for note in t.notes(moment)), {})
            locked = {name: "locked" if lock else "free" for name, (_, lock) in seen.items()}
            part = "During the audit both locks are taken."
            t.expect(f"accounts {when}", locked, dict.fromkeys(wanted, "locked"), part=part)
            balances = {name: balance for name, (balance, _) in seen.items()}
            part = "No balance changes before the audit has ended."
            t.expect(f"balances {when}", balances, {name: balance for name, (balance, _) in wanted.items()}, part=part)


@check("R2", misconception="shield-around-everything", step="change-under-locks")
def test_audit_that_cleans_up(play: Play) -> None:
    """Both locks are held until a cancelled audit has cleaned up."""
    t = play(accounts=TWO, actors={"m": [wait(1), move("A", "B", 30, cleanup(wait(2)), wait(9))]}).cancel("m", at=3)
    seen = next((note["value"] for note in t.notes("after")), {})
    locked = {name: "locked" if lock else "free" for name, (_, lock) in seen.items()}
    t.expect("accounts when the audit has cleaned up", locked, {"A": "locked", "B": "locked"})


NAMED = {
    "Fault": "and no money moves",
    "TimeoutError": "a `TimeoutError` like any other, and no money moves",
    "ExceptionGroup of one": "also a group of errors, and no money moves",
}


@check("R2", misconception="undo-on-exception", step="change-under-locks")
def test_audit_refuses(play: Play) -> None:
    """An error that the audit raises leaves the transfer, and no money moves."""
    for kind_of_error in ("Fault", "TimeoutError", "ExceptionGroup of one"):
        t = play(accounts=TWO, actors={"m": [wait(1), move("A", "B", 30, wait(1), fail("refused", kind_of_error))]})
        part = ""
        if not t.call.errors:
            part = f"An error that the audit raises leaves the transfer, {NAMED[kind_of_error]}."
        t.expect("what leaves the transfer", t.call.errors, leaves_of("refused", kind_of_error), part=part)
        t.expect("balances at the end", at_the_end(t, "balances"), {"A": 100, "B": 40})


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_too_little_money(play: Play) -> None:
    """If the source has not enough money, `InsufficientFunds` is raised before the audit."""
    for audit in ([], [at_once(), fail("refused")]):
        t = play(accounts=TWO, actors={"m": [wait(1), move("B", "A", 41, *audit)]})
        part = "The audit is called only when both locks are taken and there is enough money." if audit else ""
        t.expect("the transfer raised", t.call.errors, ["InsufficientFunds"], part=part)
        t.expect("audits", len(t.all("audit")), 0)
        t.expect("balances at the end", at_the_end(t, "balances"), {"A": 100, "B": 40})


@check("R3", misconception="check-before-lock", step="change-under-locks")
def test_money_that_changes_while_it_waits(play: Play) -> None:
    """Only the balance under both locks counts: while it waits for one of them, a transfer decides nothing."""
    for source, target in (("A", "B"), ("B", "A")):
        other = [hold([source], wait(3), add(source, -30), wait(2))]
        t = play(accounts=TWO, actors={"other": other, "m": [wait(1), move(source, target, 40)]})
        happened = f"while a transfer of 40 from {source} waited for the lock, another task took 30 from {source}"
        wanted = {"A": [], "B": ["InsufficientFunds"]}[source]
        t.expect("the transfer raised", t.call.errors, wanted, happened=happened)
        t = play(accounts=TWO, actors={"other": [hold([target], wait(5))], "m": [wait(1), move(source, target, 101)]})
        t.expect("the transfer raised", t.call.errors, ["InsufficientFunds"])
        t.expect(f"the lock of {target} is free at 5 s; the transfer ended at", t.call.end, at_least(5), unit="s")


@check("R3", misconception="zero-and-self", step="change-under-locks")
def test_any_amount(play: Play) -> None:
    """A transfer may move all the money of the source, or 0, and to an account in debt."""
    accounts = {"A": [8, 100], "B": [5, -40]}
    t = play(accounts=accounts, actors={"m": [wait(1), move("A", "B", 100)]})
    part = "A transfer may move all the money of the source."
    if t.call.how == "raised":
        small = play(accounts=accounts, actors={"m": [wait(1), move("A", "B", 1)]})
        if small.call.how == "raised":
            part = "A transfer may go to an account in debt: only the balance of the source counts."
    t.expect("how a transfer of all the money ended", t.call.how, "returned", part=part)
    t.expect("balances at the end", at_the_end(t, "balances"), {"A": 0, "B": 60})
    t = play(accounts=accounts, actors={"m": [wait(1), move("A", "B", 0, wait(1))]})
    part = "A transfer of 0 is made like any other: 0 is not negative."
    t.expect("how a transfer of 0 ended", t.call.how, "returned", part=part)
    part = "A transfer of 0 works like any other: both locks are taken during its audit."
    t = t.naming(part)
    seen = next((note["value"] for note in t.notes("before")), {})
    accounts_seen = {name: [balance, "locked" if lock else "free"] for name, (balance, lock) in seen.items()}
    t.expect("accounts in the audit of a transfer of 0", accounts_seen, {"A": [100, "locked"], "B": [-40, "locked"]})


@check("R4", misconception="zero-and-self", step="change-under-locks")
def test_from_an_account_to_itself(play: Play) -> None:
    """A transfer from an account to itself works like any other."""
    for amount in (30, 0):
        t = play(accounts=TWO, actors={"m": [wait(1), move("A", "A", amount, wait(1))]})
        part = "A transfer of 0 from an account to itself works like any other, with its audit." if amount == 0 else ""
        t = t.naming(part)
        t.expect("how the transfer ended", t.call.how, "returned")
        t.expect("audits", len(t.all("audit")), 1)
        t.expect("balances at the end", at_the_end(t, "balances"), {"A": 100, "B": 40})
    other = [hold(["A"], wait(3), add("A", 50), wait(2))]
    t = play(accounts=TWO, actors={"other": other, "m": [wait(1), move("A", "A", 130)]})
    happened = "while a transfer of 130 from A to A waited for the lock, another task added 50 to the 100 in A"
    part = (
        "Also from an account to itself only the balance under the lock counts, not the one before it was waited for."
    )
    part = part if "InsufficientFunds" in t.call.errors else ""
    t.expect("how the transfer ended", t.call.how, "returned", happened=happened, part=part)


@check("R4", misconception="one-lock-for-all", step="one-order-for-all")
def test_others_go_on(play: Play) -> None:
    """A transfer that waits for a lock holds up no transfer between other accounts."""
    accounts = {**TWO, "C": [6, 70], "D": [7, 70]}
    waits, others = move("A", "B", 30), move("C", "D", 30, wait(1))
    actors = {"other": [hold(["A"], wait(9))], "waits": [wait(1), waits], "others": [wait(2), others]}
    t = play(accounts=accounts, actors=actors)
    t.expect("the transfer between C and D ended at", t.of("others")[others].end, near(3), unit="s")


@check("R5", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_transfer_cancelled(play: Play) -> None:
    """A transfer that is cancelled at any moment keeps no lock, and changes both balances or none."""
    trial = play(accounts=TWO, actors={"m": [wait(1), move("A", "B", 30, wait(1))]})
    trial.expect("audits", len(trial.all("audit")), 1)
    for t in trial.cancelled("m"):
        part = "A transfer that is cancelled keeps no lock."
        if "RuntimeError" in t.call.errors:
            sentence = "A transfer releases only the locks that it has taken: another one raises `RuntimeError`."
            part = SentencePart(sentence, misconception="finally-releases-all", step="give-back-whatever-happens")
        t.expect("accounts that are still locked", at_the_end(t, "locked"), [], part=part)
        part = "A transfer that is cancelled changes both balances or none."
        wanted = one_of({"A": 100, "B": 40}, {"A": 70, "B": 70})
        t.expect("balances at the end", at_the_end(t, "balances"), wanted, part=part)


@check("R6", misconception="deadlock-must-happen", step="learn-the-order", core=False)
def test_wrong_order_is_refused(play: Play) -> None:
    """After one task took x before y, another one that takes y before x gets a `LockOrderError`."""
    first = [take("x"), take("y"), drop("y"), drop("x")]
    t = play(actors={"first": first, "second": [wait(1), take("y"), take("x"), holders()]})
    t.expect("taking x while holding y", kind(t, "second", take("x")), "LockOrderError")
    cycles = [note["value"] for note in t.notes("cycle")]
    t.expect("`cycle` of the error", cycles, one_of([["x", "y"]], [["y", "x"]]))
    part = "A task that gets a `LockOrderError` keeps the locks that it has."
    t.expect("holders after that", t.of("second")[holders()].value, {"y": "second"}, part=part)


@check("R7", misconception="sequence-is-an-order", step="learn-the-order", core=False)
def test_no_overlap_no_order(play: Play) -> None:
    """Locks that a task took one after the other, without overlap, have no order: another task may take x inside y."""
    first = [take("x"), drop("x"), take("y"), drop("y")]
    second = [wait(1), take("y"), take("x"), drop("x"), drop("y")]
    t = play(actors={"first": first, "second": second, "third": [wait(2), take("x"), take("y"), drop("x")]})
    t.expect("taking x while holding y", kind(t, "second", take("x")), "returned")
    part = "A task that takes x while it holds y teaches the order y before x."
    t.expect("after that, taking y while holding x", kind(t, "third", take("y")), "LockOrderError", part=part)


@check("R8", misconception="lock-is-reentrant", step="who-holds-what")
def test_taking_a_lock_twice(play: Play) -> None:
    """A task that takes a lock it already holds gets a `RuntimeError`."""
    t = play(actors={"a": [same("x"), take("x"), same("x"), inside("x")]})
    part = SentencePart('`lock("x")` gives the same object each time.', step="who-holds-what")
    t.expect("whether it is the same object each time", [span.value for span in t.all("same")], [True, True], part=part)
    t.expect("taking x", kind(t, "a", take("x")), "returned")
    t.expect("taking x again", kind(t, "a", inside("x")), "RuntimeError")
    t = play(actors={"a": [take("x"), take("y"), inside("x")]})
    t.expect("taking x again, with y in between", kind(t, "a", inside("x")), "RuntimeError")


@check("R8", misconception="task-known-by-name", step="who-holds-what", wide=True)
def test_tasks_of_one_name(play: Play) -> None:
    """Tasks are not told apart by their names: two tasks may have the same one."""
    actors = {"a": [take("x"), wait(3), drop("x")], "b": [wait(1), take("x"), drop("x")], "c": [wait(2), drop("x")]}
    t = play(actors=actors, names=dict.fromkeys("abc", "clerk"))
    t.expect("taking x, which another task of the same name holds", kind(t, "b", take("x")), "returned")
    t.expect("releasing x, which another task of the same name holds", kind(t, "c", drop("x")), "RuntimeError")


@check("R8", misconception="release-without-acquire", step="who-holds-what")
def test_releasing_the_lock_of_another(play: Play) -> None:
    """A task that releases a lock that another task holds gets a `RuntimeError`."""
    t = play(actors={"a": [take("x"), wait(3), drop("x")], "b": [wait(1), drop("x")]})
    t.expect("b releases the lock of a", kind(t, "b", drop("x")), "RuntimeError")
    t.expect("a releases it", kind(t, "a", drop("x")), "returned")


@check("R9", misconception="asked-is-held", step="who-holds-what")
def test_who_holds_what(play: Play) -> None:
    """`holders()` shows exactly which task holds which lock."""
    t = play(
        actors={
            "a": [take("x"), wait(4), drop("x")],
            "b": [wait(1), take("x"), wait(4), drop("x")],
            "looks on": [wait(2), holders(), wait(4), holders(), wait(4), holders()],
        }
    ).accepting("deadlock")
    seen = [span.value for span in t.all("holders")]
    part = "A task that waits for a lock does not hold it yet: `holders()` shows the task that has it."
    if seen[:1] != [{"x": "b"}]:
        part = ""
    t.expect(
        "holders while a has x and b waits, while b has x, at the end", seen, [{"x": "a"}, {"x": "b"}, {}], part=part
    )
    t.expect("how the run ended", t.data["end"]["kind"], "done")
    actors = {"a": [take("x"), wait(4), drop("x")], "b": [wait(1), drop("x"), holders()]}
    t = play(actors=actors, names={"a": "pool.worker-1"})
    seen = t.one("holders").value
    part = "A `release` by a task that does not have the lock changes nothing in what `holders()` shows."
    if isinstance(seen, dict) and list(seen) == ["x"]:
        part = "`holders()` shows a task by its whole name."
    t.expect("holders after b tried to release x", seen, {"x": "pool.worker-1"}, part=part)


@check("R9", misconception="cancelled-waiter-just-leaves", step="who-holds-what")
def test_waiting_given_up(play: Play) -> None:
    """After a task gave up waiting for a lock, the lock is free as if it had never waited."""
    t = play(
        actors={
            "a": [take("x"), wait(4), drop("x")],
            "b": [wait(1), within(1, take("x")), wait(4), locked("x"), within(1, take("x"))],
            "looks on": [wait(1.5), locked("x")],
        }
    )
    part = "A lock that a task has is locked."
    t.expect("locked while a has it", [span.value for span in t.all("locked", "looks on")], [True], part=part)
    asked, part = t.one("take", "b"), ""
    if asked.how == "returned":  # it was given up at 2 s, when another task had the lock
        sentence = "A task that is cancelled while it waits for a lock stops waiting, at once."
        part = SentencePart(sentence, misconception="shield-around-everything", step="who-holds-what")
    t.expect("locked when all is over", [span.value for span in t.all("locked", "b")], [False], part=part)
    again = t.first(t.all("take", "b")[1:], "taking the lock then", "never happened")
    t.expect("taking the lock then", again.how, "returned")


@check("R9", misconception="hand-over-lost", step="who-holds-what")
def test_cancelled_at_any_moment(play: Play) -> None:
    """A task that is cancelled while it takes a lock either has it or leaves no trace."""
    before = {"b": [wait(1), attempt("try", cancel("try"), take("x"))]}
    free = {"b": [wait(1), take("x")]}
    waiting = {"a": [take("x"), wait(3), drop("x")], "b": [wait(1), take("x")]}
    for actors in (before, free, waiting):
        trial = play(actors={**actors, "looks on": [wait(9), holders(), within(1, take("x"))]})
        for t in trial.cancelled("b"):
            has_it = any(span.how == "returned" for span in t.all("take", "b"))
            t.expect("holders after that", t.one("holders").value, {"x": "b"} if has_it else {})
            if not has_it:
                t.expect("how the next task's `acquire` ended", t.one("take", "looks on").how, "returned")
    ends = [cancel("try"), drop("x")]
    for end in (ends, ends[::-1]):  # cancelled as it is given the lock
        b, c = [wait(1), attempt("try", take("x"), drop("x"))], [wait(2), take("x"), drop("x")]
        t = play(actors={"a": [take("x"), wait(3), *end], "b": b, "c": c}).accepting("deadlock")
        t.expect("the next one in the queue gets the lock at", t.of("c")[take("x")].end, near(3), unit="s")


@check("R10", misconception="free-for-the-first-to-come", step="who-holds-what")
def test_first_come_first_served(play: Play) -> None:
    """Waiting tasks get the lock one after the other, in order of arrival."""
    actors = {name: [wait(at), take("x"), wait(5), drop("x")] for at, name in enumerate("abcd")}
    t = play(actors=actors)
    times = [t.of(name)[take("x")].end for name in "abcd"]
    t.expect("when a, b, c and d got the lock", times, [near(0), near(5), near(10), near(15)], unit="s")
    actors["b"] = [wait(1), within(3.5, take("x"))]
    t = play(actors={**actors, "e": [take("y"), wait(4), take("x"), wait(5), drop("x"), drop("y")]})
    times = [t.of(name)[take("x")].end for name in "acde"]
    wanted = [near(0), near(5), near(10), near(15)]
    orderly = None not in times and sorted(times) == wanted
    part = "Waiting tasks get the lock in order of arrival, also after one gave up or if one holds another lock."
    what = "when a, c, d and e got the lock, after b gave up (e holds y)"
    t.expect(what, times, wanted, unit="s", part=part if orderly else "")


@check("R10", misconception="hand-over-lost", step="who-holds-what")
def test_next_in_line(play: Play) -> None:
    """When the first in the queue is cancelled as it is given the lock, the next one gets it, and then the others."""
    actors = {name: [wait(at), take("x"), wait(5), drop("x")] for at, name in enumerate("cde", 2)}
    b = [wait(1), attempt("try", take("x"), drop("x"))]
    for ends in ([drop("x"), cancel("try")], [cancel("try"), drop("x")]):
        t = play(actors={"a": [take("x"), wait(5), *ends], "b": b, **actors}).accepting("deadlock")
        times = [t.of(name)[take("x")].end for name in "cde"]
        t.expect("when c, d and e got the lock", times, [near(5), near(10), near(15)], unit="s")


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_one_at_a_time(play: Play) -> None:
    """One task at a time has the lock, and a task that comes back waits for those that are in the queue."""
    for t in play(actors={name: [wait(1), inside("x", wait(1))] for name in "abc"}).orders(6):
        t.expect(
            "a, b and c enter the block, one at a time, at",
            sorted(n["t"] for n in t.notes("in")),
            [near(1), near(2), near(3)],
            unit="s",
            part="One task at a time has the lock.",
        )
    a = [take("x"), wait(2), drop("x"), take("x"), wait(2), drop("x")]
    for t in play(actors={"a": a, "b": [wait(1), take("x"), wait(2), drop("x")]}).orders(4):
        part = "A task that comes back waits for those that are in the queue."
        moment = t.of("b")[take("x")].end
        t.expect("b, which waits when a comes back, got the lock at", moment, near(2), unit="s", part=part)


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_one_lock_for_one_name(play: Play) -> None:
    """`lock("x")` gives the same object each time."""
    t = play(actors={"a": [same("x"), take("x"), same("x"), drop("x"), same("x")]})
    t.expect(
        "whether it is the same object as the first time", [span.value for span in t.all("same")], [True, True, True]
    )
    t = play(actors={"a": [take("x"), take("X"), drop("x"), drop("X")]})
    part = "`x` and `X` are names of different locks."
    t.expect("how taking X while holding x ended", kind(t, "a", take("X")), "returned", part=part)


@check("G1", misconception="backend-lock", step="who-holds-what")
def test_waiting_works(play: Play) -> None:
    """Waiting for a lock works on asyncio and on trio."""
    t = play(actors={"a": [inside("x", wait(2))], "b": [wait(1), inside("x")]})
    t.expect("how the blocks ended", [kind(t, "a", inside("x", wait(2))), kind(t, "b", inside("x"))], ["returned"] * 2)
    t.expect("b left its block at", t.of("b")[inside("x")].end, near(2), unit="s")


@check("G2", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_locks_after_an_error(play: Play) -> None:
    """A transfer that ended by an error keeps no lock."""
    for error, which in ((fail("refused"), "an error"), (fail("refused", "ExceptionGroup"), "an `ExceptionGroup`")):
        t = play(accounts=TWO, actors={"m": [wait(1), move("A", "B", 101), move("A", "B", 30, error)]})
        t.expect("the first transfer raised", t.call.errors, ["InsufficientFunds"])
        part = "A transfer that is refused for want of money keeps no lock."
        t.expect_that(
            "the audit of the second transfer should be awaited", bool(t.all("audit")), "it never was", part=part
        )
        part = f"A transfer whose audit raised {which} keeps no lock."
        t.expect("accounts that are still locked", at_the_end(t, "locked"), [], part=part)


@check("G2", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_block_gives_the_lock_back(play: Play) -> None:
    """When an `async with` block ends, by an error or by a cancellation, its lock is free."""
    for steps, part in (
        ([wait(1), fail("E")], "When an `async with` block ends by an error its lock is free."),
        (
            [hang()],
            "When an `async with` block is cancelled its lock is free: what is awaited before that is cancelled too.",
        ),
    ):
        actors = {"a": [wait(1), within(3, inside("x", *steps))], "looks on": [wait(9), within(1, take("x"))]}
        t = play(actors=actors)
        t.expect("blocks that began", len(t.notes("in")), 1)
        t.expect("how taking x after the block ended", t.one("take", "looks on").how, "returned", part=part)


@check("G3", misconception="swallowed-cancellation", step="give-back-whatever-happens")
def test_cancellation_passes(play: Play) -> None:
    """A transfer that is cancelled during its audit ends at once by the cancellation."""
    t = play(accounts=TWO, actors={"m": [wait(1), move("A", "B", 30, wait(9))]}).cancel("m", at=3)
    t.expect("how the transfer, cancelled at 3 s, ended", t.call.how, "cancelled")
    t.expect("the transfer, cancelled at 3 s, ended at", t.call.end, near(3), unit="s")
    t = play(actors={"a": [wait(1), within(2, inside("x", hang()))]})
    t.expect("blocks that began", len(t.notes("in")), 1)
    part = "An `async with` block that is cancelled ends by the cancellation."
    t.expect("how the block, cancelled, ended", kind(t, "a", inside("x", hang())), "cancelled", part=part)


@check("G4", misconception="backend-lock", step="who-holds-what")
def test_loop_not_blocked(play: Play) -> None:
    """Waiting for a lock does not block the event loop: others can run."""
    t = play(actors={"a": [take("x"), wait(2), drop("x")], "b": [wait(1), take("x"), drop("x")]})
    t.expect_not_blocked()
    t.expect("b got the lock at", t.of("b")[take("x")].end, near(2), unit="s")


@check("G5", misconception="released-at-the-end", step="give-back-whatever-happens")
def test_interrupted_audit(play: Play) -> None:
    """Something like `KeyboardInterrupt` that leaves the audit leaves the transfer too, and no lock is kept."""
    for audit in ([fail("stop", "Abandon")], [at_once(), fail("stop", "Abandon")]):
        t = play(accounts=TWO, actors={"m": [wait(1), move("A", "B", 30, *audit)]})
        t.expect_that("what left the audit should leave the transfer", "stop" in t.call.errors, f"it {t.call.ending}")
        t.expect("accounts that are still locked", at_the_end(t, "locked"), [])


@check("G6", misconception="polling", step="who-holds-what")
def test_no_polling(play: Play) -> None:
    """A task that waits longer for a lock does not wake up more often: it does not look again and again."""
    short, long = (play(actors={"a": [inside("x", wait(s))], "b": [wait(1), inside("x")]}).steps for s in (5, 500))
    t = play(accounts=TWO, actors={"other": [hold(["A"], wait(500))], "m": [wait(1), move("A", "B", 30)]})
    t.expect("wake-ups when the lock comes after 499 s", long, at_most(short + 4))
    t.expect("the transfer waited until", t.call.end, at_least(30), unit="s")
    t.expect("wake-ups of a transfer that waits for 499 s", t.call.steps, at_most(20))


@check("G8", misconception="refused-too-late", step="change-under-locks")
def test_negative_amount(play: Play) -> None:
    """A negative amount raises `ValueError` at once, before the transfer waits for a lock."""
    t = play(accounts=TWO, actors={"other": [hold(["A", "B"], wait(5))], "m": [wait(1), move("A", "B", -1)]})
    part = "A negative amount raises `ValueError`." if t.call.how == "returned" else ""
    t.expect("the transfer raised", t.call.raised, "ValueError", part=part)
    part = "A negative amount is refused at once, before the transfer waits for a lock."
    t.expect("the transfer ended at", t.call.end, near(1), unit="s", part=part)


@check("G9", misconception="audit-is-a-coroutine", step="change-under-locks")
def test_audit_is_any_awaitable(play: Play) -> None:
    """The audit may return any awaitable, not only a coroutine, and the transfer awaits it."""
    t = play(accounts=TWO, actors={"m": [wait(1), move("A", "B", 30, awaitable(), wait(1))]})
    t.expect("how the transfer ended", t.call.how, "returned")
    t.expect("how the audits ended", [span.how for span in t.all("audit")], ["returned"])
