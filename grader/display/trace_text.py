"""A trace as text: a line per span, a bar on the axis of virtual time, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from grader.checks.runs import seconds
from grader.checks.trace import Span, Trace
from grader.display.show import clean
from grader.judging.shown_run import depth, first_moment

WIDTH = 80
BAR = 30
LABEL = 24
ROOM = WIDTH - LABEL - BAR - 2
"""Characters for how a span ended; the line of the learner's file is left out where it does not fit."""
MAX_LINES = 60
ENDS = {"returned": "┤", "raised": "✗", "cancelled": "⊘", "open": "…"}
LEGEND = {
    "returned": "├┤ from call to return",
    "raised": "✗ raised",
    "cancelled": "⊘ was cancelled",
    "open": "… never ended",
}


def timeline(trace: Trace) -> str:
    """The picture of one run, at most 80 columns wide."""
    spans = trace.spans
    lines = [heading(trace), axis(first_moment(trace), trace.time)]
    lines += [line(span, trace) for span in spans[:MAX_LINES]]
    if len(spans) > MAX_LINES:
        lines.append(f"… and {len(spans) - MAX_LINES} more")
    lines += [note(entry) for entry in trace.data["notes"][:MAX_LINES]]
    end = trace.data["end"]
    if end["kind"] != "done":
        lines.append(f"end: {end['kind']}: {end['text']}")
        lines += [
            f"  {entry.get('task') or 'it'} waits at line {entry.get('line')}"
            for entry in end["waiting"]
            if entry.get("line")
        ]
    lines.append(legend(spans[:MAX_LINES]))
    return "\n".join(clean(text)[:WIDTH] for text in lines)


def legend(spans: Iterable[Span]) -> str:
    """What the marks in the picture mean, as far as it has them."""
    used = {span.how for span in spans}
    said = [text for how, text in LEGEND.items() if how in used]
    return " · ".join([*said, "virtual seconds"])


def heading(trace: Trace) -> str:
    """Which run it is."""
    data = trace.data
    parts = [f"{trace.backend}", f"seed {data['seed']} ({data['order']})", f"{trace.steps} steps"]
    if cancel := data.get("cancel"):
        parts.append(f"{cancel['who']} cancelled after step {cancel['after']}")
    if fault := data.get("fault"):
        parts.append(f"call {fault['call']} of {fault['who']} fails")
    return " · ".join(parts)


def axis(start: float, end: float) -> str:
    """The axis of time, in virtual seconds."""
    left, right = seconds(start), f"{seconds(end)} s"
    return f"{'':{LABEL}} {left}{right:>{BAR - len(left)}}"


def line(span: Span, trace: Trace) -> str:
    """One span: its name, indented by depth, its bar, and how it ended."""
    label = f"{'  ' * min(depth(span, trace), 5)}{span.who} {span.what}"
    return f"{label[:LABEL]:{LABEL}} {bar(span, first_moment(trace), trace.time):{BAR}} {ending(span)}"


def bar(span: Span, start: float, end: float) -> str:
    """The span on the axis; one that takes no time is a point."""
    scale = (BAR - 1) / (end - start) if end > start else 0.0
    first = round(max(span.start - start, 0.0) * scale)
    last = BAR - 1 if span.end is None else round(max(span.end - start, 0.0) * scale)
    mark = ENDS[span.how]
    return " " * first + (mark if first == last else "├" + "─" * (last - first - 1) + mark)


def ending(span: Span) -> str:
    """When and how a span ended; the picture has no room for texts of exceptions, and they are not needed."""
    value: Any = span.value if span.how == "returned" else None
    said = f" {value!r}" if value is not None else ""
    at = "" if span.end is None else f"{seconds(span.end)} "
    text = f"{at}{span.ending}{said}"
    return text if len(text) <= ROOM else text.partition(" at line ")[0]


def note(entry: dict[str, Any]) -> str:
    """An event without length."""
    return f"{entry['who']} {entry['what']}"[:LABEL].ljust(LABEL) + f" at {seconds(entry['t'])}"
