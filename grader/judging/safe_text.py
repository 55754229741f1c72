"""What of a submission's own texts may stand on a page that its learner reads: a hidden plan must not leave in one of them.

A file that is graded sees the plans of hidden checks, and it chooses texts that a page shows: what it returns, the names of its
classes, tasks and files. Such a text is shown if module or file hold it beforehand; of any other one only the length is.
"""

from __future__ import annotations

import asyncio
import builtins
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import anyio
import trio

from grader.course import Module
from grader.judging.report import Cause, Row
from grader.judging.trusted_trace import words_of

LONGEST = 60
"""Characters of a text that is shown as it is: words that are known may still be put together to something new."""

DIGITS = 6
"""Digits of a text that is shown as it is; they are not words that could be known."""

SHORT = 4
"""Texts of fewer characters are covered only where they stand in quotes; as bare words they are parts of others."""

HEAD = 12
"""So many characters of a text are looked for: what is shown of it may be cut."""

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


class SafeTexts:
    """Covers the texts of a submission that nobody knew before it ran.

    Args:
        module: what it was written for: the words of its scene, its exercise and its hidden checks are known.
        source: of the submission; what stands there was written before it saw a plan.
    """

    def __init__(self, module: Module, source: str) -> None:
        self._source = source
        self._words = known_to(module)
        self._unknown: dict[str, None] = {}

    def learn(self, trace: Mapping[str, Any] | None) -> None:
        """Take from a trace the texts that must be covered."""
        for text in texts_of(trace or {}):
            if text and text not in self._unknown and not self.is_known(text):
                self._unknown[text] = None

    def is_known(self, text: str) -> bool:
        """Whether a text was there before the file ran."""
        if text in _OF_PYTHON or text in _OF_ENGINE:
            return True
        if len(text) > LONGEST or sum(map(str.isdigit, text)) > DIGITS:
            return False
        return text in self._source or all(word in self._words for word in _WORD.findall(text))

    def cover(self, shown: str) -> str:
        """A sentence, with only the length of each text that is not known."""
        for text in sorted(self._unknown, key=len, reverse=True):
            shown = cover(shown, text)
        return shown

    def row(self, row: Row) -> Row:
        """A row as its learner may read it; what was covered is kept for the instructor."""
        names = ("what", "expected", "actual", "happened", "where", "smallest", "differs")
        texts: dict[str, Any] = {name: self.cover(text) for name in names if (text := getattr(row, name))}
        if row.shown is not None:
            rows = [{**each, "said": self.cover(each["said"])} for each in row.shown["rows"]]
            row = replace(row, shown={**row.shown, "rows": rows})
        if all(text == getattr(row, name) for name, text in texts.items()):
            return row
        return replace(row, **texts, detail=row.detail or row.actual)

    def cause(self, cause: Cause | None) -> Cause | None:
        """A cause as its learner may read it."""
        return None if cause is None else replace(cause, text=self.cover(cause.text))


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


def _is_part(shown: str, place: int) -> bool:
    """Whether the character at a place belongs to a word."""
    return 0 <= place < len(shown) and (shown[place].isalnum() or shown[place] == "_")


def known_to(module: Module) -> frozenset[str]:
    """The words that a module's scene, exercise and hidden checks hold."""
    files = [module.scene, module.stub, *module.hidden_files]
    return words_of("\n".join(path.read_text(encoding="utf-8") for path in files if path.is_file()))


def _class_in(error: Any) -> str:
    """The name of the class that the worker names in the text of its own exception, of something that cannot be awaited."""
    is_ours = isinstance(error, Mapping) and error.get("error") == "NotAwaitable"
    found = re.search(r"gave (\S+),", str(error["text"])) if is_ours else None
    return found[1] if found else ""


def texts_of(trace: Mapping[str, Any]) -> Iterator[str]:
    """The texts in a trace that a submission may have chosen."""
    for span in trace.get("spans", ()):
        yield from _texts([span.get(key) for key in ("value", "error", "args", "left", "task")])
        yield _class_in(span.get("error"))
    for note in trace.get("notes", ()):
        yield from _texts([note.get("value"), note.get("who")])
    for task in trace.get("tasks", ()):
        yield from _texts([task.get("name")])
    probes = trace.get("probes", {})
    yield from _texts([probes.get(key) for key in ("left", "unawaited")])


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([item for key, item in value.items() if key not in _NOT_SHOWN])
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
