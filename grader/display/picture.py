"""A run as a picture: a row per task on an axis of time, as SVG that follows the notebook's theme, and as text.

Written by hand: three pictures take less than a millisecond and 7 kB each, and need no plotting library in the learner's
kernel.
"""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from grader.checks.phrases import seconds
from grader.display.picture_signs import (
    CANCEL,
    ENDING_WORDS,
    ENDINGS,
    FILLS,
    LETTER,
    SHIELD,
    STROKES,
    WIDE,
    WORDS,
    Kind,
    Measures,
)

TOP, HEIGHT = 42, 24  # pixels: above the rows, of a row
COLUMNS, NAMES, BAR = 80, 15, 30  # characters: of the text, of the names, of the bars
MOST_ROWS = 60


@dataclass(frozen=True)
class Stretch:
    """Part of a row: from `start` to `end` (s), what goes on, and words that say more."""

    start: float
    end: float
    kind: Kind
    said: str = ""


@dataclass(frozen=True)
class PictureRow:
    """One row.

    Args:
        label: name of the task.
        depth: how far it is indented.
        start: when it begins (s).
        end: when it ends; None if it is open at the end of the picture.
        how: ``returned``, ``raised``, ``cancelled`` or ``open``.
        said: words for its end, without the time.
        stretches: what goes on in it.
        shields: from when to when cancellation was kept away.
        deadlines: moments at which a scope in it would cancel.
        requested: when its cancellation was asked for.
        delivered: when it came, each time.
    """

    label: str
    depth: int
    start: float
    end: float | None
    how: str
    said: str
    stretches: Sequence[Stretch] = ()
    shields: Sequence[tuple[float, float]] = ()
    deadlines: Sequence[float] = ()
    requested: float | None = None
    delivered: Sequence[float] = ()


@dataclass(frozen=True)
class Picture:
    """Rows on an axis.

    Args:
        rows: from top to bottom.
        end: where the axis ends (s).
        notes: lines under it.
        start: where the axis starts (s); what lies before it is drawn there.
    """

    title: str
    rows: Sequence[PictureRow]
    end: float
    notes: Sequence[str] = ()
    start: float = 0.0

    def share(self, moment: float) -> float:
        """How far along the axis a moment lies, from 0 to 1."""
        length = self.end - self.start
        return min(max(moment - self.start, 0.0) / length, 1.0) if length > 0 else 0.0


def of_run(shown: Mapping[str, Any]) -> Picture:
    """The picture of a check's run.

    Args:
        shown: of `grader.judging.shown_run`.
    """
    rows = []
    for row in shown["rows"]:
        until = shown["end"] if row["end"] is None else row["end"]
        delivered = [row["cancelled"]] if "cancelled" in row else []
        rows.append(
            PictureRow(
                row["label"],
                row["depth"],
                row["start"],
                row["end"],
                row["how"],
                row["said"],
                [Stretch(row["start"], until, "work")],
                delivered=delivered,
            )
        )
    notes = [f"… and {shown['more']} more"] if "more" in shown else []
    title = f"{shown['backend']}, run of {seconds(shown['end'])} s"
    return Picture(title, rows, shown["end"], notes, shown["start"])


# -- SVG -----------------------------------------------------------------------------------------------------------
def svg(picture: Picture, measures: Measures = WIDE) -> str:
    """The picture as an SVG element, which shrinks with the pane that it is in."""
    rows = picture.rows[:MOST_ROWS]
    notes = _notes(picture, int(measures.width / LETTER))
    legend = list(_legend(rows))
    bottom = TOP + HEIGHT * len(rows)
    height = bottom + 20 * -(-len(legend) // measures.legend) + 16 * len(notes) + 14
    mark = hashlib.sha256(text(picture).encode()).hexdigest()[:8]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{measures.width}" height="{height}" viewBox="0 0 {measures.width} {height}" '
        f'role="img" aria-labelledby="t{mark} d{mark}" style="max-width:100%;min-width:{measures.least}px;height:auto;'
        'color:var(--jp-ui-font-color1,currentColor);font:12px var(--jp-ui-font-family,sans-serif)">'
    )
    hatching = (
        f'<defs><pattern id="h{mark}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="6" height="6" fill="{FILLS["blocked"]}" fill-opacity=".35"/>'
        f'<line x1="0" y1="0" x2="0" y2="6" stroke="{FILLS["blocked"]}" stroke-width="3"/></pattern></defs>'
    )
    parts = [
        head,
        f'<title id="t{mark}">{escape(picture.title)}</title><desc id="d{mark}">{escape(text(picture))}</desc>',
        hatching,
        _words(0, 12, picture.title, "font-weight='bold'"),
        *_axis(picture, measures, bottom),
    ]
    for number, row in enumerate(rows):
        parts += _row(row, TOP + HEIGHT * number, picture, measures, mark)
    for number, (symbol, said) in enumerate(legend):
        x, y = (
            (measures.width // measures.legend) * (number % measures.legend),
            bottom + 22 + 20 * (number // measures.legend),
        )
        parts += [symbol.format(x=x, y=y, mark=mark), _words(x + 26, y + 4, said)]
    below = bottom + 20 * -(-len(legend) // measures.legend) + 22
    parts += [_words(0, below + 16 * number, note) for number, note in enumerate(notes)]
    return "".join([*parts, "</svg>"])


def _words(x: float, y: float, said: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" fill="currentColor" {more}>{escape(said)}</text>'


def _axis(picture: Picture, measures: Measures, bottom: float) -> Iterator[str]:
    start, end = picture.start, picture.end
    for moment in (start, (start + end) / 2, end) if end > start else (start,):
        x = measures.x(picture.share(moment))
        yield (
            f'<line x1="{x}" y1="{TOP - 4}" x2="{x}" y2="{bottom}" stroke="currentColor" stroke-opacity=".25"/>'
            + _words(x, TOP - 8, f"{seconds(moment)} s", "text-anchor='middle' font-size='11'")
        )


def _row(row: PictureRow, y: float, picture: Picture, measures: Measures, mark: str) -> Iterator[str]:
    middle = y + HEIGHT / 2
    end = picture.end
    last = end if row.end is None else row.end
    left, right = measures.x(picture.share(row.start)), measures.x(picture.share(last))
    yield _words(8 * row.depth, middle + 4, _cut(row.label, int((measures.names - 8 * row.depth) / LETTER)))
    yield f'<line x1="{left}" y1="{middle}" x2="{right}" y2="{middle}" stroke="currentColor" stroke-opacity=".5"/>'
    for start, stop in row.shields:
        x = measures.x(picture.share(start))
        yield (
            f'<rect x="{x - 1}" y="{y + 2}" width="{max(measures.x(picture.share(stop)) - x, 2) + 2}" height="{HEIGHT - 4}" rx="3" fill="none" '
            f'stroke="{SHIELD}" stroke-width="2"><title>shielded from {seconds(start)} s to {seconds(stop)} s</title></rect>'
        )
    for stretch in row.stretches:
        x, width = (
            measures.x(picture.share(stretch.start)),
            max(measures.x(picture.share(stretch.end)) - measures.x(picture.share(stretch.start)), 2),
        )
        if stretch.kind != "children":
            fill = f"url(#h{mark})" if stretch.kind == "blocked" else FILLS[stretch.kind]
            yield (
                f'<rect x="{x}" y="{y + 6}" width="{width}" height="{HEIGHT - 12}" fill="{fill}" stroke="currentColor" '
                f'stroke-opacity=".4"><title>{escape(_stretch(stretch))}</title></rect>'
            )
    for moment in row.deadlines:
        if moment <= end:
            x = measures.x(picture.share(moment))
            yield (
                f'<line x1="{x}" y1="{y}" x2="{x}" y2="{y + HEIGHT}" stroke="{CANCEL}" stroke-width="2" '
                f'stroke-dasharray="3 2"><title>deadline at {seconds(moment)} s</title></line>'
            )
    if row.requested is not None:
        x = measures.x(picture.share(row.requested))
        yield (
            f'<path d="M{x - 5} {y + 1}h10l-5 8z" fill="none" stroke="{CANCEL}" stroke-width="1.5">'
            f"<title>cancellation asked for at {seconds(row.requested)} s</title></path>"
        )
    for moment in row.delivered:
        x = measures.x(picture.share(moment))
        yield (
            f'<path d="M{x - 5} {y + HEIGHT - 1}h10l-5 -8z" fill="{CANCEL}">'
            f"<title>cancellation came at {seconds(moment)} s</title></path>"
        )
    yield _words(right - 4, middle + 4, ENDINGS[row.how], "font-weight='bold'")
    yield _words(
        measures.width - measures.ends + 12, middle + 4, _cut(_ending(row), int((measures.ends - 12) / LETTER))
    )


def _legend(rows: Sequence[PictureRow]) -> Iterator[tuple[str, str]]:
    """The signs that the rows have: how each is drawn at (x, y), and what it means."""
    kinds = {stretch.kind for row in rows for stretch in row.stretches}
    box = '<rect x="{x}" y="{y}" transform="translate(0 -6)" width="18" height="12" fill="FILL" stroke="currentColor"/>'
    for kind in ("sleeping", "blocked", "work"):
        if kind in kinds:
            yield box.replace("FILL", "url(#h{mark})" if kind == "blocked" else FILLS[kind]), WORDS[kind]
    if "children" in kinds:
        yield '<path d="M{x} {y}h18" stroke="currentColor" stroke-opacity=".5"/>', WORDS["children"]
    if any(row.shields for row in rows):
        yield (
            box.replace('stroke="currentColor"', f'stroke="{SHIELD}" stroke-width="2"').replace("FILL", "none"),
            "shield",
        )
    if any(row.deadlines for row in rows):
        yield f'<path d="M{{x}} {{y}}m9 -8v16" stroke="{CANCEL}" stroke-width="2" stroke-dasharray="3 2"/>', "deadline"
    if any(row.requested is not None for row in rows):
        path = f'<path d="M{{x}} {{y}}m4 -4h10l-5 8z" fill="none" stroke="{CANCEL}" stroke-width="1.5"/>'
        yield path, "cancellation asked for"
    if any(row.delivered for row in rows):
        yield f'<path d="M{{x}} {{y}}m4 4h10l-5 -8z" fill="{CANCEL}"/>', "cancellation came"
    for how in _endings(rows):
        yield f'<text x="{{x}}" y="{{y}}" dx="5" dy="4" fill="currentColor">{ENDINGS[how]}</text>', ENDING_WORDS[how]


def _endings(rows: Sequence[PictureRow]) -> list[str]:
    """The ways in which some row ends."""
    return [how for how in ENDINGS if any(row.how == how for row in rows)]


def _stretch(stretch: Stretch) -> str:
    return f"{seconds(stretch.start)} s to {seconds(stretch.end)} s: {WORDS[stretch.kind]} {stretch.said}".rstrip()


def _ending(row: PictureRow) -> str:
    return row.said if row.end is None else f"{seconds(row.end)} s {row.said}"


def _cut(said: str, length: int) -> str:
    return said if len(said) <= length else said[: length - 1] + "…"


def _notes(picture: Picture, columns: int = COLUMNS) -> list[str]:
    left_out = len(picture.rows) - MOST_ROWS
    notes = [*picture.notes, *([f"… and {left_out} more tasks"] if left_out > 0 else [])]
    return [line for note in notes for line in textwrap.wrap(note, columns, subsequent_indent="      ")]


# -- text ----------------------------------------------------------------------------------------------------------
def text(picture: Picture) -> str:
    """The picture as text, at most 80 columns wide; it says what the SVG shows."""
    rows = picture.rows[:MOST_ROWS]
    left, right = seconds(picture.start), f"{seconds(picture.end)} s"
    lines = [picture.title, f"{'':{NAMES}} {left}{right:>{BAR - len(left)}}"]
    for row in rows:
        label = _cut("  " * min(row.depth, 4) + row.label, NAMES)
        lines.append(f"{label:{NAMES}} {_bar(row, picture):{BAR}} {_ending(row)}{_cancel_words(row)}")
    kinds = [kind for kind in WORDS if any(stretch.kind == kind for row in rows for stretch in row.stretches)]
    signs = [f"{STROKES[kind]} {WORDS[kind]}" for kind in kinds]
    signs += ["━ shielded"] if any(row.shields for row in rows) else []
    signs += ["┆ deadline"] if any(row.deadlines for row in rows) else []
    signs += ["! cancellation came"] if any(row.delivered for row in rows) else []
    signs += [f"{ENDINGS[how]} {ENDING_WORDS[how]}" for how in _endings(rows)]
    lines += [*_lines_of(signs), *_notes(picture)]
    return "\n".join(_cut(line.rstrip(), COLUMNS) for line in lines if line)


def _lines_of(signs: Sequence[str]) -> list[str]:
    """Signs with their meaning, in lines that break between two of them."""
    lines: list[str] = []
    for sign in signs:
        if lines and len(lines[-1]) + len(sign) + 3 <= COLUMNS:
            lines[-1] += f" · {sign}"
        else:
            lines.append(sign)
    return lines


def _bar(row: PictureRow, picture: Picture) -> str:
    def column(moment: float) -> int:
        return round((BAR - 1) * picture.share(moment))

    cells = [" "] * BAR
    last = picture.end if row.end is None else row.end
    for position in range(column(row.start), column(last) + 1):
        cells[position] = "╌"
    for stretch in row.stretches:
        for position in range(column(stretch.start), column(stretch.end) + 1):
            cells[position] = STROKES[stretch.kind]
    for start, stop in row.shields:
        for position in range(column(start), column(stop) + 1):
            cells[position] = "━"
    for moment in row.deadlines:
        if moment <= picture.end:
            cells[column(moment)] = "┆"
    for moment in row.delivered:
        cells[column(moment)] = "!"
    cells[column(last)] = ENDINGS[row.how]
    return "".join(cells)


def _cancel_words(row: PictureRow) -> str:
    """The cancellation in words, where the end does not say it all."""
    if not row.delivered or (row.how == "cancelled" and row.requested == row.delivered[0] == row.end):
        return ""
    asked = "" if row.requested in (None, row.delivered[0]) else f", asked for at {seconds(row.requested or 0)}"
    return f" (cancelled at {seconds(row.delivered[0])}{asked})"
