"""How many minutes the core of a lesson takes: the one place that says so. The formula is in docs/lessons.md."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from grader.course import Module
from grader.lesson.parts import Cell, Lesson, Puzzle, Text

WORDS = 180.0
CODE = 20.0
OWN = 2.5
"""Words read, lines of code read, and lines of one's own written, a minute."""

RUN = 0.25
PREDICTION = 0.75
PUZZLE = 3.0
ROUNDS = 5.0
"""Minutes for a cell, a prediction, a puzzle; and for the first failed checks of the exercise."""

LONGEST = {"beginner": 35}
LONGEST_OF_OTHERS = 45
AFTER_THE_CORE = ("The stretch", "Bug clinic")
PREDICT = "**Predict:**"


def core_minutes(lesson: Lesson, module: Module) -> float:
    """Return the minutes that the core takes, exercise included."""
    words = code = predictions = cells = puzzles = 0
    for part in lesson.parts:
        if isinstance(part, Text):
            if part.level == 2 and part.title in AFTER_THE_CORE:  # noqa: PLR2004 - `##`
                break
            words += len(part.text.split())
            predictions += part.text.count(PREDICT)
        elif isinstance(part, Cell):
            cells += 1
            code += sum(1 for line in part.text.splitlines() if line.strip())
        puzzles += isinstance(part, Puzzle)
    words += len(_core_of_the_docstring(module).split())
    lesson_minutes = words / WORDS + code / CODE + cells * RUN + predictions * PREDICTION + puzzles * PUZZLE
    return lesson_minutes + own_lines(module) / OWN + ROUNDS


def own_lines(module: Module) -> float:
    """Return how many lines of the core the learner writes.

    That is what a solution of the core alone has and the stub has not. A module that has no such file is measured by its
    reference, as far as its points are of the core.
    """
    if module.core_solution.is_file():
        return _lines_written(module, module.core_solution)
    core = sum(clause.core for clause in module.clauses.values())
    return _lines_written(module, module.solution) * core / max(module.max_points, 1)


def _lines_written(module: Module, solution: Path) -> int:
    """How many lines a solution has and the stub has not."""
    if not (solution.is_file() and module.stub.is_file()):
        return 0
    written = Counter(_code_lines(solution.read_text(encoding="utf-8")))
    written -= Counter(_code_lines(module.stub.read_text(encoding="utf-8")))
    return written.total()


def _code_lines(source: str) -> list[str]:
    """The lines that are neither empty nor comment nor docstring, without their indentation."""
    tree = ast.parse(source)
    said: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            said.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(source.splitlines(), start=1)
    return [text for number, line in lines if number not in said and (text := line.strip()) and text[0] != "#"]


def _core_of_the_docstring(module: Module) -> str:
    if not module.stub.is_file():
        return ""
    text = ast.get_docstring(ast.parse(module.stub.read_text(encoding="utf-8"))) or ""
    return text.partition("\nStretch")[0]
