"""Hidden checks of m07: tokens come neither sooner nor later, and the first to come is served first."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, at_most, check, near

from .plans import (
    AFTER,
    CLOSE,
    LOOSE,
    START,
    acquire,
    asked,
    at,
    bucket_calls,
    due,
    expect_grants,
    expect_level,
    granted,
    look,
    other,
    relative,
    time_part,
    tokens,
)


def expect_times(t: Trace, rate: float, capacity: float) -> None:
    """The same for calls that all ask for the same amount, whoever is served first: that is R3's."""
    ready = sorted(moment for _, moment in due(t, rate, capacity))
    ends = sorted(call.end for call in bucket_calls(t) if call.how == "returned")
    for number, (wanted, seen) in enumerate(zip(ready, ends, strict=False), 1):
        words = f"the request that was served as number {number} of {len(ready)}"
        part = time_part(seen, wanted)
        t.expect(words, relative(seen), near(round(wanted - START, 8), CLOSE), unit=AFTER, part=part)
    t.expect("requests granted", len(ends), len(ready))


def expect_order(t: Trace) -> None:
    """Fail the subject unless those who stayed in the queue were served in the order in which they came."""
    calls = granted(t)
    t.expect("requests granted", len(calls), len(bucket_calls(t)))
    came = [f"{call.who} for {asked(call):g}" for call in calls]
    served = [f"{call.who} for {asked(call):g}" for call in sorted(calls, key=lambda call: call.finished)]
    t.expect("served, in this order", served, came)


# -- R1: a full bucket -----------------------------------------------------------------------------------------------
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


# -- R2: not sooner, not later ---------------------------------------------------------------------------------------
@check("R2", misconception="no-second-look", step="wait-exactly", wide=True)
def test_many_at_the_same_time(play: Play) -> None:
    """Many tasks that ask at the same time are served at the rate of the bucket, not all when the first one is."""
    rate, capacity = 10, 2
    for t in tokens(play, rate, capacity, {f"w{n}": [at(1), acquire(1)] for n in range(20)}).orders(4):
        expect_times(t, rate, capacity)


@check("R2", misconception="saved-for-ever", step="refill-on-look")
def test_idle_time_fills_to_capacity(play: Play) -> None:
    """Idle time fills the bucket up to `capacity`, and no more."""
    rate, capacity = 2, 3
    soon = tokens(play, rate, capacity, {"a": [acquire(3), acquire(1), acquire(1)]})
    expect_grants(soon, rate, capacity, early=True, late=True)
    script = [acquire(3), at(100), acquire(3), acquire(1), at(200.3), acquire(0.5), acquire(2.5), acquire(2)]
    t = tokens(play, rate, capacity, {"a": script})
    expect_grants(t, rate, capacity, late=True)


@check("R2", misconception="refill-in-whole-tokens", step="refill-on-look")
def test_fractions(play: Play) -> None:
    """Fractions of tokens count, as they come in and as they are asked for."""
    rate, capacity = 0.7, 1.3
    script = [acquire(1.3), acquire(0.25), acquire(0.0002), at(1), acquire(0.001), acquire(0.4)]
    script += [at(2.9), acquire(0.9), acquire(1.2)]
    t = tokens(play, rate, capacity, {"a": script})
    expect_grants(t, rate, capacity, early=True)


@check("R2", misconception="no-second-look", step="wait-exactly", wide=True)
def test_waits_of_any_length(play: Play) -> None:
    """A wait may last microseconds or days: the request is granted just in time."""
    for rate, capacity in ((10_000, 2), (0.01, 2), (0.00001, 2)):
        t = tokens(play, rate, capacity, {"a": [acquire(2), acquire(0.3), acquire(0.2), acquire(1.5)]})
        expect_grants(t, rate, capacity, early=True, late=True)
    t = tokens(play, 0.001, 2, {"a": [acquire(2), at(1900), look(), acquire(1.9), acquire(0.5)]})
    expect_grants(t, 0.001, 2, early=True, late=True)
    expect_level(t, 0.001, 2)


@check("R2", misconception="refill-in-whole-tokens", step="refill-on-look", wide=True)
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
            t.expect(
                f"tokens granted between {begin - START:.4g} and {end - START:.4g} {AFTER}", last - first + 1, most
            )


@check("R2", misconception="refill-in-whole-tokens", step="wait-exactly")
def test_one_after_the_other(play: Play) -> None:
    """A request is granted as soon as enough tokens have come in, and not earlier."""
    for rate in (0.3, 1.7, 40):
        capacity = 5
        script: list[Any] = []
        for moment in sorted(play.draw(12, low=0.0, step=2 / rate)):
            script += [at(moment), acquire(play.pick(1, 20) / 4)]
        t = tokens(play, rate, capacity, {"a": script})
        expect_grants(t, rate, capacity, early=True, late=True)


@check("R2", misconception="no-second-look", step="wait-exactly")
def test_waiters_that_come_later(play: Play) -> None:
    """Tasks that come while others wait get their tokens as soon as the rate allows, and not earlier."""
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


@check("R2", misconception="one-for-all-buckets", step="refill-on-look", wide=True)
def test_two_buckets(play: Play) -> None:
    """Two buckets have nothing to do with each other: each has its own tokens, rate and queue."""
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


# -- R3: first come, first served ------------------------------------------------------------------------------------
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
    """A task that comes while others wait joins the end of the queue, also just after somebody was served."""
    early = [at(0.5), acquire(2)], [at(0.6), acquire(2)]
    for moment in (2.001, 2.3, 3.999, 4.001):
        actors = {"first": [acquire(2)], "a": early[0], "b": early[1], "new": [at(moment), acquire(0.001)]}
        for t in tokens(play, 1, 2, actors).orders(4):
            expect_order(t)


@check("R3", misconception="whoever-wakes-first", step="one-line")
def test_who_comes_again_is_last(play: Play) -> None:
    """A task that was served and asks again at once waits after those that wait already."""
    actors = {name: [at(moment), *[acquire(1)] * 3] for name, moment in (("a", 0.1), ("b", 0.2), ("c", 0.3))}
    for t in tokens(play, 0.6, 1, actors).orders(8):
        expect_order(t)
