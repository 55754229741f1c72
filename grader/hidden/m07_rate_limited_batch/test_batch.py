"""Hidden checks of m07: the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grader import (
    Play,
    Trace,
    at_least,
    at_most,
    check,
    cleanup,
    fail,
    give,
    give_error,
    near,
    on_cancel,
    token,
    wait,
    within,
)

from .plans import (
    AFTER,
    LOOSE,
    START,
    acquire,
    at,
    batch,
    batch_call,
    bucket_calls,
    expect_no_new_work,
    look,
    processed,
    relative,
    tokens,
)


# -- R7: the batch ---------------------------------------------------------------------------------------------------
def expect_results(t: Trace, wanted: Sequence[Any]) -> None:
    """Fail the subject unless the batch returned just those."""
    t.expect("the results", batch_call(t).value, list(wanted))


@check("R7", misconception="finishing-order", step="token-then-slot", core=False)
def test_results_in_item_order(play: Play) -> None:
    """`process_batch` returns the results in the order of the items, whichever is ready first."""
    times = play.draw(6)
    jobs = {f"i{n}": [wait(times[n]), give(f"V{n}")] for n in range(6)}
    for limit in (1, 2, 50):
        for t in processed(play, limit, jobs).orders(4):
            expect_results(t, [token(f"V{n}") for n in range(6)])


@check("R7", misconception="finishing-order", step="token-then-slot", core=False)
def test_any_items_and_results(play: Play) -> None:
    """Every item has its own result, also if items are equal; and any result counts, also None or an exception."""
    empty: list[Any] = [None, 0, False, []]
    t = processed(play, 2, {f"i{n}": [wait(4 - n), give(value)] for n, value in enumerate(empty)})
    expect_results(t, empty)
    expect_results(processed(play, 3, {}), [])
    jobs = {"a": [wait(3), give("A")], "b": [wait(1), give("B")], "c": [wait(2.2), give("C")]}
    expect_results(processed(play, 2, jobs, alike=True), [token("A"), token("B"), token("C")])
    expect_results(processed(play, 3, jobs, order=["b", "a", "b", "c"]), [token(name) for name in "BABC"])
    t = processed(play, 2, jobs, things={"a": None, "b": 0, "c": False})
    expect_results(t, [token("A"), token("B"), token("C")])
    answer = {**jobs, "b": [wait(1), give_error("E")]}
    expect_results(processed(play, 2, answer), [token("A"), token("E"), token("C")])


@check("R7", misconception="items-are-a-list", step="token-then-slot", core=False)
def test_items_in_a_tuple(play: Play) -> None:
    """`items` may be any sequence, also a tuple, which has no `pop`, `append` or `copy`."""
    jobs = {name: [wait(1 + n), give(name)] for n, name in enumerate("ABC")}
    for limit in (2, 9):
        expect_results(processed(play, limit, jobs, fixed=True), [token(name) for name in "ABC"])


@check("R7", misconception="state-for-all-calls", step="token-then-slot", core=False, wide=True)
def test_batches_at_the_same_time(play: Play) -> None:
    """Batches that run at the same time share only the bucket: each has its own `limit`, items and results."""
    jobs = {name: [wait(2), give(name)] for name in "ABC"}
    more = {name: [wait(3), give(name)] for name in "KLM"}
    apart = [batch(2, jobs)], [batch(2, more)], (4, 6)
    wider = [batch(1, jobs)], [batch(3, more)], (6, 3)
    alike = [batch(2, jobs, {"same": "x"})], [batch(2, jobs, {"same": "x"})], (4, 4)
    for one, two, seconds in (apart, wider, alike):
        t = tokens(play, 1, 100, {"one": one, "two": [at(0.5), *two]})
        wanted = {"one": "ABC", "two": "ABC" if two is alike[1] else "KLM"}
        for who, begin, took in zip(wanted, (0, 0.5), seconds, strict=True):
            call = t.one("process_batch", who)
            t.expect(f"the results of batch {who}", call.value, [token(name) for name in wanted[who]])
            t.expect(f"batch {who} ended", relative(call.end), near(begin + took, LOOSE), unit=AFTER)


@check("R7", misconception="state-for-all-calls", step="token-then-slot", core=False, wide=True)
def test_next_batch(play: Play) -> None:
    """A batch is not affected by the one before it, whether that returned, failed or was cancelled."""
    jobs = {name: [wait(2), give(name)] for name in "ABCD"}
    broken = {"A": [wait(1), fail("E")], "B": [wait(9)], "C": [wait(9)]}
    for before in (batch(4, jobs, {"same": "x"}), batch(2, broken), within(1, batch(2, jobs, {"same": "x"}))):
        t = tokens(play, 1, 100, {"caller": [before, batch(2, jobs, {"same": "x"})]})
        call = t.first(t.calls("process_batch")[1:], "the second batch", "was never begun")
        t.expect("the results of the second batch", call.value, [token(name) for name in "ABCD"])
        took = "forever" if call.end is None else call.end - call.start
        t.expect("the second batch took", took, near(4, LOOSE), unit="s")


@check("R7", misconception="limit-is-a-hint", step="token-then-slot", core=False)
def test_never_more_than_limit(play: Play) -> None:
    """Never more than `limit` workers run at once, however many tokens there are."""
    times = play.draw(8)
    jobs = {f"i{n}": [wait(times[n]), give(n)] for n in range(8)}
    for limit in (1, 3):
        for t in processed(play, limit, jobs).orders(4):
            t.expect("calls of the worker", len(t.all("work")), 8)
            t.expect("workers at the same time", t.most_open("work"), at_most(limit))


@check("R7", misconception="chunks", step="token-then-slot", core=False)
def test_all_slots_are_used(play: Play) -> None:
    """While items wait and there are tokens, `limit` workers run: a free slot is used at once."""
    times = play.draw(9)
    jobs = {f"i{n}": [wait(times[n]), give(n)] for n in range(9)}
    for limit in (1, 3, 4, 20):
        for t in processed(play, limit, jobs).orders(2):
            expect_busy(t, limit, len(jobs), rate=1, capacity=100)
    many = {f"i{n}": [wait(1 + n % 3), give(n)] for n in range(30)}
    expect_busy(processed(play, 25, many), 25, len(many), rate=1, capacity=100)


@check("R7", misconception="rate-is-a-limit", step="token-then-slot", core=False)
def test_one_token_before_each_call(play: Play) -> None:
    """Each call of the worker takes one token first: with free slots, calls start at the rate of the bucket."""
    jobs = {f"i{n}": [wait(30), give(n)] for n in range(7)}
    for t in processed(play, 20, jobs, rate=0.8, capacity=2.5, form="function").orders(2):
        expect_started(t, [max(0.0, (n + 1 - 2.5) / 0.8) for n in range(7)])


def expect_started(t: Trace, seconds: Sequence[float]) -> None:
    """Fail the subject unless the worker was called so many seconds after `START`, in whatever order of the items."""
    called = sorted(note["t"] for note in t.notes("called"))
    for number, (seen, wanted) in enumerate(zip(called, seconds, strict=False), 1):
        part = "A call starts as soon as its own token has come in, without a wait for the tokens of the others."
        part = part if seen > START + wanted else ""
        t.expect(f"call {number} of the worker", relative(seen), near(wanted, LOOSE), unit=AFTER, part=part)
    t.expect("calls of the worker", len(called), len(seconds))


@check("R7", misconception="rate-is-a-limit", step="token-then-slot", core=False)
def test_tokens_are_counted(play: Play) -> None:
    """A batch takes exactly one token for each of its items, and none if it has no items."""
    for count in (0, 1, 7):
        jobs = {f"i{n}": [wait(1 + n / 3), give(n)] for n in range(count)}
        t = tokens(play, 0.01, 30, {"caller": [batch(2, jobs), look()]})
        seen = t.one("look")
        left = 30 - count + (0.01 * (seen.start - START) if count else 0)
        t.expect(f"`available` after {count} items", seen.value, near(left, 1e-3), unit="tokens")
    for limit, capacity, count in ((1, 4, 3), (3, 2, 3), (4, 2, 5)):
        jobs = {f"i{n}": [wait(0.3), give(n)] for n in range(count)}
        t = tokens(play, 1, capacity, {"caller": [batch(limit, jobs), look()]})
        seen = t.one("look")
        left = min(capacity, capacity - count + seen.start - START)
        t.expect(f"`available` after {count} items with limit={limit}", seen.value, near(left, LOOSE), unit="tokens")


@check("R7", misconception="rate-is-a-limit", step="token-then-slot", core=False)
def test_bucket_is_shared(play: Play) -> None:
    """A batch waits for its tokens like everybody else: two batches and another task share the rate of one bucket."""
    jobs = {f"i{n}": [wait(20), give(n)] for n in range(3)}
    more = {f"k{n}": [wait(20), give(n)] for n in range(3)}
    actors = {"one": [batch(5, jobs)], "two": [batch(5, more)], "user": [acquire(2)]}
    for t in tokens(play, 0.5, 3, actors).orders(2):
        moments = [call.end for call in bucket_calls(t)] * 2 + [work.start for work in t.all("work")]
        for number, moment in enumerate(sorted(moments), 1):
            earliest = max(0.0, number - 3) / 0.5
            t.expect(f"token {number} was granted", relative(moment), at_least(earliest - LOOSE), unit=AFTER)
        t.expect("the last token was granted", relative(max(moments, default=None)), near(5 / 0.5, LOOSE), unit=AFTER)


@check("R7", misconception="tokens-for-all-first", step="token-then-slot", core=False)
def test_bucket_half_empty(play: Play) -> None:
    """Calls start one by one as their tokens come in, also if the bucket could hold the tokens of the whole batch."""
    jobs = {f"i{n}": [wait(30), give(n)] for n in range(5)}
    t = tokens(play, 0.5, 8, {"caller": [acquire(6), batch(9, jobs)]})
    expect_started(t, [0, 0, 2, 4, 6])


@check("R7", misconception="tokens-for-all-first", step="token-then-slot", core=False)
def test_slots_and_tokens(play: Play) -> None:
    """A call starts as soon as it has a slot and a token: never without them, and it waits for nothing else."""
    times = play.draw(10, low=0.3, step=0.9)
    jobs = {f"i{n}": [wait(times[n]), give(n)] for n in range(10)}
    for limit in (2, 4):
        for t in processed(play, limit, jobs, rate=0.7, capacity=3).orders(2):
            expect_busy(t, limit, len(jobs), rate=0.7, capacity=3)


def expect_busy(t: Trace, limit: int, count: int, *, rate: float, capacity: float) -> None:
    """Fail the subject unless so many calls started, none without a token, or later than it had a slot and a token.

    Tokens may be taken before there is a slot, and then saved up; who takes them after it has them never sooner.
    """
    works = sorted(t.all("work"), key=lambda work: work.begun)
    level, since = capacity, START
    for number, work in enumerate(works, 1):
        earliest = max(0.0, number - capacity) / rate
        words = f"call {number} of the worker, for {work.who}"
        part = "No call starts without a token of its own."
        t.expect(words, relative(work.start), at_least(earliest - LOOSE), unit=AFTER, part=part)
        ended = sorted((earlier.end or t.time) for earlier in works[: number - 1])
        slot = ended[number - 1 - limit] if number > limit else START
        level, since = min(capacity, level + max(0.0, slot - since) * rate), max(slot, since)
        latest = since + max(0.0, 1 - level) / rate
        part = "A call starts as soon as it has a slot and a token: it waits for nothing else."
        t.expect(words, relative(work.start), at_most(latest - START + LOOSE), unit=AFTER, part=part)
        level, since = level + (work.start - since) * rate - 1, work.start
    t.expect("calls of the worker", len(works), count)


@check("R7", misconception="only-negative-is-wrong", step="token-then-slot", core=False)
def test_refused_limit(play: Play) -> None:
    """A `limit` below 1 raises `ValueError`, also for an empty batch: no worker is called, and no token is taken."""
    for limit in (0, -1):
        for jobs in ({"a": [wait(1)], "b": [wait(1)]}, {}):
            t = tokens(play, 0.01, 5, {"caller": [batch(limit, jobs), look()]}).accepting("deadlock")
            call = batch_call(t)
            words, seen = f"limit={limit} should raise ValueError", f"process_batch {call.ending}"
            part = "A `limit` below 1 raises `ValueError`, also for an empty batch."
            t.expect_that(words, "ValueError" in call.errors, seen, part=part)
            part = "Where `limit` is below 1 no worker is called."
            t.expect("calls of the worker", t.names("work"), [], part=part)
            part = "Where `limit` is below 1 no token is taken."
            t.expect("`available` afterwards", t.one("look").value, near(5), unit="tokens", part=part)


def expect_over(t: Trace, failed: Any, name: str, *, cleaned: float = 0.0) -> None:
    """Fail the subject unless the error of that worker ended the batch, and cancelled all that ran, at once."""
    call = batch_call(t)
    part = "The error of a worker leaves the call."
    t.expect_that(f"the worker's {name} should leave the call", name in call.errors, f"it {call.ending}", part=part)
    expect_no_new_work(
        t, failed.finished, "the error", part="After an error of a worker, the worker is not called again."
    )
    due = failed.end + cleaned
    part = "The error of a worker cancels the others at once." if call.end is not None and call.end > due else ""
    t.expect("the call ended", relative(call.end), near(due - START, LOOSE), unit=AFTER, part=part)


@check("R7", misconception="error-as-a-result", step="token-then-slot", core=False)
def test_error_cancels_the_rest(play: Play) -> None:
    """An error of a worker cancels the other workers and leaves the call."""
    moment = play.draw(1)[0]
    for kind, orders in (("Fault", 4), ("TimeoutError", 1), ("OSError", 1)):
        failing = [wait(moment), fail("E", kind)]
        jobs = {"a": [wait(9), give("A")], "b": failing, "c": [cleanup(wait(1)), wait(20), give("C")]}
        for t in processed(play, 3, jobs).orders(orders):
            expect_over(t, t.first(t.all("work", "b"), "the worker of b", "was never called"), "E", cleaned=1)
            for name in ("a", "c"):
                seen, part = relative(t.of(name).cancelled_at), "An error of a worker cancels the others at once."
                t.expect(f"{name} was cancelled", seen, near(moment, LOOSE), unit=AFTER, part=part)


@check("R7", misconception="error-as-a-result", step="token-then-slot", core=False)
def test_errors_of_any_class(play: Play) -> None:
    """Whatever `Exception` a worker raises leaves the call, also a group, or a class that the file itself catches."""
    kinds = ["KeyError", "ValueError", "TypeError", "IndexError", "RuntimeError", "AssertionError", "WouldBlock"]
    kinds += ["EndOfStream", "BrokenResourceError", "ClosedResourceError", "ExceptionGroup", "ExceptionGroup of one"]
    for kind in kinds:
        jobs = {"a": [wait(9), give("A")], "bad": [wait(2), fail("E", kind)], "c": [wait(1), give("C")]}
        t = processed(play, 2, jobs)
        call, bad = batch_call(t), t.first(t.all("work", "bad"), "the worker of bad", "was never called")
        left = any(error in call.errors for error in bad.errors)
        t.expect_that(f"the worker's {kind} should leave the call", left, f"it {call.ending}")
        t.expect("the call ended", relative(call.end), near(bad.end - START, LOOSE), unit=AFTER)


@check("R7", misconception="error-as-a-result", step="token-then-slot", core=False)
def test_two_errors(play: Play) -> None:
    """When a worker raises, and another one raises as it is cancelled for that, one of the errors leaves the call."""
    jobs = {"a": [wait(2), fail("E1")], "b": [on_cancel(wait(1), fail("E2")), wait(9)], "c": [wait(9), give("C")]}
    t = processed(play, 3, jobs)
    call = batch_call(t)
    left = "E1" in call.errors or "E2" in call.errors
    t.expect_that("the error of a worker should leave the call", left, f"it {call.ending}")


@check("R7", misconception="error-as-a-result", step="token-then-slot", core=False)
def test_no_call_after_an_error(play: Play) -> None:
    """After an error of a worker, the worker is not called again, be it for an item that waits for a token or a slot."""
    times = play.draw(6)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}")] for n in range(6)}
    for limit, rate, capacity in ((2, 1, 100), (9, 0.2, 3), (3, 0.9, 3)):
        for t in processed(play, limit, jobs, rate=rate, capacity=capacity).orders(4):
            failed = [work for work in t.all("work") if work.how == "raised"]
            first = t.first(sorted(failed, key=lambda work: work.finished), "a worker that fails", "was never called")
            expect_over(t, first, f"E{first.who[1:]}")
