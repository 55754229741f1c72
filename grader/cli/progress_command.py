"""``grader progress``: how far a learner is in every module."""

from __future__ import annotations

import click

from grader.cli.options import own_course, warn
from grader.course import CourseError
from grader.display import show
from grader.learner.recall import due_line
from grader.learner.standing import pages_line, place, standings, table, tests_line


@click.command()
@click.pass_context
def progress(context: click.Context) -> int:
    """Show how far you are in every module."""
    course = own_course(context)
    lines, said = standings(course)
    if not lines:
        raise CourseError(f"{course.root} has no modules: a module is a folder course/<slug> with a module.toml")
    console = show.console()
    console.print(table(lines))
    console.print(f"\n{place(course.root)}", style="dim", soft_wrap=True)
    if pages := pages_line(lines):
        console.print(pages, soft_wrap=True)
    if line := tests_line(lines):
        console.print(line, soft_wrap=True)
    if line := due_line(course):
        console.print(line)
    if said:
        warn(said)
    return 0
