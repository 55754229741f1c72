"""What a search plays: runs, all of them known at once or, for a sweep, once its undisturbed run has been played.

A run is plain data: ``seed`` and ``order`` choose among ready tasks, ``cancel`` names an actor and the number of its step after
which it is cancelled, ``fault`` names a fake and the number of its call that raises.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from grader.checks.play import Covered
from grader.checks.rule import NotRun
from grader.judging.sweep_proof import (
    AGAIN,
    check_undisturbed,
    equal_runs_differ,
    fake_calls,
    is_as_due,
    is_disturbed,
)

T = TypeVar("T")
Traces = Generator[dict[str, Any], None, None]

#: How many moves out of order a search through deviations goes.
DEEPEST = 2

#: At most this many moments are tried if a search names no limit.
LIMIT = 200

#: The number of a step that never comes: the run is not disturbed, and the actor's steps are counted.
COUNTED = -1


def plain_run(
    seed: int = 0,
    order: str = "fifo",
    *,
    cancel: Mapping[str, Any] | None = None,
    fault: Mapping[str, Any] | None = None,
    choices: Sequence[Sequence[int]] | None = None,
) -> dict[str, Any]:
    """One run as plain data."""
    plain = {"seed": seed, "order": order, "cancel": cancel, "fault": fault}
    return plain if choices is None else {**plain, "choices": [list(choice) for choice in choices]}


def first_runs(search: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The runs of a search that are known beforehand: all of them, or the undisturbed one of a sweep.

    Args:
        search: of kind ``once``, ``orders``, ``one``, ``cancel`` or ``faults``.
    """
    match search["kind"]:
        case "orders":
            return [plain_run(each["seed"], each["order"]) for each in search["runs"]]
        case "one":
            known = {name: search.get(name) for name in ("cancel", "fault", "choices")}
            return [plain_run(search["seed"], search["order"], **known)]
        case "cancel" | "faults":
            return [plain_run(cancel={"who": search["who"], "after": COUNTED})]
    return [plain_run()]


def runs_of_sweep(first: Mapping[str, Any], search: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The runs of a sweep after its undisturbed one: cancelled after each step, or failing at each call.

    Args:
        first: the trace of the undisturbed run.
        search: of kind ``cancel`` or ``faults``.
    """
    if first["end"]["kind"] != "done":
        return []
    who, limit = search["who"], search.get("limit", LIMIT)
    if search["kind"] == "cancel":
        steps = range(1, int(first.get("sweep_steps", 0)) + 1)
        return [plain_run(cancel={"who": who, "after": step}) for step in spread_evenly(steps, limit)]
    calls = range(1, len(fake_calls(first, who)) + 1)
    return [plain_run(fault={"who": who, "call": call}) for call in spread_evenly(calls, limit)]


@dataclass
class Habits:
    """What is known of a file beforehand, from its sweeps so far.

    Args:
        differs: whether its equal runs differ by themselves, as with `random` or the wall clock.
    """

    differs: bool = False


def play_search(
    search: Mapping[str, Any], play_runs: Callable[[list[dict[str, Any]]], Traces], habits: Habits | None = None
) -> Traces:
    """Play a search with something that plays runs; closing it early closes that too.

    Args:
        search: as for `first_runs`.
        play_runs: yields one trace for each run that it is given.
        habits: what is known of the file; a sweep may add to it.

    Raises:
        NotRun: a run of a sweep is not what it should be.
    """
    if search["kind"] == "deviations":
        yield from _play_deviations(search["covered"], play_runs)
        return
    if search["kind"] not in ("cancel", "faults"):
        yield from play_runs(first_runs(search))
        return
    with contextlib.closing(play_runs(first_runs(search))) as traces:
        first = next(traces, None)
        if first is None:
            return
        if first["end"]["kind"] == "done":
            check_undisturbed(first, search["who"])
        yield first
        yield from traces
    yield from _play_sweep(first, runs_of_sweep(first, search), play_runs, habits or Habits())


def _play_deviations(covered: Covered, play_runs: Callable[[list[dict[str, Any]]], Traces]) -> Traces:
    """Play the plan in order, then with one choice out of order, then with two, as long as they are not too many."""
    runs = [plain_run(choices=[])]
    for deviations in range(DEEPEST + 1):
        if covered.runs + len(runs) > covered.most:
            covered.left = len(runs)
            return
        following: list[dict[str, Any]] = []
        with contextlib.closing(play_runs(runs)) as traces:
            for run, trace in zip(runs, traces, strict=False):
                covered.runs += 1
                following += [plain_run(choices=choices) for choices in _one_more(run["choices"], trace)]
                yield trace
        covered.within = deviations
        if not following:
            covered.exhausted = True
            return
        runs = following


def _one_more(choices: Sequence[Sequence[int]], trace: Mapping[str, Any]) -> Iterator[list[list[int]]]:
    """The choices of a run with one more behind them, in each way that the run offered."""
    first = choices[-1][0] + 1 if choices else 0
    for number, ready in list(enumerate(trace.get("offered", ())))[first:]:
        for which in range(1, ready):
            yield [*map(list, choices), [number, which]]


def _play_sweep(
    first: dict[str, Any],
    runs: list[dict[str, Any]],
    play_runs: Callable[[list[dict[str, Any]]], Traces],
    habits: Habits,
) -> Traces:
    """Play the runs of a sweep after its undisturbed one, and see that each is disturbed as it should be."""
    while runs:
        doubtful = None
        with contextlib.closing(play_runs(runs)) as traces:
            for trace in traces:
                if not has_record(trace) or is_as_due(first, trace):
                    yield trace
                elif not habits.differs:
                    doubtful = {key: trace[key] for key in plain_run()}
                    break
                elif is_disturbed(trace):
                    yield trace
                else:
                    raise NotRun("a run of a sweep was not disturbed")
        if doubtful is None:
            return
        undisturbed = plain_run(cancel=first["cancel"])
        again = [trace for trace in play_runs([undisturbed] * AGAIN + [doubtful] * AGAIN) if has_record(trace)]
        if not equal_runs_differ(first, *([t for t in again if is_run(t, run)] for run in (undisturbed, doubtful))):
            raise NotRun("a run of a sweep does not begin like the undisturbed run, and no two equal runs differ")
        habits.differs = True
        runs = runs[runs.index(doubtful) :]


def is_run(trace: Mapping[str, Any], run: Mapping[str, Any]) -> bool:
    """Whether a trace is that of a run."""
    return all(trace[key] == value for key, value in run.items())


def has_record(trace: Mapping[str, Any]) -> bool:
    """Whether a trace holds more than how its run ended: of a child that died there is no more."""
    return bool(trace["spans"]) or trace["end"]["kind"] not in ("stuck", "exit")


def spread_evenly(items: Sequence[T], limit: int) -> list[T]:
    """All items, or `limit` of them evenly spread, first and last included."""
    if len(items) <= limit:
        return list(items)
    if limit <= 1:
        return list(items[:limit])
    return [items[place] for place in sorted({round(i * (len(items) - 1) / (limit - 1)) for i in range(limit)})]
