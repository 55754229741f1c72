"""Which traces are believed: answers to what was asked, valid, bounded, monotone in time, made of names that the plan knows."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from grader.checks.rule import NotRun
from grader.worker.record.spans import FORMAT

_ENDS = frozenset({"done", "deadlock", "runaway", "stuck", "exit", "error", "breakpoint"})
_HOWS = frozenset({"returned", "raised", "cancelled", "open"})
_KEYS = {"format", "backend", "seed", "order", "cancel", "fault", "spans", "notes", "steps", "time", "end", "probes"}
_WORD = re.compile(r"[^\W\d_]+")
_OURS = frozenset(
    {"actor", "run", "after", "scene", "cancel", "signal", "file", "open", "close", "collected", "fault"}
) | {
    *("want", "take", "drop", "give", "up", "lock"),
}
_MAX_SPANS = 5_000
_MAX_NOTES = 10_000
_MAX_LINE = 20_000


@lru_cache(64)
def words_of(text: str) -> frozenset[str]:
    """Return the words of a scene's text, and those that the worker itself puts into a record."""
    return frozenset(_WORD.findall(text)) | _OURS


def known_words(plan: Mapping[str, Any], words: frozenset[str]) -> frozenset[str]:
    """Return the words that names in the traces of a plan are made of: those of the scene (`words_of`), and the plan's."""
    return words | frozenset(_WORD.findall(repr(plan)))


def believe(data: object, request: Mapping[str, Any], number: int, known: frozenset[str]) -> dict[str, Any]:
    """Take a trace from a child only if it may be believed: the one place where that is decided.

    Args:
        data: what the child wrote.
        request: what was asked for: ``backend``, ``plan`` and ``runs``.
        number: of the run whose trace is due, from 0.
        known: the words that names are made of (`known_words`).

    Raises:
        NotRun: it is not a trace, not that of this run, or not valid.
    """
    if not isinstance(data, dict) or not isinstance(end := data.get("end"), dict) or type(end.get("kind")) is not str:
        raise NotRun("the worker wrote something that is not a trace")
    if number >= len(request["runs"]):
        raise NotRun("the worker wrote more traces than there were runs")
    wanted = {"backend": request["backend"], **request["runs"][number]}
    if any(key not in data or data[key] != value for key, value in wanted.items()):
        raise NotRun("the worker wrote a trace that nobody asked for")
    if wrong := complaints(data, request, known):
        raise NotRun(f"the run's record is not valid: {wrong}")
    return data


def complaints(data: Any, request: Mapping[str, Any], known: frozenset[str]) -> str:
    """Return what is wrong with a trace, in a few words; empty text if it may be believed.

    Args:
        data: the trace.
        request: what was asked for.
        known: the words that names are made of (`known_words`); a name with any other is refused.
    """
    try:
        return _head(data, request) or _spans(data) or _notes(data) or _names(data, known) or _probes(data["probes"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        return f"malformed ({type(error).__name__})"


def _head(data: Any, request: Mapping[str, Any]) -> str:
    if type(data) is not dict or not set(data).issuperset(_KEYS) or data["format"] != FORMAT:
        return f"not format {FORMAT}"
    if data["backend"] != request["backend"]:
        return "another backend"
    if data["end"]["kind"] not in _ENDS or type(data["end"]["text"]) is not str:
        return "an unknown end"
    if not _is_time(data["time"]) or type(data["steps"]) is not int:
        return "no time"
    if len(data["spans"]) > _MAX_SPANS or len(data["notes"]) > _MAX_NOTES:
        return "too long"
    return ""


def _names(data: Mapping[str, Any], known: frozenset[str]) -> str:
    names = {name: None for span in data["spans"] for name in (span["what"], span["who"])}
    # What notes a lock is a task, and the learner may have named it.
    names |= {note["what"]: None for note in data["notes"]}
    for name in map(str, names):
        if name not in known and (strange := [word for word in _WORD.findall(name) if word not in known]):
            return f"a name that neither plan nor scene knows: {strange[0]}"
    return ""


def _probes(probes: Mapping[str, Any]) -> str:
    """The evidence that a learner may read a number of."""
    lines = [*probes.get("unawaited_lines", ()), *(entry["line"] for entry in probes.get("blocking", ()))]
    observed = probes.get("observed", {})
    lines += [entry["line"] for entry in observed.get("raised", ())]
    lines += [line for line, _ in observed.get("lines", ())] + [line for _, line in observed.get("path", ())]
    lines += [move["line"] for move in observed.get("moves", ())]
    if any(line is not None and (type(line) is not int or not 0 <= line <= _MAX_LINE) for line in lines):
        return "a line that is not a number"
    return ""


def _is_time(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0


def _spans(data: Mapping[str, Any]) -> str:
    known: dict[int, Any] = {}
    last_begun, last_start = -1, 0.0
    for span in data["spans"]:
        begun, ended = span["order"]
        if (
            span["how"] not in _HOWS
            or span["id"] in known
            or (span["parent"] is not None and span["parent"] not in known)
        ):
            return "a span out of place"
        if begun <= last_begun or not _is_time(span["start"]) or span["start"] < last_start:
            return "time runs backwards"
        if (span["how"] == "open") != (span["end"] is None):
            return "a span that is neither open nor ended"
        if span["end"] is not None and (not _is_time(span["end"]) or span["end"] < span["start"] or ended <= begun):
            return "a span that ends before it begins"
        known[span["id"]] = span
        last_begun, last_start = begun, span["start"]
    if data["end"]["kind"] == "done" and any(s["end"] is None and not _left_running(s, known) for s in known.values()):
        return "a span without an end in a run that ended"
    return ""


def _left_running(span: Mapping[str, Any], known: Mapping[int, Any]) -> bool:
    """Whether a task left the span behind: inside a call of the subject that ended, or in no actor's name at all."""
    while span["parent"] is not None:
        span = known[span["parent"]]
        if span["subject"]:
            return span["end"] is not None
    return bool(span["what"] != "actor")


def _notes(data: Mapping[str, Any]) -> str:
    last = -1
    for note in data["notes"]:
        if note["order"] <= last or not _is_time(note["t"]) or type(note["what"]) is not str:
            return "notes out of order"
        last = note["order"]
    return ""
