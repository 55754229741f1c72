"""From a failed check to the words of its row: what, expected, seen, where, and what brings it back.

A learner whose file is graded never reads the texts of the subject's exceptions, only their types and lines: a text can be
made to carry anything the subject has seen. They are kept apart, for the instructor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from grader.checks.phrases import pair, seconds, unit_of, without_none
from grader.checks.play import RUN
from grader.checks.rule import CheckFailed, RarePart, SentencePart
from grader.judging.report import Row

MAX_CHARS = 600
CANCELLATIONS = frozenset({"Cancelled", "CancelledError"})
"""What a backend raises to cancel: its text speaks of the library's own tasks."""

NOTHING_CANCELLED = "nothing cancelled"
"""What a row says of the undisturbed run of a search for a cancellation."""


def failure_row(row: Row, failure: CheckFailed) -> Row:
    """The row of a failed check.

    Args:
        row: the same without a verdict.
        failure: what the check raised.
    """
    data = failure.trace or {}
    seen, wanted = str(failure.seen), None
    if failure.wanted is not None:
        values = [without_none(failure.what, value) for value in (failure.seen, failure.wanted)]
        seen, wanted = pair(values[0], values[1], failure.unit or unit_of(failure.what))
    shown = without_text(seen, data)
    if isinstance(failure.part, SentencePart):
        row = replace(row, misconception=failure.part.misconception, step=failure.part.step)
    row = replace(row, wide=row.wide or isinstance(failure.part, RarePart))
    return replace(
        row,
        verdict="failed",
        what=cut(failure.what),
        expected=None if wanted is None else cut(wanted),
        actual=cut(shown),
        happened=cut(failure.happened) or None,
        part=cut(str(failure.part)) or None,  # a plain text: a report goes from process to process
        where=where(data),
        seed=data.get("seed"),
        run=plain_run_of(data) if data else None,
        detail=cut(seen) if shown != seen else error_texts(shown, data),
    )


def plain_run_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """What says which run of its plan a trace is of."""
    run = {key: data.get(key) for key in RUN}
    return {**run, "choices": data["choices"]} if "choices" in data else run


def without_text(seen: str, data: Mapping[str, Any]) -> str:
    """What was seen, without the text of an exception that broke the run off."""
    end = data.get("end", {})
    text = str(end.get("text", ""))
    if end.get("kind") != "error" or not seen.startswith(text):
        return seen
    return text.partition(": ")[0] + seen[len(text) :]


def error_texts(shown: str, data: Mapping[str, Any]) -> str | None:
    """The texts of the exceptions that what is shown only names: those that left a call of the subject."""
    errors = [span["error"] for span in data.get("spans", ()) if span["subject"] and span["error"]]
    leaves = [leaf for error in errors for leaf in error.get("leaves", [error])]
    own = [leaf for leaf in leaves if not leaf.get("token") and leaf["error"] not in CANCELLATIONS]
    texts = [f"{leaf['error']}: {leaf['text']}" for leaf in own if leaf.get("text")]
    named = [text for text in dict.fromkeys(texts) if text.partition(":")[0] in shown]
    return cut("; ".join(named)) or None


def where(data: Mapping[str, Any]) -> str | None:
    """When the run ended and what was done to it from outside, or None if there was no run."""
    if not data:
        return None
    parts = [f"run of {seconds(data['time'])} s"]
    if cancel := data.get("cancel"):
        after = cancel.get("after", -1)
        parts.append(f"{cancel['who']} cancelled after its step {after}" if after >= 0 else NOTHING_CANCELLED)
    if fault := data.get("fault"):
        parts.append(f"call {fault['call']} of {fault['who']} fails")
    return ", ".join(parts)


def cut(text: str) -> str:
    """A text of bounded length."""
    return text if len(text) <= MAX_CHARS else f"{text[: MAX_CHARS - 1]}…"
