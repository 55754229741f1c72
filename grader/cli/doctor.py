"""``grader doctor``: what this machine can do."""

from __future__ import annotations

import click
from rich.text import Text

from grader import sandbox
from grader.cli import diagnosis as examination
from grader.cli.options import course_of
from grader.course import Course, CourseError
from grader.display import show


@click.command()
@click.pass_context
def doctor(context: click.Context) -> int:
    """Say what this machine can do and what is missing. Exit 1 if grading is not possible."""
    course: Course | None
    try:
        course = course_of(context)
    except CourseError:
        course = None
    signs = list(examination.examine(course))
    width = max(len(sign.what) for sign in signs)
    console = show.console()
    for sign in signs:
        line = Text(f"{'✓' if sign.good else '✗'} {sign.what:{width}}  ", "green" if sign.good else "yellow")
        line.append(show.clean(sign.text), "default")
        line.stylize("default", width + 4)
        console.print(line)
    return 1 if any(sign.needed and not sign.good for sign in signs) or sandbox.level() == "none" else 0
