"""Checks for your own use: run them with ``pytest exercises/m07_rate_limited_batch``. Others count, but ask the same.

A plan gives each actor a script: `at(2)` waits until two virtual seconds after the bucket was made, `acquire(3)` takes
three tokens, `look()` reads `available`. A batch gets a script for each item: `wait(2)` sleeps, `fail("E")` raises.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from grader import Play, SentencePart, Span, Trace, Trial, at_least, at_most, check, fail, give, near, token, verb, wait

START = 100
CLOSE = 2e-5  # each of twenty grants may be a millionth of a second late
AFTER = "s after the bucket was made"
BURST = SentencePart(
    "A full bucket grants what it holds at once, also in pieces, and no more than that.", step="refill-on-look"
)
WAITS = SentencePart(
    "`acquire` waits for tokens that the bucket can hold; it does not refuse them.", step="wait-exactly"
)
at, acquire, other, look, make, batch = map(verb, ("at", "acquire", "other", "look", "make", "batch"))


def tokens(play: Play, rate: float, capacity: float, actors: Mapping[str, Sequence[Any]]) -> Trial:
    """Actors with a bucket that is made at `START`."""
    return play(start=START, rate=rate, capacity=capacity, actors=actors)


def expect_at(
    t: Trace, what: str, moment: float | None, seconds: float, within: float = 1e-6, *, part: str = ""
) -> None:
    """Expect that this happened so many seconds after the bucket was made."""
    seen = "never" if moment is None else moment - START
    t.expect(what, seen, near(seconds, within), unit=AFTER, part=part)


def granted(t: Trial) -> list[Span]:
    """The calls of `acquire` that got their tokens; all must, and one of them after a wait."""
    calls = t.calls("acquire")
    for call in calls:
        part = WAITS if "ValueError" in call.errors else ""
        t.expect_that(f"acquire of {call.who} should return", call.how == "returned", f"it {call.ending}", part=part)
    waited = any(call.end > call.start + 1e-3 for call in calls if call.end is not None)
    t.expect_that("more was asked for than the bucket holds: somebody must wait", waited, "nobody had to")
    return calls


@check("R1", misconception="starts-empty", step="refill-on-look")
def test_starts_full(play: Play) -> None:
    """A new bucket is full: it grants its whole capacity without waiting."""
    t = tokens(play, 1, 5, {"a": [acquire(5)]})
    call = t.of("a")[acquire(5)]
    t.expect_that("acquire(5) with a capacity of 5 should return", call.how == "returned", f"it {call.ending}")
    expect_at(t, "acquire(5) was granted", call.end, 0)


@check("R2", misconception="no-second-look", step="wait-exactly")
def test_rate(play: Play) -> None:
    """Twenty tasks that ask at once, with a rate of 10 and a capacity of 2, are served in 1.8 s, neither sooner nor later."""
    t = tokens(play, 10, 2, {f"w{n}": [acquire()] for n in range(20)})
    ends = sorted(call.end for call in t.calls("acquire") if call.how == "returned")
    refused = any("ValueError" in call.errors for call in t.calls("acquire"))
    t.expect("requests granted", len(ends), 20, part=WAITS if refused else "")
    soon = sum(end < START + CLOSE for end in ends)
    if soon == 2 and abs(ends[2] - START - 10) < CLOSE:
        part = "`rate` is how many tokens come in a second: with a rate of 10 a token takes 0.1 s, not 10 s."
        expect_at(t, "the third was granted", ends[2], 0.1, CLOSE, part=part)
    part = "`acquire` returns when it has its tokens, not before." if soon == 20 else BURST
    t.expect("requests granted at once", soon, 2, part=part)
    late = "A request is granted as soon as its tokens have come in, not later."
    expect_at(t, "the third was granted", ends[2], 0.1, CLOSE, part=late if ends[2] > START + 0.1 else "")
    early = ends[-1] < START + 1.8 - CLOSE
    part = "No more tokens are granted than the bucket held and has gained: each second counts once." if early else late
    expect_at(t, "the last was granted", ends[-1], 1.8, CLOSE, part=part)
    t = tokens(play, 0.5, 4, {"a": [acquire(4), at(2), acquire(3)]})
    part = "A request that finds some tokens waits for those that are missing, and no longer."
    expect_at(t, "3 tokens, asked for when there is one, were granted", granted(t)[1].end, 6, CLOSE, part=part)


@check("R2", misconception="refill-in-whole-tokens", step="refill-on-look")
def test_small_bucket(play: Play) -> None:
    """A bucket may hold less than one token: more is granted when that has come in."""
    t = tokens(play, 0.5, 0.4, {"a": [acquire(0.4), acquire(0.3)]})
    if len(ends := [call.end for call in t.calls("acquire") if call.how == "returned"]) == 2:
        part = "A bucket that holds less than one token grants no more than that at once."
        waited = ends[1] > START + 1e-3
        t.expect_that("of 0.4 and 0.3 tokens the second should have to wait", waited, "it did not", part=part)
    expect_at(t, "the second was granted", granted(t)[1].end, 0.6, CLOSE)


@check("R2", misconception="one-for-all-buckets", step="refill-on-look", wide=True)
def test_two_buckets(play: Play) -> None:
    """Two buckets have nothing to do with each other."""
    actors = {"a": [acquire(5), acquire(5)], "b": [at(1), other(3)]}
    t = play(start=START, rate=1, capacity=5, actors=actors, another=[1, 3])
    granted(t)
    expect_at(t, "three tokens of the other bucket, which is full, were granted", t.one("other").end, 1)


@check("R2", misconception="level-not-now", step="refill-on-look")
def test_available(play: Play) -> None:
    """`available` falls with each grant and rises with time, up to `capacity`."""
    t = tokens(play, 0.5, 4, {"a": [acquire(3), look(), at(2), look()], "b": [at(60), look()]})
    seen, part = [one.value for one in t.all("look")], ""
    if seen[:2] == [near(1), near(2)]:
        more = isinstance(seen[2], float | int) and seen[2] > 4
        part = "The bucket never holds more than `capacity`, however long nobody takes a token." if more else ""
    elif seen[:1] == [near(4)]:
        part = "A grant takes its tokens: `available` falls by them."
    elif seen[:2] == [near(1), near(1)]:
        part = "`available` is what the bucket holds now: it rises with time, also if nobody calls `acquire`."
    t.expect("`available` after a grant, 2 s later, and much later", seen, [near(1), near(2), near(4)], part=part)


@check("R2", misconception="looking-changes", step="refill-on-look")
def test_looking_changes_nothing(play: Play) -> None:
    """Reading `available`, also while somebody waits, changes nothing."""
    watcher = [step for n in range(5) for step in (at(n + 0.5), look(), look())]
    t = tokens(play, 0.5, 4, {"a": [acquire(4), acquire(2)], "watcher": [*watcher, at(5), look()]})
    expect_at(t, "the second was granted", granted(t)[1].end, 4, CLOSE)
    t.expect("`available` one second later", t.all("look")[-1].value, near(0.5), unit="tokens")


@check("R3", misconception="small-ones-first", step="one-line")
def test_first_come_first_served(play: Play) -> None:
    """A small request that comes later does not overtake a large one that waits."""
    t = tokens(play, 1, 10, {"first": [acquire(8)], "large": [at(1), acquire(10)], "small": [at(4), acquire(1)]})
    served = sorted(granted(t), key=lambda call: call.finished or 0)
    t.expect("served, in this order", [call.who for call in served], ["first", "large", "small"])


@check("R4", misconception="turn-worked-out-on-arrival", step="leave-the-line")
def test_cancelled_waiter_holds_up_nobody(play: Play) -> None:
    """When the first waiter is cancelled, the next one is served at once if there are enough tokens for it."""
    actors = {"first": [acquire(10)], "large": [at(1), acquire(9)], "b": [at(2), acquire(3)], "c": [at(3), acquire(2)]}
    t = tokens(play, 1, 10, actors).cancel("large", at=START + 4).accepting("deadlock")
    large = t.one("acquire", "large")
    if "locks" in large.left and large.end is not None:
        t = t.naming("A waiter that is cancelled gives back the lock that it holds.")
    part = SentencePart("A waiter that is cancelled from outside ends at once.", step="leave-the-line")
    t.expect("the acquire that was cancelled after 3 s took", large.took, near(3, 0.1), part=part)
    for name, step, moment in (("b", acquire(3), 4), ("c", acquire(2), 5)):
        call = t.of(name)[step]
        t.expect_that(f"acquire of {name} should return", call.how == "returned", f"it {call.ending}")
        late = call.end is not None and call.end > START + moment + 7  # as if `large` had taken its tokens
        part = "The tokens that a cancelled waiter asked for are not taken: the next one does not wait for them."
        expect_at(t, f"{name} was served", call.end, moment, 0.1, part=part if late else "")


@check("R4", misconception="line-left-by-the-front", step="leave-the-line")
def test_others_give_up(play: Play) -> None:
    """When waiters in the middle or at the end are cancelled or refused, the others are served as if they had never come."""
    actors = {"first": [acquire(10)], "a": [at(1), acquire(4)], "gone": [at(2), acquire(5)], "c": [at(3), acquire(2)]}
    refused = {**actors, "gone": [at(2), acquire(11)], "last": [at(3.2), acquire(11)]}
    cancelled = tokens(play, 1, 10, {**actors, "last": [at(3.2), acquire(5)]}).cancel("gone", at=START + 3.5)
    refusing = "A request for more than `capacity` raises `ValueError`: it could never be granted."
    runs = tokens(play, 1, 10, refused).naming(refusing).accepting("deadlock", "runaway")
    if all("ValueError" in runs.one("acquire", who).errors for who in ("gone", "last")):
        runs = tokens(play, 1, 10, refused)
    for t in (cancelled.cancel("last", at=START + 3.6), runs):
        for who in ("gone", "last"):
            gone = t.one("acquire", who)
            t.expect_that(
                "an acquire that is cancelled, or asks for too much, should raise",
                gone.how != "returned",
                f"it {gone.ending}",
            )
        for name, step, moment in (("a", acquire(4), 4), ("c", acquire(2), 6)):
            expect_at(t, f"{name} was served", t.of(name)[step].end, moment, 0.1)


@check("R4", misconception="taken-before-the-last-checkpoint", step="leave-the-line")
def test_gives_up_at_any_step(play: Play) -> None:
    """A cancelled `acquire` has taken nothing if it raised, and has its tokens if it returned."""
    for t in tokens(play, 0.5, 4, {"a": [at(1), acquire(3), at(2)], "b": [at(4), acquire(4)]}).cancelled("a"):
        taken = any(call.how == "returned" for call in t.all("acquire", "a"))
        expect_at(t, "the next request was granted", t.one("acquire", "b").end, 7 if taken else 4, 0.1)


@check("R5", misconception="looks-again-and-again", step="wait-exactly")
def test_no_polling(play: Play) -> None:
    """A task that waits for 40 tokens is woken when they are there, not again and again before that."""
    t = tokens(play, 0.5, 40, {"a": [acquire(40), acquire(39.5)]})
    short, long = granted(t)
    t.expect("wake-ups of the acquire that waits", long.steps, at_most(short.steps + 10))
    t = tokens(play, 0.5, 40, {"a": [acquire(40), acquire(39.5)], "b": [at(1), acquire(1)]})
    granted(t)
    t.expect("wake-ups of the one after it in the queue", t.one("acquire", "b").steps, at_most(short.steps + 20))


REFUSED = {
    "a": ("a bucket with a rate of 0", "A `rate` that is not positive raises `ValueError`."),
    "b": ("a request for 0 tokens", "A request for nothing, or for less than nothing, raises `ValueError`."),
    "c": (
        "a request for 3 tokens of 2 that the bucket can hold",
        "A request for more than `capacity` raises `ValueError`: it could never be granted.",
    ),
}


@check("R6", misconception="waits-for-the-impossible", step="wait-exactly")
def test_refused(play: Play) -> None:
    """A rate that is not positive, and a request that can never be granted, raise `ValueError`."""
    t = tokens(play, 1, 2, {"a": [make(0, 1)], "b": [acquire(0)], "c": [acquire(3)]}).accepting("deadlock", "runaway")
    for what, who in (("make", "a"), ("acquire", "b"), ("acquire", "c")):
        call = t.one(what, who)
        words = f"{REFUSED[who][0]} should raise ValueError"
        t.expect_that(words, "ValueError" in call.errors, f"it {call.ending}", part=REFUSED[who][1])
    t = tokens(play, 1, 0.5, {"a": [make(0.1, 0.2)], "b": [acquire(0.5)]})
    for what, who in (("make", "a"), ("acquire", "b")):
        call = t.one(what, who)
        words = (
            "a capacity of 0.2 should be accepted" if what == "make" else "all 0.5 tokens of a bucket should be granted"
        )
        part = "A bucket may hold less than one token."
        t.expect_that(words, call.how == "returned", f"{what} {call.ending}", part=part)


@check("R7", misconception="finishing-order", step="token-then-slot", core=False)
def test_results(play: Play) -> None:
    """`process_batch` returns the results in the order of the items and never runs more than `limit` workers at once."""
    jobs = {"a": [wait(3), give("A")], "b": [wait(1), give("B")], "c": [wait(1), give("C")]}
    t = tokens(play, 1, 10, {"caller": [batch(2, jobs)]})
    part = "`process_batch` returns the results in the order of the items."
    t.expect("the results", t.one("process_batch").value, [token("A"), token("B"), token("C")], part=part)
    most = t.most_open("work")
    part = "`process_batch` never runs more than `limit` workers at once." if most > 2 else ""
    t.expect("workers at the same time", most, 2, part=part)


@check("R7", misconception="rate-is-a-limit", step="token-then-slot", core=False)
def test_one_token_for_each_call(play: Play) -> None:
    """Each call of the worker takes one token: calls start at the rate of the bucket."""
    t = tokens(play, 0.5, 1, {"caller": [batch(9, {name: [wait(9), give(name)] for name in "abc"})]})
    started = [work.start - START for work in t.all("work")]
    t.expect("workers were called", started, [near(0, 0.1), near(2, 0.1), near(4, 0.1)], unit=AFTER)


@check("R7", misconception="error-as-a-result", step="token-then-slot", core=False)
def test_error_ends_the_batch(play: Play) -> None:
    """An error of a worker cancels the others and leaves the call."""
    jobs = {"a": [wait(9), give("A")], "b": [wait(2), fail("E")]}
    t = tokens(play, 1, 10, {"caller": [batch(2, jobs)]})
    call = t.one("process_batch")
    part = "The error of a worker leaves the call."
    t.expect_that("the worker's error should leave the call", "E" in call.errors, f"it {call.ending}", part=part)
    part = "An error of a worker cancels the others at once."
    t.expect("the call, in which a worker raised after 2 s, took", call.took, near(2, 0.1), part=part)


@check("G1", misconception="asyncio-is-everywhere", step="wait-exactly")
def test_both_backends(play: Play) -> None:
    """The file works on asyncio and on trio."""
    t = tokens(play, 1, 2, {"a": [acquire(2), acquire(1)]})
    t.expect("how acquire ended", [call.how for call in t.calls("acquire")], ["returned", "returned"])


@check("G2", misconception="lock-left-behind", step="leave-the-line")
def test_nothing_left(play: Play) -> None:
    """A waiter that is cancelled leaves no lock, task or stream behind."""
    t = tokens(play, 1, 2, {"a": [acquire(2), acquire(2)]}).cancel("a", at=START + 1)
    call = t.first(t.calls("acquire")[1:], "the acquire that waits", "was never called")
    t.expect("the acquire that waits ended at", call.end, at_least(START + 1), unit="s")
    for call in t.calls("acquire"):
        t.expect_nothing_left(call)


@check("G3", misconception="cancellation-swallowed", step="leave-the-line")
def test_cancelled_from_outside(play: Play) -> None:
    """A waiter that is cancelled from outside ends at once by the cancellation."""
    t = tokens(play, 1, 9, {"first": [acquire(9)], "a": [at(1), acquire(9)]}).cancel("a", at=START + 2)
    call = t.of("a")[acquire(9)]
    t.expect_that("acquire should end by the cancellation", call.how == "cancelled", f"it {call.ending}")
    expect_at(t, "acquire, cancelled after 2 s, ended", call.end, 2)


@check("G4", misconception="blocking-is-short", step="wait-exactly")
def test_loop_not_blocked(play: Play) -> None:
    """Waiting for tokens does not block the event loop."""
    t = tokens(play, 1, 2, {"a": [acquire(2), acquire(0.02)]})
    t.expect_not_blocked()
    granted(t)


@check("G6", misconception="looks-again-and-again", step="wait-exactly")
def test_waiting_costs_nothing(play: Play) -> None:
    """Waiting a thousand times as long does not take more wake-ups."""
    quick = tokens(play, 1, 2, {"a": [acquire(2), acquire(2)]})
    t = tokens(play, 0.001, 2, {"a": [acquire(2), acquire(2)]})
    for one in (quick, t):
        granted(one)
    t.expect("wake-ups of all tasks in the longer run", t.steps, at_most(quick.steps + 20))


@check("G8", misconception="refused-too-late", step="wait-exactly")
def test_refused_at_once(play: Play) -> None:
    """A request that can never be granted is refused at once, also while others wait."""
    t = tokens(play, 0.5, 2, {"a": [acquire(2), acquire(1)], "b": [at(1), acquire(3)]})
    granted_one = t.of("a")[acquire(2)]
    t.expect_that(
        "acquire(2) with a capacity of 2 should return", granted_one.how == "returned", f"it {granted_one.ending}"
    )
    call = t.of("b")[acquire(3)]
    t.expect_that(
        "acquire(3) with a capacity of 2 should raise ValueError", call.raised == "ValueError", f"it {call.ending}"
    )
    expect_at(t, "it was refused", call.end, 1, 0.01)
