"""The three hints of a module and its question, from ``hints.md``; the first is chosen by what the learner seems to believe."""

from __future__ import annotations

import re
from pathlib import Path

from grader.course import Module
from grader.lesson.parts import LessonError

HINTS = ("Hint 1", "Hint 2", "Hint 3", "Question")
HINT_COUNT = len(HINTS) - 1
SHARED = Path("course") / "hints.md"
"""Texts for misconceptions that many modules have."""


def hints_of(module: Module) -> dict[str, str]:
    """The hints of a module and its question, by their headings, without what is for one misconception only.

    Raises:
        LessonError: there are none, or one of them is missing.
    """
    path = module.hints
    where = path.relative_to(module.root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LessonError(f"{module.slug} has no hints yet: {where} is missing") from error
    found = {title: body.partition("\n### ")[0].strip() for title, body in cut(text, "##")}
    if tuple(found) != HINTS or not all(found.values()):
        raise LessonError(f"{where}: has the headings {', '.join(f'`## {name}`' for name in HINTS)}, a text under each")
    return found


def cut(text: str, mark: str) -> list[tuple[str, str]]:
    """The parts of a page under its headings of one level: heading and text."""
    parts = re.split(rf"^{mark} +(.+?) *$", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def beliefs_of(module: Module) -> dict[str, str]:
    """The beginning of the first hint by misconception: the module's own texts, and those that many modules share."""
    found: dict[str, str] = {}
    for path, mark in ((module.root / SHARED, "##"), (module.hints, "###")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for heading, body in cut(text.partition("\n## Hint 2")[0], mark):
            found |= dict.fromkeys(filter(None, heading.replace(" ", "").split(",")), body.strip())
    return found


def next_hint(module: Module, opened: int, belief: str | None = None) -> tuple[str, str] | None:
    """Title and text of the hint after those that were opened; None if there is none.

    Args:
        module: whose.
        opened: how many were.
        belief: id of the misconception that the failing check is about: the first hint begins with it.
    """
    try:
        found = hints_of(module)
    except LessonError:
        return None
    title = f"Hint {opened + 1}"
    if title not in found:
        return None
    first = beliefs_of(module).get(belief or "", "") if title == HINTS[0] else ""
    return title, f"{first}\n\n{found[title]}" if first else found[title]
