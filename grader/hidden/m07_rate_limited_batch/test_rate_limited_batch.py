"""Hidden checks of m07: what the bucket and the batch promise, on both backends, in many orders, cancelled anywhere."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader import (
    Play,
    Trace,
    Trial,
    at_least,
    at_most,
    at_once,
    awaitable,
    cancel,
    check,
    cleanup,
    fail,
    give,
    give_error,
    near,
    on_cancel,
    token,
    verb,
    wait,
    within,
)

START = 7.3
CLOSE = 2e-5
"""Allowed for rounding, a handful of grants that were each a millionth early or late included."""

LOOSE = 0.05
"""Allowed where a clause other than R2 is asked for: who serves a moment late breaks that one only."""

at, acquire, other, look, make, batch = map(verb, ("at", "acquire", "other", "look", "make", "batch"))
Actors = Mapping[str, Sequence[Any]]


# -- the bucket as it should be ----------------------------------------------------------------------------------------
def tokens(play: Play, rate: float, capacity: float, actors: Actors, **more: Any) -> Trial:
    """Actors with a bucket that is made at `START`."""
    return play(start=START, rate=rate, capacity=capacity, actors=actors, **more)


def asked(call: Any) -> float:
    """How many tokens a call asks for."""
    return float(call.args[0]) if call.args else 1.0


def bucket_calls(t: Trace, what: str = "acquire") -> list[Any]:
    """The calls for tokens, in the order in which they were made; those that must be refused left out.

    Fails the subject if there are none, or if one raised an error.
    """
    made = t.first(t.calls("TokenBucket"), "the bucket", "was never made")
    t.expect_that("the bucket", made.how == "returned", f"TokenBucket {made.ending}")
    capacity = float((t.calls("TokenBucket")[-1] if what == "other" else made).args[1])
    calls = [call for call in t.calls(what) if 0 < asked(call) <= capacity]
    t.first(calls, "acquire", "was never called")
    for call in calls:
        t.expect_that(
            f"acquire({asked(call):g}) of {call.who}", call.how != "raised" or call.outside, f"it {call.ending}"
        )
    return calls


def granted(t: Trace) -> list[Any]:
    """The calls that got their tokens; fails the subject unless one of them had to wait: else nothing was limited."""
    calls = [call for call in bucket_calls(t) if call.how == "returned"]
    waited = any(call.end > call.start + CLOSE for call in calls)
    t.expect_that("more asked for than the bucket holds", waited, "nobody had to wait for tokens")
    return calls


def due(t: Trace, rate: float, capacity: float, what: str = "acquire") -> Iterator[tuple[Any, float]]:
    """Each call that stayed until its turn, with the time at which it should have been granted.

    A call that was cancelled before that stood in line until then, and took nothing.
    """
    level, since, turn = capacity, START, START
    for call in bucket_calls(t, what):
        begin = max(call.start, turn)
        gone = math.inf if call.how != "cancelled" else call.end
        if gone < begin:
            continue
        level, since = min(capacity, level + (begin - since) * rate), begin
        ready = begin + max(0.0, asked(call) - level) / rate
        if gone <= ready + LOOSE:
            turn = max(turn, gone)
            continue
        yield call, ready
        level, since, turn = level + (ready - begin) * rate - asked(call), ready, ready


def expect_grants(t: Trace, rate: float, capacity: float, what: str = "acquire", allowed: float = CLOSE) -> None:
    """Fail the subject unless each call was granted just when it should have been (s that are `allowed` apart)."""
    for call, ready in due(t, rate, capacity, what):
        words = f"tokens for {call.who}, {asked(call):g} asked for at {call.start:.2f} s"
        if call.outside:
            words += f" and cancelled at {call.cancelled_at:.2f} s"
        t.expect_that(words, call.how == "returned", f"acquire {call.ending}, due at {ready:.2f} s")
        t.expect(f"{words}, granted at", call.end, near(ready, allowed))


def expect_times(t: Trace, rate: float, capacity: float) -> None:
    """The same for calls that all ask for the same amount, whoever is served first: that is R3's."""
    ready = sorted(moment for _, moment in due(t, rate, capacity))
    ends = sorted(call.end for call in bucket_calls(t) if call.how == "returned")
    for number, (wanted, seen) in enumerate(zip(ready, ends, strict=False), 1):
        t.expect(f"request {number} of {len(ready)} granted at", seen, near(wanted, CLOSE))
    t.expect("requests granted", len(ends), len(ready))


def expect_level(t: Trace, rate: float, capacity: float, allowed: float = CLOSE) -> None:
    """Fail the subject unless each look at `available`, while nobody waited, showed what the bucket held."""
    calls = bucket_calls(t)
    for seen in t.all("look"):
        if any(call.begun < seen.begun < (call.finished or math.inf) for call in calls):
            continue
        level, since = capacity, START
        for call in sorted(
            (c for c in calls if c.how == "returned" and c.finished < seen.begun), key=lambda c: c.finished
        ):
            level, since = min(capacity, level + (call.end - since) * rate) - asked(call), call.end
        level = min(capacity, level + (seen.start - since) * rate)
        t.expect(f"available at {seen.start:.2f} s", seen.value, near(level, allowed * max(rate, 1)))


def expect_order(t: Trace) -> None:
    """Fail the subject unless those who stayed in line were served in the order in which they came."""
    calls = granted(t)
    t.expect("requests granted", len(calls), len(bucket_calls(t)))
    came = [f"{call.who} ({asked(call):g})" for call in calls]
    served = [f"{call.who} ({asked(call):g})" for call in sorted(calls, key=lambda call: call.finished)]
    t.expect("served, in this order", served, came)


# -- R1: a full bucket -------------------------------------------------------------------------------------------------
@check("R1", misconception="starts-empty", step="refill-on-look")
def test_whole_capacity_at_once(play: Play) -> None:
    """A new bucket is full: it grants its whole capacity at once, without waiting."""
    for rate, capacity in ((0.1, 5), (2, 2.5), (1, 0.4)):
        t = tokens(play, rate, capacity, {"a": [acquire(capacity)]})
        expect_grants(t, rate, capacity, allowed=LOOSE)


@check("R1", misconception="starts-empty", step="refill-on-look")
def test_capacity_in_pieces(play: Play) -> None:
    """A full bucket grants its capacity at once also in pieces, to one task or to several."""
    t = tokens(play, 0.1, 6, {"a": [at(2), acquire(1.5), acquire(0.5), acquire(3), acquire(1)]})
    expect_grants(t, 0.1, 6, allowed=LOOSE)
    sizes = play.shuffled([2, 0.5, 1, 1.5, 1])
    actors = {f"w{n}": [at(3), acquire(size)] for n, size in enumerate(sizes)}
    for t in tokens(play, 0.1, 6, actors).orders(4):
        expect_grants(t, 0.1, 6, allowed=LOOSE)


@check("R1", misconception="spaced-out", step="refill-on-look")
def test_full_again(play: Play) -> None:
    """A bucket that has filled up again grants its whole capacity at once."""
    rate, capacity = 2, 4
    t = tokens(play, rate, capacity, {"a": [acquire(4), at(3), acquire(4), at(6), acquire(2), acquire(2)]})
    expect_grants(t, rate, capacity, allowed=LOOSE)


# -- R2: not sooner, not later -----------------------------------------------------------------------------------------
@check("R2", misconception="no-second-look", step="wait-exactly")
def test_many_at_the_same_time(play: Play) -> None:
    """Many who ask at the same time are served at the rate of the bucket, not all as soon as the first may go."""
    rate, capacity = 10, 2
    for t in tokens(play, rate, capacity, {f"w{n}": [at(1), acquire(1)] for n in range(20)}).orders(4):
        expect_times(t, rate, capacity)


@check("R2", misconception="saved-for-ever", step="refill-on-look")
def test_idle_time_fills_to_capacity(play: Play) -> None:
    """Idle time fills the bucket up to `capacity`, and no more."""
    rate, capacity = 2, 3
    script = [acquire(3), at(100), acquire(3), acquire(1), at(200.3), acquire(0.5), acquire(2.5), acquire(2)]
    t = tokens(play, rate, capacity, {"a": script})
    expect_grants(t, rate, capacity)


@check("R2", misconception="refill-in-whole-tokens", step="refill-on-look")
def test_fractions(play: Play) -> None:
    """Fractions of tokens count, as they come in and as they are asked for."""
    rate, capacity = 0.7, 1.3
    script = [acquire(1.3), acquire(0.25), acquire(0.0002), at(1), acquire(0.001), acquire(0.4)]
    script += [at(2.9), acquire(0.9), acquire(1.2)]
    t = tokens(play, rate, capacity, {"a": script})
    expect_grants(t, rate, capacity)


@check("R2", misconception="no-second-look", step="wait-exactly")
def test_waits_of_any_length(play: Play) -> None:
    """A wait may last microseconds or days: the request is granted just in time."""
    for rate, capacity in ((10_000, 2), (0.01, 2), (0.00001, 2)):
        t = tokens(play, rate, capacity, {"a": [acquire(2), acquire(0.3), acquire(0.2), acquire(1.5)]})
        expect_grants(t, rate, capacity)
    t = tokens(play, 0.001, 2, {"a": [acquire(2), at(1900), look(), acquire(1.9), acquire(0.5)]})
    expect_grants(t, 0.001, 2)
    expect_level(t, 0.001, 2)


@check("R2", misconception="refill-in-whole-tokens", step="refill-on-look")
def test_small_bucket(play: Play) -> None:
    """A bucket that holds less than one token never grants or shows more than that."""
    rate, capacity = 0.5, 0.4
    script = [look(), acquire(0.4), acquire(0.3), look(), at(5), look(), acquire(0.4), acquire(0.1), look()]
    t = tokens(play, rate, capacity, {"a": script})
    expect_grants(t, rate, capacity)
    expect_level(t, rate, capacity)


@check("R2", misconception="one-window-after-the-other", step="refill-on-look")
def test_no_span_has_more(play: Play) -> None:
    """In no span of time, wherever it begins, are more tokens granted than `capacity + rate * t`."""
    rate, capacity = 1, 4
    script = [at(3.5), *[acquire(1)] * 8, at(9.6), *[acquire(1)] * 9]
    t = tokens(play, rate, capacity, {"a": script})
    ends = [call.end for call in bucket_calls(t) if call.how == "returned"]
    t.expect("requests granted", len(ends), 17)
    for first, begin in enumerate(ends):
        for last, end in enumerate(ends[first:], first):
            most = at_most(capacity + rate * (end - begin + CLOSE))
            t.expect(f"tokens granted from {begin:.2f} to {end:.2f} s", last - first + 1, most)


@check("R2", misconception="refill-in-whole-tokens", step="wait-exactly")
def test_one_after_the_other(play: Play) -> None:
    """A request is granted as soon as enough tokens have come in, and not earlier."""
    for rate in (0.3, 1.7, 40):
        capacity = 5
        script: list[Any] = []
        for moment in sorted(play.draw(12, low=0.0, step=2 / rate)):
            script += [at(moment), acquire(play.pick(1, 20) / 4)]
        t = tokens(play, rate, capacity, {"a": script})
        expect_grants(t, rate, capacity)


@check("R2", misconception="no-second-look", step="wait-exactly")
def test_waiters_that_come_later(play: Play) -> None:
    """Those who come while others wait get their tokens as soon as the rate allows, and not earlier."""
    rate, capacity = 0.8, 3
    actors = {f"w{n}": [at(moment), acquire(1.5)] for n, moment in enumerate(play.draw(9, low=0.013, step=1.1))}
    for t in tokens(play, rate, capacity, actors).orders(4):
        expect_times(t, rate, capacity)


@check("R2", misconception="level-not-now", step="refill-on-look")
def test_available(play: Play) -> None:
    """`available` is what the bucket holds now: it falls with each grant and rises with time, up to `capacity`."""
    rate, capacity = 0.5, 4
    script = [look(), acquire(3), look(), at(1), look(), at(2.5), look(), acquire(2), look()]
    script += [at(3), acquire(1), look(), at(5.1), look(), at(60), look(), acquire(0.25), look()]
    t = tokens(play, rate, capacity, {"a": script})
    expect_level(t, rate, capacity)


@check("R2", misconception="looking-changes", step="refill-on-look")
def test_looking_changes_nothing(play: Play) -> None:
    """Reading `available`, also while somebody waits, changes nothing."""
    rate, capacity = 0.4, 3
    moments = sorted(play.draw(12, low=0.4, step=0.7))
    watcher = [step for moment in moments for step in (at(moment), look(), look())]
    actors = {"a": [acquire(3), acquire(1), at(5.5), acquire(2), at(9), acquire(2.5)], "watcher": watcher}
    t = tokens(play, rate, capacity, actors)
    expect_grants(t, rate, capacity)
    expect_level(t, rate, capacity)


@check("R2", misconception="one-for-all-buckets", step="refill-on-look")
def test_two_buckets(play: Play) -> None:
    """Two buckets have nothing to do with each other: each has its own tokens, rate and waiters."""
    actors = {"a": [acquire(2), acquire(2), acquire(2)], "b": [at(0.5), other(1), other(3), other(2)]}
    for t in tokens(play, 0.25, 2, actors, another=[3, 3]).orders(4):
        expect_grants(t, 0.25, 2)
        expect_grants(t, 3, 3, "other")


@check("R2", misconception="no-second-look", step="wait-exactly")
def test_one_token_by_default(play: Play) -> None:
    """`acquire()` without a number takes one token."""
    t = tokens(play, 0.5, 3, {"a": [acquire(), look(), acquire(2), acquire(), look()]})
    expect_grants(t, 0.5, 3)
    expect_level(t, 0.5, 3)


# -- R3: first come, first served --------------------------------------------------------------------------------------
@check("R3", misconception="small-ones-first", step="one-line")
def test_small_does_not_overtake_large(play: Play) -> None:
    """A small request that comes later does not overtake a large one that waits, also if there are enough tokens for it."""
    small = play.pick(1, 3)
    actors = {
        "first": [acquire(8)],
        "large": [at(0.5), acquire(10)],
        "small": [at(4.1), acquire(small)],
        "late": [at(7.95), acquire(0.5)],
    }
    for t in tokens(play, 1, 10, actors).orders(4):
        expect_order(t)


@check("R3", misconception="whoever-wakes-first", step="one-line")
def test_order_of_arrival(play: Play) -> None:
    """Waiters are served in the order in which they came, whatever they ask for."""
    for _ in range(2):
        moments = play.draw(7, low=0.11, step=0.3)
        actors = {f"w{n}": [at(moment), acquire(play.pick(1, 12) / 4)] for n, moment in enumerate(moments)}
        for t in tokens(play, 0.9, 3, {"first": [acquire(3)], **actors}).orders(6):
            expect_order(t)


@check("R3", misconception="whoever-wakes-first", step="one-line")
def test_newcomer_joins_the_line(play: Play) -> None:
    """Who comes while others wait joins the end of the line, also if somebody was just served."""
    early = [at(0.5), acquire(2)], [at(0.6), acquire(2)]
    for moment in (2.001, 2.3, 3.999, 4.001):
        actors = {"first": [acquire(2)], "a": early[0], "b": early[1], "new": [at(moment), acquire(0.001)]}
        for t in tokens(play, 1, 2, actors).orders(4):
            expect_order(t)


@check("R3", misconception="whoever-wakes-first", step="one-line")
def test_who_comes_again_is_last(play: Play) -> None:
    """Who was served and asks again at once stands behind those who wait already."""
    actors = {name: [at(moment), *[acquire(1)] * 3] for name, moment in (("a", 0.1), ("b", 0.2), ("c", 0.3))}
    for t in tokens(play, 0.6, 1, actors).orders(8):
        expect_order(t)


# -- R4: waiters that give up ------------------------------------------------------------------------------------------
def expect_rest_served(t: Trace, rate: float, capacity: float) -> None:
    """Fail the subject unless all who stayed were served in time, as if those who gave up had never come."""
    expect_grants(t, rate, capacity, allowed=LOOSE)
    expect_level(t, rate, capacity, allowed=LOOSE)


@check("R4", misconception="turn-worked-out-on-arrival", step="leave-the-line")
def test_head_gives_up(play: Play) -> None:
    """When the first waiter is cancelled, the next is served at once if there are enough tokens, else as soon as there are."""
    actors = {
        "first": [acquire(10)],
        "large": [at(0.5), acquire(9)],
        "b": [at(0.6), acquire(3)],
        "c": [at(0.7), acquire(4)],
    }
    for moment in (1.5, 3.4, 8.2):
        for t in tokens(play, 1, 10, actors).cancel("large", at=START + moment).orders(2):
            expect_rest_served(t, 1, 10)


@check("R4", misconception="turn-worked-out-on-arrival", step="leave-the-line")
def test_others_give_up(play: Play) -> None:
    """When a waiter in the midst or at the end of the line is cancelled, the others are served as if it had never come."""
    for sizes, gone in (((1, 2, 3, 4), "bc"), ((4, 1, 2, 1), "d"), ((4, 0.5, 2, 1), "c"), ((3, 1, 3, 1), "ac")):
        actors = {
            name: [at(n / 10), acquire(size)] for n, (name, size) in enumerate(zip("abcd", sizes, strict=True), 1)
        }
        trial = tokens(play, 0.8, 5, {"first": [acquire(5)], **actors, "late": [at(6), acquire(2), look()]})
        for n, name in enumerate(gone):
            trial = trial.cancel(name, at=START + 1.05 - n / 10)
        expect_rest_served(trial, 0.8, 5)


@check("R4", misconception="tokens-taken-in-advance", step="leave-the-line")
def test_all_give_up(play: Play) -> None:
    """When all waiters are cancelled the bucket fills up as if nobody had come, and whoever comes then is served."""
    names = ["a", "b", "c"]
    actors = {"first": [acquire(4)], **{name: [at(n / 10), acquire(3)] for n, name in enumerate(names, 1)}}
    watcher = [at(2.1), look(), at(3.2), acquire(2), look(), at(30), look(), acquire(4), look(), acquire(1)]
    trial = tokens(play, 0.5, 4, {**actors, "watcher": watcher})
    for n, name in enumerate(play.shuffled(names)):
        trial = trial.cancel(name, at=START + 1.2 + n / 4)
    expect_rest_served(trial, 0.5, 4)


@check("R4", misconception="line-left-by-the-front", step="leave-the-line")
def test_gives_up_after_a_time(play: Play) -> None:
    """A waiter whose own timeout ends the wait leaves the line, and may come again as the last."""
    actors = {
        "first": [acquire(6)],
        "hasty": [at(0.5), within(2, acquire(5)), acquire(2), look()],
        "b": [at(0.7), acquire(4)],
        "c": [at(0.9), within(1, acquire(0.5))],
        "d": [at(1.1), acquire(1)],
    }
    for t in tokens(play, 1, 6, actors).orders(4):
        expect_rest_served(t, 1, 6)


@check("R4", misconception="line-left-by-the-front", step="leave-the-line")
def test_gives_up_at_any_step(play: Play) -> None:
    """A waiter that is cancelled at any moment has taken nothing if `acquire` raised, and its tokens if it returned."""
    actors = {
        "a": [acquire(4), acquire(2)],
        "b": [at(0.3), acquire(3), at(8.2)],
        "c": [at(0.6), acquire(1)],
        "d": [at(0.9), acquire(2), look(), at(12), look()],
    }
    for t in tokens(play, 1, 4, actors).cancelled("b"):
        expect_rest_served(t, 1, 4)
    for t in tokens(play, 1, 4, actors).cancelled("c"):
        expect_rest_served(t, 1, 4)


@check("R4", misconception="taken-before-the-last-checkpoint", step="leave-the-line")
def test_gives_up_without_waiting(play: Play) -> None:
    """An `acquire` that need not wait, and is cancelled all the same, has taken nothing if it raised."""
    actors = {"a": [at(1), acquire(3), at(2)], "b": [at(1.5), look(), acquire(2), look(), acquire(1)]}
    for t in tokens(play, 0.5, 4, actors).cancelled("a"):
        expect_rest_served(t, 0.5, 4)
    actors = {**actors, "a": [at(1), cancel("a"), acquire(3)]}
    expect_rest_served(tokens(play, 0.5, 4, actors), 0.5, 4)


@check("R4", misconception="served-and-gone", step="leave-the-line")
def test_gives_up_as_its_turn_comes(play: Play) -> None:
    """A waiter that is cancelled just as the one before it was served or gave up leaves no tokens lost and nobody stuck."""
    line = {"b": [at(0.2), acquire(1)], "c": [at(0.3), acquire(2)], "d": [at(0.4), acquire(1), at(9), look()]}
    for head in ([acquire(3), acquire(1), cancel("b")], [acquire(3), within(1.7, acquire(3)), cancel("b")]):
        for t in tokens(play, 1, 3, {"a": head, **line}).orders(6):
            expect_rest_served(t, 1, 3)


@check("R4", misconception="tokens-taken-in-advance", step="leave-the-line")
def test_given_up_does_not_count(play: Play) -> None:
    """Waiters that come and give up one after the other do not slow the bucket down."""
    actors = {"first": [acquire(2)], "steady": [at(0.1), *[acquire(1.5)] * 4, look()]}
    actors |= {f"w{n}": [at(n + 0.53), within(0.6, acquire(2))] for n in range(8)}
    t = tokens(play, 0.5, 2, actors)
    expect_rest_served(t, 0.5, 2)


@check("R4", misconception="line-left-by-the-front", step="leave-the-line")
def test_refused_leaves_no_trace(play: Play) -> None:
    """A request that is refused has taken nothing and holds up nobody: who comes afterwards is served as if it had never come."""
    bad = [at(0.2), acquire(0)], [at(0.3), acquire(3)]
    actors = {"a": [acquire(2), acquire(1)], "zero": bad[0], "much": bad[1], "b": [at(0.4), acquire(1), at(5), look()]}
    idle = {"zero": bad[0], "much": bad[1], "b": [at(0.4), look(), acquire(1), look()]}
    for everybody in (actors, idle):
        t = tokens(play, 0.5, 2, everybody).accepting("deadlock", "runaway")
        if all(t.one("acquire", name).raised == "ValueError" for name in ("zero", "much")):  # if not: R6 says so
            expect_rest_served(t, 0.5, 2)


# -- R5: no polling ----------------------------------------------------------------------------------------------------
WAKE_UPS = 10
"""Steps of a call that waits, more than one takes that does not wait: five wake-ups, each may pass a lock or a scope."""


@check("R5", misconception="looks-again-and-again", step="wait-exactly")
def test_no_polling(play: Play) -> None:
    """Who waits is woken when its tokens are there, not again and again before that, nor once for each token."""
    for rate, capacity, amount in ((0.02, 5, 4), (0.5, 60, 50.5), (40, 200, 200), (0.00001, 5, 4)):
        t = tokens(play, rate, capacity, {"a": [acquire(capacity), acquire(amount)]})
        call = t.first(bucket_calls(t)[1:], "the second acquire", "was never called")
        short = granted(t)[0].steps  # entering and leaving the line, with as many checkpoints as anybody likes
        t.expect(f"steps of an acquire that waits {amount / rate:g} s", call.steps, at_most(short + WAKE_UPS))


@check("R5", misconception="looks-again-and-again", step="wait-exactly")
def test_no_polling_in_line(play: Play) -> None:
    """Those further back in the line are woken only because of others that come, are served or give up."""
    actors = {f"w{n}": [at(n / 7), acquire(40)] for n in range(5)}
    t = tokens(play, 0.9, 40, {**actors, "hasty": [at(0.35), within(20, acquire(30))]})
    calls = granted(t)
    for call in calls:
        if call.who != "hasty":
            most = at_most(calls[0].steps + WAKE_UPS + 6 * 5)
            t.expect(f"steps of the acquire of {call.who}", call.steps, most)


# -- R6: what is refused -----------------------------------------------------------------------------------------------
@check("R6", misconception="only-negative-is-wrong", step="refill-on-look")
def test_refused_buckets(play: Play) -> None:
    """A `rate` or `capacity` that is zero or negative raises `ValueError`; any other is accepted."""
    for rate, capacity in ((0, 1), (-1, 1), (1, 0), (1, -0.5), (0, 0), (-2, -2)):
        t = tokens(play, 1, 1, {"a": [make(rate, capacity)]})
        made = t.one("make")
        words = f"TokenBucket(rate={rate}, capacity={capacity})"
        t.expect_that(words, "ValueError" in made.errors, f"it {made.ending}")
    for rate, capacity in ((0.25, 8), (8, 0.25), (3, 3), (1e-9, 0.5), (1e9, 1e-6), (1e-3, 1e12)):
        made = tokens(play, 1, 1, {"a": [make(rate, capacity)]}).one("make")
        words = f"TokenBucket(rate={rate}, capacity={capacity})"
        t.expect_that(words, made.how == "returned", f"it {made.ending}")


@check("R6", misconception="waits-for-the-impossible", step="wait-exactly")
def test_refused_requests(play: Play) -> None:
    """`acquire` of nothing, of less than nothing, or of more than `capacity` raises `ValueError`; all else is granted."""
    for amount in (0, -1, 2.5 + 0.001, 1000, -0.25):
        t = tokens(play, 1, 2.5, {"a": [at(1), acquire(amount)]}).accepting("deadlock", "runaway")
        call = t.first(t.calls("acquire"), "the call", "was never made")
        t.expect_that(f"acquire({amount})", "ValueError" in call.errors, f"it {call.ending}")
    t = tokens(play, 1, 0.4, {"a": [at(1), acquire(0.9)]}).accepting("deadlock", "runaway")
    call = t.first(t.calls("acquire"), "the call", "was never made")
    t.expect_that("acquire(0.9) of a capacity of 0.4", "ValueError" in call.errors, f"it {call.ending}")
    for amount in (2.5, 0.01, 1e-9):
        call = tokens(play, 1, 2.5, {"a": [at(1), acquire(amount)]}).one("acquire")
        t.expect_that(f"acquire({amount}) of 2.5", call.how == "returned", f"it {call.ending}")
    for rate, capacity in ((1e-6, 0.5), (1e9, 1e-3), (1e6, 1e9)):
        call = tokens(play, rate, capacity, {"a": [at(1), acquire(capacity)]}).one("acquire")
        words = f"acquire({capacity:g}) of a bucket with rate={rate:g}, capacity={capacity:g}"
        t.expect_that(words, call.how == "returned", f"it {call.ending}")
    line = {"a": [acquire(2.5), acquire(2)], "b": [at(0.5), acquire(2.5)], "c": [at(0.6), acquire(1)]}
    t = tokens(play, 1, 2.5, line).accepting("deadlock", "runaway")  # whether they are granted, other clauses ask
    for call in t.calls("acquire"):
        words = f"acquire({asked(call):g}) of 2.5, for {call.who}, who may have to wait"
        t.expect_that(words, "ValueError" not in call.errors, f"it {call.ending}")


# -- R7: the batch -----------------------------------------------------------------------------------------------------
def processed(
    play: Play, limit: int, jobs: Mapping[str, Any], *, rate: float = 1, capacity: float = 100, **more: Any
) -> Trial:
    """A batch that the actor ``caller`` begins as soon as the bucket is made; the bucket has plenty of tokens."""
    return tokens(play, rate, capacity, {"caller": [batch(limit, jobs, more)]})


def results_of(t: Trace) -> list[Any]:
    """What the batch returned; fails the subject if that is no list."""
    value = batch_call(t).value
    t.expect_that("the results", isinstance(value, list), f"{value!r}, which is no list")
    return list(value)


def batch_call(t: Trace) -> Any:
    """The first call of `process_batch`."""
    return t.first(t.calls("process_batch"), "process_batch", "was never called")


def expect_results(t: Trace, wanted: Sequence[Any]) -> None:
    """Fail the subject unless the batch returned just those."""
    t.expect("the results", batch_call(t).value, list(wanted))


@check("R7", misconception="finishing-order", step="token-then-slot", core=False)
def test_results_in_item_order(play: Play) -> None:
    """`process_batch` gives the results in the order of the items, whoever is ready first."""
    times = play.draw(6)
    jobs = {f"i{n}": [wait(times[n]), give(f"V{n}")] for n in range(6)}
    for limit in (1, 2, 50):
        for t in processed(play, limit, jobs).orders(4):
            expect_results(t, [token(f"V{n}") for n in range(6)])


@check("R7", misconception="finishing-order", step="token-then-slot", core=False)
def test_any_items_and_results(play: Play) -> None:
    """Any item counts, also one that is there twice or equals another; so does any result, also None or an exception."""
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


@check("R7", misconception="state-for-all-calls", step="token-then-slot", core=False)
def test_batches_at_the_same_time(play: Play) -> None:
    """Batches that run at the same time have nothing in common but the bucket: each has its own `limit`, items and results."""
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
            t.expect(f"batch {who} ended at", call.end, near(START + begin + took, LOOSE))


@check("R7", misconception="state-for-all-calls", step="token-then-slot", core=False)
def test_next_batch(play: Play) -> None:
    """A batch is worked on alike whether the one before it returned, failed or was cancelled, and whatever its `limit` was."""
    jobs = {name: [wait(2), give(name)] for name in "ABCD"}
    broken = {"A": [wait(1), fail("E")], "B": [wait(9)], "C": [wait(9)]}
    for before in (batch(4, jobs, {"same": "x"}), batch(2, broken), within(1, batch(2, jobs, {"same": "x"}))):
        t = tokens(play, 1, 100, {"caller": [before, batch(2, jobs, {"same": "x"})]})
        call = t.first(t.calls("process_batch")[1:], "the second batch", "was never begun")
        t.expect("the results of the second batch", call.value, [token(name) for name in "ABCD"])
        t.expect("the second batch ended at", call.end, near(call.start + 4, LOOSE))


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
    """As long as items wait and tokens are there, `limit` workers run: a slot that is free is used at once."""
    times = play.draw(9)
    jobs = {f"i{n}": [wait(times[n]), give(n)] for n in range(9)}
    for limit in (1, 3, 4, 20):
        for t in processed(play, limit, jobs).orders(2):
            expect_busy(t, limit, len(jobs), rate=1, capacity=100)
    many = {f"i{n}": [wait(1 + n % 3), give(n)] for n in range(30)}
    expect_busy(processed(play, 25, many), 25, len(many), rate=1, capacity=100)


@check("R7", misconception="rate-is-a-limit", step="token-then-slot", core=False)
def test_one_token_before_each_call(play: Play) -> None:
    """Each call of the worker takes one token before it starts: with free slots, calls start at the rate of the bucket."""
    jobs = {f"i{n}": [wait(30), give(n)] for n in range(7)}
    for t in processed(play, 20, jobs, rate=0.8, capacity=2.5, form="function").orders(2):
        expect_started(t, [max(0.0, (n + 1 - 2.5) / 0.8) for n in range(7)])


def expect_started(t: Trace, seconds: Sequence[float]) -> None:
    """Fail the subject unless the worker was called so many seconds after `START`, in whatever order of the items."""
    called = sorted(note["t"] for note in t.notes("called"))
    for number, (seen, wanted) in enumerate(zip(called, seconds, strict=False), 1):
        t.expect(f"call {number} of the worker at", seen, near(START + wanted, LOOSE))
    t.expect("calls of the worker", len(called), len(seconds))


@check("R7", misconception="rate-is-a-limit", step="token-then-slot", core=False)
def test_tokens_are_counted(play: Play) -> None:
    """A batch takes just one token for each of its items, and none if it has no items."""
    for count in (0, 1, 7):
        jobs = {f"i{n}": [wait(1 + n / 3), give(n)] for n in range(count)}
        t = tokens(play, 0.01, 30, {"caller": [batch(2, jobs), look()]})
        seen = t.one("look")
        left = 30 - count + (0.01 * (seen.start - START) if count else 0)
        t.expect(f"available after {count} items", seen.value, near(left, 1e-3))
    for limit, capacity, count in ((1, 4, 3), (3, 2, 3), (4, 2, 5)):
        jobs = {f"i{n}": [wait(0.3), give(n)] for n in range(count)}
        t = tokens(play, 1, capacity, {"caller": [batch(limit, jobs), look()]})
        seen = t.one("look")
        left = min(capacity, capacity - count + seen.start - START)
        t.expect(f"available after {count} items with limit={limit}", seen.value, near(left, LOOSE))


@check("R7", misconception="rate-is-a-limit", step="token-then-slot", core=False)
def test_bucket_is_shared(play: Play) -> None:
    """A batch waits for its tokens like everybody else: two batches and another user share the rate of one bucket."""
    jobs = {f"i{n}": [wait(20), give(n)] for n in range(3)}
    more = {f"k{n}": [wait(20), give(n)] for n in range(3)}
    actors = {"one": [batch(5, jobs)], "two": [batch(5, more)], "user": [acquire(2)]}
    for t in tokens(play, 0.5, 3, actors).orders(2):
        moments = [call.end for call in bucket_calls(t)] * 2 + [work.start for work in t.all("work")]
        for number, moment in enumerate(sorted(moments), 1):
            earliest = START + max(0.0, number - 3) / 0.5
            t.expect(f"token {number} granted at", moment, at_least(earliest - LOOSE))
        t.expect("the last token granted at", max(moments, default=None), near(START + 5 / 0.5, LOOSE))


@check("R7", misconception="tokens-for-all-first", step="token-then-slot", core=False)
def test_bucket_half_empty(play: Play) -> None:
    """Calls start one by one as their tokens come in, also if the bucket could hold enough for the whole batch."""
    jobs = {f"i{n}": [wait(30), give(n)] for n in range(5)}
    t = tokens(play, 0.5, 8, {"caller": [acquire(6), batch(9, jobs)]})
    expect_started(t, [0, 0, 2, 4, 6])


@check("R7", misconception="tokens-for-all-first", step="token-then-slot", core=False)
def test_slots_and_tokens(play: Play) -> None:
    """A call starts as soon as it has a slot and a token: it waits for nothing else, and never goes without."""
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
        earliest = START + max(0.0, number - capacity) / rate
        t.expect(f"call {number} of the worker, for {work.who}, at", work.start, at_least(earliest - LOOSE))
        ended = sorted((earlier.end or t.time) for earlier in works[: number - 1])
        slot = ended[number - 1 - limit] if number > limit else START
        level, since = min(capacity, level + max(0.0, slot - since) * rate), max(slot, since)
        latest = since + max(0.0, 1 - level) / rate
        t.expect(f"call {number} of the worker, for {work.who}, at", work.start, at_most(latest + LOOSE))
        level, since = level + (work.start - since) * rate - 1, work.start
    t.expect("calls of the worker", len(works), count)


@check("R7", misconception="only-negative-is-wrong", step="token-then-slot", core=False)
def test_refused_limit(play: Play) -> None:
    """A `limit` below 1 raises `ValueError`, no worker is called and no token taken, also for an empty batch."""
    for limit in (0, -1):
        for jobs in ({"a": [wait(1)], "b": [wait(1)]}, {}):
            t = tokens(play, 0.01, 5, {"caller": [batch(limit, jobs), look()]}).accepting("deadlock")
            call = batch_call(t)
            t.expect_that(f"limit={limit}", "ValueError" in call.errors, f"process_batch {call.ending}")
            t.expect("calls of the worker", t.names("work"), [])
            t.expect("available afterwards", t.one("look").value, near(5))


def expect_over(t: Trace, failed: Any, name: str, *, cleaned: float = 0.0) -> None:
    """Fail the subject unless the error of that worker ended the batch, and cancelled all that ran, at once."""
    call = batch_call(t)
    t.expect_that("the call", name in call.errors, f"process_batch {call.ending} instead of the worker's {name}")
    t.expect("the call ended at", call.end, near(failed.end + cleaned, LOOSE))
    expect_no_new_work(t, failed.finished, "the error")


def expect_no_new_work(t: Trace, order: int, event: str) -> None:
    """Fail the subject if a worker was called after that; one that is cancelled at its first checkpoint does not count."""
    for work in t.all("work"):
        counts = work.begun > order and not (work.how == "cancelled" and work.cancelled_at == near(work.start))
        t.expect_that(f"after {event}", not counts, f"the worker was called for {work.who}")


@check("R7", misconception="error-as-a-result", step="token-then-slot", core=False)
def test_error_cancels_the_rest(play: Play) -> None:
    """An error of a worker, whatever it is, cancels the others and leaves the call."""
    moment = play.draw(1)[0]
    for kind, orders in (("Fault", 4), ("TimeoutError", 1), ("OSError", 1)):
        failing = [wait(moment), fail("E", kind)]
        jobs = {"a": [wait(9), give("A")], "b": failing, "c": [cleanup(wait(1)), wait(20), give("C")]}
        for t in processed(play, 3, jobs).orders(orders):
            expect_over(t, t.first(t.all("work", "b"), "the worker of b", "was never called"), "E", cleaned=1)
            for name in ("a", "c"):
                t.expect(f"{name} was cancelled at", t.of(name).cancelled_at, near(START + moment, LOOSE))


@check("R7", misconception="error-as-a-result", step="token-then-slot", core=False)
def test_errors_of_any_class(play: Play) -> None:
    """Whatever `Exception` a worker raises leaves the call, also a group, or one that the file uses for itself."""
    kinds = ["KeyError", "ValueError", "TypeError", "IndexError", "RuntimeError", "AssertionError", "WouldBlock"]
    kinds += ["EndOfStream", "BrokenResourceError", "ClosedResourceError", "ExceptionGroup", "ExceptionGroup of one"]
    for kind in kinds:
        jobs = {"a": [wait(9), give("A")], "bad": [wait(2), fail("E", kind)], "c": [wait(1), give("C")]}
        t = processed(play, 2, jobs)
        call, bad = batch_call(t), t.first(t.all("work", "bad"), "the worker of bad", "was never called")
        left = any(error in call.errors for error in bad.errors)
        t.expect_that("the call", left, f"process_batch {call.ending} instead of the worker's {kind}")
        t.expect("the call ended at", call.end, near(bad.end, LOOSE))


@check("R7", misconception="error-as-a-result", step="token-then-slot", core=False)
def test_two_errors(play: Play) -> None:
    """When two workers raise, the second as it is cancelled for the first, one of the errors leaves the call."""
    jobs = {"a": [wait(2), fail("E1")], "b": [on_cancel(wait(1), fail("E2")), wait(9)], "c": [wait(9), give("C")]}
    t = processed(play, 3, jobs)
    call = batch_call(t)
    t.expect_that("the call", "E1" in call.errors or "E2" in call.errors, f"{call.ending} instead of a worker's error")


@check("R7", misconception="error-as-a-result", step="token-then-slot", core=False)
def test_no_call_after_an_error(play: Play) -> None:
    """After an error of a worker no other is called, neither one that waits for a token nor one that waits for a slot."""
    times = play.draw(6)
    jobs = {f"i{n}": [wait(times[n]), fail(f"E{n}")] for n in range(6)}
    for limit, rate, capacity in ((2, 1, 100), (9, 0.2, 3), (3, 0.9, 3)):
        for t in processed(play, limit, jobs, rate=rate, capacity=capacity).orders(4):
            failed = [work for work in t.all("work") if work.how == "raised"]
            first = t.first(sorted(failed, key=lambda work: work.finished), "a worker that fails", "was never called")
            expect_over(t, first, f"E{first.who[1:]}")


# -- the rules for every exercise --------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="wait-exactly")
def test_both_backends(play: Play) -> None:
    """The bucket works unchanged on asyncio and on trio."""
    t = tokens(play, 2, 4, {"a": [acquire(4), acquire(2)], "b": [at(0.2), acquire(1), look()]})
    for call in bucket_calls(t):
        t.expect_that(f"acquire of {call.who}", call.how == "returned", f"it {call.ending}")
    look_at = t.one("look")
    t.expect_that("available", look_at.how == "returned", f"it {look_at.ending}")


@check("G1", misconception="asyncio-is-everywhere", step="token-then-slot", core=False)
def test_both_backends_batch(play: Play) -> None:
    """The batch works unchanged on asyncio and on trio."""
    t = processed(play, 2, {f"i{n}": [wait(1 + n), give(n)] for n in range(4)})
    call = batch_call(t)
    t.expect_that("on this backend", call.how == "returned", f"process_batch {call.ending}")
    t.expect("calls of the worker", len(t.all("work")), 4)


def undisturbed_waits(search: Iterator[Trace]) -> Iterator[Trace]:
    """The runs of a search; where nobody is cancelled, all must be granted, somebody after a wait."""
    for t in search:
        if not t.notes("cancel"):
            t.expect("requests granted", len(granted(t)), len(bucket_calls(t)))
        yield t


def undisturbed_work(search: Iterator[Trace], count: int) -> Iterator[Trace]:
    """The runs of a search; where nobody is cancelled, the worker must be called so many times."""
    for t in search:
        if not t.notes("cancel"):
            t.expect("calls of the worker", len(t.all("work")), count)
        yield t


def expect_tidy(t: Trace, what: str) -> None:
    """Fail the subject if its calls of that name left something behind."""
    for call in t.calls(what):
        words = ", ".join(f"{kind}: {', '.join(names)}" for kind, names in call.left.items())
        t.expect_that(f"left behind when {what} of {call.who} ended", not call.left, words)


@check("G2", misconception="lock-left-behind", step="leave-the-line")
def test_nothing_left(play: Play) -> None:
    """When `acquire` ends, also by a cancellation, no lock, task or stream of it is left."""
    actors = {"a": [acquire(3), acquire(2)], "b": [at(0.5), acquire(1)], "c": [at(0.7), acquire(1)]}
    for name in ("a", "b"):
        for t in undisturbed_waits(tokens(play, 1, 3, actors).cancelled(name)):
            expect_tidy(t, "acquire")


@check("G2", misconception="lock-left-behind", step="token-then-slot", core=False)
def test_nothing_left_of_a_batch(play: Play) -> None:
    """When `process_batch` ends, however it ends, no task, stream or lock of it is left."""
    jobs = {"a": [wait(2), give("A")], "b": [cleanup(wait(1)), wait(1), give("B")], "c": [wait(1), give("C")]}
    for t in undisturbed_work(processed(play, 2, jobs, rate=0.5, capacity=2).cancelled("caller"), 3):
        expect_tidy(t, "process_batch")
    for end in (fail("E"), fail("X", "Abandon")):
        t = processed(play, 2, {**jobs, "d": [wait(1), end]}, rate=0.5, capacity=3)
        t.one("work", "d")
        expect_tidy(t, "process_batch")


@check("G3", misconception="cancellation-swallowed", step="leave-the-line")
def test_cancelled_while_waiting(play: Play) -> None:
    """A waiter that is cancelled from outside, at the head of the line or further back, ends at once by the cancellation."""
    actors = {"first": [acquire(4)], "a": [at(0.5), acquire(4)], "b": [at(0.6), acquire(2)], "c": [at(0.7), acquire(1)]}
    for name in ("a", "b", "c"):
        for t in (
            tokens(play, 0.2, 4, actors).cancel(name, at=START + 2.5),
            tokens(play, 0.2, 4, actors).within(name, START + 2.5),
        ):
            call = t.of(name)[acquire(actors[name][-1][1])]
            t.expect_that(f"acquire of {name}, cancelled", call.how == "cancelled", f"it {call.ending}")
            t.expect(f"acquire of {name}, cancelled at {START + 2.5:g} s, ended at", call.end, near(START + 2.5, 0.05))


@check("G3", misconception="cancellation-swallowed", step="leave-the-line")
def test_cancelled_at_any_step(play: Play) -> None:
    """An `acquire` in which a cancellation from outside was raised is left by it at once."""
    actors = {"first": [acquire(4)], "a": [at(0.5), acquire(2), acquire(1)], "b": [at(0.7), acquire(2), acquire(1)]}
    for name in ("a", "b"):
        for t in undisturbed_waits(tokens(play, 1, 4, actors).cancelled(name)):
            expect_struck_calls_end(t, "acquire")


def expect_struck_calls_end(t: Trace, what: str) -> None:
    """Fail the subject if a call in which a cancellation from outside was raised ended otherwise, or later."""
    t.expect_cancellation_passes(jobs="work")
    for call in t.calls(what):
        if call.outside:
            ends = ("Cancelled", "CancelledError")
            passed = call.how != "raised" or any(error.kind in ends for error in call.errors)
            t.expect_that("cancelled from outside", passed, f"{what} {call.ending}")
            t.expect(
                f"{what}, cancelled at {call.cancelled_at:.2f} s, ended at", call.end, near(call.cancelled_at, 0.05)
            )


@check("G3", misconception="cancellation-swallowed", step="token-then-slot", core=False)
def test_batch_cancelled_at_any_step(play: Play) -> None:
    """A batch that is cancelled from outside at any moment ends by it at once, and no worker is called afterwards."""
    times = play.draw(3)
    jobs = {f"i{n}": [wait(times[n]), give(n)] for n in range(3)}
    for limit, rate, capacity in ((2, 1, 100), (3, 0.6, 2)):
        search = processed(play, limit, jobs, rate=rate, capacity=capacity).cancelled("caller")
        for t in undisturbed_work(search, 3):
            expect_struck_calls_end(t, "process_batch")
            for note in t.notes("cancel", "caller"):
                expect_no_new_work(t, note["order"], "the cancellation")
                t.expect("the cancelled call ended at", batch_call(t).end, near(note["t"], 0.05))


@check("G3", misconception="cancellation-swallowed", step="token-then-slot", core=False)
def test_batch_within_a_deadline(play: Play) -> None:
    """A deadline around a batch ends it, also while it waits for tokens: no list is returned."""
    for limit, rate, capacity in ((2, 1, 100), (9, 0.01, 2)):
        jobs = {"a": [wait(1), give("A")], "b": [wait(20), give("B")], "c": [wait(20), give("C")]}
        t = processed(play, limit, jobs, rate=rate, capacity=capacity).within("caller", START + 4)
        call = batch_call(t)
        t.one("work")
        t.expect_that("within a deadline", call.how == "cancelled", f"process_batch {call.ending}")
        t.expect("the call ended at", call.end, near(START + 4, 0.05))


@check("G4", misconception="blocking-is-short", step="wait-exactly")
def test_loop_not_blocked(play: Play) -> None:
    """`acquire` does not block the event loop, whether it waits or not."""
    actors = {"a": [acquire(3), acquire(0.03)], "b": [at(0.005), acquire(0.02), look()]}
    t = tokens(play, 2, 3, actors)
    t.expect_not_blocked()
    granted(t)


@check("G4", misconception="blocking-is-short", step="token-then-slot", core=False)
def test_loop_not_blocked_by_a_batch(play: Play) -> None:
    """`process_batch` does not block the event loop, whether it waits for slots or for tokens."""
    jobs = {f"i{n}": [wait(0.1), give(n)] for n in range(4)}
    for limit, capacity in ((1, 100), (4, 2)):
        t = processed(play, limit, jobs, rate=20, capacity=capacity)
        t.expect_not_blocked()
        t.expect("calls of the worker", len(t.all("work")), 4)


@check("G5", misconception="catch-everything", step="token-then-slot", core=False)
def test_other_exceptions_pass(play: Play) -> None:
    """An exception that is no `Exception`, such as `KeyboardInterrupt`, is no result: it leaves the call and ends the rest."""
    for bad, form in (([wait(2), fail("X", "Abandon")], "async"), ([at_once(), fail("X", "Abandon")], "function")):
        jobs = {"a": bad, "b": [wait(40), give("B")], "c": [wait(9), give("C")]}
        for limit in (1, 2, 3):
            t = processed(play, limit, jobs, form=form)
            call = batch_call(t)
            t.expect_that("the call", "X" in call.errors, f"{call.ending} instead of the worker's exception")
            ended = t.one("work", "a").finished
            later = [work.who for work in t.all("work") if work.how == "returned" and work.finished > ended]
            t.expect("workers that ran on to their end", later, [])


@check("G5", misconception="catch-everything", step="token-then-slot", core=False)
def test_other_exceptions_pass_beside_errors(play: Play) -> None:
    """What is no `Exception` leaves the call also if another worker raises an error, before or after it."""
    for kind in play.interrupts:
        for first, then in ((fail("E"), fail("X", kind)), (fail("X", kind), fail("E"))):
            jobs = {"a": [wait(2), first], "b": [on_cancel(then), wait(50)], "c": [wait(40), give("C")]}
            t = processed(play, 3, jobs)
            t.one("work", "a")
            call = batch_call(t)
            raised = any("X" in work.errors for work in t.all("work"))  # if an error cancels nobody, R7 says so
            left = f"{call.ending}, where the {kind} of a worker should leave it"
            t.expect_that("the call", not raised or "X" in call.errors, left)


@check("G6", misconception="looks-again-and-again", step="wait-exactly")
def test_waiting_costs_nothing(play: Play) -> None:
    """An `acquire` that waits a thousand times longer does not wake up more often."""
    steps = []
    for factor in (1, 1000):
        actors = {"a": [acquire(4), acquire(3)], "b": [at(0.2), acquire(2)], "c": [at(0.3), acquire(1)]}
        t = tokens(play, 1 / factor, 4, actors)
        steps.append(sum(call.steps for call in granted(t)))
    t.expect("steps when all takes a thousand times as long", steps[1], at_most(2 * steps[0] + 20))


@check("G6", misconception="looks-again-and-again", step="token-then-slot", core=False)
def test_waiting_for_slots_costs_nothing(play: Play) -> None:
    """A batch that takes a thousand times longer does not wake up more often."""
    times = play.draw(5)
    for limit, capacity in ((2, 100), (9, 2)):
        steps = []
        for factor in (1, 1000):
            jobs = {f"i{n}": [wait(times[n] * factor), give(n)] for n in range(5)}
            t = processed(play, limit, jobs, rate=0.9 / factor, capacity=capacity)
            t.expect("calls of the worker", len(t.all("work")), 5)
            steps.append(batch_call(t).steps)
        t.expect("steps when all takes a thousand times as long", steps[1], at_most(2 * steps[0] + 20))


@check("G8", misconception="refused-too-late", step="wait-exactly")
def test_refused_at_once(play: Play) -> None:
    """Bad arguments of a bucket raise a bare `ValueError` at once, also while others wait, and disturb nobody."""
    for rate, capacity in ((0, 1), (1, 0)):
        t = tokens(play, 1, 1, {"a": [make(rate, capacity)]})
        made = t.one("make")
        t.expect_that("a bad bucket", made.raised == "ValueError", f"TokenBucket {made.ending}")
    actors = {
        "a": [acquire(2), acquire(1.5)],
        "b": [at(0.3), acquire(1)],
        "zero": [at(0.4), acquire(0)],
        "much": [at(0.5), acquire(3)],
    }
    t = tokens(play, 0.5, 2, actors)
    bucket_calls(t)  # the others are not refused
    for name in ("zero", "much"):
        call = t.first(t.all("acquire", name), f"acquire of {name}", "was never called")
        t.expect_that(f"acquire({asked(call):g}) of 2", call.raised == "ValueError", f"it {call.ending}")
        t.expect(f"acquire({asked(call):g}) of 2, while others wait, refused at", call.end, near(call.start, 0.01))


@check("G8", misconception="refused-too-late", step="token-then-slot", core=False)
def test_limit_refused_at_once(play: Play) -> None:
    """A bad `limit` raises a bare `ValueError` at once, also if the bucket is empty."""
    t = tokens(play, 0.1, 2, {"caller": [acquire(2), batch(0, {"a": [wait(1), give("A")]})]}).accepting("deadlock")
    call = batch_call(t)
    t.expect_that("limit=0", call.raised == "ValueError", f"process_batch {call.ending}")
    t.expect("refused at", call.end, near(call.start, 0.01))
    t.expect("calls of the worker", t.names("work"), [])


@check("G9", misconception="worker-is-a-coroutine-function", step="token-then-slot", core=False)
def test_any_callable(play: Play) -> None:
    """`worker` may be any callable that returns an awaitable."""
    jobs = {"a": [awaitable(), wait(2), give("A")], "b": [wait(1), give("B")], "c": [awaitable(), wait(3), give("C")]}
    for form in ("function", "object"):
        t = processed(play, 2, jobs, form=form)
        t.expect("the results", sorted(map(str, results_of(t))), ["A", "B", "C"])


@check("G9", misconception="worker-is-a-coroutine-function", step="token-then-slot", core=False)
def test_worker_raises_when_called(play: Play) -> None:
    """A worker that raises when it is called ends the batch like one that raises later."""
    jobs = {"a": [wait(3), give("A")], "b": [at_once(), fail("E")], "c": [wait(1), give("C")]}
    for limit in (1, 3):
        t = processed(play, limit, jobs, form="function")
        call = batch_call(t)
        t.expect_that("the call", "E" in call.errors, f"process_batch {call.ending} instead of the worker's error")
