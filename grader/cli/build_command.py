"""``grader build``: the notebooks, of lessons and of assignments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from grader.authoring.front import write_pictures
from grader.authoring.site import build_site
from grader.classroom import assignment
from grader.classroom.aspects import worth
from grader.cli.options import course_of
from grader.course import Course
from grader.lesson.execution import pages
from grader.lesson.notebook_file import has_cells, is_stale, text_of
from grader.lesson.parts import Lesson
from grader.lesson.paths import PAGE, page, ways
from grader.lesson.source import read


@click.command()
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    default=Path("build/assignments"),
    show_default=True,
    help="Where to write them.",
)
@click.option(
    "--site", type=click.Path(path_type=Path), help="Write the course as a static site into this folder instead."
)
@click.option(
    "--pictures", type=click.Path(path_type=Path), help="Write the pictures of the README into this folder instead."
)
@click.option("--check", "only_check", is_flag=True, help="Build nothing; exit 1 if a lesson's notebook is stale.")
@click.pass_context
def build(
    context: click.Context,
    modules: tuple[str, ...],
    to: Path,
    site: Path | None,
    pictures: Path | None,
    only_check: bool,
) -> int:
    """Build the notebooks: lessons from their Markdown, and one assignment per module.

    An assignment is a notebook with one locked cell for each aspect, and the learner's .py beside it. Without MODULE, the
    pages of the whole course are built too. A site holds every lesson and page, with pictures and folded answers.
    """
    course = course_of(context)
    if site is not None or pictures is not None:
        return _show(course, site, pictures)
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
        print(assignment.write(module, to, worth(module)))
    return 0


def _show(course: Course, site: Path | None, pictures: Path | None) -> int:
    """Write what is for people who have not installed the course."""
    if site is not None:
        print(f"{len(build_site(course, site))} pages: open {site / 'index.html'}")
    for path in write_pictures(course, pictures) if pictures is not None else ():
        print(path)
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
