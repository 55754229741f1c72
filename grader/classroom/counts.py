"""What the desk says about its work: what became of a submission, and how far a class is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.classroom import verdicts
from grader.classroom.settings import Settings
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


def count_modules(
    settings: Settings, lines: Sequence[GradeLine], stale: Collection[tuple[str, str]]
) -> list[ModuleCounts]:
    """How far the class is with each of its modules.

    Args:
        lines: of the tables.
        stale: learner and slug of what must be scored.
    """
    return [
        ModuleCounts(
            slug=module.slug,
            released=settings.release(module.slug).is_file(),
            collected=len(verdicts.collected_entries(settings, module)),
            scored=sum(line.verdict != "" for line in lines if line.slug == module.slug),
            stale=sum(slug == module.slug for _, slug in stale),
            review=sum(bool(line.review) for line in lines if line.slug == module.slug),
            feedback=len(feedback_pages(settings, module.slug)),
        )
        for module in settings.modules()
    ]


def feedback_pages(settings: Settings, slug: str) -> list[Path]:
    """The feedback pages of a module."""
    return sorted((settings.folder / "feedback").glob(f"*/{slug}/{slug}.html"))
