"""The course as a static site: every page and lesson with its pictures, answers folded, no script, no server.

A teacher can look at it before installing anything. Cells are run once, on asyncio; exercises and hints are not in it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from html import escape, unescape
from pathlib import Path, PurePosixPath
from typing import Any

from markdown_it import MarkdownIt

from grader.course import Course, CourseError
from grader.lesson.execution import copy_course
from grader.lesson.notebook_file import explain_terms, fenced_block, slug
from grader.lesson.parts import Cell, Fails, Lesson, Puzzle, TestFile, Text
from grader.lesson.puzzles import lines_by_letter
from grader.lesson.source import read

SECONDS = 180.0
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
LINK = re.compile(r'href="(?P<page>[^":#]*?)\.md(?P<anchor>#[^"]*)?"')
HREF = re.compile(r'href="([^"]*)"')
HEADING = re.compile(r"<h(\d)>(.*?)</h\1>", re.DOTALL)
STYLE = """\
:root{color-scheme:light dark}body{max-width:50rem;margin:2rem auto;padding:0 1rem;font:16px/1.55 system-ui,sans-serif}
pre{overflow-x:auto;padding:.6rem .8rem;border:1px solid #8885;border-radius:4px;font-size:13px;line-height:1.4}
pre.out{border-style:dashed}table{border-collapse:collapse}td,th{text-align:left;padding:2px 12px 2px 0;vertical-align:top}
details{margin:.6rem 0}figure{margin:1rem 0;overflow-x:auto}nav{font-size:14px}
"""
Shown = Mapping[str, Mapping[str, Any]]


def build_site(course: Course, to: Path, *, run: bool = True) -> list[Path]:
    """Write the site.

    Args:
        course: which.
        to: its folder; files in it are replaced.
        run: whether cells are run, so that what they print and draw is shown.

    Returns:
        The files.

    Raises:
        CourseError: a page cannot be read, or a link leads nowhere.
    """
    lessons = [read(path, course.root) for path in page_paths(course)]
    pages = {
        _target(lesson, course): _page(lesson, course, what_is_shown(lesson, course) if run else {})
        for lesson in lessons
    }
    pages[PurePosixPath("index.html")] = _frame("Checkpoint", _index(course, lessons), PurePosixPath("index.html"))
    if dead := list(dead_links(pages)):
        raise CourseError(f"{dead[0]} ({len(dead)} such links)" if len(dead) > 1 else dead[0])
    for name, text in pages.items():
        path = to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return [to / name for name in pages]


def page_paths(course: Course) -> list[Path]:
    """The Markdown of every page and lesson."""
    pages = sorted((course.root / "course").glob("*.md"))
    return [*pages, *(path for module in course.modules() if (path := module.lesson).is_file())]


def what_is_shown(lesson: Lesson, course: Course) -> Shown:
    """What each cell of a page shows, by its id; empty for a page without cells."""
    if not lesson.cells:
        return {}
    with tempfile.TemporaryDirectory(prefix="site-") as place:
        path = copy_course(course, Path(place)) / lesson.path.relative_to(course.root)
        command = [sys.executable, "-m", "grader.lesson.shown"]
        job = json.dumps({"path": str(path)})
        try:
            ended = subprocess.run(
                command, input=job, cwd=path.parent, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise CourseError(f"{lesson.where}: its cells did not end within {SECONDS:.0f} s") from error
    shown = {each["id"]: each for line in ended.stdout.splitlines() if (each := json.loads(line))}
    if missing := [part.id for part in lesson.cells if isinstance(part, Cell) and part.id not in shown]:
        raise CourseError(f"{lesson.where}: cell `{missing[0]}` did not run: {ended.stderr.strip()[-200:]}")
    return shown


def dead_links(pages: Mapping[PurePosixPath, str]) -> Iterator[str]:
    """Links inside the site that lead to no page, or to no heading of a page."""
    for name, text in pages.items():
        for href in map(unescape, HREF.findall(text)):
            page, _, anchor = href.partition("#")
            if "://" in page:
                continue
            target = _normal(name.parent / page) if page else name
            if target not in pages:
                yield f"{name}: {href} leads to no page of the site"
            elif anchor and f'id="{anchor}"' not in pages[target]:
                yield f"{name}: {href} leads to no heading"


def _normal(path: PurePosixPath) -> PurePosixPath:
    parts: list[str] = []
    for part in path.parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
    return PurePosixPath(*parts)


def _target(lesson: Lesson, course: Course) -> PurePosixPath:
    return PurePosixPath(lesson.path.relative_to(course.root).with_suffix(".html").as_posix())


def _page(lesson: Lesson, course: Course, shown: Shown) -> str:
    blocks = "\n".join(_block(lesson, part, shown) for part in lesson.parts)
    title = lesson.headings[0].title if lesson.headings else lesson.slug
    return _frame(title, blocks, _target(lesson, course))


def _block(lesson: Lesson, part: object, shown: Shown) -> str:
    match part:
        case Text(text=text):
            return _prose(explain_terms(text, lesson))
        case Cell(id=id_, text=text):
            return _prose(fenced_block("python", text)) + _output(shown.get(id_, {}))
        case Puzzle() as puzzle:
            lines = "\n".join(f"{letter}  {line}" for letter, line in lines_by_letter(puzzle, lesson.slug).items())
            return _prose(fenced_block("text", lines))
        case TestFile(text=text) | Fails(text=text):
            return _prose(fenced_block("python", text))
    return ""  # proofs, and outputs: those of the run are shown


def _prose(markdown: str) -> str:
    html = HEADING.sub(_with_id, MARKDOWN.render(markdown))
    return LINK.sub(r'href="\g<page>.html\g<anchor>"', html)


def _with_id(found: re.Match[str]) -> str:
    level, inside = found[1], found[2]
    return f'<h{level} id="{slug(unescape(re.sub(r"<[^>]*>", "", inside)))}">{inside}</h{level}>'


def _output(shown: Mapping[str, Any]) -> str:
    parts = [f'<pre class="out">{escape(said)}</pre>' for said in (shown.get("printed"), shown.get("text")) if said]
    if picture := shown.get("html"):
        parts.append(f"<figure>{picture}</figure>")
    return "".join(parts)


def _index(course: Course, lessons: list[Lesson]) -> str:
    lines = ["# Checkpoint", "", "A course on structured concurrency in Python. Begin with the first page.", ""]
    pages = [lesson for lesson in lessons if lesson.path.name != "lesson.md"]
    pages.sort(key=lambda lesson: lesson.slug != "start_here")
    lines += [f"- [{lesson.headings[0].title}]({lesson.path.relative_to(course.root).as_posix()})" for lesson in pages]
    lines += ["", "| module | level | core |", "| --- | --- | --- |"]
    for module in course.modules():
        link = f"[{module.short} {module.title}](course/{module.slug}/lesson.md)"
        lines.append(f"| {link} | {module.level} | {module.core_minutes} min |")
    return _prose("\n".join(lines))


def _frame(title: str, body: str, place: PurePosixPath) -> str:
    home = "../" * (len(place.parts) - 1) + "index.html"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n'
        f'<body><nav><a href="{home}">all pages</a></nav>\n{body}\n</body></html>\n'
    )
