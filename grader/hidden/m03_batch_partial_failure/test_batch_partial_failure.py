"""Hidden checks of m03: what `run_batch` promises, on both backends, in many orders, cancelled at every step."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from grader import (
    Play,
    Trace,
    Trial,
    at_least,
    at_most,
    at_once,
    awaitable,
    check,
    cleanup,
    fail,
    give,
    give_error,
    hang,
    near,
    on_cancel,
    one_of,
    token,
    verb,
    wait,
)

START = 7.3
NEVER = float("inf")
tries = verb("tries")


def batch(play: Play, jobs: dict[str, Any], **plan: Any) -> Trial:
    """A batch of these items, called at `START`; ten slots if the plan does not say otherwise."""
    return play(**{"start": START, "limit": 10, "jobs": jobs, **plan})


def settled(t: Trace, what: str, who: str = "caller") -> dict[Any, Any]:
    """What the result holds under `succeeded` or `failed`, by index."""
    call = t.first([call for call in t.calls("run_batch") if call.who == who], "the call", "was never made")
    t.expect_that("the result", call.value is not None, "run_batch returned None")
    pairs = t.first(t.notes(what, who), what, "is not there")["value"]
    t.expect_that("the result", isinstance(pairs, list), str(pairs))
    pairs.sort(key=lambda pair: pair[0] if type(pair[0]) is int else -1)
    return {key if type(key) is int else repr(key): value for key, value in pairs}


def expect_settled(t: Trace, succeeded: dict[int, Any], failed: dict[int, Any], who: str = "caller") -> None:
    """Fail the subject unless the result is just that."""
    t.expect("succeeded", settled(t, "succeeded", who), succeeded)
    t.expect("failed", settled(t, "failed", who), failed)


def expect_worked(t: Trace, names: Iterable[str]) -> None:
    """Fail the subject unless `worker` was called for those items: without that nothing is shown by what follows."""
    begun = [name for name in names if t.all("work", name)]
    t.expect("of these items, those for which worker was called", begun, [*names])


def expect_some_work(t: Trace) -> None:
    """Fail the subject unless `worker` was called at all; in a sweep, in the run that is undisturbed."""
    if t.data["cancel"] is None:
        t.expect_that("worker", bool(t.all("work")), "was not called")


def values(t: Trace, what: str) -> list[Any]:
    """The values that the result holds under `succeeded` or `failed`, without their indices, which are R1's matter."""
    return sorted(settled(t, what).values(), key=repr)


def expect_busy(t: Trace, limit: int, works: list[Any], waits: list[tuple[str, float, float]]) -> None:
    """Fail the subject if fewer than `limit` of the works run while somebody waits to run.

    Args:
        t: the run.
        limit: how many calls must run.
        works: the calls of worker that count.
        waits: who waits to run, from when, and when it got its turn.
    """
    end = t.call.end or t.time
    events = sorted(
        {moment for work in works for moment in (work.start, work.end or end)} | {start for _, start, _ in waits}
    )
    for earlier, later in pairwise(events):
        middle = (earlier + later) / 2
        waiting = [who for who, since, turn in waits if since < middle < turn]
        if waiting and later - earlier > 1e-6:
            running = sum(work.start < middle < (work.end or end) for work in works)
            t.expect(f"workers running at {middle:.2f} s, while {waiting[0]} waits to run", running, at_least(limit))


def first_waits(t: Trace, call: Any, works: list[Any], names: Any) -> list[tuple[str, float, float]]:
    """How long each item waited for its first attempt."""
    begun = {work.who: work.start for work in reversed(works)}
    return [(name, call.start, begun.get(name, call.end or t.time)) for name in names]


def expect_all_left_by_cancellation(t: Trace) -> None:
    """Fail the subject if a cancellation from outside struck inside the call and something else came out of it."""
    t.expect_cancellation_passes(jobs="work")
    for call in t.calls("run_batch"):
        passed = call.how != "raised" or any(error.kind in ("Cancelled", "CancelledError") for error in call.errors)
        t.expect_that("cancelled from outside", passed, f"run_batch {call.ending}")


def expect_over(t: Trace, *, cleaned: float = 0.0) -> None:
    """Fail the subject if the call went on, or called the worker, after it was cancelled from outside."""
    for cancelled in t.notes("cancel", "caller"):
        t.expect(f"the call, cancelled at {cancelled['t']:.2f} s, ended at", t.call.end, near(cancelled["t"] + cleaned))
        for work in t.all("work"):
            begun = work.begun < cancelled["order"] or (
                work.cancelled_at == near(work.start) and work.how == "cancelled"
            )
            t.expect_that("cancelled from outside", begun, f"worker was called for {work.who} afterwards")


# -- R1: every item is settled -------------------------------------------------------------------------------------
@check("R1", misconception="finishing-order", step="failure-is-a-result")
def test_every_item_is_settled(play: Play) -> None:
    """Every index is in `succeeded` or in `failed`, with what its worker returned or raised, whoever is ready first."""
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
    """A worker that returns None, or something empty, has succeeded with that."""
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
        t.expect("succeeded", found, one_of(*ways))


@check("R1", misconception="item-as-key", step="failure-is-a-result")
def test_equal_items(play: Play) -> None:
    """Items that are equal to each other and cannot be keys of a dictionary are told apart by their index."""
    jobs = {"a": [wait(3), give("A")], "b": [wait(1), fail("E")], "c": [wait(2), give("C")]}
    expect_settled(batch(play, jobs, alike=True), {0: token("A"), 2: token("C")}, {1: token("E")})


@check("R1", misconception="nothing-to-do", step="failure-is-a-result")
def test_empty_items(play: Play) -> None:
    """Items such as None, 0 and False are items like any other."""
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
    """`items` may be any sequence, also a tuple, from which nothing can be taken out."""
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
    """An attempt that answers its timeout with a value is settled either way, but once."""
    jobs = {"a": [on_cancel(wait(1), give("A")), wait(30), give("A")], "b": [wait(2), give("B")]}
    t = batch(play, jobs, timeout=5)
    both = sorted([*settled(t, "succeeded"), *settled(t, "failed")], key=repr)
    t.expect("indices in the result", both, [0, 1])


# -- R2: never more than limit, and that many ----------------------------------------------------------------------
@check("R2", misconception="limit-is-a-hint", step="bound-how-many")
def test_never_more_than_limit(play: Play) -> None:
    """Never more than `limit` calls of `worker` run at once, also after some have failed."""
    times = play.draw(8)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 3 == 0 else give(f"V{n}")] for n in range(8)}
    for limit in (1, 3):
        for t in batch(play, jobs, limit=limit).orders(4):
            expect_some_work(t)
            t.expect("worker calls at once", t.most_open("work"), at_most(limit))
    many = batch(play, {f"i{n}": [wait(1 + n / 50), give(f"V{n}")] for n in range(40)}, limit=12)
    expect_worked(many, ["i0", "i39"])
    many.expect("worker calls at once, of 40", many.most_open("work"), at_most(12))


@check("R2", misconception="called-is-not-running", step="bound-how-many")
def test_calls_of_a_plain_function(play: Play) -> None:
    """`worker` is called when there is a slot for it, not before: the call of a plain function may begin the work."""
    jobs = {f"i{n}": [wait(time), give(f"V{n}")] for n, time in enumerate(play.draw(5))}
    t = batch(play, jobs, limit=2, form="function")
    expect_worked(t, jobs)
    events = [(note["order"], 1) for note in t.notes("called")]
    events += [(work.finished, -1) for work in t.all("work") if work.finished is not None]
    most = [sum(change for _, change in sorted(events)[: n + 1]) for n in range(len(events))]
    t.expect("worker calls at once", max(most, default=0), at_most(2))


@check("R2", misconception="chunks", step="bound-how-many")
def test_limit_is_used(play: Play) -> None:
    """As many calls as `limit` allows run while items wait: a slot that is free is taken at once."""
    jobs = {f"i{n}": [wait(time), give(f"V{n}")] for n, time in enumerate(play.draw(9, step=1.3))}
    for limit in (1, 4):
        for t in batch(play, jobs, limit=limit).orders(4):
            expect_some_work(t)
            expect_busy(t, limit, t.all("work"), first_waits(t, t.call, t.all("work"), jobs))


@check("R2", misconception="slot-after-success", step="bound-how-many")
def test_failure_frees_its_slot(play: Play) -> None:
    """An item that has failed gives its slot to the next one at once."""
    times = play.draw(8, step=0.9)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 2 else give(f"V{n}")] for n in range(8)}
    for limit in (1, 3):
        for t in batch(play, jobs, limit=limit).orders(4):
            expect_some_work(t)
            expect_busy(t, limit, t.all("work"), first_waits(t, t.call, t.all("work"), jobs))


@check("R2", misconception="chunks", step="bound-how-many")
def test_all_at_once(play: Play) -> None:
    """As many calls as `limit` allows run at the same time, however large it is."""
    for items, limit in ((90, 90), (160, 150)):
        t = batch(play, {f"i{n}": [wait(0.2), give("V")] for n in range(items)}, limit=limit)
        began = sum(work.start == near(START, within=1e-3) for work in t.all("work"))
        t.expect(f"calls that began at once, of {items} with limit={limit}", began, limit)


@check("R2", misconception="state-of-all-calls", step="bound-how-many")
def test_limit_of_each_batch(play: Play) -> None:
    """Two batches that run at the same time have a limit of their own each, also if it is the same number."""
    jobs = {f"a{n}": [wait(time), give(f"A{n}")] for n, time in enumerate(play.draw(4))}
    more = {f"b{n}": [wait(time), give(f"B{n}")] for n, time in enumerate(play.draw(5))}
    for limits in ((2, 3), (2, 2)):
        t = batch(play, jobs, limit=limits[0], beside={"jobs": more, "limit": limits[1]})
        calls = sorted(t.calls("run_batch"), key=lambda call: call.who)
        expect_worked(t, [*jobs, *more])
        for call, names, limit in zip(calls, (jobs, more), limits, strict=True):
            works = [work for work in t.all("work") if work.who in names]
            expect_busy(t, limit, works, first_waits(t, call, works, names))


@check("R2", misconception="limit-is-a-hint", step="try-again-without-a-slot", core=False)
def test_retries_need_a_slot(play: Play) -> None:
    """Second and third attempts count like first ones: never more than `limit` calls at once."""
    times = play.draw(5)
    jobs = {
        f"i{n}": tries([wait(1), fail(f"E{n}")], [wait(times[n]), fail(f"F{n}")], [wait(2), give(n)]) for n in range(5)
    }
    for limit in (1, 3):
        for t in batch(play, jobs, limit=limit, attempts=3, backoff=0.4).orders(4):
            expect_some_work(t)
            t.expect("worker calls at once", t.most_open("work"), at_most(limit))


# -- R3: one failure disturbs nobody -------------------------------------------------------------------------------
@check("R3", misconception="failure-ends-the-batch", step="failure-is-a-result")
def test_others_run_on(play: Play) -> None:
    """When items fail, also several at the same moment, the others run on to their end."""
    jobs = {"a": [wait(1), fail("E1")], "b": [wait(2), fail("E2")], "c": [wait(2), fail("E3")]}
    jobs |= {"d": [wait(3.5), give("D")], "e": [cleanup(wait(1)), wait(4), give("E")], "f": [fail("E4")]}
    t = batch(play, jobs)
    for who, end in (("d", 3.5), ("e", 5)):
        t.expect_that(f"worker for {who}", t.one("work", who).how == "returned", t.one("work", who).ending)
        t.expect(f"worker for {who} ended at", t.one("work", who).end, near(START + end))
    t.expect("values in succeeded", values(t, "succeeded"), [token("D"), token("E")])


@check("R3", misconception="finds-nobody-else", step="failure-is-a-result")
def test_others_still_start(play: Play) -> None:
    """When an item fails, those that wait for their turn are still worked on."""
    times = play.draw(6)
    jobs = {f"i{n}": [wait(times[n]), give("V") if n > 2 else fail(f"E{n}")] for n in range(6)}
    jobs |= {"i0": [fail("E0")]}
    for limit in (1, 4):
        for t in batch(play, jobs, limit=limit).orders(8):
            ends = {who: t.one("work", who).how for who in jobs}
            t.expect("how the workers ended", ends, {who: "raised" if who < "i3" else "returned" for who in jobs})
            t.expect("values in succeeded", values(t, "succeeded"), [token("V")] * 3)


# -- R4: attempts and backoff --------------------------------------------------------------------------------------
def due(t: Trace, who: str, backoff: float) -> list[tuple[str, float, float]]:
    """For each attempt after the first: from when it should run, and when it did."""
    works = t.all("work", who)
    ends = [work.end if work.end is not None else t.time for work in works]
    return [(who, ends[n] + backoff * 2**n, work.start) for n, work in enumerate(works[1:])]


@check("R4", misconception="attempts-are-retries", step="try-again-without-a-slot", core=False)
def test_number_of_attempts(play: Play) -> None:
    """An item is tried until it succeeds, and at most `attempts` times; without `attempts`, once."""
    jobs = {
        "none": [wait(1), give(None)],
        "third": tries([wait(1), fail("E1")], [wait(2), fail("E2")], [wait(1), give("C")]),
        "never": [wait(1.5), fail("E3")],
    }
    for attempts, wanted in ((None, (1, 1, 1)), (1, (1, 1, 1)), (2, (1, 2, 2)), (3, (1, 3, 3)), (5, (1, 3, 5))):
        t = batch(play, jobs, attempts=attempts, backoff=0.3)
        _ = t.call.value
        t.expect(f"calls with attempts={attempts}", tuple(len(t.all("work", who)) for who in jobs), wanted)


@check("R4", misconception="special-errors", step="try-again-without-a-slot", core=False)
def test_every_failure_is_retried(play: Play) -> None:
    """Whatever `Exception` an attempt raises, the item is tried again."""
    kinds = ["TimeoutError", "ValueError", "OSError", "RuntimeError", "IndexError", "EndOfStream", "ExceptionGroup"]
    kinds += ["TypeError", "KeyError", "AssertionError", "ConnectionError", "BrokenResourceError"]
    jobs = {kind: [wait(1 + n / 2), fail(f"E{n}", kind)] for n, kind in enumerate(kinds)}
    t = batch(play, jobs, attempts=2, backoff=0.3)
    t.expect("calls", {kind: len(t.all("work", kind)) for kind in kinds}, dict.fromkeys(kinds, 2))


@check("R4", misconception="off-by-one", step="try-again-without-a-slot", core=False)
def test_growing_pauses(play: Play) -> None:
    """Attempt n+1 starts `backoff * 2**(n-1)` seconds after attempt n failed."""
    lengths = play.draw(7, low=0.2)
    jobs = {"a": tries(*[[wait(length), fail(f"E{n}")] for n, length in enumerate(lengths)])}
    t = batch(play, jobs, attempts=7, backoff=4.3, limit=1)
    for n, (_, wanted, start) in enumerate(due(t, "a", 4.3)):
        t.expect(f"attempt {n + 2} starts at", start, near(wanted))
    t.expect("attempts", len(t.all("work")), 7)


@check("R4", misconception="one-pause-for-all", step="try-again-without-a-slot", core=False)
def test_pauses_of_each_item(play: Play) -> None:
    """Each item has pauses of its own, counted from its own failures."""
    times = play.draw(4)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}")] for n in range(4)}
    t = batch(play, jobs, attempts=4, backoff=1.7)
    for who in jobs:
        for n, (_, wanted, start) in enumerate(due(t, who, 1.7)):
            t.expect(f"attempt {n + 2} of {who} starts at", start, near(wanted))
        t.expect(f"attempts of {who}", len(t.all("work", who)), 4)


@check("R4", misconception="off-by-one", step="try-again-without-a-slot", core=False)
def test_other_pauses(play: Play) -> None:
    """The first pause is 0.1 s if nothing is said, and none at all with `backoff=0`."""
    jobs = {"a": tries([wait(1), fail("E")], [wait(1), give("A")])}
    for backoff, pause in ((None, 0.1), (0, 0), (0.013, 0.013)):
        t = batch(play, jobs, attempts=2, backoff=backoff)
        t.expect("attempt 2 starts at", [work.start for work in t.all("work")][1:], [near(START + 1 + pause)])


@check("R4", misconception="retry-holds-slot", step="try-again-without-a-slot", core=False)
def test_pause_without_slot(play: Play) -> None:
    """An item that waits to be retried holds no slot: the next one starts as soon as it has failed."""
    jobs = {who: tries([wait(1.5), fail(f"E{who}")], [wait(1), give(who)]) for who in ("a", "b", "c")}
    for t in batch(play, jobs, limit=1, attempts=2, backoff=20).orders(8):
        starts = sorted(t.one("work", who).start for who in jobs)
        t.expect("first attempts start at", starts, [at_most(START + 1.5 * n) for n in range(3)])


@check("R4", misconception="measured-from-the-start", step="try-again-without-a-slot", core=False)
def test_retry_takes_a_free_slot(play: Play) -> None:
    """An attempt that is due starts as soon as a slot is free; its pause does not begin anew, and never ends sooner."""
    times = play.draw(12, low=0.5)
    jobs = {
        f"i{n}": tries([wait(times[n]), fail(f"E{n}")], [wait(times[n + 6]), fail(f"F{n}")], [wait(1.1), give(n)])
        for n in range(6)
    }
    for limit, backoff in ((1, 2.3), (2, 1.9), (4, 1.9)):
        for t in batch(play, jobs, limit=limit, attempts=3, backoff=backoff).orders(4):
            expect_worked(t, jobs)
            waits = [wait for who in jobs for wait in due(t, who, backoff)]
            for who, wanted, start in waits:
                t.expect_that(f"{who} is tried again", start > wanted - 1e-6, f"{wanted - start:.2f} s too soon")
            expect_busy(t, limit, t.all("work"), waits)


@check("R4", misconception="wait-after-the-last", step="try-again-without-a-slot", core=False)
def test_no_pause_at_the_end(play: Play) -> None:
    """The call returns when the last item is settled; there is no pause after a last attempt or a success."""
    jobs = {
        "a": [wait(1), fail("E1")],
        "b": tries([wait(2), fail("E2")], [wait(1), give("B")]),
        "c": [wait(3), give("C")],
    }
    for attempts, end in ((1, 3), (2, 43), (3, 121 + 2)):
        t = batch(play, jobs, attempts=attempts, backoff=40, timeout=500)
        t.expect(f"with attempts={attempts} the call ends at", t.call.end, near(START + end))


# -- R5: each attempt is bounded -----------------------------------------------------------------------------------
@check("R5", misconception="late-is-no-failure", step="bound-each-attempt", core=False)
def test_late_attempt(play: Play) -> None:
    """An attempt that takes longer than `timeout` is cancelled then and has failed with `TimeoutError`."""
    jobs = {
        "quick": [wait(1), give("Q")],
        "late": [hang()],
        "slow": [wait(14), give("S")],
        "close": [wait(10.3), give("C")],
    }
    t = batch(play, jobs, timeout=10.4)
    for who in ("late", "slow"):
        t.expect(f"{who} cancelled at", t.one("work", who).cancelled_at, near(START + 10.4))
    t.expect("values in succeeded", values(t, "succeeded"), [token("C"), token("Q")])
    t.expect("exceptions in failed", values(t, "failed"), ["TimeoutError", "TimeoutError"])


@check("R5", misconception="timeout-with-queue", step="bound-each-attempt", core=False)
def test_waiting_for_a_slot_is_free(play: Play) -> None:
    """`timeout` counts from the call of `worker`: waiting for a slot is not part of it."""
    jobs = {f"i{n}": [wait(3 + n / 5), give("V")] for n in range(5)}
    t = batch(play, jobs, limit=1, timeout=4)
    t.expect("exceptions in failed", values(t, "failed"), [])
    for late in batch(play, {who: [hang()] for who in ("a", "b", "c")}, limit=1, timeout=4).orders(4):
        moments = sorted(late.one("work", who).cancelled_at or NEVER for who in ("a", "b", "c"))
        late.expect("late attempts cancelled at", moments, [near(START + 4 * n) for n in (1, 2, 3)])


@check("R5", misconception="one-timeout-for-all-attempts", step="bound-each-attempt", core=False)
def test_each_attempt_has_its_timeout(play: Play) -> None:
    """Every attempt has the whole `timeout`, also the last, and is cancelled at its own; pauses do not count."""
    jobs = {"a": tries([hang()], [wait(3.9), fail("E")], [wait(3.8), give("A")]), "b": [hang()]}
    jobs |= {"c": [wait(1), fail("E2")]}
    t = batch(play, jobs, attempts=3, backoff=6, timeout=4)
    t.expect("values in succeeded", values(t, "succeeded"), [token("A")])
    t.expect_that(
        "b", "TimeoutError" in values(t, "failed"), "all its attempts were late, and failed has no TimeoutError"
    )
    for work in t.all("work"):
        if work.how == "cancelled":
            t.expect(f"attempt of {work.who} cancelled after", work.cancelled_at - work.start, near(4))
    t.expect("attempts of b, as many as of one that fails", len(t.all("work", "b")), len(t.all("work", "c")))


@check("R5", misconception="late-is-over", step="bound-each-attempt", core=False)
def test_cleanup_keeps_the_slot(play: Play) -> None:
    """An attempt that ran out of time keeps its slot until its cleanup has ended."""
    jobs = {who: [cleanup(wait(2.5)), hang()] for who in ("a", "b", "c")}
    for t in batch(play, jobs, limit=1, timeout=4).orders(6):
        starts = sorted(work.start for work in t.all("work"))
        t.expect("first calls start at", starts[:3], [near(START + 6.5 * n) for n in range(3)])


@check("R5", misconception="late-is-special", step="bound-each-attempt", core=False)
def test_late_attempt_is_retried(play: Play) -> None:
    """An attempt that ran out of time is tried again like any failure, `backoff` after its cleanup has ended."""
    jobs = {
        "late": tries([cleanup(wait(2.5)), hang()], [wait(1), give("A")]),
        "b": tries([wait(1), fail("E")], [give("B")]),
    }
    t = batch(play, jobs, attempts=2, backoff=5, timeout=4)
    pauses = {who: [work.start - (t.one("work", who).end or NEVER) for work in t.all("work", who)[1:2]] for who in jobs}
    t.expect_that("late", bool(pauses["late"]), "was not tried again")
    t.expect("pause of late, like that after any failure", pauses["late"], [near(pause) for pause in pauses["b"]])


@check("R5", misconception="late-is-special", step="bound-each-attempt", core=False)
def test_error_of_a_late_attempt(play: Play) -> None:
    """An attempt that raises an error when its timeout cancels it has failed, and is tried again."""
    jobs = {"a": [on_cancel(wait(1), fail("E")), hang()], "b": [wait(7), give("B")], "c": [cleanup(fail("F")), hang()]}
    t = batch(play, jobs, attempts=2, backoff=1, timeout=8)
    t.expect("number of failed items", len(settled(t, "failed")), 2)
    t.expect("values in succeeded", values(t, "succeeded"), [token("B")])
    t.expect("calls for a and c", [len(t.all("work", who)) for who in ("a", "c")], [at_least(2), at_least(2)])


@check("R5", misconception="late-is-no-failure", step="bound-each-attempt", core=False)
def test_no_timeout(play: Play) -> None:
    """Without `timeout` an attempt may take as long as it likes."""
    t = batch(play, {"a": [wait(5e6), give("A")]})
    t.expect("values in succeeded", values(t, "succeeded"), [token("A")])


# -- R6: all failures together -------------------------------------------------------------------------------------
def asked(t: Trace) -> list[Any]:
    """The calls of `raise_for_failures`."""
    _ = t.call.value
    t.first(t.calls("raise_for_failures"), "raise_for_failures", "was never called")
    return t.calls("raise_for_failures")


@check("R6", misconception="raises-anyway", step="tell-all-failures")
def test_nothing_failed(play: Play) -> None:
    """If nothing failed, `raise_for_failures()` returns."""
    t = batch(play, {"a": [wait(1), give("A")], "b": [wait(2), give("B")]}, ask=1)
    expect_worked(t, "ab")
    t.expect("raise_for_failures() returned", asked(t)[0].value, None)


@check("R6", misconception="finishing-order", step="tell-all-failures")
def test_failures_in_index_order(play: Play) -> None:
    """`raise_for_failures()` raises an `ExceptionGroup` of just the failures, in index order."""
    times = play.draw(14)
    jobs = {f"i{n}": [wait(times[n]), give("V") if n % 6 == 1 else fail(f"E{n}")] for n in range(14)}
    t = batch(play, jobs, ask=1, limit=5)
    raised = asked(t)[0].raised
    t.expect_that("raise_for_failures()", raised is not None and "ExceptionGroup" in raised.kinds, asked(t)[0].ending)
    members = t.first(t.notes("members"), "raise_for_failures()", "raised no group")["value"]
    t.expect("exceptions in the group", members, list(settled(t, "failed").values()))


@check("R6", misconception="one-error-needs-no-group", step="tell-all-failures")
def test_single_failure(play: Play) -> None:
    """A single failure comes in an `ExceptionGroup` too, each time that one asks."""
    t = batch(play, {"a": [wait(1), give("A")], "b": [wait(2), fail("E", "TimeoutError")]}, ask=2)
    for call in asked(t):
        t.expect_that("raise_for_failures()", call.raised is not None and call.raised.is_group, call.ending)
    failures = list(settled(t, "failed").values())
    t.expect("exceptions in the group", [note["value"] for note in t.notes("members")], [failures, failures])


@check("R6", misconception="group-is-flat", step="tell-all-failures")
def test_group_stays_whole(play: Play) -> None:
    """A failure that is an exception group itself is one member of the group, as it is."""
    for jobs in (
        {"a": [wait(2), fail("G", "ExceptionGroup")], "b": [wait(1), fail("E")]},
        {"a": [fail("G", "ExceptionGroup")]},
    ):
        t = batch(play, jobs, ask=1)
        _ = asked(t)
        members = t.first(t.notes("members"), "raise_for_failures()", "raised no group")["value"]
        t.expect("exceptions in the group", members, list(settled(t, "failed").values()))


# -- R7, G8: bad arguments -----------------------------------------------------------------------------------------
def refused(play: Play) -> list[Trial]:
    """Calls with arguments that must be refused; the subject has failed if it does not call `worker` with the smallest good ones."""
    some = {"a": [wait(1), give("A")], "b": [wait(1), fail("E")]}
    expect_some_work(batch(play, {"a": some["a"]}, limit=1, attempts=1))
    bad = [{"limit": 0}, {"limit": -2}, {"attempts": 0}, {"attempts": -1}, {"limit": 0, "attempts": 0}]
    return [batch(play, some, **options) for options in bad] + [batch(play, {}, **options) for options in bad[::2]]


@check("R7", misconception="only-zero-is-wrong", step="bound-how-many")
def test_bad_arguments(play: Play) -> None:
    """`limit` or `attempts` below 1 raises `ValueError`, also for an empty batch."""
    for t in refused(play):
        t.expect_that("bad arguments", "ValueError" in t.call.errors, f"run_batch {t.call.ending}")


@check("R7", misconception="refused-too-late", step="bound-how-many")
def test_nothing_called(play: Play) -> None:
    """With `limit` or `attempts` below 1 no worker is called."""
    for t in refused(play):
        t.expect("calls of worker", [note["who"] for note in t.notes("called")], [])


@check("G8", misconception="refused-too-late", step="bound-how-many")
def test_refused_at_once(play: Play) -> None:
    """Bad arguments raise a bare `ValueError` before anything starts."""
    for t in refused(play):
        t.expect_that("bad arguments", t.call.raised == "ValueError", f"run_batch {t.call.ending}")
        t.expect("refused at", t.call.end, near(START))
        t.expect("calls of worker", [note["who"] for note in t.notes("called")], [])


# -- R8: cancelled from outside ------------------------------------------------------------------------------------
@check("R8", misconception="cancelled-goes-on", step="let-cancellation-through")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment, the call ends at once, and no worker is called afterwards."""
    times = play.draw(4)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}") if n % 3 == 1 else give(f"V{n}")] for n in range(4)}
    for t in batch(play, jobs, limit=2).cancelled("caller"):
        expect_some_work(t)
        expect_over(t)


@check("R8", misconception="cancelled-goes-on", step="let-cancellation-through")
def test_cancelled_in_the_midst(play: Play) -> None:
    """Cancelled from outside while all slots are taken, the call ends when the workers have cleaned up; nobody else starts."""
    jobs = {f"i{n}": [wait(1), cleanup(wait(n / 5)), wait(9), give("V")] for n in range(6)}
    for limit in (1, 3):
        for t in batch(play, jobs, limit=limit).cancel("caller", at=START + 4).orders(4):
            begun = [int(work.who[1:]) for work in t.all("work") if work.start < START + 1]
            t.expect_that("worker", bool(begun), "was not called")
            expect_over(t, cleaned=max(begun, default=0) / 5)


@check("R8", misconception="shield-everything", step="let-cancellation-through", core=False)
def test_cancelled_between_attempts(play: Play) -> None:
    """Cancelled from outside while items wait to be retried, the call ends at once and tries nothing more."""
    for busy in ([wait(1), fail("E2")], [wait(30), give("B")]):
        for limit in (1, 2):
            jobs = {"a": [wait(1), fail("E1")], "b": busy, "c": [wait(1.5), fail("E3")]}
            t = batch(play, jobs, limit=limit, attempts=4, backoff=20, timeout=50).cancel("caller", at=START + 9)
            expect_some_work(t)
            expect_over(t)


@check("R8", misconception="cancelled-goes-on", step="let-cancellation-through", core=False)
def test_attempts_cancelled_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment of several attempts, the call ends at once and tries nothing more."""
    times = play.draw(2)
    jobs = {f"i{n}": tries([wait(times[n]), fail(f"E{n}")], [hang()], [wait(1), give(n)]) for n in range(2)}
    for t in batch(play, jobs, limit=1, attempts=3, backoff=0.8, timeout=6).cancelled("caller"):
        expect_some_work(t)
        expect_over(t)


@check("R8", misconception="cancelled-goes-on", step="let-cancellation-through", core=False)
def test_cancelled_while_a_late_one_cleans_up(play: Play) -> None:
    """Cancelled from outside while an attempt that ran out of time cleans up, the call ends with that cleanup."""
    jobs = {"a": [cleanup(wait(5)), hang()], "b": [wait(2), give("B")]}
    t = batch(play, jobs, attempts=3, backoff=0.5, timeout=4).cancel("caller", at=START + 6)
    expect_some_work(t)
    expect_over(t, cleaned=3)


# -- the rules for every exercise ----------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="bound-how-many")
def test_both_backends(play: Play) -> None:
    """The file works unchanged on asyncio and on trio."""
    jobs = {"a": [wait(2), give("A")], "b": [wait(1), fail("E")], "c": [wait(3), give("C")]}
    t = batch(play, jobs, limit=1)
    t.expect_that("on this backend", t.call.how == "returned", f"run_batch {t.call.ending}")
    ended = {work.who for work in t.all("work") if work.how != "cancelled"}
    t.expect("workers that ended by themselves", sorted(ended), ["a", "b", "c"])


@check("G1", misconception="asyncio-is-everywhere", step="try-again-without-a-slot", core=False)
def test_both_backends_with_attempts(play: Play) -> None:
    """With `attempts` and `timeout` too the file works on asyncio and on trio."""
    t = batch(play, {"a": [wait(1), fail("E")], "b": [wait(60), give("B")]}, attempts=2, timeout=5)
    t.expect_that("on this backend", t.call.how == "returned", f"run_batch {t.call.ending}")
    t.expect("calls for a and b", [len(t.all("work", who)) for who in ("a", "b")], [at_least(2), at_least(1)])


def expect_tidy(t: Trace) -> None:
    """Fail the subject if its calls left something behind."""
    for call in t.calls():
        words = ", ".join(f"{kind}: {', '.join(names)}" for kind, names in call.left.items())
        t.expect_that(f"left behind when {call.what} ended", not call.left, words)


@check("G2", misconception="streams-close-themselves", step="bound-how-many")
def test_nothing_left(play: Play) -> None:
    """When the call ends, however it ends, no task, stream or lock of it is left."""
    jobs = {"a": [wait(1), fail("E1")], "b": [cleanup(wait(1)), wait(2), give("B")]}
    for t in batch(play, jobs, limit=1).cancelled("caller"):
        expect_some_work(t)
        expect_tidy(t)
    expect_tidy(batch(play, jobs | {"d": [wait(1), fail("X", "Abandon")]}, limit=2))
    expect_tidy(batch(play, {}, limit=2))


@check("G2", misconception="streams-close-themselves", step="try-again-without-a-slot", core=False)
def test_nothing_left_of_attempts(play: Play) -> None:
    """When a call with several attempts ends, however it ends, no task, stream or lock of it is left."""
    jobs: dict[str, Any] = {"a": tries([wait(1), fail("E1")], [hang()], [wait(1), give("A")])}
    for t in batch(play, jobs, limit=1, attempts=3, backoff=2, timeout=5).cancelled("caller"):
        expect_some_work(t)
        expect_tidy(t)
    jobs |= {"b": [wait(1), fail("E2")], "c": [wait(3), fail("X", "Abandon")]}
    expect_tidy(batch(play, jobs, limit=3, attempts=3, backoff=20, timeout=50))


@check("G3", misconception="cancellation-is-a-failure", step="let-cancellation-through")
def test_cancellation_passes(play: Play) -> None:
    """A cancellation from outside is no result: at any moment the call ends by it, and at once."""
    jobs = {"a": [wait(1), fail("E1")], "b": [wait(2.2), give("B")], "c": [wait(3.5), give("C")]}
    for limit in (1, 2):
        for t in batch(play, jobs, limit=limit).cancelled("caller"):
            expect_some_work(t)
            expect_all_left_by_cancellation(t)
            expect_over_in_time(t)


def expect_over_in_time(t: Trace) -> None:
    """Fail the subject if the call went on after it was cancelled from outside."""
    for cancelled in t.notes("cancel", "caller"):
        t.expect(f"the call, cancelled at {cancelled['t']:.2f} s, ended at", t.call.end, near(cancelled["t"]))


@check("G3", misconception="cancellation-is-a-failure", step="let-cancellation-through")
def test_cancelled_wait_is_no_failure(play: Play) -> None:
    """Items that wait for a slot when the call is cancelled have not failed, also if who has the slot ends by itself."""
    jobs = {who: [cleanup(wait(5)), wait(1), give(who)] for who in ("a", "b", "c")}
    t = batch(play, jobs, limit=1).cancel("caller", at=START + 3)
    expect_some_work(t)
    ended = {work.who for work in t.all("work") if work.how == "returned"}
    left = t.call.how != "returned" or ended == set(jobs)
    t.expect_that("cancelled while items wait", left, "run_batch returned all the same")


@check("G3", misconception="cancellation-is-a-failure", step="let-cancellation-through")
def test_deadline_around_passes(play: Play) -> None:
    """A deadline around the call ends it as a cancellation: nothing is reported as failed because of it."""
    jobs = {"a": [wait(1), give("A")], "b": [hang()], "c": [wait(9), give("C")]}
    for limit in (1, 2, 5):
        t = batch(play, jobs, limit=limit).within("caller", START + 4)
        expect_some_work(t)
        expect_all_left_by_cancellation(t)
        t.expect_that("a deadline around the call", t.call.how != "returned", "run_batch returned all the same")


@check("G3", misconception="cancellation-is-a-failure", step="try-again-without-a-slot", core=False)
def test_cancellation_is_not_retried(play: Play) -> None:
    """A cancellation from outside is no failure to be retried: at any moment of several attempts the call ends by it."""
    jobs = {"a": tries([wait(1), fail("E1")], [hang()], [wait(1), give("A")]), "b": [wait(2.2), fail("E2")]}
    for t in batch(play, jobs, limit=2, attempts=3, backoff=1.6, timeout=5).cancelled("caller"):
        expect_some_work(t)
        expect_all_left_by_cancellation(t)
        expect_over_in_time(t)


@check("G3", misconception="cancellation-is-a-failure", step="bound-each-attempt", core=False)
def test_deadline_around_is_no_timeout(play: Play) -> None:
    """A deadline around the call that is sooner than `timeout` cancels it: it is no `TimeoutError` of an item."""
    jobs = {"a": [wait(1), give("A")], "b": [hang()], "c": [wait(9), give("C")]}
    for attempts in (1, 3):
        t = batch(play, jobs, attempts=attempts, backoff=2, timeout=10).within("caller", START + 4)
        expect_some_work(t)
        expect_all_left_by_cancellation(t)
        t.expect_that("a deadline around the call", t.call.how != "returned", "run_batch returned all the same")


@check("G3", misconception="cancellation-is-a-failure", step="try-again-without-a-slot", core=False)
def test_cancelled_pause_is_no_result(play: Play) -> None:
    """A call that is cancelled while all items wait to be retried gives no result."""
    jobs = {"a": [wait(1), fail("E1")], "b": [wait(2), fail("E2")]}
    t = batch(play, jobs, attempts=3, backoff=20).cancel("caller", at=START + 9)
    expect_some_work(t)
    t.expect_that("cancelled between two attempts", t.call.how != "returned", "run_batch returned all the same")
    expect_all_left_by_cancellation(t)


@check("G4", misconception="blocking-is-short", step="bound-how-many")
def test_loop_not_blocked(play: Play) -> None:
    """No call blocks the event loop while items wait for a slot."""
    jobs = {"a": [wait(1), fail("E1")], "b": [wait(2), give("B")], "c": [wait(1.7), give("C")]}
    for t in (batch(play, jobs, limit=1), batch(play, jobs, limit=1).cancel("caller", at=START + 1.8)):
        t.expect_not_blocked()
        expect_some_work(t)


@check("G4", misconception="blocking-is-short", step="try-again-without-a-slot", core=False)
def test_loop_not_blocked_between_attempts(play: Play) -> None:
    """No call blocks the event loop while items wait to be retried, or are bounded by `timeout`."""
    jobs = {"a": [wait(1), fail("E1")], "b": tries([hang()], [wait(1), give("B")])}
    t = batch(play, jobs, attempts=3, backoff=0.01, timeout=2)
    t.expect_not_blocked()
    expect_some_work(t)


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_interrupts_pass(play: Play) -> None:
    """`SystemExit`, `KeyboardInterrupt` and the like are no failures: each leaves the call."""
    for kind in play.interrupts:
        t = batch(play, {"a": [wait(1), fail("X", kind)], "b": [wait(2), give("B")]}, limit=1)
        t.expect_that("the call", "X" in t.call.errors, f"{t.call.ending} instead of the {kind} of the worker")
    t = batch(play, {"a": [wait(1), fail("X", "BaseExceptionGroup")], "b": [wait(2), give("B")]}, limit=1)
    group = f"{t.call.ending} instead of the BaseExceptionGroup of the worker"
    t.expect_that("the call", "Abandon" in t.call.errors, group)


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_other_exceptions_pass(play: Play) -> None:
    """An exception that is no `Exception`, such as `KeyboardInterrupt`, is no failure: it leaves the call at once."""
    jobs = {
        "a": [wait(2), fail("X", "Abandon")],
        "b": [cleanup(wait(1)), wait(40), give("B")],
        "c": [wait(9), give("C")],
    }
    for limit in (2, 3):
        t = batch(play, jobs, limit=limit)
        t.expect_that("the call", "X" in t.call.errors, f"{t.call.ending} instead of the exception of the worker")
        later = [
            work.who
            for work in t.all("work")
            if work.how == "returned" and work.end > (t.one("work", "a").end or NEVER)
        ]
        t.expect("workers that ran on to their end", later, [])


@check("G5", misconception="catch-everything", step="let-cancellation-through")
def test_other_exceptions_pass_at_once(play: Play) -> None:
    """An exception that is no `Exception` leaves the call also if `worker` raises it when it is called."""
    t = batch(play, {"a": [at_once(), fail("X", "Abandon")], "b": [wait(1), give("B")]}, form="function")
    t.expect_that("the call", "X" in t.call.errors, f"{t.call.ending} instead of the exception of the worker")


@check("G5", misconception="catch-everything", step="try-again-without-a-slot", core=False)
def test_other_exceptions_are_not_retried(play: Play) -> None:
    """An exception that is no `Exception` is not retried, also if it comes out of a cleanup after a timeout."""
    plain, late = [wait(2), fail("X", "Abandon")], [on_cancel(wait(1), fail("X", "Abandon")), wait(60)]
    for script, timeout in ((plain, None), (late, 4), (tries([wait(1), fail("E")], plain), None)):
        t = batch(play, {"a": script, "b": [wait(1), fail("E2")]}, attempts=3, backoff=30, timeout=timeout)
        t.expect_that("the call", "X" in t.call.errors, f"{t.call.ending} instead of the exception of the worker")
        t.expect("calls that raised it", [work.raised == "X" for work in t.all("work", "a")].count(True), 1)


@check("G6", misconception="look-again-and-again", step="bound-how-many")
def test_no_polling(play: Play) -> None:
    """Waiting for a slot costs no wake-ups: a batch that takes a thousand times longer takes as many steps."""
    times = play.draw(5)
    steps = []
    for factor in (1, 1000):
        t = batch(play, {f"i{n}": [wait(times[n] * factor), give("V")] for n in range(5)}, limit=2)
        expect_some_work(t)
        steps.append(t.call.steps)
    t.expect("steps of the longer batch", steps[1], at_most(2 * steps[0] + 20))


@check("G6", misconception="look-again-and-again", step="try-again-without-a-slot", core=False)
def test_no_polling_between_attempts(play: Play) -> None:
    """Waiting for the next attempt, or for a timeout, costs no wake-ups either."""
    steps = []
    for factor in (1, 1000):
        jobs = {
            "a": [wait(factor), fail("E")],
            "b": [cleanup(wait(factor)), wait(40 * factor)],
            "c": [wait(2 * factor), give("C")],
        }
        t = batch(play, jobs, limit=2, attempts=3, backoff=1.3 * factor, timeout=4 * factor)
        expect_some_work(t)
        steps.append(t.call.steps)
    t.expect("steps of the longer batch", steps[1], at_most(2 * steps[0] + 20))


@check("G9", misconception="worker-is-a-coroutine-function", step="failure-is-a-result")
def test_any_callable(play: Play) -> None:
    """`worker` may be any callable that returns an awaitable."""
    jobs = {"a": [awaitable(), wait(2), give("A")], "b": [wait(1), give("B")], "c": [awaitable(), wait(1.5), fail("E")]}
    for form in ("function", "object"):
        t = batch(play, jobs, limit=2, form=form)
        t.expect("values in succeeded", values(t, "succeeded"), [token("A"), token("B")])
        t.expect("number of failed items", len(settled(t, "failed")), 1)


@check("G9", misconception="worker-is-a-coroutine-function", step="failure-is-a-result")
def test_worker_raises_when_called(play: Play) -> None:
    """A worker that raises when it is called has failed like one that raises later, and its slot is free."""
    jobs = {
        "a": [at_once(), fail("E1")],
        "b": [wait(1), give("B")],
        "c": [at_once(), fail("E2")],
        "d": [wait(1), give("D")],
    }
    for limit in (1, 10):
        for t in batch(play, jobs, limit=limit, form="function").orders(2):
            t.expect("values in succeeded", values(t, "succeeded"), [token("B"), token("D")])
            t.expect("number of failed items", len(settled(t, "failed")), 2)


@check("G9", misconception="worker-is-a-coroutine-function", step="try-again-without-a-slot", core=False)
def test_any_callable_is_retried(play: Play) -> None:
    """A worker that raises when it is called is tried again like one that raises later."""
    jobs = {
        "a": tries([at_once(), fail("E1")], [wait(1), give("A")]),
        "b": tries([awaitable(), wait(1), fail("E2")], [awaitable(), wait(1), give("B")]),
    }
    t = batch(play, jobs, attempts=2, backoff=3, form="function")
    t.expect("values in succeeded", values(t, "succeeded"), [token("A"), token("B")])
