"""What the desk says about its work: what became of a submission, and how far a class is."""

from __future__ import annotations

from dataclasses import dataclass

from grader.classroom.table import GradeLine


@dataclass(frozen=True)
class Scored:
    """What scoring did with one submission.

    Args:
        verdict: of the report.
        reason: why it failed as a whole, or was not run.
        problem: why it could not be written into the book, or an empty text.
        warning: what else should be known, or an empty text.
        flags: why a person should read the file.
        points: of the report; None is blank.
        before: what the same file had earned when it was scored before; None if it was not, or that was blank.
    """

    learner: str
    slug: str
    verdict: str
    reason: str | None = None
    problem: str = ""
    warning: str = ""
    flags: tuple[str, ...] = ()
    points: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class ModuleCounts:
    """How far a class is with one module: counts of submissions."""

    slug: str
    released: bool
    collected: int
    scored: int
    stale: int
    review: int
    feedback: int


@dataclass(frozen=True)
class ClassStanding:
    """How far a class is: counts for each module, a line for each submission, and which of them are stale."""

    counts: list[ModuleCounts]
    lines: list[GradeLine]
    stale: frozenset[tuple[str, str]]
