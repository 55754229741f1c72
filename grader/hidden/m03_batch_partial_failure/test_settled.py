"""Hidden checks of m03: every item is settled."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, check, fail, give, give_error, on_cancel, one_of, token, wait

from .plans import batch, settled, tries


def expect_settled(t: Trace, succeeded: dict[int, Any], failed: dict[int, Any], who: str = "caller") -> None:
    """Fail the subject unless the result is just that."""
    seen = settled(t, "succeeded", who)
    others = [key for key in {**seen, **settled(t, "failed", who)} if type(key) is not int]
    part = "Results and errors are kept under the index of the item, a number, not under the item."
    t.expect_that("keys of the result", not others, ", ".join(map(str, others)), part=part)
    lost = failed and not set(succeeded) <= {*seen, *settled(t, "failed", who)}
    known = {*seen, *settled(t, "failed", who)}
    part = "When an item fails, the others are still worked on." if lost else ""
    if lost and min({*succeeded, *failed} - known) > max(known, default=-1):
        part = "Every item is worked on, the last one too."
    if set(seen) & set(settled(t, "failed", who)):
        part = "An item is in `succeeded` or in `failed`, and not in both."
    elif set(seen) & set(failed):
        part = "An item that failed is in `failed`, not in `succeeded`."
    elif seen != succeeded and sorted(seen.values(), key=repr) == sorted(succeeded.values(), key=repr):
        part = "Each value is under the index of its own item, whichever worker ends first."
    t.expect("succeeded", seen, succeeded, part=part)
    seen = settled(t, "failed", who)
    part = "`failed` holds the very exception that the worker raised." if set(seen) == set(failed) else ""
    t.expect("failed", seen, failed, part=part)


# -- R1: every item is settled ---------------------------------------------------------------------------------------
@check("R1", misconception="finishing-order", step="failure-is-a-result")
def test_every_item_is_settled(play: Play) -> None:
    """Every index is in `succeeded` or in `failed`, with what its worker returned or raised, whichever worker ends first."""
    times = play.draw(7)
    bad = set(play.shuffled(list(range(7)))[:3])
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n in bad else give(f"V{n}")] for n in range(7)}
    values = {n: token(f"V{n}") for n in range(7) if n not in bad}
    for limit in (1, 3, 50):
        for t in batch(play, jobs, limit=limit).orders(4):
            expect_settled(t, values, {n: token(f"E{n}") for n in sorted(bad)})


@check("R1", misconception="finishing-order", step="failure-is-a-result")
def test_many_items(play: Play) -> None:
    """A large batch is settled to the last item."""
    times = play.draw(70, step=0.01)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 5 == 2 else give(f"V{n}")] for n in range(70)}
    t = batch(play, jobs, limit=20)
    found = settled(t, "succeeded") | settled(t, "failed")
    wrong = [n for n in range(70) if found.get(n) != token(f"E{n}" if n % 5 == 2 else f"V{n}")]
    t.expect("indices of 70 items without their own value or exception", wrong, [])


@check("R1", misconception="empty-means-failed", step="failure-is-a-result")
def test_empty_values(play: Play) -> None:
    """A worker that returns `None`, or something empty, has succeeded with that."""
    values: list[Any] = [None, 0, False, []]
    jobs = {f"i{n}": [wait(n + 1), give(value)] for n, value in enumerate(values)}
    expect_settled(batch(play, jobs), dict(enumerate(values)), {})


@check("R1", misconception="error-object-is-failure", step="failure-is-a-result")
def test_error_returned(play: Play) -> None:
    """A worker that returns an exception object, without raising it, has succeeded."""
    jobs = {"a": [wait(1), give_error("E1")], "b": [wait(2), fail("E2")]}
    expect_settled(batch(play, jobs), {0: token("E1")}, {1: token("E2")})


@check("R1", misconception="item-as-key", step="failure-is-a-result")
def test_same_item_twice(play: Play) -> None:
    """An item that is in the batch twice is worked on twice, and each place has its own result."""
    jobs = {"a": tries([wait(2), give("A1")], [wait(3), give("A2")]), "b": [wait(1), give("B")]}
    for t in batch(play, jobs, order=["a", "b", "a"]).orders(8):
        found = settled(t, "succeeded")
        ways = [{0: token(x), 1: token("B"), 2: token(y)} for x, y in (("A1", "A2"), ("A2", "A1"))]
        part = "Each place of an item that is in the batch twice has its own result."
        if len(t.all("work", "a")) != 2:
            part = "An item that is in the batch twice is worked on twice."
        t.expect("succeeded", found, one_of(*ways), part=part if found.get(1) == token("B") else "")


@check("R1", misconception="item-as-key", step="failure-is-a-result")
def test_equal_items(play: Play) -> None:
    """Items that are equal to each other and cannot be keys of a dictionary are told apart by their index."""
    jobs = {"a": [wait(3), give("A")], "b": [wait(1), fail("E")], "c": [wait(2), give("C")]}
    expect_settled(batch(play, jobs, alike=True), {0: token("A"), 2: token("C")}, {1: token("E")})


@check("R1", misconception="nothing-to-do", step="failure-is-a-result")
def test_empty_items(play: Play) -> None:
    """Items such as `None`, 0 and `False` are items like any other."""
    things = {"a": None, "b": 0, "c": False, "d": ""}
    jobs = {name: [wait(1 + n / 2), give(name.upper())] for n, name in enumerate(things)}
    t = batch(play, jobs, things=things, limit=2)
    expect_settled(t, {n: token(name.upper()) for n, name in enumerate(things)}, {})


@check("R1", misconception="nothing-to-do", step="failure-is-a-result")
def test_no_items(play: Play) -> None:
    """An empty batch gives an empty result."""
    expect_settled(batch(play, {}, limit=3), {}, {})


@check("R1", misconception="special-errors", step="failure-is-a-result")
def test_kinds_of_errors(play: Play) -> None:
    """Whatever `Exception` a worker raises, `failed` holds that very exception."""
    kinds = ["TimeoutError", "IndexError", "EndOfStream", "ExceptionGroup", "OSError", "RuntimeError", "ValueError"]
    kinds += ["ClosedResourceError", "BrokenResourceError", "ConnectionError"]
    jobs = {kind: [wait(1 + n / 2), fail(f"E{n}", kind)] for n, kind in enumerate(kinds)}
    jobs |= {"one": [wait(7), fail("E")], "other": [wait(8), fail("E")]}
    wanted = {n: token(f"E{n}") for n in range(10)} | {10: token("E"), 11: token("E")}
    for limit in (3, 10):
        expect_settled(batch(play, jobs, limit=limit), {}, wanted)


@check("R1", misconception="special-errors", step="failure-is-a-result")
def test_odd_errors(play: Play) -> None:
    """A `TypeError`, or another error that looks like a mistake in a program, is a failure like any other."""
    kinds = ["TypeError", "KeyError", "AssertionError"]
    jobs = {kind: [wait(1 + n), fail(f"E{n}", kind)] for n, kind in enumerate(kinds)}
    t = batch(play, jobs | {"b": [wait(7), give("B")]})
    expect_settled(t, {3: token("B")}, {n: token(f"E{n}") for n in range(3)})


@check("R1", misconception="items-are-mine", step="failure-is-a-result")
def test_items_in_a_tuple(play: Play) -> None:
    """`items` may be any sequence, also a tuple, which cannot be changed."""
    jobs = {"a": [wait(2), give("A")], "b": [wait(1), fail("E")], "c": [wait(3), give("C")]}
    expect_settled(batch(play, jobs, fixed=True, limit=2), {0: token("A"), 2: token("C")}, {1: token("E")})


@check("R1", misconception="state-of-all-calls", step="failure-is-a-result")
def test_two_batches(play: Play) -> None:
    """Two batches that run at the same time keep their results apart."""
    jobs = {"a": [wait(1), give("A")], "b": [wait(3), fail("E1")]}
    t = batch(play, jobs, beside={"jobs": {"c": [wait(2), fail("E2")], "d": [wait(4), give("D")]}, "limit": 2})
    expect_settled(t, {0: token("A")}, {1: token("E1")})
    expect_settled(t, {1: token("D")}, {0: token("E2")}, who="other")


@check("R1", misconception="first-error-counts", step="try-again-without-a-slot", core=False)
def test_last_attempt_counts(play: Play) -> None:
    """After several attempts only the last one counts: its value, or the very exception that it raised."""
    jobs = {
        "a": tries([wait(1), fail("E1")], [wait(1), fail("E2")], [wait(1), fail("E3")]),
        "b": tries([wait(2), fail("E4")], [wait(2), give("B")]),
        "c": [wait(1), fail("T", "TimeoutError")],
        "d": tries([wait(2), fail("E5")], [wait(1), fail("E6")], [wait(3), give("D")]),
    }
    t = batch(play, jobs, attempts=3, backoff=0.7, timeout=60)
    expect_settled(t, {1: token("B"), 3: token("D")}, {0: token("E3"), 2: token("T")})


@check("R1", misconception="late-is-special", step="bound-each-attempt", core=False)
def test_late_value(play: Play) -> None:
    """An item whose attempt returns when its timeout cancels it has succeeded or failed, but not both."""
    jobs = {"a": [on_cancel(wait(1), give("A")), wait(30), give("A")], "b": [wait(2), give("B")]}
    t = batch(play, jobs, timeout=5)
    both = sorted([*settled(t, "succeeded"), *settled(t, "failed")], key=repr)
    t.expect("indices in the result", both, [0, 1])
