"""The demo's class: four learners' files, made from the course's own solution by small edits."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from grader.course import Course, CourseError, Module

ASYNCIO_ONLY = "asyncio.get_running_loop()  # there is none on trio"
HANGING = "while True: pass  # never lets anybody else run"
CRASH = "import a_package_that_nobody_has"


@dataclass(frozen=True)
class Learner:
    """One of the demo's learners.

    Args:
        name: of the folder.
        about: what is the matter with the file.
        edit: makes the file from the solution.
    """

    name: str
    about: str
    edit: Callable[[str], str]


def first_in_each(source: str, statement: str) -> str:
    """A file with one statement put first in every ``async def``, after its docstring."""
    lines = source.splitlines(keepends=True)
    places = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            first = (body or node.body)[0]
            if first.lineno > node.lineno:  # not on the line of its `def`
                places.append((first.lineno - 1, first.col_offset))
    for place, indent in sorted(places, reverse=True):
        lines.insert(place, f"{' ' * indent}{statement}\n")
    return "".join(lines)


def after_imports(source: str, statement: str) -> str:
    """A file with one statement put after its last import at the top."""
    imports = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    line = imports[-1].end_lineno if imports else 0
    lines = source.splitlines(keepends=True)
    lines.insert(line or 0, f"{statement}\n")
    return "".join(lines)


LEARNERS = (
    Learner("ada", "right", lambda source: source),
    Learner(
        "ben",
        "right on asyncio only",
        lambda source: after_imports(first_in_each(source, ASYNCIO_ONLY), "import asyncio"),
    ),
    Learner("cleo", "hanging", lambda source: first_in_each(source, HANGING)),
    Learner("dan", "crashing at import", lambda source: after_imports(source, CRASH)),
)


def module_for(course: Course) -> Module:
    """The first module that has all that grading needs.

    Raises:
        CourseError: there is none.
    """
    for module in course.modules():
        if module.hidden_checks and module.solution.is_file() and module.scene.is_file():
            return module
    raise CourseError(f"no module in {course.root} has a solution and hidden checks: the demo needs a full checkout")
