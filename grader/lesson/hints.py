"""The three hints of a module and its question, from ``hints.md``."""

from __future__ import annotations

import re
from pathlib import Path

from grader.course import Module
from grader.lesson.parts import LessonError

HINTS = ("Hint 1", "Hint 2", "Hint 3", "Question")
HINT_COUNT = len(HINTS) - 1


def hints_path(module: Module) -> Path:
    """Where a module's hints are."""
    return module.toml.with_name("hints.md")


def hints_of(module: Module) -> dict[str, str]:
    """The hints of a module and its question, by their headings.

    Raises:
        LessonError: there are none, or one of them is missing.
    """
    path = hints_path(module)
    where = path.relative_to(module.root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LessonError(f"{module.slug} has no hints yet: {where} is missing") from error
    cut = re.split(r"^## +(.+?) *$", text, flags=re.MULTILINE)[1:]
    found = {title: body.strip() for title, body in zip(cut[::2], cut[1::2], strict=True)}
    if tuple(found) != HINTS or not all(found.values()):
        raise LessonError(f"{where}: has the headings {', '.join(f'`## {name}`' for name in HINTS)}, a text under each")
    return found


def next_hint(module: Module, opened: int) -> tuple[str, str] | None:
    """Title and text of the hint after those that were opened; None if there is none."""
    try:
        found = hints_of(module)
    except LessonError:
        return None
    title = f"Hint {opened + 1}"
    return (title, found[title]) if title in found else None
