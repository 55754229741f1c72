"""Everything that must hold of a page: it can be read, has its shape, and what it says is true on both backends."""

from __future__ import annotations

from pathlib import Path

from grader.course import Course, Module
from grader.lesson.execution import Wrong, run
from grader.lesson.parts import LessonError
from grader.lesson.shape import shape_faults
from grader.lesson.source import read


def wrongs(path: Path, course: Course, module: Module | None = None) -> list[Wrong]:
    """What does not hold of a page.

    Args:
        module: that it teaches; None for a page of the whole course.
    """
    try:
        lesson = read(path, course.root)
    except LessonError as error:
        where, _, said = str(error).partition(": ")
        return [Wrong(where, said)]
    return [*shape_faults(lesson, module), *run(lesson, course, module)]
