"""A new module: four folders with a small module that works, and says TODO where its author goes on.

The templates are proven by `grader verify`, as any module is: what it finds in a new one is what is still to be written.
"""

from __future__ import annotations

import re
from pathlib import Path

from grader.course import Course, CourseError
from grader.lesson.notebook_file import text_of
from grader.lesson.source import read

WANTED = re.compile(r"m\d\d_[a-z][a-z0-9]*(_[a-z0-9]+)*")
TEMPLATES = Path(__file__).with_name("templates")
PLACES = {"course": "course", "exercises": "exercises", "solutions": "solutions", "hidden": "grader/hidden"}
"""Folder of the templates → folder of the course that holds one folder a module."""


def scaffold(course: Course, slug: str) -> list[Path]:
    """Make the folders of a new module.

    Args:
        course: that it belongs to.
        slug: such as ``m14_second_try``.

    Returns:
        The files, relative to the course's root.

    Raises:
        CourseError: the slug will not do, or something of that name is there.
    """
    if not WANTED.fullmatch(slug):
        raise CourseError(f"{slug!r} is not a slug: write m and two digits, _ and a name, such as m14_second_try")
    short, _, name = slug.partition("_")
    places = {template: course.root / place / slug for template, place in PLACES.items()}
    taken = [place for place in places.values() if place.exists()]
    taken += [course.root / "course" / other for other in course.slugs if other.partition("_")[0] == short]
    if taken:
        raise CourseError(f"{taken[0].relative_to(course.root)} is there already: take another slug")
    words = {"NAME": name, "SLUG": slug, "SHORT": short}
    made = []
    for template, place in places.items():
        for source in sorted((TEMPLATES / template).rglob("*.txt")):
            file = source.relative_to(TEMPLATES / template).with_suffix("")
            path = place / _fill(str(file), words)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_fill(source.read_text(encoding="utf-8"), words), encoding="utf-8")
            made.append(path)
    lesson = read(places["course"] / "lesson.md", course.root)
    lesson.notebook.write_text(text_of(lesson), encoding="utf-8", newline="\n")
    return [path.relative_to(course.root) for path in (*made, lesson.notebook)]


def _fill(text: str, words: dict[str, str]) -> str:
    """A template's text with the module's words in it."""
    for word, value in words.items():
        text = text.replace(word, value)
    return text
