"""``grader doctor`` and ``grader demo``: for somebody who is new here, or on a new machine."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click
from rich.padding import Padding
from rich.text import Text

from grader import demo as demo_class
from grader import doctor as examination
from grader import sandbox, show
from grader.batch import Shelf, grade_all, scan
from grader.cli.grade import summary
from grader.cli.options import course_of, jobs_option
from grader.course import Course, CourseError


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


@click.command()
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Make the class in this new folder instead of a temporary one."
)
@jobs_option
@click.pass_context
def demo(context: click.Context, keep: Path | None, jobs: int | None) -> int:
    """Grade a class of four on a real exercise: right, right on asyncio only, hanging, crashing at import."""
    start = time.monotonic()
    course = course_of(context)
    module = demo_class.module_for(course)
    if keep is not None and keep.exists():
        raise CourseError(f"{keep} is there already: name a new folder")
    folder = keep or Path(tempfile.mkdtemp(prefix="grader-demo-"))
    submitted = demo_class.hand_in(module, folder)
    level = sandbox.level()
    console = show.console()
    console.print(f"{module.title} ({module.slug}): four learners hand in", style="bold")
    for learner in demo_class.LEARNERS:
        console.print(f"  {learner.name:6}{learner.about}")
    console.print(f"graded on asyncio and trio, isolation: {level}\n")
    shelf = Shelf(folder / "reports")
    found = scan(submitted, course)
    graded = list(grade_all(course, found, shelf, level=level, jobs=jobs))
    summary(graded, shelf.folder)
    told = next((each for each in graded if each.report.verdict == "failed" and each.report.reason is None), None)
    if told is not None:
        console.print(f"\nWhat {told.entry.learner} is told first:")
        row = show.first_failure(told.report)
        if row is not None:
            console.print(Padding(show.failure(told.report, row), (0, 0, 0, 2)))
    console.print(f"\nsubmissions: {submitted}\nreports:     {shelf.folder}", soft_wrap=True)
    console.print(f"{time.monotonic() - start:.0f} s", style="dim")
    return 0 if len(graded) == len(demo_class.LEARNERS) else 3
