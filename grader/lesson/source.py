"""Read a lesson from its Markdown. Fenced blocks with attributes in braces are special; everything else stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.course import BACKENDS
from grader.lesson.joining import join_parts
from grader.lesson.parts import (
    Cell,
    Distractor,
    Fails,
    Lesson,
    LessonError,
    Output,
    Part,
    Puzzle,
    TestFile,
    Text,
    Verify,
)

INFO = re.compile(r"(?P<language>[\w+-]*)\s*\{(?P<attributes>[^{}]*)\}\s*")
ID = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
SPECIAL = ("output", "verify", "parsons")
KEYS = {
    "python": ({"#"}, {"file"}, {"fails"}),
    "output": ({"#"}, {"#", "backend"}),
    "verify": ({"#"},),
    "parsons": ({"#"},),
}
"""Language of a fence → the sets of attributes that it may have; ``#`` stands for an id."""

INSTEAD = re.compile(r"--- instead of (\d+): *(\S.*)")
ALSO = re.compile(r"--- also((?: \d+)+) *")
LONGEST_ID = 64  # nbformat's limit for the id of a cell
MOST_LINES = 26  # letters


def read(path: Path, root: Path | None = None) -> Lesson:
    """Read a lesson.

    Args:
        root: of the course, to name the file in messages.

    Raises:
        LessonError: it cannot be read, or breaks the format; the text names file and line.
    """
    where = path.relative_to(root).as_posix() if root and path.is_relative_to(root) else str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = (error.strerror or "error").lower() if isinstance(error, OSError) else "it is not UTF-8"
        raise LessonError(f"{where}: cannot be read ({said})") from error
    return parse(text, path, where)


def parse(text: str, path: Path, where: str) -> Lesson:
    """Take a lesson's text apart.

    Args:
        where: how messages name it.

    Raises:
        LessonError: it breaks the format.
    """
    return Lesson(path, where, tuple(join_parts(where, list(_LessonReader(text, where).parts()))))


class _LessonReader:
    """One lesson being read."""

    def __init__(self, text: str, where: str) -> None:
        self.where = where
        self.lines = text.splitlines()
        self.tokens = MarkdownIt("commonmark").parse(text)

    def error(self, line: int, said: str) -> LessonError:
        return LessonError(f"{self.where}:{line}: {said}")

    def parts(self) -> Iterator[Part]:
        """The parts in order; texts are cut at headings and at special blocks."""
        begun, level, title = 0, 0, ""
        folded = 0
        for number, token in enumerate(self.tokens):
            first, end = token.map or (0, 0)
            if token.type == "html_block":
                folded += len(re.findall(r"<details\b", token.content)) - token.content.count("</details>")
            if token.type == "heading_open" and token.level == 0 and token.tag in ("h1", "h2", "h3"):
                yield from self.text(begun, first, level, title)
                begun, level, title = first, int(token.tag[1]), self.tokens[number + 1].content.strip()
            elif token.type == "fence" and (special := self.special(token)):
                if folded and not isinstance(special, Output | Verify):
                    raise self.error(first + 1, "is between <details> and </details>: move it out of the fold")
                yield from self.text(begun, first, level, title)
                begun, level, title = end, 0, ""
                yield special
        yield from self.text(begun, len(self.lines), level, title)

    def text(self, begun: int, end: int, level: int, title: str) -> Iterator[Text]:
        lines = self.lines[begun:end]
        while lines and not lines[0].strip():
            lines, begun = lines[1:], begun + 1
        if lines:
            yield Text(begun + 1, "\n".join(lines).rstrip(), level, title)

    def special(self, token: Token) -> Part | None:
        """The special block that a fence is; None if it is just Markdown."""
        info, (first, end) = token.info.strip(), token.map or (0, 0)
        line = first + 1
        language = re.split(r"[\s{]", info, maxsplit=1)[0]
        if "{" not in info and language not in SPECIAL:
            return None
        if not self.lines[end - 1].strip().startswith(token.markup) or end - 1 == first:
            raise self.error(line, f"the block is not closed: end it with {token.markup}")
        if token.level:
            raise self.error(line, "is in a list or a quotation: move it to the left margin")
        attributes = self.attributes(info, line)
        return self.part(language, attributes, line + 1, token.content)

    def attributes(self, info: str, line: int) -> dict[str, str]:
        found = INFO.fullmatch(info)
        if not found:
            raise self.error(line, f"cannot read {info!r}: write such as ```python {{#name}}")
        language = found["language"]
        if language not in KEYS:
            raise self.error(line, f"{language or 'no language'!r} takes no attributes: only {', '.join(KEYS)} do")
        attributes: dict[str, str] = {}
        for word in found["attributes"].split():
            key, value = ("#", word[1:]) if word.startswith("#") else word.split("=", 1) if "=" in word else (word, "")
            if key not in set().union(*KEYS[language]):
                raise self.error(line, f"unknown attribute {key!r} of {language}")
            if key in attributes or not value:
                raise self.error(line, f"{word!r}: give one value to {key!r}")
            attributes[key] = value
        if set(attributes) not in KEYS[language]:
            may = " or ".join(
                "{" + " ".join("#name" if key == "#" else f"{key}=…" for key in sorted(keys)) + "}"
                for keys in KEYS[language]
            )
            raise self.error(line, f"{language} needs {may}")
        if "#" in attributes and (not ID.fullmatch(attributes["#"]) or len(attributes["#"]) > LONGEST_ID):
            raise self.error(line, f"{attributes['#']!r} is not an id: use small letters, digits and -")
        return attributes

    def part(self, language: str, attributes: dict[str, str], line: int, text: str) -> Part:
        id_ = attributes.get("#", "")
        match language:
            case "output":
                if (backend := attributes.get("backend")) not in (None, *BACKENDS):
                    raise self.error(line - 1, f"backend {backend!r}: write asyncio or trio")
                return Output(id_, line, text, backend)
            case "verify":
                return Verify(id_, line, text)
            case "parsons":
                return self.puzzle(id_, line, text)
        if file := attributes.get("file"):
            if not re.fullmatch(r"test_\w+\.py", file):
                raise self.error(line - 1, f"file={file}: name it such as test_pattern.py")
            return TestFile(file, line, text)
        if error := attributes.get("fails"):
            return Fails(error, line, text)
        return Cell(id_, line, text.rstrip("\n"))

    def puzzle(self, id_: str, line: int, text: str) -> Puzzle:
        """Read a Parsons problem: right lines, then what follows ``---``."""
        right: list[str] = []
        distractors: list[Distractor] = []
        also: list[tuple[int, ...]] = []
        waiting: Distractor | None = None
        for number, each in enumerate(text.splitlines(), line):
            instead, other = INSTEAD.fullmatch(each), ALSO.fullmatch(each)
            if each.startswith("---") and waiting:
                break
            if instead:
                waiting = Distractor("", number, int(instead[1]), instead[2].strip())
            elif other:
                also.append(tuple(map(int, other[1].split())))
            elif each.startswith("---"):
                raise self.error(number, "write `--- instead of 3: why it is wrong` or `--- also 1 3 2`")
            elif each.strip() and waiting:
                distractors.append(replace(waiting, text=each, line=number))
                waiting = None
            elif each.strip() and (distractors or also):
                raise self.error(number, "a line too many: one wrong line follows `---`")
            elif each.strip():
                right.append(each)
        if waiting:
            raise self.error(waiting.line, "the wrong line is missing: write it on the next line")
        puzzle = Puzzle(id_, line, tuple(right), tuple(distractors), tuple(also))
        self.check_puzzle(puzzle)
        return puzzle

    def check_puzzle(self, puzzle: Puzzle) -> None:
        numbers = range(1, len(puzzle.lines) + 1)
        if len(puzzle.lines) < 2 or len(puzzle.lines) + len(puzzle.distractors) > MOST_LINES:  # noqa: PLR2004
            raise self.error(puzzle.line, f"a Parsons problem has 2 to {MOST_LINES} lines")
        for each in puzzle.distractors:
            if each.place not in numbers:
                raise self.error(each.line, f"there is no line {each.place}: the right lines are 1 to {numbers[-1]}")
            if each.text in puzzle.lines:
                raise self.error(each.line, "the wrong line is one of the right ones")
        for order in puzzle.also:
            if sorted(order) != list(numbers):
                raise self.error(
                    puzzle.line, f"also {' '.join(map(str, order))}: name each line once, 1 to {numbers[-1]}"
                )
