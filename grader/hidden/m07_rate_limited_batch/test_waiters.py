"""Hidden checks of m07: waiters that give up, polling, and what is refused."""

from __future__ import annotations

from grader import Play, Trace, at_most, cancel, check, near, within

from .plans import (
    LOOSE,
    START,
    acquire,
    asked,
    at,
    bucket_calls,
    expect_grants,
    expect_level,
    granted,
    look,
    make,
    tokens,
)

# -- R4: waiters that give up ----------------------------------------------------------------------------------------
UNDONE = "An `acquire` that is cancelled, and raises, has taken nothing: the others are served as if it had never come."
REFUSED = "A request that is refused holds up nobody: later ones are served as if it had never come."


def expect_rest_served(t: Trace, rate: float, capacity: float, late: str = "") -> None:
    """Fail the subject unless all who stayed were served in time, as if those who gave up had never come.

    `late` is what feedback says where one was not.
    """
    expect_grants(t, rate, capacity, allowed=LOOSE, late_part=late)
    expect_level(t, rate, capacity, allowed=LOOSE, whole=False)


@check("R4", misconception="turn-worked-out-on-arrival", step="leave-the-line")
def test_head_gives_up(play: Play) -> None:
    """When the first waiter is cancelled, the next is served as soon as there are enough tokens for it."""
    actors = {
        "first": [acquire(10)],
        "large": [at(0.5), acquire(9)],
        "b": [at(0.6), acquire(3)],
        "c": [at(0.7), acquire(4)],
    }
    for moment in (1.5, 3.4, 8.2):
        trial = tokens(play, 1, 10, actors).cancel("large", at=START + moment).accepting("deadlock")
        for t in trial.orders(2):
            part = ""
            if any("locks" in call.left for call in t.all("acquire", "large")):
                part = "A waiter that is cancelled gives back the lock that it holds."
            elif any(
                call.end == near(START + 12, LOOSE) for call in t.all("acquire", "b")
            ):  # when 9 + 3 tokens have come in
                part = (
                    "The tokens that a cancelled waiter asked for are not taken: the next one does not wait for them."
                )
            expect_rest_served(t, 1, 10, part)
            t.expect_ended()


@check("R4", misconception="turn-worked-out-on-arrival", step="leave-the-line")
def test_others_give_up(play: Play) -> None:
    """When a waiter in the middle or at the end of the queue is cancelled, the others are served as if it had never come."""
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
    """When all waiters are cancelled, the bucket fills up as if none had come, and a task that comes later is served."""
    names = ["a", "b", "c"]
    actors = {"first": [acquire(4)], **{name: [at(n / 10), acquire(3)] for n, name in enumerate(names, 1)}}
    watcher = [at(2.1), look(), at(3.2), acquire(2), look(), at(30), look(), acquire(4), look(), acquire(1)]
    trial = tokens(play, 0.5, 4, {**actors, "watcher": watcher})
    for n, name in enumerate(play.shuffled(names)):
        trial = trial.cancel(name, at=START + 1.2 + n / 4)
    expect_rest_served(trial, 0.5, 4)


@check("R4", misconception="line-left-by-the-front", step="leave-the-line")
def test_gives_up_after_a_time(play: Play) -> None:
    """A waiter whose own timeout ends the wait leaves the queue, and may join it again at the end."""
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
    """A cancelled `acquire` has taken nothing if it raised, and has its tokens if it returned."""
    actors = {
        "a": [acquire(4), acquire(2)],
        "b": [at(0.3), acquire(3), at(8.2)],
        "c": [at(0.6), acquire(1)],
        "d": [at(0.9), acquire(2), look(), at(12), look()],
    }
    for t in tokens(play, 1, 4, actors).cancelled("b"):
        expect_rest_served(t, 1, 4, undone(t))
    for t in tokens(play, 1, 4, actors).cancelled("c"):
        expect_rest_served(t, 1, 4, undone(t))


def undone(t: Trace) -> str:
    """What is wrong if others are served too late after a cancellation; empty if no `acquire` was cut short."""
    return UNDONE if any(call.how == "cancelled" for call in t.calls("acquire")) else ""


@check("R4", misconception="taken-before-the-last-checkpoint", step="leave-the-line")
def test_gives_up_without_waiting(play: Play) -> None:
    """An `acquire` that does not have to wait, but is cancelled, has taken nothing if it raised."""
    actors = {"a": [at(1), acquire(3), at(2)], "b": [at(1.5), look(), acquire(2), look(), acquire(1)]}
    for t in tokens(play, 0.5, 4, actors).cancelled("a"):
        expect_rest_served(t, 0.5, 4, undone(t))
    actors = {**actors, "a": [at(1), cancel("a"), acquire(3)]}
    expect_rest_served(tokens(play, 0.5, 4, actors), 0.5, 4)


@check("R4", misconception="served-and-gone", step="leave-the-line")
def test_gives_up_as_its_turn_comes(play: Play) -> None:
    """When a waiter is cancelled just as its turn comes, no token is lost, and nobody after it is stuck."""
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
    """A request that is refused takes nothing and holds up nobody: later ones are served as if it had never come."""
    bad = [at(0.2), acquire(0)], [at(0.3), acquire(3)]
    actors = {"a": [acquire(2), acquire(1)], "zero": bad[0], "much": bad[1], "b": [at(0.4), acquire(1), at(5), look()]}
    idle = {"zero": bad[0], "much": bad[1], "b": [at(0.4), look(), acquire(1), look()]}
    for everybody in (actors, idle):
        t = tokens(play, 0.5, 2, everybody).accepting("deadlock", "runaway")
        if all(t.one("acquire", name).raised == "ValueError" for name in ("zero", "much")):  # if not: R6 says so
            expect_rest_served(t, 0.5, 2, REFUSED)


# -- R5: no polling --------------------------------------------------------------------------------------------------
WAKE_UPS = 10
"""Steps of a call that waits, more than one takes that does not wait: five wake-ups, each may pass a lock or a scope."""


@check("R5", misconception="looks-again-and-again", step="wait-exactly")
def test_no_polling(play: Play) -> None:
    """A task that waits is woken when its tokens are there, not again and again before that, nor once for each token."""
    for rate, capacity, amount in ((0.02, 5, 4), (0.5, 60, 50.5), (40, 200, 200), (0.00001, 5, 4)):
        t = tokens(play, rate, capacity, {"a": [acquire(capacity), acquire(amount)]})
        call = t.first(bucket_calls(t)[1:], "the second acquire", "was never called")
        short = granted(t)[0].steps  # entering and leaving the line, with as many checkpoints as anybody likes
        t.expect(f"wake-ups of an acquire that waits {amount / rate:g} s", call.steps, at_most(short + WAKE_UPS))


@check("R5", misconception="looks-again-and-again", step="wait-exactly")
def test_no_polling_in_line(play: Play) -> None:
    """A task further back in the queue is woken only when another one comes, is served or gives up."""
    actors = {f"w{n}": [at(n / 7), acquire(40)] for n in range(5)}
    t = tokens(play, 0.9, 40, {**actors, "hasty": [at(0.35), within(20, acquire(30))]})
    calls = granted(t)
    for call in calls:
        if call.who != "hasty":
            most = at_most(calls[0].steps + WAKE_UPS + 6 * 5)
            t.expect(f"wake-ups of the acquire of {call.who}", call.steps, most)


# -- R6: what is refused ---------------------------------------------------------------------------------------------
TOO_MUCH = "A request for more than `capacity` raises `ValueError`: it could never be granted."
GRANTED = "A request for no more than `capacity` is granted."


@check("R6", misconception="only-negative-is-wrong", step="refill-on-look")
def test_refused_buckets(play: Play) -> None:
    """A `rate` or `capacity` that is zero or negative raises `ValueError`; any other is accepted."""
    for rate, capacity in ((0, 1), (-1, 1), (1, 0), (1, -0.5), (0, 0), (-2, -2)):
        t = tokens(play, 1, 1, {"a": [make(rate, capacity)]})
        made = t.one("make")
        words = f"TokenBucket(rate={rate}, capacity={capacity}) should raise ValueError"
        part = "A `rate` or `capacity` that is zero or negative raises `ValueError`."
        t.expect_that(words, "ValueError" in made.errors, f"it {made.ending}", part=part)
    for rate, capacity in ((0.25, 8), (8, 0.25), (3, 3), (1e-9, 0.5), (1e9, 1e-6), (1e-3, 1e12)):
        made = tokens(play, 1, 1, {"a": [make(rate, capacity)]}).one("make")
        words = f"TokenBucket(rate={rate}, capacity={capacity}) should be accepted"
        part = "Any `rate` and `capacity` that are positive are accepted, however small or large."
        t.expect_that(words, made.how == "returned", f"it {made.ending}", part=part)


@check("R6", misconception="waits-for-the-impossible", step="wait-exactly")
def test_refused_requests(play: Play) -> None:
    """`acquire` of nothing, of less than nothing, or of more than `capacity` raises `ValueError`; anything else is granted."""
    for amount in (0, -1, 2.5 + 0.001, 1000, -0.25):
        t = tokens(play, 1, 2.5, {"a": [at(1), acquire(amount)]}).accepting("deadlock", "runaway")
        call = t.first(t.calls("acquire"), "the call", "was never made")
        words = f"acquire({amount}) with a capacity of 2.5 should raise ValueError"
        part = "`acquire` of nothing, or of less than nothing, raises `ValueError`." if amount <= 0 else TOO_MUCH
        t.expect_that(words, "ValueError" in call.errors, f"it {call.ending}", part=part)
    t = tokens(play, 1, 0.4, {"a": [at(1), acquire(0.9)]}).accepting("deadlock", "runaway")
    call = t.first(t.calls("acquire"), "the call", "was never made")
    words = "acquire(0.9) with a capacity of 0.4 should raise ValueError"
    part = "A bucket may hold less than one token: a request for more than that raises `ValueError` too."
    t.expect_that(words, "ValueError" in call.errors, f"it {call.ending}", part=part)
    for amount in (2.5, 0.01, 1e-9):
        call = tokens(play, 1, 2.5, {"a": [at(1), acquire(amount)]}).one("acquire")
        words = f"acquire({amount}) with a capacity of 2.5 should be granted"
        t.expect_that(words, call.how == "returned", f"it {call.ending}", part=GRANTED)
    for rate, capacity in ((1e-6, 0.5), (1e9, 1e-3), (1e6, 1e9)):
        call = tokens(play, rate, capacity, {"a": [at(1), acquire(capacity)]}).one("acquire")
        words = f"acquire({capacity:g}) with rate={rate:g}, capacity={capacity:g} should be granted"
        t.expect_that(words, call.how == "returned", f"it {call.ending}", part=GRANTED)
    line = {"a": [acquire(2.5), acquire(2)], "b": [at(0.5), acquire(2.5)], "c": [at(0.6), acquire(1)]}
    t = tokens(play, 1, 2.5, line).accepting("deadlock", "runaway")  # whether they are granted, other clauses ask
    for call in t.calls("acquire"):
        words = f"acquire({asked(call):g}) of {call.who}, with a capacity of 2.5, should wait and not be refused"
        part = "`acquire` waits for tokens that the bucket can hold; it does not refuse them."
        t.expect_that(words, "ValueError" not in call.errors, f"it {call.ending}", part=part)
