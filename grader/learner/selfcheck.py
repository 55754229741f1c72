"""The learner's own file against the checks that are there: what a terminal and a notebook's card both show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType

from grader.checks.collect import BrokenChecks, Kind, checks_of
from grader.checks.rule import NotRun
from grader.checks.trace import Trace
from grader.course import BACKENDS, Course, CourseError, Module
from grader.course.key import SELF_CHECK_KEY
from grader.display import report_card
from grader.display.trace_text import RunPicture
from grader.judging.judge import How, grade
from grader.judging.pool import fork_server
from grader.judging.report import Report, Row
from grader.judging.run_check import Replay, replay
from grader.judging.session import Forks, Session
from grader.judging.submission import examine, next_step, read
from grader.learner import progress
from grader.lesson.hints import next_hint

NOT_STARTED = "not started"


@dataclass(frozen=True)
class SelfCheck:
    """The result of checking a learner's file.

    Args:
        how: what was run.
        report: what the checks said; None if the file is not started.
        said: one line about the progress file, if it could not be used.
    """

    module: Module
    how: How
    report: Report | None
    said: str = ""

    @property
    def next_step(self) -> str:
        """What to do about a file that is not started."""
        return next_step(self.module)

    @property
    def has_passed(self) -> bool:
        """Whether everything passed."""
        return self.report is not None and self.report.verdict == "passed"

    @property
    def core_passed(self) -> bool:
        """Whether the core passed."""
        return self.report is not None and self.report.core == "passed"


def forks_here() -> Forks:
    """This process's children without walls: a learner's own file on the learner's own machine."""
    return fork_server(None, walls=False)


def self_check(
    module: Module,
    *,
    kind: Kind = "public",
    backends: Sequence[str] = BACKENDS,
    forks: Forks | None = None,
    keep: bool = True,
) -> SelfCheck:
    """Check the learner's file of a module.

    Args:
        kind: ``public`` or ``hidden``.
        forks: gives the children; this process's if not given.
        keep: whether the learner's progress is noted.

    Raises:
        CourseError: the file cannot be read.
    """
    data, sha256 = read(module.stub)
    how = How(kind, tuple(backends))
    fault = examine(module, data).fault
    if fault is not None and fault.kind == NOT_STARTED:
        return SelfCheck(module, how, None)
    report = grade(module, data, forks=forks or forks_here(), how=how, sha256=sha256)
    return SelfCheck(module, how, report, note(module, report, backends, sha256) if keep else "")


def note(module: Module, report: Report, backends: Sequence[str], sha256: str | None) -> str:
    """Note a learner's progress; one line if that was not possible. A run on one backend counts as a beginning, no more."""
    both = set(backends) == set(BACKENDS)
    core, everything = both and report.core == "passed", both and report.verdict == "passed"
    return note_stages(module, core=core, everything=everything, sha256=sha256)


def note_stages(module: Module, *, core: bool, everything: bool, sha256: str | None) -> str:
    """Note what a learner's file, which is begun, has passed; one line if that was not possible.

    Args:
        core: whether it has passed the core checks.
        everything: whether it has passed all checks.
        sha256: of the file: what is written in it later has not passed.
    """
    stages: list[progress.Stage] = ["started"]
    stages += ["core"] if core or everything else []
    stages += ["all"] if everything else []
    return progress.reach(module.root, module.slug, *stages, sha256=sha256)


def core_passed(module: Module) -> tuple[bool, str]:
    """Whether the learner's file passes the core of all checks that are there, and if not, why in a few words.

    Raises:
        CourseError: the file cannot be read.
    """
    kinds: list[Kind] = ["public", *(["hidden"] if module.hidden_checks else [])]  # type: ignore[list-item]
    for kind in kinds:
        checked = self_check(module, kind=kind, keep=kind == "public")
        if checked.report is None:
            return False, "it is not started"
        if not checked.core_passed:
            failed = sum(row.core and row.verdict != "passed" for row in checked.report.checks)
            return False, f"{failed} of its core checks {'does' if failed == 1 else 'do'} not pass yet"
    return True, ""


def first_failure(checked: SelfCheck) -> tuple[Row, Trace | None] | None:
    """The failure to look at first, and the run that shows it; None if there is none, or the file failed as a whole."""
    report = checked.report
    cause = report.cause if report is not None else None
    row = report.row_of(cause) if report is not None and cause is not None else None
    if row is None:
        return None
    seen = failing_run(checked, row)
    return row, seen.trace if seen is not None else None


def card(checked: SelfCheck, first: tuple[Row, Trace | None] | None, *, every: bool = False) -> list[RenderableType]:
    """What a terminal shows of a check: the card, the run that failed, where to go when stuck.

    Args:
        first: of `first_failure`.
        every: whether every check is listed.
    """
    parts: list[RenderableType] = []
    if checked.report is None:
        parts.append(checked.next_step)
    else:
        parts += report_card.card(checked.report, module=checked.module, points=False, texts=True, every=every)
        if first is not None and first[1] is not None:
            parts += ["", RunPicture(first[1])]
    return [*parts, *filter(None, [hint_line(checked), after_pass(checked)])]


def after_pass(checked: SelfCheck) -> str:
    """Where to go when everything passes: the reference to compare with, and the next module; empty before that."""
    module, short = checked.module, checked.module.short
    if not checked.has_passed:
        return ""
    lines = []
    if module.solution.is_file():
        lines.append(f"compare  grader solution {short}  shows a reference, and other right ways")
    if checked.how.kind == "public" and module.hidden_checks:
        lines.append(f"further  grader check --hidden {short}  runs the checks that count")
    slugs = Course(module.root).slugs
    if module.slug in slugs[:-1]:
        lines.append(f"next     {slugs[slugs.index(module.slug) + 1]}")
    return "\n" + "\n".join(lines) if lines else ""


def belief_of(report: Report | None) -> str | None:
    """The id of the misconception that a report's failure is about; None if there is none, or the cause is a slip."""
    cause = report.cause if report is not None else None
    if report is None or cause is None or cause.kind not in ("concept", "deadlock"):
        return None
    return next((row.misconception for row in report.checks if row.id == cause.check), None)


def present_belief(module: Module) -> str | None:
    """What `belief_of` says of the learner's file as it is now; None also if the file is not started, or cannot be read."""
    try:
        return belief_of(self_check(module, keep=False).report)
    except CourseError:
        return None


def hint_line(checked: SelfCheck) -> str:
    """The line about the next hint; empty if there is none, or it is not needed."""
    if (
        checked.has_passed
        or next_hint(checked.module, progress.read(checked.module.root).of(checked.module.slug).hints) is None
    ):
        return ""
    return f"\nstuck?  grader hint {checked.module.short}"


def failing_run(checked: SelfCheck, row: Row) -> Replay | None:
    """Play the run of a failed row again; None if it cannot be played.

    Args:
        checked: where the row comes from.
    """
    module = checked.module
    if row.verdict != "failed" or row.run is None:
        return None
    try:
        check = next(each for each in checks_of(module, checked.how.kind) if each.id == row.id)
        data, sha256 = read(module.stub)
        with Session(module, examine(module, data, sha256), forks_here()) as session:
            if session.load() is not None:
                return None
            return replay(check, session, row.backend, SELF_CHECK_KEY, only=dict(row.run))
    except (CourseError, BrokenChecks, NotRun, StopIteration):
        return None
