"""How far a learner has come, in words: a line for every module of the course."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from grader import progress
from grader.contract import examine, read
from grader.course import Course, CourseError, Module
from grader.lesson.hints import HINTS

WIDTH = 80

WORDS = {
    "all": "✓ all passed",
    "core": "✓ core passed",
    "seen": "○ solution seen",
    "started": "… started",
    None: "· not started",
}
STYLES = {"all": "green", "core": "green", "seen": "yellow", "started": "default", None: "dim"}


@dataclass(frozen=True)
class Standing:
    """One module.

    Args:
        module: which.
        stage: how far, see `grader.progress`.
        since: the day on which that was reached.
        opened: how many hints.
        passed: whether the core passed, before or after the solution was seen.
    """

    module: Module
    stage: progress.Stage | None
    since: str = ""
    opened: int = 0
    passed: bool = False

    @property
    def state(self) -> str:
        """The stage, as a sign and in words."""
        return WORDS[self.stage] + (", then passed" if self.stage == "seen" and self.passed else "")

    @property
    def hints(self) -> str:
        """How many hints were opened; empty if none."""
        return f"{self.opened} of {len(HINTS) - 1}" if self.opened else ""


def standings(course: Course) -> tuple[list[Standing], str]:
    """A line for every module, and one line about the progress file if it could not be used."""
    known = progress.read(course.root)
    lines = []
    for module in course:
        entry = known.of(module.slug)
        stage = entry.stage
        since = entry.when.get(stage, "")[:10] if stage else ""
        if stage is None and is_started(module):
            stage = "started"
        lines.append(Standing(module, stage, since, entry.hints, "core" in entry.when))
    return lines, known.said


def is_started(module: Module) -> bool:
    """Whether something has been written in a module's file."""
    try:
        data, _ = read(module.stub)
    except CourseError:
        return False
    fault = examine(module, data).fault
    return fault is None or fault.kind != "not started"


def table(lines: list[Standing]) -> Table:
    """The lines as a table for a terminal."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, width=WIDTH)
    made.add_column("module", no_wrap=True, min_width=6)
    made.add_column("", no_wrap=True, overflow="ellipsis", ratio=1)
    made.add_column("state", no_wrap=True, min_width=max((len(line.state) for line in lines), default=0))
    made.add_column("since", no_wrap=True, min_width=10)
    made.add_column("hints", no_wrap=True, min_width=6)
    for line in lines:
        state = Text(line.state, STYLES[line.stage])
        made.add_row(line.module.short, line.module.title, state, line.since, line.hints)
    return made


def place(root: Path) -> str:
    """Where the progress is kept, in one line."""
    return f"kept in {root / progress.NAME}: copy that file to go on elsewhere"
