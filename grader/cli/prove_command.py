"""``grader prove``: which wrong versions of a small subject the learner's own tests catch."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import own_course, warn
from grader.course import Course, CourseError
from grader.course.versions import own_tests
from grader.display import show
from grader.learner import progress
from grader.learner.catching import catch, caught_lines, escaped_line, headline, invented_lines, note_score


@click.command()
@click.argument("module")
@click.option("--file", type=click.Path(path_type=Path), help="Other tests than those in prove.py; no score is kept.")
@click.pass_context
def prove(context: click.Context, module: str, file: Path | None) -> int:
    """Play your tests of MODULE's small subject with versions that you cannot see, right and wrong ones."""
    course = own_course(context)
    found = course.module(module)
    if not own_tests(found).is_file():
        raise CourseError(f"{found.slug} has no tests to write; {_others(course)} have")
    made = catch(found, file)
    console = show.console()
    sign = show.TICKS["passed" if made.is_complete else "failed"]
    console.print(f"{found.short} {sign} {headline(made)}", style="bold", soft_wrap=True, markup=False)
    for line in invented_lines(made):
        console.print(f"  {show.clean(line)}", soft_wrap=True, markup=False)
    for line in caught_lines(made):
        console.print(f"  caught: {show.clean(line)}", soft_wrap=True, markup=False)
    if line := escaped_line(made):
        console.print(f"  {show.clean(line)}", soft_wrap=True, markup=False)
    if file is None and (said := note_score(made)):
        warn(said)
    best = progress.read(found.root).of(found.slug).caught
    if best is not None and best[0] > len(made.caught) and best[1] == made.wrong:
        console.print(f"  Your best so far: {best[0]} of {best[1]}.")
    return 0 if made.is_complete else 1


def _others(course: Course) -> str:
    return ", ".join(module.short for module in course.modules() if own_tests(module).is_file()) or "none of them"
