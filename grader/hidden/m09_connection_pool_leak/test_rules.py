"""Hidden checks of m09: the rules of every exercise."""

from __future__ import annotations

from grader import Play, Trace, at_most, at_once, awaitable, check, checkpoint, fail, hang, near, wait, within

from .plans import aclose, expect_lent, expect_room, lease, lease_of, leases, make, pool, probes


def expect_left_by_it(t: Trace, who: str, what: str = "lease") -> None:
    """Fail the subject if a call that the cancellation interrupted ended in another way."""
    for span in t.calls(what):
        if span.who == who and span.outside:
            t.expect(f"how the {what} ended, cancelled from outside", span.how, "cancelled")


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="slot-before-connection")
def test_both_backends(play: Play) -> None:
    """On asyncio and on trio: two of three tasks have a connection, the third gets one later, and the pool is closed."""
    actors = {f"u{n}": [wait(0.2 * n), lease(wait(2))] for n in range(3)}
    t = play(actors={**actors, "k": [wait(3), aclose()]}, size=2, connect=[wait(0.3)])
    expect_lent(t, "u0", "u1", "u2")
    t.expect("how the leases ended", [s.ending for s in leases(t)], ["returned"] * 3)
    t.expect("how `aclose` ended", t.one("aclose").ending, "returned")


@check("G2", misconception="things-end-by-themselves", step="give-back-whatever-happens")
def test_nothing_is_left(play: Play) -> None:
    """When a lease or `aclose` has ended, it has left no task, stream or lock behind."""
    actors = {
        "h": [lease(wait(3))],
        "x": [wait(1), lease(wait(1), fail("E1"))],
        "y": [wait(1.5), lease(wait(9))],
        "z": [wait(1.7), within(3, lease(hang()))],
        "k": [wait(20), aclose()],
    }
    for plan in ({"connect": [wait(0.3)]}, {"connects": {"c1": [wait(0.4), fail("E2")]}, "close": [wait(0.4)]}):
        trial = play(actors=actors, size=1, **plan)
        expect_lent(trial, "y")
        for t in trial.cancelled("y", limit=40):
            for number, span in enumerate(s for s in t.calls() if s.what in ("lease", "aclose")):
                t.expect_nothing_left(span, but=() if number else ("streams",))


@check("G3", misconception="wait-cannot-be-cancelled", step="bound-the-wait")
def test_cancelled_while_waiting(play: Play) -> None:
    """A lease that is cancelled while it waits ends at once by the cancellation."""
    actors = {"h": [lease(wait(50))], "x": [wait(1), lease(wait(1))]}
    for options in ({}, {"acquire_timeout": 30}):
        trial = play(actors=actors, size=1, **options)
        for t in (trial.cancel("x", at=4), trial.within("x", 4)):
            expect_lent(t, "h")
            part = "A lease that is cancelled while it waits ends by the cancellation."
            t.expect("how the lease of x, cancelled at 4 s, ended", lease_of(t, "x").how, "cancelled", part=part)
            part = "A lease that is cancelled while it waits ends at once."
            t.expect("it ended at", lease_of(t, "x").end, near(4), unit="s", part=part)


@check("G3", misconception="shield-everything", step="slot-before-connection")
def test_cancelled_while_connecting(play: Play) -> None:
    """A lease that is cancelled while it connects ends at once by the cancellation."""
    for options in ({}, {"acquire_timeout": 30}):
        trial = play(actors={"x": [wait(1), lease(wait(1))]}, connect=[wait(20)], **options)
        for t in (trial.cancel("x", at=4), trial.within("x", 4)):
            t.one("connect")
            part = "A lease that is cancelled while it connects ends by the cancellation."
            t.expect("how the lease, cancelled at 4 s, ended", t.call.how, "cancelled", part=part)
            part = "A lease that is cancelled while it connects ends at once."
            t.expect("it ended at", t.call.end, near(4), unit="s", part=part)


@check("G3", misconception="shield-everything", step="give-back-whatever-happens")
def test_cancelled_in_the_block(play: Play) -> None:
    """A block that is cancelled from outside is interrupted at once."""
    trial = play(actors={"x": [wait(1), lease(wait(20))]}, acquire_timeout=30)
    for t in (trial.cancel("x", at=4), trial.within("x", 4)):
        expect_lent(t, "x")
        t.expect("the block was cancelled at", t.call.cancelled_at, near(4), unit="s")
        part = "A lease whose block is cancelled from outside ends by the cancellation."
        t.expect("how the lease, cancelled at 4 s, ended", t.call.how, "cancelled", part=part)


@check("G3", misconception="handled-once-is-done", step="give-back-whatever-happens")
def test_cancellation_goes_on_from_every_moment(play: Play) -> None:
    """Cancelled from outside at any moment, a lease ends by the cancellation."""
    actors = {"h": [lease(wait(2))], "x": [wait(0.5), lease(wait(1), checkpoint(), wait(1))]}
    for size in (1, 2):
        trial = play(actors=actors, size=size, connect=[wait(0.3), checkpoint()], acquire_timeout=30)
        expect_lent(trial, "x")
        for t in trial.cancelled("x"):
            expect_left_by_it(t, "x")


@check("G3", misconception="shield-everything", step="close-the-pool")
def test_cancelled_aclose(play: Play) -> None:
    """`aclose` that is cancelled while it waits for a lease ends at once by the cancellation; so does a block of the pool."""
    actors = {"h": [lease(wait(50))], "k": [wait(1), aclose()]}
    trial = play(actors=actors, size=2)
    for t in (trial.cancel("k", at=4), trial.within("k", 4)):
        expect_lent(t, "h")
        part = "`aclose` that is cancelled while it waits for a lease ends by the cancellation."
        t.expect("how `aclose` ended", t.one("aclose").how, "cancelled", part=part)
        part = "`aclose` that is cancelled while it waits for a lease ends at once."
        t.expect("it ended at", t.one("aclose").end, near(4), unit="s", part=part)
    trial = play(actors={"x": [pool(lease(wait(1)), wait(50))]})
    for t in (trial.cancel("x", at=4), trial.within("x", 4)):
        expect_lent(t, "x")
        part = "The block of the pool that is cancelled from outside ends by the cancellation."
        t.expect("how the block of the pool ended, cancelled from outside", t.call.how, "cancelled", part=part)


@check("G4", misconception="blocking-is-short", step="bound-the-wait")
def test_nothing_blocks(play: Play) -> None:
    """No call blocks the event loop: other tasks run meanwhile."""
    actors = {
        "h": [lease(wait(5))],
        "x": [wait(1), lease(wait(1), fail("E1", "ConnectionError"))],
        "y": [wait(2), lease(), lease()],
        "z": [wait(2.5), within(1, lease())],
        "k": [wait(20), aclose()],
    }
    trials = [play(actors=actors, size=1, acquire_timeout=9)]
    trials.append(play(actors=actors, size=2, connects={"c1": [fail("E2")]}, close=[wait(0.5)]))
    for trial in trials:
        t = trial.accepting("deadlock")
        t.expect_not_blocked()
        expect_lent(t)


@check("G5", misconception="catch-everything", step="give-back-whatever-happens")
def test_interrupts_of_a_block(play: Play) -> None:
    """Something like `KeyboardInterrupt` that a block raises leaves the lease, and the connection is given back."""
    actors = {"x": [lease(wait(1), fail("stop", "Abandon"))], **probes(1)}
    t = play(actors=actors, size=1)
    left, part = "stop" in t.call.errors, "Something like `KeyboardInterrupt` that a block raises leaves the lease."
    t.expect_that("what the block raised should leave the lease", left, f"it {t.call.ending}", part=part)
    part = "After something like `KeyboardInterrupt` that a block raises, its connection is given back."
    expect_room(t, 1, part=part)


@check("G5", misconception="catch-everything", step="slot-before-connection", wide=True)
def test_interrupts_of_connect(play: Play) -> None:
    """Something like `KeyboardInterrupt` that `connect` raises leaves the lease, and the slot is free."""
    for early in ([], [wait(1)]):
        actors = {"x": [lease(wait(1))], "y": [wait(0.5), lease(wait(0.1))], **probes(1)}
        t = play(actors=actors, size=1, connects={"c1": [*early, fail("stop", "Abandon")]})
        left = "stop" in t.call.errors
        part = "Something like `KeyboardInterrupt` that `connect` raises leaves the lease."
        t.expect_that("what `connect` raised should leave the lease", left, f"it {t.call.ending}", part=part)
        part = "After something like `KeyboardInterrupt` that `connect` raises, its slot is free."
        expect_room(t, 1, part=part)


@check("G6", misconception="look-again-and-again", step="bound-the-wait")
def test_no_busy_waiting(play: Play) -> None:
    """A task that waits a thousand times as long, for a connection or for the last lease, does not wake up more often."""
    steps = []
    for long in (1, 1000):
        actors = {"h": [lease(wait(5 * long))], "x": [wait(1), lease(wait(long))], "y": [wait(1.5), lease(wait(long))]}
        actors |= {"late": [wait(20 * long), lease(wait(5 * long))], "k": [wait(21.5 * long), aclose()]}
        t = play(actors=actors, size=1, connect=[wait(long)], close=[wait(1)], acquire_timeout=6.2 * long)
        expect_lent(t, "h", "late")
        t.expect("how `aclose` ended", t.one("aclose").how, "returned")
        steps.append(t.steps)
    t.expect("wake-ups of all tasks in the longer run", steps[1], at_most(steps[0] + 10))


@check("G8", misconception="refused-too-late", step="close-the-pool")
def test_size_is_checked_first(play: Play) -> None:
    """A `size` below 1 raises a bare `ValueError` when the pool is made or entered."""
    t = play(actors={"a": [make(0), make(-3)]})
    t.expect("what making pools of size 0 and -3 raised", [s.raised for s in t.all("make")], ["ValueError"] * 2)
    t.expect("pools that were entered in spite of that", len(t.notes("made")), 0)


@check("G9", misconception="connect-is-a-coroutine-function", step="slot-before-connection")
def test_any_awaitable(play: Play) -> None:
    """`connect` may give any awaitable, also one that is not a coroutine."""
    actors = {"x": [lease(wait(1))], "y": [wait(0.2), lease(wait(1))], "z": [wait(0.3), lease(wait(1))]}
    t = play(actors=actors, size=2, connect=[awaitable(), wait(0.4)])
    expect_lent(t, *"xyz")
    t.expect("how the leases ended", [s.ending for s in leases(t)], ["returned"] * 3)


@check("G9", misconception="connect-is-a-coroutine-function", step="slot-before-connection")
def test_raises_when_called(play: Play) -> None:
    """`connect` may raise when it is called: its error leaves the lease, and its slot is free."""
    failing = {f"c{n}": [at_once(), fail(f"E{n}")] for n in (1, 2)}
    t = play(actors={"x": [lease(), lease()], **probes(1)}, size=1, connects=failing)
    part = "`connect` may raise when it is called: its error leaves the lease."
    t.expect("what left the leases", [s.errors for s in leases(t, "x")], [["E1"], ["E2"]], part=part)
    expect_room(t, 1, part="If `connect` raises when it is called, its slot is free.")
