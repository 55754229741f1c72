"""How far a learner has come, in words: a line for every module of the course."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich import box
from rich.table import Table
from rich.text import Text

from grader.course import Course, CourseError, Module
from grader.judging.submission import examine, read
from grader.learner import progress
from grader.learner.class_score import ClassScore, class_score
from grader.lesson.hints import HINT_COUNT

WIDTH = 80

CHECK_AGAIN = "check again"
State = progress.Stage | Literal["changed", "unknown"]
"""A stage that the learner's file has reached as it is now, or that another file has: one from before the last change,
or, where an older engine has noted the progress without the file's hash, perhaps this one."""

WORDS: dict[State | None, str] = {
    "all": "✓ all passed",
    "core": "✓ core passed",
    "seen": "○ solution seen",
    "started": "… started",
    "changed": f"↻ passed before, changed since: {CHECK_AGAIN}",
    "unknown": f"↻ passed before: {CHECK_AGAIN}",
    None: "· not started",
}
STYLES: dict[State | None, str] = {
    "all": "green",
    "core": "green",
    "seen": "yellow",
    "started": "default",
    "changed": "yellow",
    "unknown": "yellow",
    None: "dim",
}
STATE_WIDTH = 28
"""A longer state is written in two lines: the titles of the modules need the room."""
THEN: dict[State | None, str] = {
    "all": ", then passed",
    "core": ", then passed",
    "changed": f", then passed, changed since: {CHECK_AGAIN}",
    "unknown": f", then passed: {CHECK_AGAIN}",
}
"""What is added for the file of somebody who has seen the solution."""


@dataclass(frozen=True)
class Standing:
    """One module.

    Args:
        file: how far the file is, as it is now.
        seen: whether the solution was seen without passing.
        since: the day on which that was reached.
        opened: how many hints.
        score: in the class, if the learner can see one.
        caught: as in the progress.
    """

    module: Module
    file: State | None
    seen: bool = False
    since: str = ""
    opened: int = 0
    score: ClassScore | None = None
    caught: tuple[int, int] | None = None

    @property
    def stage(self) -> State | None:
        """How far the learner is. A module whose solution was seen before it passed is not done."""
        return "seen" if self.seen else self.file

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self.stage in (None, "started", "changed", "unknown")

    @property
    def state(self) -> str:
        """The stage, as a sign and in words."""
        return WORDS[self.stage] + (THEN.get(self.file, "") if self.seen else "")

    @property
    def hints(self) -> str:
        """How many hints were opened; empty if none."""
        return f"{self.opened} of {HINT_COUNT}" if self.opened else ""


def standings(course: Course) -> tuple[list[Standing], str]:
    """A line for every module, and one line about the progress file if it could not be used."""
    known = progress.read(course.root)
    return [standing(module, known.of(module.slug)) for module in course], known.said


def standing(module: Module, entry: progress.ModuleProgress) -> Standing:
    """How far a learner is in one module.

    Args:
        entry: what is known of it.
    """
    file = state_of_file(module, entry)
    seen = "seen" in entry.when
    since = entry.when.get("seen" if seen else file or "", "")[:10]
    score = class_score(module.root, module.slug)
    return Standing(module, file, seen, since, entry.hints, score, entry.caught)


def state_of_file(module: Module, entry: progress.ModuleProgress) -> State | None:
    """How far the learner's file is, as it is now; None if nothing is written in it."""
    try:
        data, sha256 = read(module.stub)
    except CourseError:
        return None
    if (passed := entry.passed_by(sha256)) is not None:
        return passed
    fault = examine(module, data, sha256).fault
    if fault is not None and fault.kind == "not started":
        return None
    if not any(stage in entry.when for stage in progress.PASSED):
        return "started"
    return "changed" if entry.files else "unknown"


def table(lines: list[Standing]) -> Table:
    """The lines as a table for a terminal."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False, expand=True)
    made.add_column("module", no_wrap=True, min_width=6)
    made.add_column("", no_wrap=True, overflow="ellipsis", ratio=1)
    made.add_column("state", width=min(STATE_WIDTH, max((len(line.state) for line in lines), default=0)))
    made.add_column("since", no_wrap=True, min_width=10)
    made.add_column("hints", no_wrap=True, min_width=6)
    scored = any(line.score for line in lines)
    if scored:
        made.add_column("class", max_width=12)
    for line in lines:
        state = Text(line.state, STYLES[line.stage])
        score = [line.score.words if line.score else ""] if scored else []
        made.add_row(line.module.short, line.module.title, state, line.since, line.hints, *score)
    return made


def tests_line(lines: list[Standing]) -> str:
    """What the learner's own tests catch, in one line; empty if none was played."""
    known = [f"{line.module.short} {line.caught[0]} of {line.caught[1]}" for line in lines if line.caught]
    return f"wrong versions that your tests catch: {', '.join(known)}" if known else ""


def pages_line(lines: list[Standing]) -> str:
    """Where the class's feedback pages are, in a line for each; empty if there are none."""
    known = [(line.module.short, line.score) for line in lines]
    return "\n".join(f"{short}: {score.text} in the class, {score.page}" for short, score in known if score)


def place(root: Path) -> str:
    """Where the progress is kept, in one line."""
    return f"kept in {root / progress.NAME}: copy that file to go on elsewhere"
