"""Why a file fails: one cause for the whole report, found in its failing runs, and the smallest run that shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grader.checks.phrases import ENDS
from grader.checks.rule import CheckFailed
from grader.checks.trace import BLOCKING, WAKE_UPS
from grader.course import BACKENDS
from grader.judging import clues as looking
from grader.judging.learner_code import LearnerCode
from grader.judging.report import Cause, Row
from grader.judging.run_evidence import Clue, FailingRun
from grader.judging.shown_run import shown_run
from grader.judging.smallest import PlayAgain, smallest

LOOKED_AT = 8
"""So many failing checks are played once more and looked at closely: a plain cause is in the first of them."""
NO_LOOP = re.compile(r"event loop|create_future|async context|run\(\) is still running", re.IGNORECASE)
NEVER = re.compile(r"never (?:happened|started)|was never (?:made|reached|started)")
"""What a check sees of something that did not happen at all."""
MOST_LINES = 3
"""At most this many lines in which tasks wait are named."""
BOTH_BACKENDS = "G1"
"""The clause of every module that its file runs unchanged on both backends."""


@dataclass(frozen=True)
class Failure:
    """A check that failed on one backend.

    Args:
        row: its row.
        error: what the check raised.
    """

    row: Row
    error: CheckFailed

    @property
    def key(self) -> tuple[str, str]:
        """Which check it is, on which backend."""
        return self.row.id, self.row.backend

    @property
    def data(self) -> Mapping[str, Any]:
        """The failing run; empty if the check looked at none."""
        return self.error.trace or {}


def in_order(rows: Sequence[Row]) -> list[Row]:
    """The rows that failed, the one to look at first first: core, then stretch, as the checks are written.

    Where all that fails does so on one backend only, that is what is wrong, and what the row of `BOTH_BACKENDS` says. Elsewhere
    a check that fails on both comes before one that fails on one of them only, where an order of events has a part in it. A
    call that blocks the event loop comes first: it is seen with its line, and may be behind all the rest; so may a task that
    looks again and again, and too late, which is seen by its wake-ups. Wide checks come last.
    """
    failed = [row for row in rows if row.verdict == "failed"]
    sides = {row.backend for row in failed}
    one_sided = len(sides) == 1 and any(row.backend not in sides for row in rows)
    passed = {row.id for row in rows if row.verdict == "passed"}

    def rank(row: Row) -> tuple[bool, ...]:
        by_backend = not one_sided and row.id in passed
        return (
            row.untried,
            row.what != BLOCKING,
            not (row.what or "").startswith(WAKE_UPS),
            not row.core,
            row.wide,
            by_backend,
            not (one_sided and row.clause_name == BOTH_BACKENDS),
        )

    return sorted(failed, key=rank)


def explain(
    rows: Sequence[Row], failures: Sequence[Failure], text: str, again: PlayAgain
) -> tuple[Cause | None, list[Row]]:
    """The cause of a report's failures, None if nothing failed; and the rows, one of them with the smallest run that shows it.

    Args:
        rows: of the report.
        failures: those of the rows that failed in a run.
        text: of the file.
        again: plays a run once more.
    """
    code = LearnerCode(text)
    cause = find_cause(rows, failures, code, again)
    shows = cause and next((each for each in failures if each.key == (cause.check, cause.backend)), None)
    if not shows:
        return cause, list(rows)
    row, data = shows.row, shows.data
    if end_of(shows) != "stuck":  # to see that once more takes seconds
        row, data = smallest(row, shows.error, code, again)
    row = replace(row, shown=shown_run(data) if data else None)
    return cause, [row if (each.id, each.backend) == shows.key else each for each in rows]


def find_cause(rows: Sequence[Row], failures: Sequence[Failure], code: LearnerCode, again: PlayAgain) -> Cause | None:
    """The cause of a report's failures; None if nothing failed. Arguments as for `explain`."""
    order = in_order(rows)
    if not order:
        return None
    known = {failure.key: failure for failure in failures}
    looked_at: list[tuple[Row, list[Clue]]] = []
    ids: set[str] = set()
    for row in order:
        failure = known.get((row.id, row.backend))
        if failure is None or row.id in ids or len(ids) >= LOOKED_AT:
            continue
        ids.add(row.id)
        looked_at.append((row, clues_in(run_of(failure, code, closer(failure, again)))))
    best = min(
        ((clue, place) for place, (_, found) in enumerate(looked_at) for clue in found[:1]),
        key=lambda each: (each[0].rank, each[1]),
        default=None,
    )
    foreign = _one_backend(rows, code) if best is None or needs_a_loop(best[0]) else None
    if foreign is not None:
        return cause_of(foreign, order[0], code, [row.id for row in order])
    if best is None:
        return deadlock(order[0], known, code) or concept(order, code)
    clue, place = best
    same = [row.id for row, found in looked_at if any(same_cause(clue, each) for each in found)]
    same += [failure.row.id for failure in failures if shows(clue, failure, code)]
    if order[0].wide and clue.kind == "exception":  # it takes what the check is about, such as a second call
        clue = replace(clue, text=f"{looked_at[place][0].sentence} {clue.text}")
    return cause_of(clue, looked_at[place][0], code, same)


def closer(failure: Failure, again: PlayAgain) -> CheckFailed | None:
    """The same failure, looked at closely; None if it cannot be had."""
    if failure.row.run is None or end_of(failure) in ("stuck", "exit", None):
        return None
    seen = again(failure.row, failure.row.run, True).failure  # noqa: FBT003 - the type names it
    if seen is None or seen.trace is None or seen.trace["end"]["kind"] != failure.data["end"]["kind"]:
        return None  # not the same run, so it explains nothing
    return seen


def end_of(failure: Failure) -> str | None:
    """How the failing run ended, as a trace has it."""
    end: str | None = failure.data.get("end", {}).get("kind")
    return end


def run_of(failure: Failure, code: LearnerCode, error: CheckFailed | None = None) -> FailingRun:
    """A failure as what clues are looked for in."""
    error = error or failure.error
    return FailingRun(error.trace or {}, code, error.seen, error.wanted, f"{failure.row.what}: {failure.row.actual}")


def clues_in(run: FailingRun) -> list[Clue]:
    """The clues of a run; none if its evidence, which comes from beside the subject, is not as it should be."""
    try:
        return looking.clues(run)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return []


def same_cause(one: Clue, other: Clue) -> bool:
    """Whether two clues say the same."""
    return (one.kind, one.line) == (other.kind, other.line)


def shows(clue: Clue, failure: Failure, code: LearnerCode) -> bool:
    """Whether a failing run that nobody looked at closely shows the same cause."""
    run = run_of(failure, code)
    if any(same_cause(clue, each) for each in clues_in(run)):
        return True
    return clue.kind == "exception" and any(
        each.get("text") == clue.said and each["error"] in clue.text for each in run.errors()
    )


def needs_a_loop(clue: Clue) -> bool:
    """Whether it is an exception about a loop that is not there, as asyncio's functions raise it on trio."""
    return clue.kind == "exception" and bool(NO_LOOP.search(clue.said))


def _one_backend(rows: Sequence[Row], code: LearnerCode) -> Clue | None:
    """The clue for a file that fails on one backend only and uses what is the other one's."""
    if all(code.uses_of(backend) for backend in BACKENDS):
        return None  # it looks which backend it runs on
    failed = {row.backend for row in rows if row.verdict == "failed"}
    passed = {row.backend for row in rows if row.verdict == "passed"}
    for backend in sorted(failed):
        uses = code.uses_of(looking.other_of(backend))
        if uses and (len(failed) == 1 or backend not in passed):
            return looking.foreign_clue(uses[0], backend)
    return None


def cause_of(clue: Clue, row: Row, code: LearnerCode, same: Sequence[str]) -> Cause:
    """A clue as the cause of a report.

    Args:
        clue: the clue.
        row: that shows it.
        code: the file.
        same: ids of checks that fail for the same cause.
    """
    ids = tuple(id_ for id_ in dict.fromkeys(same) if id_ != row.id)
    return Cause(
        clue.kind, clue.text, clue.line, row.clause, code.line(clue.line), clue.said or None, row.id, row.backend, ids
    )


def deadlock(row: Row, known: Mapping[tuple[str, str], Failure], code: LearnerCode) -> Cause | None:
    """The cause of a file whose first failing check ended in a deadlock: its sentence says less than where the tasks wait.

    Where none of them waits in a line of the file, as a consumer whom nobody tells that all is over, the sentence says more;
    so it does where the check accepts a deadlock and says what is missing.
    """
    failure = known.get((row.id, row.backend))
    end = failure.data.get("end", {}) if failure is not None else {}
    reckons = row.part is not None or row.wide  # with a deadlock, and says what should be there in its place
    if end.get("kind") != "deadlock" or not (reckons or row.what == ENDS["deadlock"]):
        return None
    lines = sorted({entry["line"] for entry in end.get("waiting", ()) if type(entry.get("line")) is int})
    if not lines:
        return None
    shown = [str(line) for line in lines[:MOST_LINES]]
    place = f"line{'s' if len(shown) > 1 else ''} {' and '.join(filter(None, [', '.join(shown[:-1]), shown[-1]]))}"
    text = f"Deadlock: every task waits, and nothing is left that could wake one: they wait in {place}"
    if reckons:
        text = f"{row.sentence} Instead there is a deadlock: the tasks wait in {place}"
    line = lines[0] if len(lines) == 1 else None
    same = [each.row.id for each in known.values() if each.data.get("end", {}).get("kind") == "deadlock"]
    ids = tuple(id_ for id_ in dict.fromkeys(same) if id_ != row.id)
    return Cause("deadlock", text, line, row.clause, code.line(line), None, row.id, row.backend, ids)


def concept(order: Sequence[Row], code: LearnerCode) -> Cause:
    """The cause where nothing is plainly wrong: the concept that the first failing check is about."""
    row = order[0]
    same = tuple(
        dict.fromkeys(
            each.id
            for each in order
            if each.id != row.id and row.misconception and each.misconception == row.misconception
        )
    )
    line = line_in(row.actual or "")
    text = row.sentence
    if row.what and row.part is None and NEVER.fullmatch(row.actual or ""):  # the sentence takes it for granted
        text = f"{row.what[:1].upper()}{row.what[1:]} {row.actual}, so this cannot hold: {text}"
    return Cause("concept", text, line, row.clause, code.line(line), None, row.id, row.backend, same)


def line_in(text: str) -> int | None:
    """The only line of the file that a text names; None if it names none, or several."""
    lines = {int(number) for number in re.findall(r"\bline (\d+)", text)}
    return lines.pop() if len(lines) == 1 else None
