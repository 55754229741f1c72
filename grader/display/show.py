"""What people see of reports in a terminal: how it is written there, and tables. Made from the report alone."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from grader.course import ASPECTS, BACKENDS
from grader.judging.folder import one_line
from grader.judging.report import Report, Row, Score

WIDTH = 80
LEAST_WIDTH = 40
"""Narrower than this nothing is laid out: a terminal then breaks the lines."""
STYLES = {"passed": "green", "failed": "red", "not run": "yellow"}
TICKS = {"passed": "✓", "failed": "✗", "not run": "·"}


def width_of(file: TextIO) -> int:
    """Columns for what is written to a file: 80, or as many as a narrower terminal has, or ``COLUMNS`` says."""
    if isinstance(file, io.StringIO):
        return WIDTH
    said = os.environ.get("COLUMNS", "")
    columns = int(said) if said.isdecimal() else 0
    if not columns and file.isatty():
        with contextlib.suppress(OSError, ValueError):
            columns = os.get_terminal_size(file.fileno()).columns
    return min(WIDTH, max(LEAST_WIDTH, columns)) if columns else WIDTH


def console(file: TextIO | None = None) -> Console:
    """A console that is 80 columns wide, less in a narrower terminal: a card looks the same in a terminal and a file."""
    # In a notebook's kernel Rich would display each part as an output of its own instead of writing it.
    return Console(
        file=file or sys.stdout,
        width=width_of(file or sys.stdout),
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        force_jupyter=False,
        force_terminal=False if isinstance(file, io.StringIO) else None,  # whatever FORCE_COLOR says, as kernels set it
    )


def text_of(*parts: RenderableType) -> str:
    """What a terminal would show, as plain text."""
    out = io.StringIO()
    target = console(out)
    for part in parts:
        target.print(part, soft_wrap=isinstance(part, str))
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines())


def clean(text: str) -> str:
    """A text with everything that could move a cursor made visible: it may come from a learner's file or folder."""
    return "\n".join(map(one_line, text.split("\n")))


def whole_file(report: Report) -> bool:
    """Whether all rows say the same thing, so that it need be said only once."""
    return report.reason is not None and all(row.message == report.reason for row in report.checks)


def points_of(score: Score) -> str:
    """Points in words; blank is neither zero nor full."""
    return f"{'?' if score.points is None else score.points} of {score.max}"


def by_check(report: Report) -> dict[str, dict[str, Row]]:
    """The rows of a report: id of the check → backend → row."""
    checks: dict[str, dict[str, Row]] = {}
    for row in report.checks:
        checks.setdefault(row.id, {})[row.backend] = row
    return checks


def rows_table(report: Report, *, every: bool = True) -> Table:
    """A line per check: its clause, its sentence, and the verdict on each backend; those that pass only if `every`."""
    backends = [backend for backend in BACKENDS if any(row.backend == backend for row in report.checks)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True, show_edge=False)
    table.add_column("clause", no_wrap=True)
    table.add_column("check", ratio=1, no_wrap=True, overflow="ellipsis")
    for backend in backends:
        table.add_column(backend, no_wrap=True, min_width=9)
    for rows in by_check(report).values():
        first = next(iter(rows.values()))
        if not every and all(row.verdict == "passed" for row in rows.values()):
            continue
        cells = [tick(rows[backend].verdict) if backend in rows else Text() for backend in backends]
        clause = first.clause_name + ("" if first.core else " +")
        table.add_row(clause, Text(clean(sentence(rows))), *cells)
    if any(not row.core for row in report.checks):
        table.caption = "+ stretch: not needed for the core"
        table.caption_justify = "left"
    return table


def sentence(rows: dict[str, Row]) -> str:
    """The sentence of a check: a row that was not run has its reason in its place."""
    return next((row.message for row in rows.values() if row.verdict != "not run"), next(iter(rows.values())).message)


def tick(verdict: str) -> Text:
    """A verdict as a tick and a word."""
    return Text(f"{TICKS[verdict]} {verdict}", STYLES[verdict])


def aspects_table(report: Report) -> Table:
    """A line per aspect: points out of how many."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("aspect", min_width=10)
    table.add_column("points", justify="right")
    for aspect, score in report.aspects.items():
        table.add_row(aspect, points_of(score))
    return table


def learners_table(graded: Sequence[tuple[str, Report]]) -> Table:
    """A line per submission: verdict, points, and points per aspect.

    Args:
        graded: learner and report.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, expand=True)
    table.add_column("learner", no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column("module", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("points", justify="right")
    for aspect in ASPECTS:
        table.add_column(aspect, justify="right")
    for learner, report in graded:
        cells = ["" if aspect not in report.aspects else cell(report.aspects[aspect]) for aspect in ASPECTS]
        module = report.short
        table.add_row(clean(learner), module, tick(report.verdict), cell(Score(report.points, 0)), *cells)
    return table


def cell(score: Score) -> str:
    """Points without their maximum; blank if they could not be checked."""
    return "?" if score.points is None else str(score.points)


def modules_table(reports: Iterable[Report]) -> Table:
    """A line per module: how many passed, failed, were not run; the mean of each aspect in per cent.

    What could not be checked is left out of the means.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, expand=True)
    table.add_column("module", no_wrap=True, overflow="ellipsis", ratio=1)
    for verdict in ("passed", "failed", "not run"):
        table.add_column(verdict, justify="right", no_wrap=True)
    for aspect in ASPECTS:
        table.add_column(aspect, justify="right", no_wrap=True)
    by_module: dict[str, list[Report]] = {}
    for report in reports:
        by_module.setdefault(report.module, []).append(report)
    for module, group in sorted(by_module.items()):
        counts = [
            str(sum(report.verdict == verdict for report in group)) for verdict in ("passed", "failed", "not run")
        ]
        means = [mean([report.aspects[aspect] for report in group if aspect in report.aspects]) for aspect in ASPECTS]
        table.add_row(module.partition("_")[0], *counts, *means)
    return table


def mean(scores: Sequence[Score]) -> str:
    """The mean share of the points in per cent; blank ones left out."""
    known = [score.points / score.max for score in scores if score.points is not None and score.max]
    return f"{100 * sum(known) / len(known):.0f} %" if known else ("?" if scores else "")
