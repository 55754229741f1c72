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
from grader.judging.learner_code import LearnerCode, shorten
from grader.judging.report import Cause, Row
from grader.judging.run_evidence import Clue, FailingRun
from grader.judging.seen_words import seen_words
from grader.judging.sentence_first import needs_the_sentence
from grader.judging.shown_run import shown_run
from grader.judging.smallest import PlayAgain, smallest

LOOKED_AT = 8
"""How many failing checks are played once more and looked at closely: a plain cause is in the first of them."""
NO_LOOP = re.compile(r"event loop|create_future|async context|run\(\) is still running", re.IGNORECASE)
NOT_COME_TO = re.compile(
    r"(never (?:happened|started)|was never (?:made|reached|started)|(?:raised|was cancelled|never ended).*(?=, where it should))"
    r"(?:, where it should return)?"
)
"""What a check sees of something that did not happen at all, or of a call that did not return; first what stands in the headline."""
NEVER_ENDED = "never ended"
"""What a check sees of a call that waits when all is over."""
CANCELLATIONS = frozenset({"asyncio.CancelledError", "asyncio.exceptions.CancelledError", "trio.Cancelled"})
"""A backend's own exceptions of a cancellation: what catches one of them catches nothing on the other backend."""
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
    looks again and again, and too late, which is seen by its wake-ups. Wide checks come last, and before them those of what a call
    gives that never ended: checks of the end say more.
    """
    failed = [row for row in rows if row.verdict == "failed"]
    sides = {row.backend for row in first_part(failed)}
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
            (row.actual or "").startswith(NEVER_ENDED) and row.part is None,
            by_backend,
            not (one_sided and row.clause_name == BOTH_BACKENDS),
        )

    return sorted(failed, key=rank)


def without_unwritten(
    order: list[Row], looked_at: list[tuple[Row, list[Clue]]]
) -> tuple[list[Row], list[tuple[Row, list[Clue]]]]:
    """Rows and clues without those about what is not written yet, if anything that is written fails: that is what they work on."""
    unwritten = {row.id for row, found in looked_at if any(clue.kind == "not written" for clue in found)}
    written = [(row, found) for row, found in looked_at if row.id not in unwritten]
    if not written:
        return order, looked_at
    return [row for row in order if row.id not in unwritten], written


def explains(clue: Clue, looked_at: Sequence[tuple[Row, Sequence[Clue]]]) -> bool:
    """Whether a clue is in the first failing run, or in most of them: one of a later check alone is another matter.

    A clock on the wall, a call that blocks the loop, a loop that looks again and again and a shield that a cancellation waits for
    are plainly wrong wherever they are seen, and may be behind all the rest.
    """
    if clue.kind in ("blocked", "wall clock", "spinning", "shielded"):
        return True
    shown = [any(same_cause(clue, each) for each in found) for _, found in looked_at]
    return shown[0] or sum(shown) * 2 > len(shown)


def first_part(failed: Sequence[Row]) -> list[Row]:
    """The rows of the core if one of it failed, else all: whoever works on the core has not written the stretch part yet.

    What is seen by itself, a loop that stops or spins, counts wherever it is.
    """
    core = any(row.core for row in failed)
    return [row for row in failed if row.core or not core or is_seen_by_itself(row)]


def is_seen_by_itself(row: Row) -> bool:
    """Whether it is about a loop that is stopped, or about a task that looks again and again."""
    return row.what == BLOCKING or (row.what or "").startswith(WAKE_UPS)


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
    counts = {row.id for row in first_part(order)}
    everything: list[tuple[Row, list[Clue]]] = []
    ids: set[str] = set()
    for row in order:
        failure = known.get((row.id, row.backend))
        if failure is None or row.id in ids or len(ids) >= LOOKED_AT:
            continue
        ids.add(row.id)
        everything.append((row, clues_in(run_of(failure, code, closer(failure, again)))))
    order, looked_at = without_unwritten(order, [each for each in everything if each[0].id in counts])
    best = min(
        (
            (clue, place)
            for place, (_, found) in enumerate(looked_at)
            for clue in found[:1]
            if explains(clue, looked_at)
        ),
        key=lambda each: (each[0].rank, each[1]),
        default=None,
    )
    foreign = _one_backend(rows, code) if best is None else foreign_loop(best[0], looked_at[best[1]][0], code)
    if foreign is not None:
        return cause_of(foreign, order[0], code, [row.id for row in order])
    if best is None:
        return deadlock(order[0], known, code) or concept(order, code)
    clue, place = best
    same = [row.id for row, found in everything if any(same_cause(clue, each) for each in found)]
    same += [failure.row.id for failure in failures if shows(clue, failure, code)]
    row = looked_at[place][0]
    if needs_the_sentence(clue, row, order[0], rows):
        clue = replace(clue, text=f"{row.sentence} {clue.text}")
    return cause_of(clue, row, code, same)


def closer(failure: Failure, again: PlayAgain) -> CheckFailed | None:
    """The same failure, looked at closely; None if it cannot be had."""
    if failure.row.run is None or end_of(failure) in ("stuck", "exit", None):
        return None
    seen = again(failure.row, failure.row.run, True).failure  # noqa: FBT003 - the type names it
    if seen is None or seen.trace is None:
        return None
    end = seen.trace["end"]["kind"]
    # Once a run of the file has not ended, its runs are cut sooner: too many wake-ups are seen all the same.
    cut = end == "runaway" and (failure.row.what or "").startswith(WAKE_UPS)
    return seen if end == end_of(failure) or cut else None  # else not the same run, so it explains nothing


def end_of(failure: Failure) -> str | None:
    """How the failing run ended, as a trace has it."""
    end: str | None = failure.data.get("end", {}).get("kind")
    return end


def run_of(failure: Failure, code: LearnerCode, error: CheckFailed | None = None) -> FailingRun:
    """A failure as what clues are looked for in."""
    error = error or failure.error
    said = f"{failure.row.what}: {failure.row.actual}"
    return FailingRun(error.trace or {}, code, error.seen, error.wanted, said, failure.row.misconception)


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


def foreign_loop(clue: Clue, row: Row, code: LearnerCode) -> Clue | None:
    """The clue that a file uses the other backend's own library, if an exception says that its loop is not there."""
    if not needs_a_loop(clue) or all(code.uses_of(backend) for backend in BACKENDS):
        return None
    uses = code.uses_of(looking.other_of(row.backend))
    return looking.foreign_clue(uses[0], row.backend) if uses else None


def _one_backend(rows: Sequence[Row], code: LearnerCode) -> Clue | None:
    """The clue for a file that fails on one backend only and uses what is the other one's."""
    if all(code.uses_of(backend) for backend in BACKENDS):
        return None  # it looks which backend it runs on
    failed = {row.backend for row in first_part([row for row in rows if row.verdict == "failed"])}
    passed = {row.backend for row in rows if row.verdict == "passed"}
    for backend in sorted(failed):
        uses = code.uses_of(looking.other_of(backend))
        if uses and (len(failed) == 1 or backend not in passed):
            return looking.foreign_clue(uses[0], backend)
        caught = [use for use in uses if use[1] in CANCELLATIONS]
        if caught and _fails_alone(rows, backend):
            return looking.foreign_clue(caught[0], backend)
    return None


def _fails_alone(rows: Sequence[Row], backend: str) -> bool:
    """Whether some check, of the core if one of it fails, fails on that backend and passes on the other."""
    passed = {row.id for row in rows if row.verdict == "passed" and row.backend != backend}
    failed = first_part([row for row in rows if row.verdict == "failed"])
    return any(row.backend == backend and row.id in passed for row in failed)


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
    """The cause of a file whose first failing check ended in a deadlock: what should be there, and where the tasks wait.

    Where none of them waits in a line of the file, as a consumer whom nobody tells that all is over, the sentence alone says
    more; so it does where the check accepts a deadlock and says what is missing.
    """
    failure = known.get((row.id, row.backend))
    end = failure.data.get("end", {}) if failure is not None else {}
    ended = row.what != ENDS["deadlock"] and not (row.actual or "").startswith(NEVER_ENDED)
    if end.get("kind") != "deadlock" or (ended and row.part is None and not row.wide):
        return None
    lines = sorted({entry["line"] for entry in end.get("waiting", ()) if type(entry.get("line")) is int})
    if not lines:
        return None
    shown = [str(line) for line in lines[:MOST_LINES]]
    place = f"line{'s' if len(shown) > 1 else ''} {' and '.join(filter(None, [', '.join(shown[:-1]), shown[-1]]))}"
    line = lines[0] if len(lines) == 1 else None
    written = f", at `{shorten(code.line(line))}`" if code.line(line) else ""
    text = f"{row.sentence} Instead there is a deadlock: the tasks wait in {place}{written}"
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
    if (
        row.what and row.part is None and (said := NOT_COME_TO.fullmatch(row.actual or ""))
    ):  # the sentence takes it for granted
        what = f"`{row.what}`" if row.what.isidentifier() else f"{row.what[:1].upper()}{row.what[1:]}"
        text = f"{what} {said[1]}, so this cannot hold: {text}"
    elif said_here := seen_words(row):
        text = f"{text} {said_here}"
    return Cause("concept", text, line, row.clause, code.line(line), None, row.id, row.backend, same)


def line_in(text: str) -> int | None:
    """The only line of the file that a text names; None if it names none, or several."""
    lines = {int(number) for number in re.findall(r"\bline (\d+)", text)}
    return lines.pop() if len(lines) == 1 else None
