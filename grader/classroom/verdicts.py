"""Verdicts of a class: made in parallel, kept in ``verdicts/``, looked up when they are written into the book.

A kept report counts as long as file, checks, scene, ``module.toml``, versions and isolation are the same. What could
not be checked is tried again each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from grader.classroom import intake
from grader.classroom.settings import Settings
from grader.course import Module
from grader.judging.batch import Folder, FolderEntry, Graded, Shelf, grade_all, is_current
from grader.judging.judge import How, blank_report, course_key, stamp
from grader.judging.points import part_points
from grader.judging.report import Report
from grader.sandbox import level

NO_WALLS = (
    "this machine offers no walls around submitted code: `grader doctor` says what is missing; "
    "`unsafe_no_sandbox = true` in class.toml grades all the same"
)
META = "checkpoint"
"""Where a scored notebook keeps the report that its scores came from."""

_fresh: dict[tuple[str, str, str, str], Report] = {}
"""Reports made by this process and not yet written into the book: what was not run is not run twice in a row."""


def make(
    settings: Settings,
    entries: Iterable[FolderEntry],
    *,
    jobs: int | None = None,
    begun: Callable[[int], None] = lambda _: None,
) -> Iterator[Graded]:
    """Grade what has no current verdict, in parallel processes; keep every report; give each.

    Args:
        settings: of the class.
        entries: from `grader.classroom.intake.submission`.
        jobs: how many processes.
        begun: told how many are left to grade.
    """
    best = level()
    found = Folder(list(entries))
    if best == "none" and not settings.unsafe_no_sandbox:
        graded: Iterable[Graded] = [
            Graded(each, blank_report(each.slug, NO_WALLS, best, each.sha256)) for each in found.entries
        ]
    else:
        how = How(key=course_key(settings.course.root))
        shelf = Shelf(settings.verdicts_folder)
        graded = grade_all(settings.course, found, shelf, level=best, how=how, jobs=jobs, begun=begun)
    for each in graded:
        _fresh[_key(settings, each.entry)] = each.report
        yield each


def of(settings: Settings, entry: FolderEntry) -> Report:
    """The verdict on one submission: one that this process has just made, a kept one, or a new one."""
    fresh = _fresh.pop(_key(settings, entry), None)
    if fresh is not None:
        return fresh
    # Always in a process of its own: one that stays, such as JupyterLab's, would go on with old checks.
    (graded,) = make(settings, [entry], jobs=1)
    _fresh.pop(_key(settings, entry), None)
    return graded.report


def _key(settings: Settings, entry: FolderEntry) -> tuple[str, str, str, str]:
    return str(settings.folder), entry.learner, entry.slug, entry.sha256 or entry.missing


def collected_entries(settings: Settings, module: Module) -> list[FolderEntry]:
    """Every collected submission of a module."""
    places = sorted(settings.submitted_folder.glob(f"*/{module.slug}"))
    return [
        intake.submission(place, place.parent.name, module)
        for place in places
        if place.is_dir() and not place.parent.name.startswith(".")
    ]


def verdict_in_notebook(settings: Settings, learner: str, slug: str) -> Mapping[str, Any] | None:
    """What the scored notebook of a submission says about its verdict; None if it is not scored."""
    path = settings.autograded_folder / learner / slug / f"{slug}.ipynb"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["metadata"][META]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, dict) else None


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


def earned_points(module: Module, report: Report, *, core_only: bool) -> dict[str, int | None]:
    """Aspect → points of one report; None where it could not be checked.

    Args:
        module: of the submission.
        report: its verdict.
        core_only: leave the stretch clauses' points out.
    """
    if not core_only:
        return {aspect: score.points for aspect, score in report.aspects.items()}
    return points_of_parts(module, report, core=True)


def points_of_parts(module: Module, report: Report, *, core: bool) -> dict[str, int | None]:
    """Aspect → what its core (or stretch) parts earned, worked out as the report's own points are."""
    found: dict[str, int | None] = {}
    for clause in module.clauses.values():
        worth = clause.core if core else clause.stretch
        if not worth:
            continue
        rows = [row for row in report.checks if row.clause_name == clause.id and row.core is core]
        points = part_points(worth, rows)
        before = found.get(clause.aspect, 0)
        found[clause.aspect] = None if points is None or before is None else before + points
    return found
