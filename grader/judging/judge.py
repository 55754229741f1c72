"""From a submission to its report: every check of a module on both backends.

`grade` is a pure function of module and bytes; the caller decides where it runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata
from typing import Any, Literal

from grader.checks.collect import BrokenChecks, Check, Kind, checks_of
from grader.checks.rule import CheckFailed, NotRun
from grader.course import BACKENDS, DISTRIBUTION, Module
from grader.course.key import SELF_CHECK_KEY
from grader.course.safe_files import sha256_of
from grader.judging.answers import Late, TimeLimits
from grader.judging.blame import Reference
from grader.judging.canary import Canary
from grader.judging.explaining import Failure, explain
from grader.judging.failure import failure_row
from grader.judging.flags import flags_by_reading
from grader.judging.points import clause_id, gaps, score
from grader.judging.report import UNTRIED, Cause, Report, Row, verdict_of
from grader.judging.run_check import Outcome, run_check
from grader.judging.safe_text import SafeTexts
from grader.judging.session import Forks, Session
from grader.judging.smallest import Played
from grader.judging.steadiness import NOTE, is_unsteady, plan_is_unsteady, tell_unsteady
from grader.judging.submission import FileFault, Submission, examine

Wanted = Literal["report", "verdicts", "failure"]
"""All that a report says; the verdicts of all checks; those up to the first that fails. A proof reads nothing else."""


@dataclass(frozen=True)
class How:
    """How to grade, apart from what.

    Args:
        kind: which checks: ``hidden`` ones count, ``public`` ones are the learner's.
        backends: on which to run them; points need both.
        key: the course's secret; plans are drawn from it, so that the same file always gets the same plans and
            nobody knows them before.
        limits: how long one submission may take.
        only: the ids of the checks to run; all if empty.
        tries: how often a file is graded, at most, that comes late: it gives no answer, and nobody is to blame.
        wanted: what is read of the report.
    """

    kind: Kind = "hidden"
    backends: tuple[str, ...] = BACKENDS
    key: bytes = SELF_CHECK_KEY
    limits: TimeLimits = field(default_factory=TimeLimits)
    only: frozenset[str] = frozenset()
    tries: int = 2
    wanted: Wanted = "report"


def grade(module: Module, data: bytes, *, forks: Forks, how: How | None = None, sha256: str | None = None) -> Report:
    """Judge one submission, again if no answer came and nobody is to blame.

    Args:
        module: what it was written for.
        data: its bytes (at most one more than `grader.judging.submission.MAX_BYTES` are looked at).
        forks: makes the confined children that it runs in.
        how: which checks, backends, limits.
        sha256: of the whole file, if `data` is only its beginning.
    """
    how = how or How()
    start = time.monotonic()
    submission = examine(module, data, sha256)
    builder = ReportBuilder(module, how, forks.level, submission.sha256, start)
    report = _grade_once(builder, submission, forks)
    for _ in range(1, how.tries):
        if report.late:
            report = _grade_once(builder, submission, forks)
    return report


def _grade_once(builder: ReportBuilder, submission: Submission, forks: Forks) -> Report:
    module, how = builder.module, builder.how
    try:
        checks = [check for check in checks_of(module, how.kind) if not how.only or check.id in how.only]
    except BrokenChecks as error:
        return builder.not_run(str(error))
    if how.kind == "hidden" and not how.only and (missing := gaps(module, checks)):
        return builder.not_run(missing)
    if submission.fault:
        return builder.failed_as_a_whole(checks, submission.fault)
    try:
        with Session(module, submission, forks, how.limits) as session, Reference(module, forks) as reference:
            if fault := session.load():
                return builder.failed_as_a_whole(checks, fault)
            pairs = [(check, backend) for check in checks for backend in how.backends]
            canary = Canary(session) if how.kind == "hidden" and how.wanted == "report" else None
            judged = judge_all(pairs, session, how.key, reference, canary, until_failure=how.wanted == "failure")
            if how.wanted != "report":
                return builder.report([row for row, _ in judged])
            cause, rows, unsteady = explain_failures(judged, session, how, {check.id: check for check in checks})
            found = canary.flags() if canary is not None and any(row.verdict == "passed" for row in rows) else []
    except NotRun as error:
        return builder.not_run(str(error), checks, late=isinstance(error, Late))
    except OSError as error:
        return builder.not_run(f"the scene cannot be read or the worker not started: {error}", checks)
    notes = (NOTE,) if unsteady and all(row.verdict == "passed" for row in rows) else ()
    flags = flags_of(submission, how.kind)
    reached = session.reached.flags(flags) if how.kind == "hidden" else ()
    return replace(builder.report(rows), flags=(*flags, *reached, *found), cause=cause, notes=notes)


def judge_all(
    pairs: Sequence[tuple[Check, str]],
    session: Session,
    key: bytes,
    reference: Reference,
    canary: Canary | None,
    *,
    until_failure: bool,
) -> list[tuple[Row, CheckFailed | None]]:
    """The verdicts of checks on backends; after one of them the canary is played.

    All are played on one backend, then on the other: to change the event loop takes as long as a short run.
    """
    moment = canary.moment(len(pairs)) if canary is not None else None
    judged: dict[int, tuple[Row, CheckFailed | None]] = {}
    for number, place in enumerate(sorted(range(len(pairs)), key=lambda place: BACKENDS.index(pairs[place][1]))):
        judged[place] = judge(*pairs[place], session, key, reference)
        if until_failure and judged[place][0].verdict == "failed":
            break
        if canary is not None and number == moment:
            canary.look()
    return [judged[place] for place in sorted(judged)]


def explain_failures(
    judged: Sequence[tuple[Row, CheckFailed | None]], session: Session, how: How, checks: Mapping[str, Check]
) -> tuple[Cause | None, list[Row], bool]:
    """The cause of what failed, the rows with all that is known of them, and whether equal runs of the file differ.

    Args:
        judged: what came of each check.
        session: with the file loaded.
        how: how it was graded.
        checks: id → check.
    """
    failures = [Failure(row, error) for row, error in judged if error is not None]
    again = Again(checks, session, how.key)
    cause, rows = explain([row for row, _ in judged], failures, session.submission.text, again)
    if failures and how.kind == "hidden":
        safe = SafeTexts(session.module, session.submission.text)
        for data in (*(failure.data for failure in failures), *again.traces):
            safe.learn(data)
        cause, rows = safe.cause(cause, rows), [safe.row(row) for row in rows]
    unsteady = session.habits.differs or (
        is_unsteady(failures, again.outcome_of)
        if failures
        else how.kind == "hidden" and plan_is_unsteady(session)  # a self-check is too short for it
    )
    return cause, [tell_unsteady(row) for row in rows] if unsteady else rows, unsteady


def flags_of(submission: Submission, kind: Kind) -> tuple[str, ...]:
    """Why a person should look at a file that counts; a learner's own check has no flags."""
    return tuple(map(str, flags_by_reading(submission.text))) if kind == "hidden" else ()


def judge(
    check: Check, backend: str, session: Session, key: bytes, reference: Reference | None = None
) -> tuple[Row, CheckFailed | None]:
    """The verdict of one check on one backend, and how it failed, if it did so in a run."""
    blank = blank_row(session.module, check, backend)
    if why := session.given_up(backend):
        return replace(blank, verdict="failed", expected=UNTRIED, actual=why), None
    outcome = run_check(check, session, backend, key, reference)
    if outcome.failure is not None:
        return failure_row(blank, outcome.failure), outcome.failure
    if outcome.not_run is not None:
        return replace(blank, message=str(outcome.not_run), late=isinstance(outcome.not_run, Late)), None
    return replace(blank, verdict="passed"), None


class Again:
    """Plays a row's check in one run only.

    Args:
        checks: id → check.
        session: with the file loaded.
        key: the course's.
    """

    def __init__(self, checks: Mapping[str, Check], session: Session, key: bytes) -> None:
        self._checks, self._session, self._key = checks, session, key
        #: of the runs that failed
        self.traces: list[Mapping[str, Any]] = []

    def __call__(self, row: Row, run: Mapping[str, Any], observe: bool) -> Played:  # noqa: FBT001
        """Play it.

        Args:
            row: which check, on which backend.
            run: the run.
            observe: whether to look at it closely.
        """
        outcome = self._play(row, run, observe=observe)
        if outcome.failure is not None:
            self.traces.append(outcome.failure.trace or {})
        # Of a check with several plans nobody knows which of them a run that passes belongs to.
        known = outcome.failure is not None or (outcome.not_run is None and outcome.plans == 1)
        return Played(outcome.failure, outcome.trace.data if outcome.trace is not None and known else None)

    def outcome_of(self, failure: Failure, run: Mapping[str, Any]) -> Outcome:
        """What came of the check of a failure in one run."""
        return self._play(failure.row, run)

    def _play(self, row: Row, run: Mapping[str, Any], *, observe: bool = False) -> Outcome:
        return run_check(self._checks[row.id], self._session, row.backend, self._key, only=run, observe=observe)


def blank_row(module: Module, check: Check, backend: str) -> Row:
    """A row without a verdict yet."""
    return Row(
        id=check.id,
        clause=clause_id(module, check.clause),
        aspect=check.aspect,
        backend=backend,
        verdict="not run",
        message=check.title,
        core=check.core,
        misconception=check.misconception,
        step=check.step,
        wide=check.wide,
    )


@dataclass(frozen=True)
class ReportBuilder:
    """What every report of one submission has in common."""

    module: Module
    how: How
    isolation: str
    sha256: str | None
    start: float

    def report(self, rows: Sequence[Row], *, reason: str | None = None, late: bool = False) -> Report:
        """The report over some rows; without rows everything is blank."""
        clauses, aspects, scored = score(self.module, list(rows))
        points = [clause.points for clause in clauses.values()]
        verdict = verdict_of(scored) or "not run"
        if verdict == "not run" and reason is None:
            reason = next(row.message for row in scored if row.verdict == "not run")
        return Report(
            module=self.module.slug,
            verdict=verdict,
            core=verdict_of([row for row in scored if row.core]),
            points=None if None in points else sum(point or 0 for point in points),
            max_points=self.module.max_points,
            clauses=clauses,
            aspects=aspects,
            isolation=self.isolation,
            checks=tuple(scored),
            grader=stamp(self.module, self.how.kind),
            sha256=self.sha256,
            seconds=round(time.monotonic() - self.start, 3),
            reason=reason,
            late=late or any(row.late for row in scored),
        )

    def not_run(self, reason: str, checks: Sequence[Check] = (), *, late: bool = False) -> Report:
        """The report of a submission that could not be checked."""
        return self.report(self._rows(checks, lambda row: replace(row, message=reason)), reason=reason, late=late)

    def failed_as_a_whole(self, checks: Sequence[Check], fault: FileFault) -> Report:
        """The report of a file that is wrong before any check looks at it."""

        def fail(row: Row) -> Row:
            return replace(row, verdict="failed", message=fault.text, misconception=None, detail=fault.detail or None)

        cause = Cause(f"file: {fault.kind}", fault.text, fault.line, said=fault.detail or None)
        return replace(self.report(self._rows(checks, fail), reason=fault.text), cause=cause)

    def _rows(self, checks: Sequence[Check], change: Callable[[Row], Row]) -> list[Row]:
        return [change(blank_row(self.module, check, backend)) for check in checks for backend in self.how.backends]


def report_without_file(module: Module, reason: str, isolation: str, how: How | None = None) -> Report:
    """The report of a submission without a file: failed, with the reason in plain words.

    Args:
        module: what should have been handed in.
        reason: one sentence.
        isolation: the level that the others are graded at.
        how: as for `grade`.
    """
    builder = ReportBuilder(module, how or How(), isolation, None, time.monotonic())
    try:
        checks = checks_of(module, builder.how.kind)
    except BrokenChecks as error:
        return builder.not_run(str(error))
    return builder.failed_as_a_whole(checks, FileFault("missing file", reason))


def blank_report(slug: str, reason: str, isolation: str, sha256: str | None = None) -> Report:
    """The report of a submission whose module cannot be used: not run, with nothing to score it by."""
    return Report(slug, "not run", None, None, 0, isolation=isolation, sha256=sha256, reason=reason)


def stamp(module: Module, kind: Kind = "hidden") -> dict[str, str | None]:
    """The versions and hashes that a verdict depends on, beside the submission."""
    checks = module.hidden_files if kind == "hidden" else [module.public_checks]
    return {
        "version": version_of(DISTRIBUTION),
        "anyio": version_of("anyio"),
        "trio": version_of("trio"),
        "checks": sha256_of(*checks),
        "scene": sha256_of(module.scene),
        "module.toml": sha256_of(module.toml),
    }


@cache
def version_of(distribution: str) -> str | None:
    """The installed version of a package; None if it is not installed as one."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
