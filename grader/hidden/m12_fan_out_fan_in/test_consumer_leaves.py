"""Hidden checks of m12: the consumer leaves."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, at_most, check, cleanup, give, leaves_of, on_cancel, wait

from .plans import (
    KINDS,
    WORK,
    busy,
    close,
    each,
    expect_all_ended,
    expect_cut,
    expect_received,
    first,
    inside,
    left_at,
    many,
    out,
    over,
    receive,
)


def expect_left_quietly(t: Trace) -> None:
    """Expect that the workers were cancelled when the body was left, and that the block ended then, without an error."""
    part = "When the consumer leaves the block early, the block ends without an error."
    if "BrokenResourceError" in t.call.errors:
        part = f"{part} Worker calls that are not cancelled then send into a stream that is closed."
    t.expect("the block", t.call.ending, "returned", part=part)
    expect_cut(t, left_at(t), "When the consumer leaves the block early,")
    part = "When the consumer has left, the block ends as soon as the cancelled worker calls have cleaned up."
    t.expect("the block ended at", t.call.end, over(t, left_at(t)), part=part)


# -- R6: the consumer leaves -----------------------------------------------------------------------------------------
@check("R6", misconception="break-stops-the-workers", step="leave-early")
def test_break(play: Play) -> None:
    """When the consumer breaks out of the loop, workers are cancelled at once, and the block ends without an error."""
    for workers, number in ((1, 1), (2, 2), (4, 1)):
        t = out(play, WORK, first(number), workers=workers)
        expect_received(t, number)
        expect_left_quietly(t)


@check("R6", misconception="break-stops-the-workers", step="leave-early")
def test_leave_with_results_that_wait(play: Play) -> None:
    """When the consumer leaves while results wait for it, the block ends without an error, and nothing is left."""
    for number, buffer in ((0, 0), (0, 2), (2, 0)):
        consumer = [first(number, busy(wait(7)))] if number else [busy(wait(7))]
        t = play(items=many(12, wait(1)), consumer=consumer, workers=3, buffer=buffer)
        expect_received(t, number)
        expect_left_quietly(t)
    expect_left_quietly(play(items=many(12, wait(1)), consumer=[], workers=3, buffer=0))


@check("R6", misconception="streams-close-themselves", step="leave-early")
def test_nothing_is_left_open(play: Play) -> None:
    """When the consumer leaves early, no stream is left open, and no worker call goes on."""
    for consumer, number in (([first(1)], 1), ([busy(wait(7))], 0), ([receive(), busy(wait(7))], 1)):
        t = out(play, WORK, *consumer, workers=3)
        expect_received(t, number)
        expect_all_ended(t, "When the consumer has left the block early,")


@check("R6", misconception="leave-and-forget", step="leave-early")
def test_result_after_leaving(play: Play) -> None:
    """A worker that returns a result although it is cancelled causes no error: the block ends as if it had not."""
    first_one = ["a", [wait(1), give("A")]]
    items = [first_one, ["b", [on_cancel(wait(2), give("B")), wait(90)]], ["c", [cleanup(wait(1)), wait(30)]]]
    for buffer in (0, 3):
        t = out(play, items, first(1), workers=3, buffer=buffer)
        expect_received(t, 1)
        expect_left_quietly(t)


@check("R6", misconception="broken-is-an-error", step="leave-early")
def test_break_in_any_order(play: Play) -> None:
    """Breaking out of the loop at the very moment at which other workers finish adds no error."""
    for t in out(play, many(8, wait(1)), first(2), workers=3).orders(8):
        expect_received(t, 2)
        expect_left_quietly(t)


@check("R6", misconception="block-hides-errors", step="leave-early", core=False, wide=True)
def test_error_of_the_consumer(play: Play) -> None:
    """An error of the consumer's own leaves the block and is the only one; the workers are cancelled."""
    before: list[list[Any]] = [[first(1)], [receive(), busy(wait(4))], []]
    for number, kind in enumerate(("Fault", *KINDS)):
        t = out(play, WORK, *before[number % 3], ["fail", "E", kind], workers=3)
        expect_received(t, len(before[number % 3][:1]))
        inside = set(leaves_of("E", kind)) - {"E"}
        part = "An error that the body of the block raises leaves the block, and no other error does."
        happened = f"the body raised {'E' if kind == 'Fault' else kind}"
        if inside:  # a group; who takes the errors out of it does no harm
            left = {error.kind for error in t.call.errors}
            t.expect("classes of the errors that left the block", left, inside, happened=happened, part=part)
        else:
            t.expect("errors that left the block", t.call.errors, ["E"], happened=happened, part=part)
        expect_cut(t, left_at(t), "When the body raises,")
        part = "The error of the body leaves the block as soon as the cancelled worker calls have cleaned up."
        t.expect("the block ended at", t.call.end, over(t, left_at(t)), part=part)
        expect_all_ended(t)


@check("R6", misconception="leave-and-forget", step="leave-early", core=False, wide=True)
def test_error_of_the_consumer_in_any_order(play: Play) -> None:
    """An error that the body raises at the very moment at which workers finish is the only one that leaves the block."""
    for t in out(play, many(8, wait(1)), first(2), ["fail", "E"], workers=3).orders(8):
        expect_received(t, 2)
        t.expect("errors that left the block", t.call.errors, ["E"])


@check("R6", misconception="leave-and-forget", step="leave-early", core=False)
def test_cancelled_consumer(play: Play) -> None:
    """A consumer that is cancelled leaves no worker and no stream behind, and no error is added."""
    items = [["a", [wait(1), give("A")]], ["b", [cleanup(wait(1)), wait(2)]], ["c", [wait(3)]]]
    for consumer in ([receive(), busy(wait(9))], [first(1)]):
        for t in out(play, items, *consumer, workers=2).cancelled("caller", limit=7):
            if not t.notes("cancel"):
                expect_received(t, 1)
            t.expect_that("when the consumer was cancelled", t.call.how != "raised", f"the block {t.call.ending}")
            expect_all_ended(t)


@check("R6", misconception="broken-is-an-error", step="body-stops-receiving", core=False)
def test_stream_closed(play: Play) -> None:
    """A consumer may close the stream and stay in the block: the block ends without an error, and nothing is left."""
    for before, workers, buffer in (([], 1, 0), ([receive()], 3, 0), ([receive(), busy(wait(2.5))], 3, 2)):
        t = out(play, WORK, *before, close(), busy(wait(4)), workers=workers, buffer=buffer)
        expect_received(t, len(before[:1]))
        t.expect("the block", t.call.ending, "returned")
        for work in t.all("work", "b"):
            t.expect("the work on b was cancelled at", work.cancelled_at, at_most(left_at(t) + 0.05))
        expect_all_ended(t)


@check("R6", misconception="end-of-work-is-end-of-block", step="body-stops-receiving", core=False)
def test_body_goes_on_after_closing(play: Play) -> None:
    """A consumer that has closed the stream goes on undisturbed until it leaves the block: only workers are cancelled."""
    for before in ([], [receive()]):
        t = out(play, WORK, *before, close(), busy(wait(4)), workers=3)
        expect_received(t, len(before))
        t.expect("what the body did after closing", t.one("busy").ending, "returned")


@check("R6", misconception="broken-is-an-error", step="body-stops-receiving", core=False)
def test_stream_closed_by_its_own_block(play: Play) -> None:
    """A consumer may go through the results inside `async with` of the stream, and break: that adds no error."""
    plans: list[tuple[int, list[Any]]] = [
        (1, [inside(first(1)), busy(wait(5))]),
        (2, [inside(first(2))]),
        (2, [inside(receive(), receive())]),
        (0, [inside()]),
    ]
    for number, consumer in plans:
        t = out(play, WORK, *consumer, workers=3)
        expect_received(t, number)
        t.expect("the block", t.call.ending, "returned")
        expect_all_ended(t)
    t = out(play, many(4, wait(1)), inside(each()), busy(wait(1)), workers=2)
    expect_received(t, 4)
    t.expect("the block", t.call.ending, "returned")


@check("R6", misconception="broken-is-an-error", step="body-stops-receiving", core=False)
def test_result_after_closing(play: Play) -> None:
    """A worker that finishes after the consumer has closed the stream causes no error."""
    first_two = [["a", [wait(1), give("A")]], ["b", [cleanup(wait(1)), wait(2)]]]
    items = [*first_two, ["c", [on_cancel(wait(1), give("C")), wait(60)]]]
    for buffer, staying in ((0, []), (0, [busy(wait(5))]), (3, [busy(wait(5))])):
        t = out(play, [*items, *many(6, wait(1))], receive(), close(), *staying, workers=3, buffer=buffer)
        expect_received(t, 1)
        t.expect("the block", t.call.ending, "returned")
        expect_all_ended(t)


@check("R6", misconception="broken-is-an-error", step="body-stops-receiving", core=False)
def test_closed_in_any_order(play: Play) -> None:
    """Closing the stream at the very moment at which workers finish adds no error."""
    for t in out(play, many(8, wait(1)), receive(), close(), busy(wait(2)), workers=3).orders(8):
        expect_received(t, 1)
        t.expect("the block", t.call.ending, "returned")
        expect_all_ended(t)
