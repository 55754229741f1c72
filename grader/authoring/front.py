"""The pictures of the README: what a learner sees and what an instructor sees, made by running just that.

Each is an SVG, once for a light and once for a dark page.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, DIMMED_MONOKAI, TerminalTheme
from rich.text import Text

from grader.authoring.site import what_is_shown
from grader.course import Course, CourseError, Module
from grader.course.overrides import whole_program
from grader.lesson.execution import copy_course
from grader.lesson.source import read

COLUMNS = 100
SECONDS = 300.0
SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
UNNEEDED = re.compile(r"@font-face\s*\{.*?\}|<!--.*?-->", re.DOTALL)
FRONT_FILE = "m01_parallel_timeout"
TIMELINE = ("m10_lock_debugging", "broken")
"""The cell of a lesson whose picture is shown."""


@dataclass(frozen=True)
class Theme:
    """A page that a picture is made for."""

    name: str
    ink: str
    theme: TerminalTheme


LOOKS = (Theme("light", "#1f2328", DEFAULT_TERMINAL_THEME), Theme("dark", "#e6edf3", DIMMED_MONOKAI))


def write_pictures(course: Course, to: Path) -> list[Path]:
    """Run what the pictures show, and write them.

    Args:
        course: which.
        to: the folder.

    Returns:
        The files.

    Raises:
        CourseError: something did not run.
    """
    to.mkdir(parents=True, exist_ok=True)
    drawn = {"timeline": timeline(course)}
    said = {"check": _learner_terminal(course), "grade": _instructor_terminal(course)}
    made = []
    for look in LOOKS:
        svgs = {name: svg.replace("var(--jp-ui-font-color1,currentColor)", look.ink) for name, svg in drawn.items()}
        svgs |= {name: terminal(command, text, look.theme) for name, (command, text) in said.items()}
        for name, svg in svgs.items():
            path = to / f"{name}-{look.name}.svg"
            path.write_text(svg.replace("var(--jp-ui-font-family,sans-serif)", "sans-serif") + "\n", encoding="utf-8")
            made.append(path)
    return made


def timeline(course: Course) -> str:
    """The picture of one cell of a lesson."""
    slug, cell = TIMELINE
    lesson = read(course.module(slug).lesson, course.root)
    found = SVG.search(str(what_is_shown(lesson, course)[cell].get("html", "")))
    if found is None:
        raise CourseError(f"{lesson.where}: cell `{cell}` draws no picture")
    return found[0]


def terminal(command: str, text: str, theme: TerminalTheme) -> str:
    """What a command printed, as a terminal. Nothing is loaded from elsewhere, fonts neither."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(f"$ {command}", style="bold", markup=False, highlight=False)
    console.print(Text.from_ansi(text))
    return UNNEEDED.sub("", console.export_svg(title=command, theme=theme, unique_id="front"))


def _learner_terminal(course: Course) -> tuple[str, str]:
    module = course.module(FRONT_FILE)
    with tempfile.TemporaryDirectory(prefix="front-") as place:
        root = copy_course(course, Path(place))
        target = root / module.stub.relative_to(course.root)
        target.write_text(_wrong(module, "finishing_order"), encoding="utf-8")
        text = _terminal_text(["--root", str(root), "check", module.short], root)
    return f"grader check {module.short}", _head(text, 20)


def _instructor_terminal(course: Course) -> tuple[str, str]:
    module = course.module(FRONT_FILE)
    with tempfile.TemporaryDirectory(prefix="front-") as place:
        folder = Path(place) / "submissions"
        answers = {
            "ada": module.solution.read_text(encoding="utf-8"),
            "ben": _wrong(module, "finishing_order"),
            "cleo": _wrong(module, "scope_around_start_soon"),
            "dan": "import nothing_there\n",
        }
        for learner, answer in answers.items():
            path = folder / learner / module.slug / module.stub.name
            path.parent.mkdir(parents=True)
            path.write_text(answer, encoding="utf-8")
        text = _terminal_text(["--root", str(course.root), "grade", "--all", "submissions", "--jobs", "1"], Path(place))
    return "grader grade --all submissions", "\n".join(line for line in text.splitlines() if " reports in " not in line)


def _wrong(module: Module, name: str) -> str:
    (path,) = (path for path in module.wrong if path.stem == name)
    return whole_program(module, path)


def _terminal_text(arguments: Sequence[str], folder: Path) -> str:
    environment: Mapping[str, str] = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)}
    ended = subprocess.run(
        [sys.executable, "-m", "grader", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if ended.returncode not in (0, 1):
        raise CourseError(f"`grader {' '.join(arguments)}` failed: {ended.stderr.strip()[-200:]}")
    return ended.stdout.strip("\n")


def _head(text: str, lines: int) -> str:
    """The first lines of a text."""
    return "\n".join(text.splitlines()[:lines])
