"""The smallest run that shows a failure: a run found by a search, brought back to the order of the queue as far as it still fails."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grader.checks.rule import CheckFailed
from grader.judging.failure import failure_row, plain_run_of
from grader.judging.learner_code import LearnerCode, shorten
from grader.judging.report import Row
from grader.judging.searches import COUNTED, plain_run
from grader.worker.loops.shrink import NO_ORDER, fewest_choices, order_in_words

MOST_REPLAYS, MOST_SECONDS = 60, 0.3
"""A learner waits for this: after this many runs, or seconds, what has been found is shown."""


@dataclass(frozen=True)
class Played:
    """One run of a check, played again.

    Args:
        failure: how it failed; None if it passed, or there is no verdict.
        data: the trace of the same plan as in the failure that is looked for; None if there is none.
    """

    failure: CheckFailed | None
    data: Mapping[str, Any] | None


PlayAgain = Callable[[Row, Mapping[str, Any], bool], Played]
"""Plays a row's check in one run only; the last argument: whether it is looked at closely."""


class Smaller:
    """Looks for the smallest run that fails as one row does.

    Args:
        row: the row.
        again: plays its check again.
    """

    def __init__(self, row: Row, again: PlayAgain) -> None:
        self.row, self.again = row, again
        self.replays = 0
        self._until = time.monotonic() + MOST_SECONDS

    @property
    def spent(self) -> bool:
        """Whether no further run is to be tried."""
        return self.replays >= MOST_REPLAYS or time.monotonic() > self._until

    def fails(self, run: Mapping[str, Any]) -> bool:
        """Whether the check fails in a run, with the same complaint."""
        self.replays += 1
        failure = self.again(self.row, run, False).failure  # noqa: FBT003 - the type names it
        return failure is not None and failure.what == self.row.what

    def run(self, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """The smallest run found; None if the failing one is as small as can be, or nothing smaller fails.

        Args:
            data: the trace of the failing run.
        """
        if data.get("cancel") and data["cancel"]["after"] > 0:
            return self._earlier(data, "cancel", "after")
        if data.get("fault"):
            return self._earlier(data, "fault", "call")
        if data.get("order") == "fifo":
            return None
        if self.fails(plain_run(choices=[])):
            return plain_run(choices=[])
        choices = [list(choice) for choice in data.get("taken", ())]
        if not choices or not self.fails(plain_run(choices=choices)):
            return None
        fewest = fewest_choices(choices, lambda fewer: self.fails(plain_run(choices=fewer)), lambda: self.spent)
        return plain_run(choices=fewest)

    def _earlier(self, data: Mapping[str, Any], kind: str, number: str) -> dict[str, Any] | None:
        """The same interference, as early as it still fails; a search may have left moments out."""
        known = plain_run_of(data)
        best = None
        for place in range(known[kind][number] - 1, 0, -1):
            earlier = {**known, kind: {**known[kind], number: place}}
            if self.spent or not self.fails(earlier):
                break
            best = earlier
        return best


def smallest(row: Row, error: CheckFailed, code: LearnerCode, again: PlayAgain) -> tuple[Row, Mapping[str, Any]]:
    """A failed row with the smallest run that fails, what order it takes, and what a passing run does otherwise.

    Args:
        row: the row.
        error: how its check failed.
        code: the file.
        again: plays the check again.

    Returns:
        The row, and the trace that it is about.
    """
    data = error.trace or {}
    run = Smaller(row, again).run(data)
    played = again(row, run or plain_run_of(data), True)  # noqa: FBT003 - the type names it
    if played.failure is None or played.failure.trace is None:
        return row, data
    if run is not None:
        row = replace(
            failure_row(replace(row, verdict="not run"), played.failure), points=row.points, seed=run["seed"], run=run
        )
        data = played.failure.trace
    passing = _passing_run(run or plain_run_of(data))
    other = again(row, passing, True) if passing is not None else Played(None, None)  # noqa: FBT003 - the type names it
    differs = ""
    if other.failure is None and other.data is not None:
        differs = difference(observed_path(played.failure.trace), observed_path(other.data), code)
    return replace(row, smallest=order_of(run, played.failure.trace) or None, differs=differs or None), data


def _passing_run(run: Mapping[str, Any]) -> dict[str, Any] | None:
    """The run of the same plan that nothing disturbs; None if that is the failing one."""
    if run.get("cancel"):
        return plain_run(cancel={**run["cancel"], "after": COUNTED}) if run["cancel"]["after"] > 0 else None
    if run.get("fault"):
        return plain_run()
    return plain_run(choices=[]) if run.get("choices") or run.get("order") != "fifo" else None


def order_of(run: Mapping[str, Any] | None, data: Mapping[str, Any]) -> str:
    """Which order it takes to fail, in one sentence; empty if nobody looked for one."""
    if run is None or run.get("choices") is None:
        return ""
    if not run["choices"]:
        return NO_ORDER
    ran = [(str(first), str(due), float(when)) for _, first, due, when in data.get("ran", ())]
    return order_in_words(len(run["choices"]), ran)


# -- what differs -------------------------------------------------------------------------------------------------
def observed_path(data: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The way of a run through the file: task and line. Tasks of one name are told apart by which was started first."""
    path = [(str(task), int(line)) for task, line in data.get("probes", {}).get("observed", {}).get("path", ())]
    numbers: dict[str, set[int]] = defaultdict(set)
    for task, _ in path:
        name, _, number = task.rpartition("#")
        numbers[name].add(int(number or 0))
    place = {
        f"{name}#{number}": f"{name}#{index}"
        for name, known in numbers.items()
        for index, number in enumerate(sorted(known))
    }
    return [(place[task], line) for task, line in path]


def difference(failing: Sequence[tuple[str, int]], passing: Sequence[tuple[str, int]], code: LearnerCode) -> str:
    """The first line at which some task of the failing run goes another way than in the passing one, in one sentence."""
    ways: dict[str, list[int]] = defaultdict(list)
    for task, line in passing:
        ways[task].append(line)
    gone: dict[str, list[int]] = defaultdict(list)
    for task, line in failing:
        way, before = ways.get(task, []), gone[task]
        if len(before) < len(way) and way[len(before)] != line:
            goes = f"Line {_quote_line(before[-1], code)} is followed" if before else "It begins"
            how = "by" if before else "with"
            here, passes = _quote_line(line, code), _quote_line(way[len(before)], code)
            return f"{goes} {how} line {here} here, and {how} line {passes} in a run that passes."
        before.append(line)
    for task, way in ways.items():
        if len(gone[task]) < len(way) and gone[task]:
            return f"Line {_quote_line(way[len(gone[task])], code)} is not reached here; in a run that passes it is."
    return ""


def _quote_line(line: int, code: LearnerCode) -> str:
    text = code.line(line)
    return f"{line} (`{shorten(text)}`)" if text else str(line)
