"""A failing run as a page may show it: who did what, when, and how it ended; no value, no text of an exception.

It is plain data in the row that shows the cause, so that a page needs to play nothing: `docs/report_format.md` has its form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.checks.trace import Span, Trace

MOST_ROWS = 30
"""A picture with more rows than this explains nothing; the rest is a number."""
DEEPEST = 5


def shown_run(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The run of a trace as a page shows it; None if nothing happened in it.

    Args:
        data: the trace.
    """
    trace = Trace(data)
    spans = trace.spans
    if not spans:
        return None
    shown: dict[str, Any] = {
        "backend": trace.backend,
        "start": _round(first_moment(trace)),
        "end": _round(trace.time),
        "rows": [_row(span, trace) for span in spans[:MOST_ROWS]],
    }
    if len(spans) > MOST_ROWS:
        shown["more"] = len(spans) - MOST_ROWS
    return shown


def first_moment(trace: Trace) -> float:
    """When there is something to see (virtual s): scenes let some time pass before the first call."""
    return min((span.start for span in trace.spans if span.what != "actor"), default=0.0)


def depth(span: Span, trace: Trace) -> int:
    """How many spans it lies in."""
    by_id, count = trace.by_id, 0
    while span.parent is not None and span.parent in by_id:
        span, count = by_id[span.parent], count + 1
    return count


def _row(span: Span, trace: Trace) -> dict[str, Any]:
    row: dict[str, Any] = {
        "label": _label(span),
        "depth": min(depth(span, trace), DEEPEST),
        "start": _round(span.start),
        "end": None if span.end is None else _round(span.end),
        "how": span.how,
        "said": span.ending,
    }
    return row if span.cancelled_at is None else {**row, "cancelled": _round(span.cancelled_at)}


def _label(span: Span) -> str:
    """Who does what; of the only caller's call its name alone, which is the learner's own function."""
    if span.what in ("actor", "job"):
        return span.who
    return span.what if span.who in ("caller", "scene") else f"{span.who} {span.what}"


def _round(moment: float) -> float:
    """A moment without the clock's creep, and with no more digits than a picture can show."""
    return round(moment, 2)
