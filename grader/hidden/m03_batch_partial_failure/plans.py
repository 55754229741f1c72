"""What the hidden checks of m03 share: plans, and what is read from a trace."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from grader import Play, Trace, Trial, at_least, verb

START = 7.3
AFTER = "s after the call"
NEVER = float("inf")
tries = verb("tries")


def batch(play: Play, jobs: dict[str, Any], **plan: Any) -> Trial:
    """A batch of these items, called at `START`; ten slots if the plan does not say otherwise."""
    return play(**{"start": START, "limit": 10, "jobs": jobs, **plan})


def after(moment: float | None) -> float | str:
    """Seconds after the call, as feedback has them."""
    return "never" if moment is None else moment - START


def settled(t: Trace, what: str, who: str = "caller") -> dict[Any, Any]:
    """What the result holds under `succeeded` or `failed`, by index."""
    call = t.first([call for call in t.calls("run_batch") if call.who == who], "the call", "was never made")
    t.expect_that("the result", call.value is not None, "run_batch returned None")
    pairs = t.first(t.notes(what, who), what, "is not there")["value"]
    t.expect_that("the result", isinstance(pairs, list), str(pairs))
    pairs.sort(key=lambda pair: pair[0] if type(pair[0]) is int else -1)
    return {key if type(key) is int else repr(key): value for key, value in pairs}


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
            t.expect(
                f"workers running {middle - START:.2f} s after the call, while {waiting[0]} waits to run",
                running,
                at_least(limit),
            )
