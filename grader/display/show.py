"""What people see of reports in a terminal: a card for one, tables for many. Made from the report alone."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.checks.runs import word
from grader.course import ASPECTS, BACKENDS
from grader.judging.report import Report, Row, Score

WIDTH = 80
STYLES = {"passed": "green", "failed": "red", "not run": "yellow"}
TICKS = {"passed": "✓", "failed": "✗", "not run": "·"}
BOTH_BACKENDS = "G1"
"""The clause of every module that its file runs unchanged on both backends."""


def console(file: TextIO | None = None) -> Console:
    """A console that is 80 columns wide wherever it writes, so that a card looks the same in a terminal and a file."""
    # In a notebook's kernel Rich would display each part as an output of its own instead of writing it.
    return Console(
        file=file or sys.stdout,
        width=WIDTH,
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
    return "".join(char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text)


def card(report: Report, *, name: str = "", points: bool = True, texts: bool = False) -> Iterable[RenderableType]:
    """The card of one report: headline, the first failure, a row per check, a table per aspect.

    Args:
        report: what to show.
        name: of the learner, if it is one of many.
        points: whether points are shown; the self-check has none.
        texts: whether texts of the subject's exceptions are shown: only to the learner in the self-check.
    """
    yield headline(report, name=name, points=points)
    yield from first_words(report, texts=texts)
    if report.checks and not whole_file(report):
        yield Padding(rows_table(report), (1, 0, 0, 0))
    if points and report.aspects:
        yield Padding(aspects_table(report), (1, 0, 0, 0))


def first_words(report: Report, *, texts: bool = True) -> Iterable[RenderableType]:
    """Why the file as a whole was not judged, else the failure to look at first; nothing if all passed.

    Args:
        report: what to show.
        texts: as for `card`.
    """
    if report.reason is not None:
        yield Padding(Text(clean(report.reason), STYLES[report.verdict]), (1, 0, 0, 2))
        detail = next((row.detail for row in report.checks if row.detail), None)
        if texts and detail:
            yield Padding(Text(clean(detail), "dim"), (0, 0, 0, 2))
    elif first := first_failure(report):
        yield Padding(failure(report, first, texts=texts), (1, 0, 0, 0))


def whole_file(report: Report) -> bool:
    """Whether all rows say the same thing, so that it need be said only once."""
    return report.reason is not None and all(row.message == report.reason for row in report.checks)


def headline(report: Report, *, name: str = "", points: bool = True) -> Text:
    """One or two lines: what, the verdict, and how many rows passed, failed and were not run."""
    line = Text()
    line.append(f"{clean(name)} · " if name else "")
    line.append(clean(report.module), "bold")
    line.append("  ")
    line.append(report.verdict, f"bold {STYLES[report.verdict]}")
    if report.core and report.core != report.verdict:
        line.append(f" (core {report.core})", STYLES[report.core])
    if points:
        line.append(f"  {points_of(Score(report.points, report.max_points))} points")
    if report.checks:
        counts = ", ".join(f"{report.count(verdict)} {verdict}" for verdict in ("passed", "failed", "not run"))
        line.append(f"\n{counts}  (each check counts once on each backend)", "dim")
    return line


def points_of(score: Score) -> str:
    """Points in words; blank is neither zero nor full."""
    return f"{'?' if score.points is None else score.points} of {score.max}"


def first_failure(report: Report) -> Row | None:
    """The row to look at first: a failed core one, else a failed one, else one that was not run.

    Where all that fails does so on one backend only, that is what is wrong, and what the row of `BOTH_BACKENDS` says.
    """
    failed_on = {row.backend for row in report.checks if row.verdict == "failed"}
    one_sided = len(failed_on) == 1 and any(row.backend not in failed_on for row in report.checks)

    def rank(row: Row) -> tuple[bool, ...]:
        clause = row.clause_name
        return row.verdict != "failed", not row.core, not (one_sided and clause == BOTH_BACKENDS)

    order = sorted(report.checks, key=rank)
    return next((row for row in order if row.verdict != "passed"), None)


def failure(report: Report, row: Row, *, texts: bool = False) -> Text:
    """A failed row on the card of its report."""
    lines = sentences(row, texts=texts)
    if only := only_on(report, row):
        lines.append(f"\n  only on {only}", "yellow")
    if row.verdict == "failed":
        lines.append(f"\n     again  {again(row)}", "dim")
    return lines


def only_on(report: Report, row: Row) -> str:
    """Where alone a failed row fails, in words; empty if it fails on the other backend too."""
    others = [other for other in report.checks if other.id == row.id and other.backend != row.backend]
    if row.verdict != "failed" or not any(other.verdict == "passed" for other in others):
        return ""
    return f"{row.backend}: the same check passes on {others[0].backend}"


def again(row: Row) -> str:
    """What to ask for to see a failed row once more."""
    return f"{row.id} on {row.backend}" + (f", seed {word(row.run)}" if row.run is not None else "")


def sentences(row: Row, *, texts: bool = False) -> Text:
    """The sentence of a row that did not pass, what was expected and seen, and where."""
    lines = Text()
    lines.append(f"{TICKS[row.verdict]} {clean(row.message)}", f"bold {STYLES[row.verdict]}")
    for label, text in facts(row, texts=texts):
        lines.append(f"\n  {label:>8}  ", "dim")
        lines.append(clean(text).replace("\n", "\n" + " " * 12))
    return lines


def facts(row: Row, *, texts: bool) -> list[tuple[str, str]]:
    """What is known of a failure beside its sentence: label and text."""
    known = [("look at", row.what), ("expected", row.expected), ("seen", row.actual), ("where", row.where)]
    known += [("it said", row.detail)] if texts else []
    return [(label, text) for label, text in known if text]


def by_check(report: Report) -> dict[str, dict[str, Row]]:
    """The rows of a report: id of the check → backend → row."""
    checks: dict[str, dict[str, Row]] = {}
    for row in report.checks:
        checks.setdefault(row.id, {})[row.backend] = row
    return checks


def rows_table(report: Report) -> Table:
    """A line per check: its clause, its sentence, and the verdict on each backend."""
    backends = [backend for backend in BACKENDS if any(row.backend == backend for row in report.checks)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), width=WIDTH, show_edge=False)
    table.add_column("clause", no_wrap=True)
    table.add_column("check", ratio=1, no_wrap=True, overflow="ellipsis")
    for backend in backends:
        table.add_column(backend, no_wrap=True, min_width=9)
    for rows in by_check(report).values():
        first = next(iter(rows.values()))
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
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, width=WIDTH)
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
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, width=WIDTH)
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
