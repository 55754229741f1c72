"""Whether equal runs of a file differ by themselves: a run is played twice, and the two are compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from grader.checks.play import order_of
from grader.checks.rule import NotRun
from grader.checks.trace import Trace
from grader.judging.canary import without_search
from grader.judging.explaining import Failure
from grader.judging.failure import plain_run_of
from grader.judging.report import Row
from grader.judging.run_check import Outcome
from grader.judging.searches import has_record, plain_run
from grader.judging.session import Session
from grader.judging.sweep_proof import begin_alike

LOOKED_AT = 2
"""How many failures are played again: a file that draws a number does so in most of its runs."""
UNSTEADY = "equal runs of the file differ by themselves, as with `random`, `id()` or the wall clock"

NOTE = f"{UNSTEADY[0].upper()}{UNSTEADY[1:]}: nothing failed, but the next check of it may see other runs."
"""What is said of a file that passes."""
SEED = 1
"""Of the order in which a plan is played twice: any but the plain one, in which less depends on chance."""

TWICE = 2

PlayOnce = Callable[[Failure, Mapping[str, Any]], Outcome]


def is_unsteady(failures: Sequence[Failure], play: PlayOnce) -> bool:
    """Whether a run of a file, played twice, is not the same twice.

    Args:
        failures: of the file.
        play: plays the check of a failure in one run only.
    """
    seen = [failure for failure in failures if failure.data and has_record(failure.data)]
    for failure in seen[:LOOKED_AT]:
        run = plain_run_of(failure.data)
        one = play(failure, run)
        if failure.data["end"]["kind"] == "stuck" and not _differ(_as_it_failed(failure), one):
            continue  # once more takes seconds: nothing but the clock shows that a call blocks
        other = play(failure, run)
        if one.not_run is None and other.not_run is None and _differ(one, other):
            return True
    return False


def _as_it_failed(failure: Failure) -> Outcome:
    return Outcome(failure.error, None, Trace(failure.data))


def _differ(one: Outcome, other: Outcome) -> bool:
    if (one.failure is None) != (other.failure is None):
        return True
    if one.trace is None or other.trace is None or not (has_record(one.trace.data) and has_record(other.trace.data)):
        return False
    return not begin_alike(one.trace.data, other.trace.data, math.inf)


def plan_is_unsteady(session: Session) -> bool:
    """Whether a plan of a file in which nothing failed, played twice, is not the same twice.

    It is one whose order counts, if there is one. It is played on one backend, in the child that there is: a new one would
    cost more than the runs. Whatever goes wrong with it says nothing about the file.
    """
    if not session.requests:
        return False
    request = max(session.requests, key=lambda each: bool(each["search"]["kind"] == "orders"))
    try:
        traces = session.play_runs(without_search(request), [plain_run(**order_of(SEED))] * TWICE)
    except NotRun:
        return False
    if len(traces) < TWICE or not all(map(has_record, traces)):
        return False
    one, other = traces
    return bool(one["steps"] != other["steps"]) or not begin_alike(one, other, math.inf)


def tell_unsteady(row: Row) -> Row:
    """A row that failed in a run, of a file whose equal runs differ: its learner must know that the next run may be another."""
    if row.verdict != "failed" or row.run is None:
        return row
    return replace(row, where=f"{row.where}; {UNSTEADY}" if row.where else UNSTEADY)
