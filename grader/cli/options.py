"""What several commands share: options, the course, a program to grade, a line on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

import click

from grader.course import BACKENDS, Course, CourseError, Module, is_root
from grader.course.overrides import whole_program
from grader.display import show
from grader.judging import submission
from grader.learner.layout import lay_out
from grader.sandbox import IsolationRefused, Level, level

backend_option = click.option("--backend", type=click.Choice(BACKENDS), help="Only on this backend.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a card.")
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), help="How many processes; all processors if not given."
)
scheduler_option = click.option(
    "--scheduler", help="Grade on the workers of this Dask scheduler, such as tcp://10.0.0.1:8786."
)
unsafe_option = click.option(
    "--unsafe-no-sandbox", "unsafe", is_flag=True, help="Grade without walls where this machine offers none."
)


def course_of(context: click.Context) -> Course:
    """The course that the command is about: around the working folder, or named with ``--root``.

    Raises:
        CourseError: there is none.
    """
    root = context.find_root().obj
    if root is None:
        return Course.find()
    folder = Path(root).resolve()
    if not is_root(folder):
        raise CourseError(f"{root} is not a course: name the folder that holds exercises/ and course/")
    return Course(folder)


def own_course(context: click.Context) -> Course:
    """The course that a learner works in: as `course_of`, with all that a bundle ships laid out in it.

    Raises:
        CourseError: there is none, or a file that is missing cannot be written.
    """
    course = course_of(context)
    for line in lay_out(course.root):
        warn(line)
    return course


@contextmanager
def executor_at(address: str | None, course: Course) -> Iterator[Executor | None]:
    """The workers of a scheduler; None without an address. Workers that are left out are named.

    Raises:
        CourseError: there is none that can be used.
    """
    if address is None:
        yield None
        return
    from grader.judging.cluster import connect

    with connect(address, course) as workers:
        for note in workers.notes:
            warn(note)
        yield workers.executor


def isolation(*, unsafe: bool) -> Level:
    """The level to grade at: the best that this machine offers.

    Args:
        unsafe: whether the instructor allows grading without walls.

    Raises:
        IsolationRefused: the machine offers none, and it is not allowed.
    """
    best = level()
    if best == "none" and not unsafe:
        raise IsolationRefused(
            "this machine offers no walls around submitted code: `grader doctor` says what is missing, "
            "--unsafe-no-sandbox grades all the same"
        )
    return best


def read_program(module: Module, file: Path) -> tuple[bytes, str | None]:
    """Read a file to be graded; for a wrong solution of the module, the whole program that it stands for.

    Raises:
        CourseError: it cannot be merged with its base.
        Unreadable: it is not there, or may not be read.
    """
    if file.resolve() in module.wrong:
        return whole_program(module, file.resolve()).encode(), None
    return submission.read(file)


def warn(text: str) -> None:
    """Say one line on standard error."""
    click.echo(f"grader: {show.clean(text)}", err=True)
