"""Hidden checks of m12: the end of the results, and errors."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from grader import Play, Trace, about, at_most, check, cleanup, fail, give, hang, leaves_of, on_cancel, wait

from .plans import (
    KINDS,
    busy,
    each,
    expect_cut,
    expect_received,
    expect_work,
    failed_at,
    gather,
    inside,
    jobs,
    last_end,
    left_at,
    many,
    out,
    over,
    patient,
    receive,
)


def expect_error(t: Trace, who: str = "a worker") -> None:
    """Expect that ``E``, which a worker or the source raised, left the call, as soon as all was over."""
    part = f"When {who} raises, the error leaves the block, or `fan_in`."
    seen = f"{t.call.what} {t.call.ending}, where E should leave it"
    t.expect_that("the error", "E" in t.call.errors, seen, part=part)
    part = f"When {who} raises, the error leaves as soon as the cancelled worker calls have cleaned up, and not before."
    t.expect(f"the error left {t.call.what} at", t.call.end, over(t, failed_at(t) or 0.0), part=part)


# -- R4: the end -----------------------------------------------------------------------------------------------------
@check("R4", misconception="receiver-sees-the-end", step="close-to-end")
def test_iteration_ends(play: Play) -> None:
    """After the last result the iteration ends by itself."""
    part = "After the last result the iteration ends by itself. Here it waits for another one, as it does while a sending end is open."
    for workers in (1, 3, 8):
        expect_iteration_ends(out(play, jobs(play, 5), workers=workers).naming(part), 5)
    trial = out(play, [["a", [wait(3), give("A")]]], receive(), receive(), workers=2)
    expect_iteration_ends(trial.naming(part), 1)


EMPTY = "For an empty source the iteration ends at once."


def expect_iteration_ends(t: Trace, number: int) -> None:
    """Expect the end of the iteration after so many pairs, soon after the last piece of work."""
    expect_received(t, number)
    part = "After the last result the iteration ends by itself." if number else EMPTY
    t.expect_that("the end of the iteration", bool(t.notes("end")), "never came", part=part)
    t.expect("the iteration ended at", t.notes("end")[0]["t"], at_most(last_end(t) + 1), part=part)
    part = "When the iteration has ended, the block ends without an error."
    t.expect("the block", t.call.ending, "returned", part=part)


@check("R4", misconception="one-pill-for-all", step="close-to-end")
def test_iteration_ends_for_a_slow_consumer(play: Play) -> None:
    """The iteration ends also if the workers finished long before the consumer came to the last result."""
    for workers, buffer in ((2, 0), (8, 5)):
        t = out(play, jobs(play, 4), each(busy(wait(30))), workers=workers, buffer=buffer)
        cut = [did.cancelled_at for did in t.all("busy") if did.how == "cancelled"]
        part = "When the last worker is done, the body is not cancelled: it goes on until it leaves the block."
        t.expect("the body was cancelled at", cut, [], part=part)
        expect_received(t, 4)
        t.first(t.notes("end"), "the end of the iteration", "never came")  # type: ignore[arg-type]
        part = "When the iteration has ended, the block ends without an error."
        t.expect("the block", t.call.ending, "returned", part=part)


@check("R4", misconception="end-of-work-is-end-of-block", step="close-to-end")
def test_body_goes_on_after_the_end(play: Play) -> None:
    """When the iteration has ended, the body goes on undisturbed until it leaves the block."""
    t = out(play, jobs(play, 4), each(), busy(wait(3)), workers=2)
    expect_received(t, 4)
    t.expect("what the body did after the iteration", t.one("busy").ending, "returned")
    part = "When the iteration has ended and the body leaves the block, the block ends at once."
    t.expect("the block ended at", t.call.end, about(left_at(t)), part=part)


@check("R4", misconception="receiver-sees-the-end", step="close-to-end")
def test_empty_source(play: Play) -> None:
    """For an empty source the iteration ends at once, and `fan_in` returns an empty list."""
    for workers, once in ((1, True), (3, False)):
        expect_iteration_ends(out(play, [], workers=workers, once=once).naming(EMPTY), 0)
        t = gather(play, [], workers=workers, once=once).naming("For an empty source `fan_in` returns an empty list.")
        t.expect("the list", t.call.value, [])


@check("R4", misconception="receiver-sees-the-end", step="close-to-end")
def test_fan_in_ends(play: Play) -> None:
    """`fan_in` returns when the last result is there."""
    for workers in (2, 8):
        t = gather(play, jobs(play, 5), workers=workers)
        t.expect("fan_in", t.call.ending, "returned")
        expect_work(t)
        t.expect("fan_in ended at", t.call.end, at_most(last_end(t) + 1))


# -- R5: errors ------------------------------------------------------------------------------------------------------
@check("R5", misconception="failure-is-a-result", step="one-fails-all-end")
def test_worker_raises(play: Play) -> None:
    """When a worker raises, the error leaves the block, or `fan_in`."""
    bad, long = [wait(play.draw(1)[0]), fail("E")], [wait(90)]
    plans = (
        (2, [["a", long], ["b", bad], ["c", long], ["d", long]]),
        (3, [["a", bad], ["b", long]]),
        (1, [["a", [wait(1)]], ["b", bad], ["c", long]]),
        (3, [["a", bad]]),
    )
    trials = [out(play, items, workers=workers) for workers, items in plans]
    trials += [gather(play, items, workers=workers) for workers, items in plans[:3:2]]
    for t in trials:
        t.expect_that("the error", "E" in t.call.errors, f"{t.call.what} {t.call.ending}, where E should leave it")


@check("R5", misconception="errors-wait-their-turn", step="one-fails-all-end")
def test_error_cancels_the_others(play: Play) -> None:
    """When a worker raises, all other worker calls are cancelled at once, and no other begins."""
    items = [["a", [wait(60)]], ["b", [wait(play.draw(1)[0]), fail("E")]], *many(5, wait(60))]
    for call, workers in ((out, 1), (out, 3), (gather, 3)):
        t = call(play, items, workers=workers)
        expect_cut(t, failed_at(t) or 0.0, "When a worker raises,")
        expect_error(t)


@check("R5", misconception="errors-wait-their-turn", step="one-fails-all-end")
def test_error_waits_for_cleanup(play: Play) -> None:
    """When a worker raises, the error leaves only when the cancelled workers have cleaned up."""
    items = [["a", [cleanup(wait(4)), wait(90)]], ["b", [wait(2), fail("E")]], ["c", [wait(1)]]]
    for call in (out, gather):
        t = call(play, items, workers=3)
        expect_error(t)
        part = "When a worker raises, the other worker calls are cancelled at once."
        t.expect("how the work on a ended", [work.how for work in t.all("work", "a")], ["cancelled"], part=part)


@check("R5", misconception="stream-errors-are-mine", step="one-fails-all-end")
def test_any_error_of_a_worker(play: Play) -> None:
    """Whatever `Exception` a worker raises leaves the block, also one that looks like the end of a stream."""
    for call, kind in itertools.product((out, gather), KINDS):
        t = call(play, [["a", [wait(1), give("A")]], ["b", [wait(2), fail("E", kind)]], ["c", [wait(3)]]])
        left = leaves_of("E", kind)[0] in t.call.errors
        part = f"When a worker raises {kind}, that leaves the block, or `fan_in`, like any other error."
        t.expect_that("the error", left, f"{t.call.what} {t.call.ending}, where a worker raised {kind}", part=part)


@check("R5", misconception="source-cannot-fail", step="one-fails-all-end")
def test_source_raises(play: Play) -> None:
    """When the source raises as it is asked for an item, the error leaves the block, or `fan_in`."""
    for call, position in ((out, 0), (out, 2), (out, 3), (gather, 2), (gather, 3)):
        t = call(play, many(3, wait(2)), workers=2, source_fails=[position, "E", "Fault"])
        t.expect_that("the source's error", "E" in t.call.errors, f"{t.call.what} {t.call.ending}")


@check("R5", misconception="source-cannot-fail", step="one-fails-all-end")
def test_source_error_cancels_all(play: Play) -> None:
    """When the source raises, all worker calls are cancelled, and the error leaves when their cleanup has finished."""
    items = [["a", [wait(1)]], ["b", [cleanup(wait(2)), wait(90)]], ["c", [wait(5)]], ["d", [wait(60)]]]
    for call, position, workers in ((out, 2, 2), (out, 4, 2), (gather, 3, 2), (out, 4, 5)):
        t = call(play, items, workers=workers, source_fails=[position, "E", "Fault"])
        expect_cut(t, failed_at(t) or 0.0, "When the source raises,")
        expect_error(t, "the source")


@check("R5", misconception="stream-errors-are-mine", step="one-fails-all-end", core=False)
def test_any_error_of_the_source(play: Play) -> None:
    """Whatever `Exception` the source raises leaves the block, also one that looks like the end of a stream."""
    plans = [*itertools.product((out,), (2, 3), (*KINDS, "IndexError")), *itertools.product((gather,), (2,), KINDS)]
    for call, position, kind in plans:
        t = call(play, many(3, wait(1)), workers=2, source_fails=[position, "E", kind])
        left = leaves_of("E", kind)[0] in t.call.errors
        part = f"When the source raises {kind}, that leaves the block, or `fan_in`, like any other error."
        seen = f"{t.call.what} {t.call.ending}, where the source raised {kind}"
        t.expect_that("the source's error", left, seen, part=part)


#: What the consumer does when an error comes.
SITUATIONS: list[list[Any]] = [
    [busy(hang())],
    [receive(), busy(hang())],
    [receive(), receive(), busy(cleanup(wait(2)), hang())],
    [each(busy(wait(200)))],
    [each(), busy(hang())],
    [patient(400), patient(400), patient(400)],
    [inside(receive(), busy(hang()))],
]


def asks_for_all(consumer: Sequence[Any]) -> bool:
    """Whether the consumer goes through all results; else work may wait for it, and the error may not come."""
    return any(step[0] == "each" for step in consumer)


@check("R5", misconception="loop-sees-the-error", step="one-fails-all-end", core=False)
def test_error_whatever_the_consumer_does(play: Play) -> None:
    """When a worker raises, the error leaves the block at once, also if the consumer is busy or waits forever."""
    items = [["a", [wait(1), give("A")]], ["b", [wait(5), fail("E")]], ["c", [wait(2), give("C")]], *many(9, wait(90))]
    for number, consumer in enumerate(SITUATIONS):
        t = out(play, items, *consumer, workers=3, buffer=number % 3).accepting("deadlock")
        if failed_at(t) is not None or asks_for_all(consumer):
            expect_error(t)


@check("R5", misconception="loop-sees-the-error", step="one-fails-all-end", core=False)
def test_source_error_whatever_the_consumer_does(play: Play) -> None:
    """When the source raises, the error leaves the block at once, also if the consumer is busy or waits forever."""
    for consumer in SITUATIONS[::3]:
        trial = out(play, many(2, wait(3)), *consumer, workers=3, source_fails=[2, "E", "Fault"])
        t = trial.accepting("deadlock")
        if failed_at(t) is not None or asks_for_all(consumer):
            expect_error(t, "the source")


@check("R5", misconception="errors-wait-their-turn", step="one-fails-all-end", core=False)
def test_second_error(play: Play) -> None:
    """When a second worker raises as it is cancelled, the first error still leaves the block."""
    items = [["a", [on_cancel(fail("E2")), wait(90)]], ["b", [wait(2), fail("E")]], ["c", [cleanup(wait(1)), wait(90)]]]
    for call in (out, gather):
        expect_error(call(play, items, workers=3))
