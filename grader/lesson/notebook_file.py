"""The notebook of a lesson, as nbformat 4.5: without outputs, the same bytes each time."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.lesson.minutes import PREDICT
from grader.lesson.parts import Cell, Fails, Lesson, Output, Part, Puzzle, TestFile, Text

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LONGEST_ID = 64
GLOSSARY = "glossary.md"
LINK = re.compile(r"\]\((?P<page>[^)\s#:]+\.md)(?P<rest>#[^)\s]*)?\)")
SELF_CHECK = re.compile(r'check\("\w+"\)')
CELL = re.compile(r"^```+(python|parsons) \{#", re.MULTILINE)
PROVED = re.compile(r"^```+(python|parsons) \{", re.MULTILINE)


def text_of(lesson: Lesson) -> str:
    """The notebook file of a lesson."""
    return json.dumps(notebook(lesson), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def is_stale(lesson: Lesson) -> bool:
    """Whether the notebook beside a lesson is not the one that would be built."""
    try:
        return lesson.notebook.read_bytes() != text_of(lesson).encode()
    except OSError:
        return True


def notebook(lesson: Lesson) -> dict[str, Any]:
    """The notebook of a lesson."""
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return {"cells": list(_cells(lesson)), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cells(lesson: Lesson) -> Iterator[dict[str, Any]]:
    taken = {part.id for part in lesson.cells}
    section = "top"
    texts: list[str] = []
    asked = 0

    def flush() -> Iterator[dict[str, Any]]:
        if texts:
            yield _markdown(_free(section, taken), "\n\n".join(texts))
            texts.clear()

    for part in lesson.parts:
        match part:
            case Text(level=level, title=title, text=text):
                if level:
                    yield from flush()
                    section = slug(title)
                texts.append(link_notebooks(text, lesson))
            case Cell() | Puzzle():
                asks = any(PREDICT in text for text in texts)
                yield from flush()
                if asks:
                    first = "" if asked else "from grader.notebook import predict\n\n"
                    yield _code(_free(f"predict-{part.id}", taken), f'{first}predict("{part.id}", "")')
                    asked += 1
                yield _code(part.id, _cell_text(part))
            case _ if shown := _output_as_text(part):
                texts.append(shown)
    yield from flush()
    if asked:
        yield _code(_free("predictions", taken), "from grader.notebook import predictions\n\npredictions()")


def _cell_text(part: Cell | Puzzle) -> str:
    if isinstance(part, Puzzle):
        return f'parsons("{part.id}", "")'
    # After a restart of the kernel a learner runs the check alone.
    return f"from grader.notebook import check\n\n{part.text}" if SELF_CHECK.fullmatch(part.text.strip()) else part.text


def _output_as_text(part: Part) -> str:
    """How a special block looks to the learner; empty if it is for the tests alone."""
    match part:
        case Output(text=text, backend=backend):
            on = f" on {backend}" if backend else ""
            return f"<details><summary>What you should see{on}</summary>\n\n{fenced_block('text', text)}\n\n</details>"
        case TestFile(text=text) | Fails(text=text):
            return fenced_block("python", text)
    return ""


def fenced_block(language: str, text: str) -> str:
    """A text as a fenced block; its fence is longer than any in the text."""
    longest = max(map(len, re.findall(r"^`{3,}", text, re.MULTILINE)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def slug(title: str) -> str:
    """A heading as the id of a cell."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[: LONGEST_ID - 4].rstrip("-") or "text"


def _free(name: str, taken: set[str]) -> str:
    """The name itself, or with a number if it is taken; it is taken afterwards."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free)
    return free


def link_notebooks(text: str, lesson: Lesson) -> str:
    """A text whose links lead to the notebook of a page that has one, and explain a term of the glossary when pointed at."""

    def target(found: re.Match[str]) -> str:
        page, rest = lesson.path.parent / found["page"], found["rest"] or ""
        if page.name == GLOSSARY and (term := entry(page, rest[1:])) is not None:
            title, said = term
            link = f"]({found['page']}#{jupyter_anchor(title)}"
            return f'{link} "{said}")' if said else f"{link})"
        if page.name == "lesson.md" or has_cells(page):
            return f"]({found['page'][:-3]}.ipynb{rest})"
        return found[0]

    return LINK.sub(target, text)


def explain_terms(text: str, lesson: Lesson) -> str:
    """A text whose links to terms of the glossary explain them when pointed at, and lead where they did."""

    def link(found: re.Match[str]) -> str:
        page, rest = lesson.path.parent / found["page"], found["rest"] or ""
        term = entry(page, rest[1:]) if page.name == GLOSSARY else None
        return f']({found["page"]}{rest} "{term[1]}")' if term and term[1] else found[0]

    return LINK.sub(link, text)


def jupyter_anchor(heading: str) -> str:
    """Where JupyterLab finds a heading: it writes a heading with hyphens for blanks and leaves its letters as they are."""
    return heading.strip().replace(" ", "-")


def entry(glossary: Path, anchor: str) -> tuple[str, str] | None:
    """The heading of a term in a glossary and its first sentence without markup; None if it has no such term."""
    try:
        sections = re.split(r"^## +", glossary.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    except (OSError, UnicodeDecodeError):
        return None
    for section in sections:
        title, _, body = section.partition("\n")
        if slug(title) == anchor:
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", body)
            first = re.split(r"(?<=\.)\s", " ".join(plain.split()), maxsplit=1)[0]
            return title, re.sub(r"[`*]", "", first).replace('"', "'")
    return None


def has_cells(page: Path) -> bool:
    """Whether a page has cells, by a look at its text alone."""
    return _has(page, CELL)


def has_proofs(page: Path) -> bool:
    """Whether a page has anything that is run: cells, tests, blocks that fail."""
    return _has(page, PROVED)


def _has(page: Path, wanted: re.Pattern[str]) -> bool:
    try:
        return bool(wanted.search(page.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return False


def _markdown(id_: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": id_, "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(id_: str, text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": id_,
        "metadata": {},
        "outputs": [],
        "source": text.splitlines(keepends=True),
    }
