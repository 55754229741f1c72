"""Points for each aspect: what a module is worth in a class, and what a report earned of it. No other place counts them."""

from __future__ import annotations

from grader.course import Module
from grader.judging.points import part_points
from grader.judging.report import Report


def worth(module: Module, *, core_only: bool = False) -> dict[str, int]:
    """Aspect → points that can be earned, for the aspects that have any.

    Args:
        core_only: leave the stretch clauses' points out.
    """
    points: dict[str, int] = {}
    for clause in module.clauses.values():
        points[clause.aspect] = points.get(clause.aspect, 0) + (clause.core if core_only else clause.points)
    return {aspect: number for aspect, number in points.items() if number}


def points_earned(module: Module, report: Report, *, core_only: bool = False) -> dict[str, int | None]:
    """Aspect → points of one report, for the aspects of `worth`; None where it could not be checked.

    Args:
        report: its verdict.
        core_only: leave the stretch clauses' points out.
    """
    if core_only:
        known = points_of_part(module, report, core=True)
    else:
        known = {aspect: score.points for aspect, score in report.aspects.items()}
    return {aspect: known.get(aspect) for aspect in worth(module, core_only=core_only)}


def points_of_part(module: Module, report: Report, *, core: bool) -> dict[str, int | None]:
    """Aspect → what its core (or stretch) parts earned, worked out as the report's own points are."""
    found: dict[str, int | None] = {}
    for clause in module.clauses.values():
        points = clause.core if core else clause.stretch
        if not points:
            continue
        rows = [row for row in report.checks if row.clause_name == clause.id and row.core is core]
        got = part_points(points, rows)
        before = found.get(clause.aspect, 0)
        found[clause.aspect] = None if got is None or before is None else before + got
    return found
