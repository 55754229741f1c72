"""What the hidden checks of m12 share: plans, and what is read from a trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grader import Play, Span, Trace, Trial, about, at_least, cleanup, give, token, verb, wait

each, first, receive, patient = verb("each"), verb("first"), verb("receive"), verb("patient")
busy, close, inside = verb("busy"), verb("close"), verb("inside")
Items = Sequence[Sequence[Any]]
STREAM_ERRORS = ("EndOfStream", "BrokenResourceError", "ClosedResourceError")
#: Kinds of errors that somebody may take for his own.
KINDS = (*STREAM_ERRORS, "WouldBlock", "TimeoutError", "KeyError", "OSError", "ExceptionGroup", "ExceptionGroup of one")


# -- calls -----------------------------------------------------------------------------------------------------------
def out(play: Play, items: Items, *consumer: Any, workers: int = 2, **plan: Any) -> Trial:
    """`fan_out` over the items; the consumer goes through all results if nothing else is said."""
    return play(items=items, consumer=consumer or (each(),), workers=workers, **plan)


def gather(play: Play, items: Items, *, workers: int = 2, **plan: Any) -> Trial:
    """`fan_in` over the items."""
    return play(items=items, workers=workers, function="fan_in", **plan)


def jobs(play: Play, count: int, *, low: float = 1.0) -> list[list[Any]]:
    """Items that take different times, in random order; item ``a`` has the result ``A``."""
    names = play.shuffled([f"{chr(97 + number)}" for number in range(count)])
    return [
        [name, [wait(time), give(name.upper())]] for name, time in zip(names, play.draw(count, low=low), strict=True)
    ]


def many(count: int, *script: Any) -> list[list[Any]]:
    """Items ``i0``, ``i1`` … with the same script, and the results ``I0``, ``I1`` …."""
    return [[f"i{number}", [*script, give(f"I{number}")]] for number in range(count)]


# -- what is read from them ------------------------------------------------------------------------------------------
def received(t: Trace) -> list[Any]:
    """What the consumer received, in that order."""
    return [entry["value"] for entry in t.notes("received")]


def expect_received(t: Trace, number: int) -> None:
    """Expect that the consumer, which asked for so many pairs, received some: else a check of what follows proves nothing."""
    came = [pair for pair in received(t) if isinstance(pair, tuple) and len(pair) == 2]
    done = sum(work.how == "returned" for work in t.all("work"))
    some, part = min(1, number), "A consumer that asks for a result receives one."
    t.expect("how many pairs were received", len(came), at_least(some), part=part)
    t.expect_that("pairs received", done >= some, f"{len(came)}, though the worker finished {done} items", part=part)


def expect_work(t: Trace) -> None:
    """Expect that the worker was called at all: else a check of what follows proves nothing."""
    part = "The worker is called for the items of the source."
    t.expect_that("worker calls", bool(t.all("work")), "there was none", part=part)


def pairs(items: Items) -> list[Any]:
    """What a consumer must receive, in some order: item and result."""
    return [(token(name), token(name.upper())) for name, _ in items]


def in_some_order(values: Sequence[Any]) -> list[Any]:
    """The values in an order of their own."""
    return sorted(values, key=repr)


def cut_short(t: Trace) -> str:
    """What is wrong if the iteration ended while there was still work to do; empty if it did not."""
    ends = [entry["t"] for entry in t.notes("end")]
    early = ends and any(work.how == "cancelled" or (work.end or 0) > ends[0] for work in t.all("work"))
    return "The iteration ends after the last result, not while workers are still working." if early else ""


def too_late(t: Trace) -> str:
    """What is wrong if the first result came only when all the work was done; empty if it came sooner."""
    came = [entry["t"] for entry in t.notes("received")]
    starts = [work.start for work in t.all("work")]
    late = came and starts and max(starts) > min(starts) and all(work.start < came[0] for work in t.all("work"))
    return (
        "The body gets a result while other items are still worked on, not when all the work is done." if late else ""
    )


def expect_results(t: Trace, wanted: Sequence[Any], part: str = "") -> None:
    """Expect that the consumer received these pairs, in whatever order; `part` is the headline if no other one fits."""
    came = received(t)
    if came and not any(isinstance(pair, tuple) for pair in came):
        part = "The body gets pairs, `(item, result)`, and not the results alone."
    t.expect("pairs received", in_some_order(came), in_some_order(wanted), part=cut_short(t) or part)


def left_at(t: Trace) -> float:
    """When the consumer left the block."""
    return float(t.first(t.notes("leaves"), "the end of the body", "never came")["t"])  # type: ignore[arg-type]


def running_at(t: Trace, moment: float) -> list[Span]:
    """The worker calls that went on at that time and could not know that it had come."""
    return [
        work for work in t.all("work") if work.start <= moment + 0.05 and (work.end is None or work.end > moment + 0.05)
    ]


def expect_cut(t: Trace, moment: float, after: str = "") -> None:
    """Expect that the worker calls that went on at that time were cancelled then, and that none was begun later.

    Args:
        t: the run.
        moment: when that was.
        after: what happened then, as the beginning of a sentence, if it is to be the headline.
    """
    part = f"{after} the worker calls that run are cancelled at once." if after else ""
    for work in running_at(t, moment):
        t.expect(f"the work on {work.who} was cancelled at", work.cancelled_at, about(moment), part=part)
    late = [work.who for work in t.all("work") if work.start > moment + 0.1]
    part = f"{after} no other worker call begins." if after else ""
    t.expect("items whose work began later", late, [], part=part)


def over(t: Trace, moment: float) -> Any:
    """When all is over that went on at that time and was cancelled then: worker calls, and what the consumer did."""
    cut = [*running_at(t, moment), *(did for did in t.all("busy") if did.cancelled_at == about(moment))]
    return about(max([moment, *(span.end or 0.0 for span in cut)]))


def failed_at(t: Trace) -> float | None:
    """When a worker or the source first raised; None if none did."""
    moments = [work.end for work in t.all("work") if work.raised is not None and work.end is not None]
    return min([*moments, *(entry["t"] for entry in t.notes("breaks"))], default=None)


def expect_all_ended(t: Trace, when: str = "When the block has ended,") -> None:
    """Expect that no worker and no stream outlives the call, whose end the beginning of a sentence is about."""
    running = [work.who for work in t.all("work") if work.finished is None or work.finished > (t.call.finished or 0)]
    part = f"{when} no worker call still runs."
    t.expect("worker calls that still run after the block", running, [], part=part)
    streams = t.call.left.get("streams", [])
    part = f"{when} no stream is left open."
    t.expect("streams that are still open after the block", streams, [], part=part)


def last_end(t: Trace) -> float:
    """When the last worker call ended."""
    return max((work.end or 0.0 for work in t.all("work")), default=0.0)


WORK = [
    ["a", [wait(1), give("A")]],
    ["b", [cleanup(wait(2)), wait(90)]],
    ["c", [wait(3), give("C")]],
    *many(7, wait(1.7)),
]
