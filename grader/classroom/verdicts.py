"""Verdicts of a class: made in parallel, kept in ``verdicts/``, looked up when they are written into the book.

A kept report counts as long as file, checks, scene, ``module.toml``, versions and isolation are the same. What could
not be checked is tried again each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from grader.classroom import class_toml, intake
from grader.classroom.settings import Settings
from grader.course import CourseError, Module
from grader.course.key import course_key
from grader.judging.batch import Graded, Shelf, grade_all, is_current
from grader.judging.folder import Folder, FolderEntry
from grader.judging.judge import How, blank_report, stamp
from grader.judging.report import Report
from grader.sandbox import level

NO_WALLS = (
    "this machine offers no walls around submitted code: `grader doctor` says what is missing; "
    "`unsafe_no_sandbox = true` in class.toml grades all the same"
)
META = "checkpoint"
"""Where a scored notebook keeps the report that its scores came from."""


class ScoringRun:
    """The verdicts of one run of scoring: made in parallel, then taken one by one as nbgrader writes them into the book.

    It travels in nbgrader's own settings, as `Autograde.pre_convert_hook`. So what was *not run* is not run twice.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []
        """What the instructor should know about the reports of before."""
        self._made: dict[tuple[str, ...], Report] = {}
        self._ready: set[str] = set()

    def __deepcopy__(self, memo: object) -> ScoringRun:
        return self  # traitlets copies the values of a Config; all steps of a run share this one

    def __call__(self, *, assignment: str, student: str, notebooks: list[str]) -> None:
        """Make the verdicts of a whole assignment, before nbgrader goes through it one by one.

        nbgrader calls it before each submission; the first call does the work. A failure here costs time, nothing else.

        Args:
            assignment: slug.
            student: a pattern; only ``*`` is worth it.
            notebooks: not used.
        """
        del notebooks
        if student != "*" or assignment in self._ready:
            return
        self._ready.add(assignment)
        settings = class_toml.read(Path.cwd())
        module = settings.course.module(assignment)
        due = [entry for entry in collected_entries(settings, module) if is_stale(settings, entry, module)]
        if len(due) > 1:
            list(self.make(settings, due))

    def make(
        self,
        settings: Settings,
        entries: Iterable[FolderEntry],
        *,
        jobs: int | None = None,
        executor: Executor | None = None,
        begun: Callable[[int], None] = lambda _: None,
    ) -> Generator[Graded]:
        """Grade what has no current verdict, in parallel processes; keep every report; give each.

        Args:
            entries: from `grader.classroom.intake.submission`.
            jobs: how many processes.
            executor: where to grade; processes on this machine if None.
            begun: told how many are left to grade.
        """
        best = level()
        found = Folder(list(entries))
        if best == "none" and not settings.unsafe_no_sandbox:
            graded: Iterable[Graded] = [
                Graded(each, blank_report(each.slug, NO_WALLS, best, each.sha256)) for each in found.entries
            ]
        else:
            key = course_key(settings.course.root)
            shelf = Shelf(settings.verdicts_folder, key)

            def begin(count: int) -> None:
                self.notes += shelf.notes()
                begun(count)

            graded = grade_all(
                settings.course,
                found,
                shelf,
                level=best,
                how=How(key=key),
                executor=executor,
                jobs=jobs,
                begun=begin,
            )
        for each in graded:
            self._made[_key(each.entry)] = each.report
            yield each

    def take(self, settings: Settings, entry: FolderEntry) -> Report:
        """The verdict on one submission: one that this run has made, a kept one, or a new one."""
        if (made := self._made.pop(_key(entry), None)) is not None:
            return made
        # Always in a process of its own: one that stays, such as JupyterLab's, would go on with old checks.
        (graded,) = self.make(settings, [entry], jobs=1)
        return self._made.pop(_key(graded.entry))


def _key(entry: FolderEntry) -> tuple[str, ...]:
    return entry.learner, entry.slug, entry.sha256 or entry.missing


def collected_entries(settings: Settings, module: Module) -> list[FolderEntry]:
    """Every collected submission of a module."""
    places = sorted(settings.submitted_folder.glob(f"*/{module.slug}"))
    return [
        intake.submission(place, place.parent.name, module)
        for place in places
        if place.is_dir() and not place.parent.name.startswith(".")
    ]


def expect_collected(settings: Settings, modules: Sequence[Module], learner: str | None) -> None:
    """Expect that something of a learner was collected: a name that is misspelt scores nobody.

    Args:
        modules: for one of which it was.
        learner: who; None for everybody.

    Raises:
        CourseError: nothing was.
    """
    if learner is None or any((settings.submitted_folder / learner / module.slug).is_dir() for module in modules):
        return
    where = f" for {', '.join(module.short for module in modules)}" if len(modules) < len(settings.uses) else ""
    raise CourseError(f"nothing of {learner} was collected{where}: `grader class status --all` names everybody")


def verdict_in_notebook(settings: Settings, learner: str, slug: str) -> Mapping[str, Any] | None:
    """What the scored notebook of a submission says about its verdict; None if it is not scored."""
    path = settings.autograded_folder / learner / slug / f"{slug}.ipynb"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["metadata"][META]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, dict) else None


def earned_before(settings: Settings, entry: FolderEntry) -> int | None:
    """What the very same file had earned when it was scored; None if it was not, or could not be checked."""
    known = verdict_in_notebook(settings, entry.learner, entry.slug)
    if known is None or known.get("sha256") != entry.sha256:
        return None
    try:
        return Report.from_plain(known["report"]).points
    except (KeyError, ValueError):
        return None


def is_stale(settings: Settings, entry: FolderEntry, module: Module) -> bool:
    """Whether a submission must be scored again: never scored, a newer file, other checks, or not run before."""
    known = verdict_in_notebook(settings, entry.learner, entry.slug)
    if known is None or known.get("points") != settings.points(module):
        return True
    taken = intake.record(settings.submitted_folder / entry.learner / entry.slug)
    if taken.get("time") != known.get("time"):
        return True
    try:
        report = Report.from_plain(known["report"])
    except (KeyError, ValueError):
        return True
    if entry.data is None:
        return report.verdict == "not run" or report.reason != entry.missing or report.grader != stamp(module)
    return not is_current(report, entry, stamp(module), level())
