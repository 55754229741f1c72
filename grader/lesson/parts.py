"""What a lesson's Markdown is made of. Lines are counted from 1, in the Markdown file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.course import CourseError


class LessonError(CourseError):
    """A lesson's Markdown is wrong. The text is one line: file, line, what, what to do."""


@dataclass(frozen=True)
class Text:
    """Markdown that stays Markdown.

    Args:
        line: its first line.
        text: the source.
        level: of the heading that it begins with; 0 if it goes on after a cell.
        title: of that heading.
    """

    line: int
    text: str
    level: int = 0
    title: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of code."""

    id: str
    line: int
    text: str


@dataclass(frozen=True)
class Output:
    """What a cell prints; on one backend only, if it names one."""

    id: str
    line: int
    text: str
    backend: str | None = None


@dataclass(frozen=True)
class Verify:
    """Python that proves what the text says about a cell or a Parsons problem."""

    id: str
    line: int
    text: str


@dataclass(frozen=True)
class Distractor:
    """A wrong line of a Parsons problem.

    Args:
        text: the line.
        line: its line in the lesson.
        place: the number of the right line whose place it takes, from 1.
        reason: why it is wrong.
    """

    text: str
    line: int
    place: int
    reason: str


@dataclass(frozen=True)
class Puzzle:
    """A Parsons problem: right lines in their order, and wrong ones.

    Args:
        id: its name in the lesson.
        line: where its lines begin.
        lines: the right ones, in order.
        distractors: the wrong ones.
        also: other right orders, as numbers of lines from 1.
    """

    id: str
    line: int
    lines: tuple[str, ...]
    distractors: tuple[Distractor, ...] = ()
    also: tuple[tuple[int, ...], ...] = ()

    @property
    def orders(self) -> list[list[str]]:
        """Every right program, as its lines."""
        return [list(self.lines), *([self.lines[number - 1] for number in order] for order in self.also)]


@dataclass(frozen=True)
class TestFile:
    """A file of ordinary pytest tests that the lesson shows."""

    __test__ = False  # no class of tests, whatever pytest thinks of its name

    name: str
    line: int
    text: str


@dataclass(frozen=True)
class Fails:
    """A piece of code that the lesson shows because it raises `error`."""

    error: str
    line: int
    text: str


Part = Text | Cell | Output | Verify | Puzzle | TestFile | Fails


@dataclass(frozen=True)
class Lesson:
    """One page of the course.

    Args:
        where: how messages name it: relative to the course's root.
        parts: what it is made of, in order.
    """

    path: Path
    where: str
    parts: tuple[Part, ...]

    @property
    def slug(self) -> str:
        """The module's slug, or the name of a page of the whole course."""
        return self.path.parent.name if self.path.name == "lesson.md" else self.path.stem

    @property
    def notebook(self) -> Path:
        """The notebook that is built from it."""
        return self.path.with_suffix(".ipynb")

    @property
    def cells(self) -> list[Cell | Puzzle]:
        """What is run, in order. A page without them needs no notebook."""
        return [part for part in self.parts if isinstance(part, Cell | Puzzle)]

    @property
    def headings(self) -> list[Text]:
        """The texts that begin with a heading."""
        return [part for part in self.parts if isinstance(part, Text) and part.level]

    @property
    def puzzles(self) -> dict[str, Puzzle]:
        """The Parsons problems by their names."""
        return {part.id: part for part in self.parts if isinstance(part, Puzzle)}

    def verify(self, id_: str) -> Verify | None:
        """The proof of a cell, or None."""
        return next((part for part in self.parts if isinstance(part, Verify) and part.id == id_), None)

    def output(self, id_: str, backend: str) -> Output | None:
        """What a cell must print on a backend; None if the lesson does not say it."""
        known = {part.backend: part for part in self.parts if isinstance(part, Output) and part.id == id_}
        return known.get(backend, known.get(None))
