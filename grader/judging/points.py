"""From rows to points: what each clause and each aspect earned.

A clause's core and stretch points are earned apart. Each part is earned when all its checks pass on both backends;
half of it, rounded down, when they pass on one only. A clause with a row that was not run is blank.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grader.checks.collect import Check
from grader.course import ASPECTS, BACKENDS, Clause, Module
from grader.judging.report import Row, Score


def gaps(module: Module, checks: Iterable[Check]) -> str | None:
    """Say in one line which points no check can earn, or None. Such a course is broken: nobody could pass."""
    parts = {(check.clause, check.core) for check in checks}
    missing = [
        f"{clause.id} ({'core' if core else 'stretch'})"
        for clause in module.clauses.values()
        for core, points in ((True, clause.core), (False, clause.stretch))
        if points and (clause.id, core) not in parts
    ]
    missing += [f"{id_}" for id_, clause in module.clauses.items() if not clause.points and not has_check(parts, id_)]
    if not missing:
        return None
    return f"no hidden check for {', '.join(missing)} of {module.slug}: write one, or correct module.toml"


def has_check(parts: set[tuple[str, bool]], clause: str) -> bool:
    """Whether some check, core or stretch, belongs to the clause."""
    return (clause, True) in parts or (clause, False) in parts


def part_points(points: int, rows: list[Row]) -> int | None:
    """What one part of a clause earned: all, half of it rounded down, nothing, or None (blank)."""
    if not rows or any(row.verdict == "not run" for row in rows):
        return None
    passed = sum(all(row.verdict == "passed" for row in rows if row.backend == backend) for backend in BACKENDS)
    return (0, points // 2, points)[passed]


def clause_score(clause: Clause, rows: list[Row]) -> Score:
    """What a clause earned, from all its rows. An empty or unfinished part makes it blank."""
    if not rows or any(row.verdict == "not run" for row in rows):
        return Score(None, clause.points)
    total = 0
    for core, points in ((True, clause.core), (False, clause.stretch)):
        part = [row for row in rows if row.core is core]
        earned = part_points(points, part) if points else 0
        if earned is None:
            return Score(None, clause.points)
        total += earned
    return Score(total, clause.points)


def score(module: Module, rows: list[Row]) -> tuple[dict[str, Score], dict[str, Score], list[Row]]:
    """Score all rows of a submission.

    Returns:
        Clause id (``m05.R3``) → score; aspect → score, for the aspects that the module has points in; and the rows
        again, each with its part of what its clause earned.
    """
    clauses = {}
    aspects: dict[str, Score] = {}
    shares: dict[int, int | None] = {}
    for clause in module.clauses.values():
        id_ = clause_id(module, clause.id)
        mine = [index for index, row in enumerate(rows) if row.clause == id_]
        clauses[id_] = clause_score(clause, [rows[index] for index in mine])
        aspects[clause.aspect] = aspects.get(clause.aspect, Score(0, 0)) + clauses[id_]
        shares |= _shares(clauses[id_].points, mine, rows)
    ordered = {aspect: aspects[aspect] for aspect in ASPECTS if aspect in aspects}
    return clauses, ordered, [replace(row, points=shares.get(index)) for index, row in enumerate(rows)]


def _shares(points: int | None, mine: list[int], rows: list[Row]) -> dict[int, int | None]:
    """Spread what a clause earned over its passed rows, so that the rows add up to the clause."""
    if points is None:
        return dict.fromkeys(mine, None)
    passed = [index for index in mine if rows[index].verdict == "passed"]
    shares: dict[int, int | None] = dict.fromkeys(mine, 0)
    for place, index in enumerate(passed):
        shares[index] = points // len(passed) + (place < points % len(passed))
    return shares


def clause_id(module: Module, clause: str) -> str:
    """The full id of a clause, such as ``m05.R3``."""
    return f"{module.short}.{clause}"
