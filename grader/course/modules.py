"""A module as its folders hold it: what it promises, and where its files are.

A module is a folder ``course/<slug>`` with a ``module.toml``; the same slug names its folders under ``exercises``,
``solutions`` and ``grader/hidden``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ASPECTS = ("result", "timeout", "shield", "leak", "ordering")
BACKENDS = ("asyncio", "trio")


class CourseError(Exception):
    """The course, or what was asked of it, is wrong. The text is one line: what, where, what to do."""


@dataclass(frozen=True)
class Clause:
    """One clause of a module's contract and what it is worth.

    Args:
        id: such as ``R3`` or ``G2``.
        aspect: one of `ASPECTS`.
        core: points earned by its core checks.
        stretch: points earned by its stretch checks.
    """

    id: str
    aspect: str
    core: int = 0
    stretch: int = 0

    @property
    def points(self) -> int:
        """All the points of this clause."""
        return self.core + self.stretch


@dataclass(frozen=True)
class Module:
    """One module: what its ``module.toml`` says and where its files are."""

    root: Path
    slug: str
    title: str
    level: str
    minutes: tuple[int, int]
    core_minutes: int
    paths: tuple[int, ...]
    outcome: str
    requires: tuple[str, ...]
    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    clauses: Mapping[str, Clause] = field(default_factory=dict)
    misconceptions: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """The short name, such as ``m01``."""
        return self.slug.partition("_")[0]

    @property
    def max_points(self) -> int:
        """The points of all clauses together."""
        return sum(clause.points for clause in self.clauses.values())

    @property
    def toml(self) -> Path:
        """Its ``module.toml``."""
        return self.root / "course" / self.slug / "module.toml"

    @property
    def lesson(self) -> Path:
        """The page of its lesson."""
        return self.toml.with_name("lesson.md")

    @property
    def notebook(self) -> Path:
        """The notebook that is built from it."""
        return self.toml.with_name("lesson.ipynb")

    @property
    def hints(self) -> Path:
        """Its three hints and its question."""
        return self.toml.with_name("hints.md")

    @property
    def stub(self) -> Path:
        """The file that the learner writes in, as the course ships it."""
        return self.root / "exercises" / self.slug / f"{self.name}.py"

    @property
    def scene(self) -> Path:
        """The world that the exercise plays in."""
        return self.root / "exercises" / self.slug / "scene.py"

    @property
    def public_checks(self) -> Path:
        """The checks that learners see."""
        return self.root / "exercises" / self.slug / f"test_{self.name}.py"

    @property
    def hidden_folder(self) -> Path:
        """Where the checks that count are, and what they share."""
        return self.root / "grader" / "hidden" / self.slug

    @property
    def hidden_checks(self) -> list[Path]:
        """The files of the checks that count, sorted; none where they are not at hand."""
        return sorted(self.hidden_folder.glob("test_*.py"))

    @property
    def hidden_files(self) -> list[Path]:
        """These and the files beside them that they import from, sorted."""
        return sorted(self.hidden_folder.glob("*.py"))

    @property
    def solution(self) -> Path:
        """The reference solution."""
        return self.root / "solutions" / self.slug / f"{self.name}.py"

    @property
    def core_solution(self) -> Path:
        """A solution of the core alone, where the reference is built for the stretch; most modules have none."""
        return self.root / "solutions" / self.slug / "core.py"

    @property
    def wrong(self) -> list[Path]:
        """The wrong solutions, sorted."""
        return sorted((self.root / "solutions" / self.slug / "wrong").glob("*.py"))

    @property
    def right(self) -> list[Path]:
        """Other right builds, sorted."""
        return sorted(self.right_folder.glob("*.py"))

    @property
    def right_folder(self) -> Path:
        """Where they are."""
        return self.root / "solutions" / self.slug / "right"
