"""``grader new``, ``grader build``, ``grader bundle``: from a new module to what learners get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from grader.authoring import bundle as bundles
from grader.authoring.scaffold import scaffold
from grader.classroom import assignment
from grader.cli.options import course_of
from grader.course import Course, CourseError
from grader.learner.extras import install
from grader.lesson.execution import pages
from grader.lesson.notebook_file import has_cells, is_stale, text_of
from grader.lesson.parts import Lesson
from grader.lesson.paths import PAGE, page, ways
from grader.lesson.source import read


@click.command()
@click.argument("slug")
@click.pass_context
def new(context: click.Context, slug: str) -> int:
    """Make the four folders of a new module SLUG, such as m14_second_try. `grader verify` names what is to be written."""
    for path in scaffold(course_of(context), slug):
        print(path)
    print(f"next: fill in what says TODO, and run `grader verify {slug}` until it is green")
    return 0


@click.command()
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option(
    "--to", type=click.Path(path_type=Path), default=Path("build/assignments"), show_default=True, help="Where."
)
@click.option("--check", "only_check", is_flag=True, help="Build nothing; exit 1 if a lesson's notebook is stale.")
@click.pass_context
def build(context: click.Context, modules: tuple[str, ...], to: Path, only_check: bool) -> int:
    """Build the notebooks: lessons from their Markdown, and one assignment a module.

    An assignment is a notebook with one locked cell per aspect, and the learner's .py beside it. Without MODULE, the
    pages of the whole course are built too.
    """
    course = course_of(context)
    lessons = list(_lessons(course, modules))
    if only_check:
        stale = [lesson for lesson in lessons if is_stale(lesson)]
        for lesson in stale:
            print(f"{lesson.where}: its notebook is stale: run `grader build`")
        if old_page := not modules and not _is_current(course):
            print(f"{PAGE.as_posix()}: is stale: run `grader build`")
        return 1 if stale or old_page else 0
    if not modules and not _is_current(course):
        (course.root / PAGE).write_text(page(course), "utf-8", newline="\n")
    for lesson in lessons:
        if is_stale(lesson):
            lesson.notebook.write_text(text_of(lesson), "utf-8", newline="\n")
        print(lesson.notebook)
    for module in course.modules(modules):
        print(assignment.write(module, to, assignment.full_points(module)))
    return 0


def _is_current(course: Course) -> bool:
    """Whether the page of paths is the one that would be built; a course without paths has none."""
    path = course.root / PAGE
    return not ways(course) or (path.is_file() and path.read_bytes() == page(course).encode())


def _lessons(course: Course, modules: tuple[str, ...]) -> Iterator[Lesson]:
    """The lessons of modules; without names all pages that have cells."""
    wanted = {course.slug(name) for name in modules}
    for path in pages(course):
        if (not wanted or path.parent.name in wanted) and has_cells(path):
            yield read(path, course.root)


@click.command()
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option("--class", "for_class", is_flag=True, help="For a class: no hidden check and no solution inside.")
@click.option("--self-paced", is_flag=True, help="For learners alone: hidden checks and solutions inside.")
@click.option(
    "--in", "folder", type=click.Path(path_type=Path), help="The class that collects: its hand-in goes inside."
)
@click.option("--to", type=click.Path(path_type=Path), default=Path("build/bundle"), show_default=True, help="Where.")
@click.option("--wheel", type=click.Path(path_type=Path, exists=True), help="The engine's wheel; built if not given.")
@click.pass_context
def bundle(
    context: click.Context,
    modules: tuple[str, ...],
    for_class: bool,
    self_paced: bool,
    folder: Path | None,
    to: Path,
    wheel: Path | None,
) -> int:
    """Put together what learners get."""
    if for_class == self_paced:
        raise click.UsageError("say --class or --self-paced")
    if folder is not None and self_paced:
        raise click.UsageError("--in belongs to --class: nobody collects from a self-paced bundle")
    hand_in = ""
    if folder is None:
        course = course_of(context)
    else:
        try:
            from grader.classroom import class_toml
            from grader.classroom.hand_in import CONFIG_TEXT
        except ModuleNotFoundError as error:
            raise CourseError(f"{error.name} is not installed: {install('class')}") from error
        settings = class_toml.find(folder)
        course, modules = settings.course, tuple(module.slug for module in settings.modules(modules))
        hand_in = CONFIG_TEXT.format(course=settings.name, exchange=str(settings.exchange))
    found = course.modules(modules)
    if not found:
        raise CourseError(f"{course.root} has no modules: nothing to bundle")
    print(bundles.make(bundles.Bundle(course, tuple(found), wheel, self_paced, hand_in), to))
    return 0
