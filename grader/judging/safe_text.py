"""What of a submission's own texts and numbers may stand on a page that its learner reads: no hidden plan must leave in them.

A file that is graded sees the plans of hidden checks, and it chooses texts that a page shows: what it returns, the names of its
classes, tasks and files. Such a text is shown if module or file hold it beforehand; of any other one only the length is. A number
has at most six digits that count, and a sentence so many numbers of the submission's as a learner reads.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import anyio
import trio

from grader.checks.phrases import number
from grader.course import Module
from grader.judging.report import Cause, Row
from grader.judging.trusted_trace import words_of

LONGEST = 60
"""Characters of a text that is shown as it is: words that are known may still be put together to something new."""

DIGITS = 6
"""Digits of a text that is shown as it is; they are not words that could be known."""

DIGITS_IN_ALL = 24
"""Digits of numbers that a submission gave, which a sentence shows; those that were expected or stand in the file are not counted."""

SHORT = 4
"""Texts of fewer characters are covered only where they stand in quotes; as bare words they are parts of others."""

HEAD = 12
"""How many characters of a text are looked for: what is shown of it may be cut."""

_OF_PYTHON = frozenset(name for module in (builtins, anyio, asyncio, trio) for name in dir(module)) | {
    kind.__name__
    for kind in vars(types).values()
    if isinstance(kind, type)  # coroutine, generator and so on
}
_OF_ENGINE = frozenset(
    {"Fault", "Abandon", "FaultGroup", "MemoryObjectSendStream", "MemoryObjectReceiveStream", "Task"}
)
#: The text of an exception is shown to no learner, and a token is the scene's.
_NOT_SHOWN = ("text", "token")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"(?<![\w.])(?<![^\W\d]-)\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")
_READABLE = 1e-4, 1e6  # what is between them can be written with six digits


class SafeTexts:
    """Covers the texts of a submission that nobody knew before it ran.

    Args:
        module: what it was written for: the words of its scene, its exercise and its hidden checks are known.
        source: of the submission; what stands there was written before it saw a plan.
    """

    def __init__(self, module: Module, source: str) -> None:
        self._source = source
        self._words = known_to(module)
        self._functions = frozenset(f"{module.stub.stem}.{name}" for name in qualified_names(source))
        self._unknown: dict[str, None] = {}
        self._written = frozenset(_NUMBER.findall(source))
        self._given: set[str] = set()

    def learn(self, trace: Mapping[str, Any] | None) -> None:
        """Take from a trace the texts that must be covered, and the numbers that the submission gave."""
        for value in values_of(trace or {}):
            if isinstance(value, int | float):
                self._given |= {str(abs(value)), number(abs(value))}
            elif value and value not in self._unknown and not self.is_known(value):
                self._unknown[value] = None

    def is_known(self, text: str) -> bool:
        """Whether a text was there before the file ran."""
        if text in _OF_PYTHON or text in _OF_ENGINE or text in self._functions:
            return True
        if len(text) > LONGEST or sum(map(str.isdigit, text)) > DIGITS:
            return False
        return text in self._source or all(word in self._words for word in _WORD.findall(text))

    def cover(self, shown: str, expected: str = "") -> str:
        """A sentence, with only the length of each text that is not known, and with numbers that can be read.

        Args:
            shown: the sentence.
            expected: what a check wants to see: numbers in it are known.
        """
        for text in sorted(self._unknown, key=len, reverse=True):
            shown = cover(shown, text)
        known = self._written.union(_NUMBER.findall(expected))
        left = DIGITS_IN_ALL

        def shorten(found: re.Match[str]) -> str:
            nonlocal left
            if found[0] in known:
                return found[0]
            short = short_number(found[0])
            if found[0] in self._given:
                left -= sum(map(str.isdigit, short))
                return short if left >= 0 else "a number"
            return short

        return _NUMBER.sub(shorten, shown)

    def row(self, row: Row) -> Row:
        """A row as its learner may read it; what was covered is kept for the instructor."""
        names = ("what", "expected", "actual", "happened", "where", "smallest", "differs")
        wanted = row.expected or ""
        texts: dict[str, Any] = {name: self.cover(text, wanted) for name in names if (text := getattr(row, name))}
        if row.shown is not None:
            rows = [{**each, "said": self.cover(each["said"])} for each in row.shown["rows"]]
            row = replace(row, shown={**row.shown, "rows": rows})
        if all(text == getattr(row, name) for name, text in texts.items()):
            return row
        return replace(row, **texts, detail=row.detail or row.actual)

    def cause(self, cause: Cause | None, rows: Sequence[Row] = ()) -> Cause | None:
        """A cause as its learner may read it; one of the rows shows it."""
        if cause is None:
            return None
        wanted = next((row.expected for row in rows if (row.id, row.backend) == (cause.check, cause.backend)), None)
        return replace(cause, text=self.cover(cause.text, wanted or ""))


def cover(shown: str, text: str) -> str:
    """A sentence with one text covered, whole or cut off, as it is or as Python writes it."""
    for form in dict.fromkeys((repr(text)[1:-1], text)):
        head, place = form[:HEAD], 0
        while (begin := shown.find(head, place)) >= 0:
            end = begin + len(head)
            while end < len(shown) and shown[end : end + 1] == form[end - begin : end - begin + 1]:
                end += 1
            quoted = shown[begin - 1 : begin] in ("'", '"') and begin > 0
            if end - begin < len(form):  # cut off, or another text that begins alike: nothing of it may stay
                end = _end_of(shown, begin, end)
            whole = not (_is_part(shown, begin - 1) or _is_part(shown, end))
            if quoted:
                closed = shown[end : end + 1] == shown[begin - 1]
                instead = f"a text of {len(text)} characters"
                shown, place = shown[: begin - 1] + instead + shown[end + closed :], begin - 1 + len(instead)
            elif whole and len(text) >= SHORT:
                instead = f"a {'name' if text.isidentifier() else 'text'} of {len(text)} characters"
                shown, place = shown[:begin] + instead + shown[end:], begin + len(instead)
            else:
                place = end
    return shown


def _end_of(shown: str, begin: int, end: int) -> int:
    """Where the text ends that is shown from a place on: where it was cut off, at its closing quote, or at the next blank."""
    if shown[end : end + 1] in ("", "…"):
        return end
    quote = shown[begin - 1 : begin]
    if begin > 0 and quote in ("'", '"'):
        closed = shown.find(quote, end)
        return closed if closed >= 0 else len(shown)
    while end < len(shown) and not shown[end].isspace():
        end += 1
    return end


def short_number(text: str) -> str:
    """A number with at most six digits that count; how long it is, if that says nothing of it.

    Args:
        text: of the number, without a sign.
    """
    digits, _, exponent = text.partition("e")
    count = len(digits.replace(".", "").lstrip("0")) if "." in digits else len(digits)
    if count + len(exponent.lstrip("+-")) <= DIGITS:
        return text
    low, high = _READABLE
    if "." in digits and low <= float(text) < high:
        return f"{float(text):.{DIGITS}g}"
    return f"a number of {count} digits"


def _is_part(shown: str, place: int) -> bool:
    """Whether the character at a place belongs to a word."""
    return 0 <= place < len(shown) and (shown[place].isalnum() or shown[place] == "_")


def known_to(module: Module) -> frozenset[str]:
    """The words that a module's scene, exercise and hidden checks hold."""
    files = [module.scene, module.stub, *module.hidden_files]
    return words_of("\n".join(path.read_text(encoding="utf-8") for path in files if path.is_file()))


def qualified_names(source: str) -> Iterator[str]:
    """The functions of a file by their qualified names, which an event loop gives their tasks; none if Python cannot read it."""
    try:
        todo: list[tuple[ast.AST, str]] = [(ast.parse(source), "")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    while todo:
        node, prefix = todo.pop()
        for child in ast.iter_child_nodes(node):
            inside = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield prefix + child.name
                inside = f"{prefix}{child.name}.<locals>."
            elif isinstance(child, ast.ClassDef):
                inside = f"{prefix}{child.name}."
            todo.append((child, inside))


def _class_in(error: Any) -> str:
    """The name of the class that the worker names in the text of its own exception, of something that cannot be awaited."""
    is_ours = isinstance(error, Mapping) and error.get("error") == "NotAwaitable"
    found = re.search(r"gave (\S+),", str(error["text"])) if is_ours else None
    return found[1] if found else ""


def values_of(trace: Mapping[str, Any]) -> Iterator[str | float]:
    """The texts and numbers in a trace that a submission may have chosen."""
    for span in trace.get("spans", ()):
        yield from _values([span.get(key) for key in ("value", "error", "args", "left", "task")])
        yield _class_in(span.get("error"))
    for note in trace.get("notes", ()):
        yield from _values([note.get("value"), note.get("who")])
    for task in trace.get("tasks", ()):
        yield from _values([task.get("name")])
    probes = trace.get("probes", {})
    yield from _values([probes.get(key) for key in ("left", "unawaited")])


def _values(value: Any) -> Iterable[str | float]:
    if isinstance(value, str) or type(value) in (int, float):
        yield value
    elif isinstance(value, Mapping):
        yield from _values([item for key, item in value.items() if key not in _NOT_SHOWN])
    elif isinstance(value, list):
        for item in value:
            yield from _values(item)
