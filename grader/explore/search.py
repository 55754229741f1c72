"""What is played of a test, and the smallest run of those in which it fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from grader.explore.engine import RunOutcome, Search
from grader.explore.lines import Line
from grader.explore.run_word import ExploredRun
from grader.worker.loops.shrink import Choices, fewer_choices, order_in_words

T = TypeVar("T")

ORDERS = 40
#: How many moments of a block, or calls, are tried in order, and in each further order.
MOST_MOMENTS, MOMENTS_IN_AN_ORDER = 200, 10
#: How many runs, and seconds, are spent at most on making a failing run smaller.
MOST_REPLAYS, MOST_SECONDS = 200, 2.0
#: What ends a run so late that it is played no more than needed.
SLOW = frozenset({"stuck", "runaway"})


@dataclass
class FoundFailure:
    """A run in which the test fails.

    Args:
        run: the smallest one found.
        outcome: what became of it.
        played: how many runs it took to find the first one that fails.
        again: whether the same run failed again.
        order: which order it takes, in one sentence.
        differs: where a run that passes goes another way.
    """

    run: ExploredRun
    outcome: RunOutcome
    played: int
    again: bool = True
    order: str = ""
    differs: str = ""


@dataclass
class BackendResult:
    """What became of a test on one backend.

    Args:
        runs: how many were played.
        orders: how many orders; 1 if nothing was ever to choose.
        found: a run that fails.
        skipped: the outcome of a test that skipped itself.
    """

    runs: int = 0
    orders: int = 1
    found: FoundFailure | None = None
    skipped: RunOutcome | None = None


def search(backend: str, orders: int) -> Search[BackendResult]:
    """Play a test on one backend: in order, then in sampled orders; in each, blocks cancelled and calls failing.

    Args:
        backend: ``asyncio`` or ``trio``.
        orders: how many sampled orders.
    """
    result = BackendResult()
    choices = 0
    for seed in range(orders + 1):
        if seed and not choices:
            break
        result.orders = seed + 1
        undisturbed = ExploredRun(backend, seed)
        first = yield undisturbed, False
        result.runs += 1
        choices = max(choices, first.choices)
        if first.kind == "skipped":
            result.skipped = first
            return result
        if first.failed:
            result.found = yield from _look_at(FoundFailure(undisturbed, first, result.runs))
            return result
        for run in _disturbances(undisturbed, first):
            outcome = yield run, False
            result.runs += 1
            choices = max(choices, outcome.choices)
            if outcome.failed:
                result.found = yield from _look_at(FoundFailure(run, outcome, result.runs))
                return result
    return result


def replay(run: ExploredRun) -> Search[BackendResult]:
    """Play one run, closely."""
    outcome = yield run, True
    result = BackendResult(runs=1)
    if outcome.kind == "skipped":
        result.skipped = outcome
    elif outcome.failed:
        result.found = FoundFailure(run, outcome, 1, order=_order(run, outcome))
    return result


def look(run: ExploredRun) -> Search[RunOutcome]:
    """Play one run closely, for what is seen in it."""
    outcome = yield run, True
    return outcome


def _disturbances(run: ExploredRun, first: RunOutcome) -> Iterator[ExploredRun]:
    """The runs of an order after its undisturbed one.

    Args:
        run: the undisturbed one.
        first: what became of it.
    """
    limit = MOST_MOMENTS if run.in_order else MOMENTS_IN_AN_ORDER
    for number, steps in enumerate(first.blocks, 1):
        for step in _spread(range(1, steps + 1), limit, run.seed):
            yield replace(run, cancel=(number, step))
    for call in _spread(range(1, first.calls + 1), limit, run.seed):
        yield replace(run, fails=call)


def _spread(numbers: Sequence[int], limit: int, turn: int) -> list[int]:
    """All numbers, or a part of them evenly spread; other ones in another turn."""
    if len(numbers) <= limit:
        return list(numbers)
    return sorted({numbers[(int(i * len(numbers) / limit) + turn) % len(numbers)] for i in range(limit)})


# -- the smallest ------------------------------------------------------------------------------------------------------
def _look_at(found: FoundFailure) -> Search[FoundFailure]:
    """Make a failing run smaller, play it closely, and see what a run that passes does."""
    if found.outcome.kind in SLOW:
        return replace(found, order=_order(found.run, found.outcome))
    smaller = yield from _smaller(found)
    outcome = yield smaller, True
    if not outcome.failed:  # not the same twice: what was seen first counts
        return replace(found, again=False)
    found = replace(found, run=smaller, outcome=outcome, order=_order(smaller, outcome))
    if smaller.in_order:
        return found
    passing = yield ExploredRun(smaller.backend, cancel=smaller.cancel, fails=smaller.fails), True
    return found if passing.failed else replace(found, differs=_difference(outcome.steps, passing.steps))


def _smaller(found: FoundFailure) -> Search[ExploredRun]:
    """The smallest run found that fails in the same way: in order if possible, then the earliest moment."""
    until = time.monotonic() + MOST_SECONDS
    replays = 0

    def is_spent() -> bool:
        return replays >= MOST_REPLAYS or time.monotonic() > until

    def fails(run: ExploredRun) -> Search[bool]:
        nonlocal replays
        replays += 1
        outcome = yield run, False
        return outcome.failed and outcome.resembles(found.outcome)

    best = found.run
    if not best.in_order:
        chosen = replace(best, seed=0, choices=found.outcome.taken)
        if (yield from fails(replace(best, seed=0, choices=None))):
            best = replace(best, seed=0, choices=None)
        elif chosen.choices and (yield from fails(chosen)):
            best = yield from _fewest(chosen, fails, is_spent)
    for earlier in _earlier(best):
        if is_spent():
            break
        if (yield from fails(earlier)):
            return earlier
    return best


def _fewest(
    run: ExploredRun, fails: Callable[[ExploredRun], Search[bool]], is_spent: Callable[[], bool]
) -> Search[ExploredRun]:
    """The same run with the fewest choices found that still fail."""

    def with_choices(choices: Choices) -> ExploredRun:
        return replace(run, choices=tuple((number, which) for number, which in choices))

    trials = fewer_choices(run.choices or (), is_spent)
    try:
        trial = next(trials)
        while True:
            trial = trials.send((yield from fails(with_choices(trial))))
    except StopIteration as done:
        return with_choices(done.value)


def _earlier(run: ExploredRun) -> Iterator[ExploredRun]:
    """The same run, disturbed earlier."""
    if run.cancel is not None:
        block, step = run.cancel
        for each in range(1, step):
            yield replace(run, cancel=(block, each))
    elif run.fails is not None:
        for each in range(1, run.fails):
            yield replace(run, fails=each)


def _order(run: ExploredRun, outcome: RunOutcome) -> str:
    """Which order a run takes to fail; nothing of one that is named by its seed."""
    if run.seed:
        return ""
    return order_in_words(len(run.choices or ()), [(who, due, when) for _, who, due, when in outcome.ran])


Steps = Sequence[tuple[str, Line | None]]


def _difference(failing: Steps, passing: Steps) -> str:
    """The first step at which two runs go different ways."""
    for number, (one, other) in enumerate(zip(failing, passing, strict=False), 1):
        if one != other:
            return f"differs from a run that passes at step {number}: {_step(one)} instead of {_step(other)}"
    return ""


def _step(step: tuple[str, Line | None]) -> str:
    name, line = step
    return f"`{name}` begins" if line is None else f"`{name}` goes on from {line}"
