"""A trace as text: a line per span, a bar on the axis of virtual time, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from grader.checks.phrases import phrase, seconds
from grader.checks.trace import Span, Trace
from grader.display.show import WIDTH, clean
from grader.judging.shown_run import depth, first_moment

MAX_LINES = 60
ENDS = {"returned": "┤", "raised": "✗", "cancelled": "⊘", "open": "…"}
LEGEND = {
    "returned": "├┤ from call to return",
    "raised": "✗ raised",
    "cancelled": "⊘ was cancelled",
    "open": "… never ended",
}


@dataclass(frozen=True)
class Columns:
    """How wide the parts of a picture are, in characters.

    Args:
        width: of the whole.
        label: of the names on the left.
        bar: of the axis of time.
    """

    width: int = WIDTH
    label: int = 24
    bar: int = 30

    @classmethod
    def of(cls, width: int) -> Columns:
        """The columns of a picture that is so wide: a narrow one has short names and a short axis."""
        if width >= WIDTH:
            return cls()
        label = max(12, 24 - (WIDTH - width) // 2)
        return cls(width, label, max(10, width - label - 24))

    @property
    def room(self) -> int:
        """For how a span ended; the line of the learner's file is left out where it does not fit."""
        return self.width - self.label - self.bar - 2


class RunPicture:
    """The picture of one run for a console, as wide as that is.

    Args:
        trace: of the run.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        yield Text(timeline(self.trace, options.max_width), no_wrap=True, overflow="crop")


def timeline(trace: Trace, width: int = WIDTH) -> str:
    """The picture of one run, at most `width` columns wide."""
    columns = Columns.of(width)
    spans = trace.spans
    lines = [heading(trace), axis(first_moment(trace), trace.time, columns)]
    lines += [line(span, trace, columns) for span in spans[:MAX_LINES]]
    if len(spans) > MAX_LINES:
        lines.append(f"… and {len(spans) - MAX_LINES} more")
    lines += [note(entry, columns) for entry in trace.data["notes"][:MAX_LINES]]
    end = trace.data["end"]
    if end["kind"] != "done":
        lines.append(f"end: {end['kind']}: {end['text']}")
        lines += [
            f"  {entry.get('task') or 'it'} waits at line {entry.get('line')}"
            for entry in end["waiting"]
            if entry.get("line")
        ]
    lines.append(legend(spans[:MAX_LINES]))
    return "\n".join(clean(text)[: columns.width] for text in lines)


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


def axis(start: float, end: float, columns: Columns) -> str:
    """The axis of time, in virtual seconds."""
    left, right = seconds(start), f"{seconds(end)} s"
    return f"{'':{columns.label}} {left}{right:>{columns.bar - len(left)}}"


def line(span: Span, trace: Trace, columns: Columns) -> str:
    """One span: its name, indented by depth, its bar, and how it ended."""
    label = f"{'  ' * min(depth(span, trace), 5)}{span.who} {span.what}"
    drawn = bar(span, first_moment(trace), trace.time, columns.bar)
    return f"{label[: columns.label]:{columns.label}} {drawn:{columns.bar}} {ending(span, columns.room)}"


def bar(span: Span, start: float, end: float, width: int) -> str:
    """The span on the axis; one that takes no time is a point."""
    scale = (width - 1) / (end - start) if end > start else 0.0
    first = round(max(span.start - start, 0.0) * scale)
    last = width - 1 if span.end is None else round(max(span.end - start, 0.0) * scale)
    mark = ENDS[span.how]
    return " " * first + (mark if first == last else "├" + "─" * (last - first - 1) + mark)


def ending(span: Span, room: int) -> str:
    """When and how a span ended; the picture has no room for texts of exceptions, and they are not needed."""
    value: Any = span.value if span.how == "returned" else None
    said = f" {phrase(value)}" if value is not None else ""
    at = "" if span.end is None else f"{seconds(span.end)} "
    text = f"{at}{span.ending}{said}"
    return text if len(text) <= room else text.partition(" at line ")[0]


def note(entry: dict[str, Any], columns: Columns) -> str:
    """An event without length."""
    return f"{entry['who']} {entry['what']}"[: columns.label].ljust(columns.label) + f" at {seconds(entry['t'])}"
