"""The card of one report in a terminal: how far the file is, why it fails, what happened, where to go on."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.course import Module
from grader.display.show import STYLES, TICKS, aspects_table, clean, points_of, rows_table, whole_file
from grader.display.story import Story, facts, open_words, passing, standing, story_of
from grader.judging.report import Report, Row, Score

LABEL = 9
STEP_THROUGH = "add --steps run.html for a page to step through the run"


def card(
    report: Report,
    *,
    module: Module | None = None,
    name: str = "",
    points: bool = True,
    texts: bool = False,
    every: bool = False,
    file: str = "",
) -> Iterable[RenderableType]:
    """The card of one report.

    Args:
        report: what to show.
        module: whose; without it, neither lesson step nor misconception is told.
        name: of the learner, if it is one of many.
        points: whether points are shown; the self-check has none.
        texts: whether texts of the subject's exceptions are shown: only to the learner in the self-check.
        every: whether every check is listed, those that pass too; else those that fail where points are shown.
        file: what the command to see the run again names, if it is not the learner's own file in its place.
    """
    yield headline(report, name=name, points=points)
    yield from first_words(report, module=module, texts=texts, file=file)
    if report.checks and not whole_file(report):
        if every or (points and report.verdict != "passed"):
            yield Padding(rows_table(report, every=every), (1, 0, 0, 0))
        if not every and (count := passing(report)):
            more = "" if points else f"; `grader check {report.module.partition('_')[0]} --all` lists them"
            yield Padding(
                Text(f"{count} check{'' if count == 1 else 's'} pass{'es' if count == 1 else ''}{more}", "dim"),
                (1, 0, 0, 0),
            )
    for note in report.notes:
        yield Padding(Text(f"Note: {clean(note)}"), (1, 0, 0, 0))
    if points and report.aspects:
        yield Padding(aspects_table(report), (1, 0, 0, 0))


def headline(report: Report, *, name: str = "", points: bool = True) -> Text:
    """One line: what, and how far it is."""
    line = Text()
    line.append(f"{clean(name)} · " if name else "")
    line.append(clean(report.module), "bold")
    line.append("  ")
    line.append_text(standing_text(report))
    if points:
        line.append(f"  {points_of(Score(report.points, report.max_points))} points")
    return line


def standing_text(report: Report) -> Text:
    """How far a file is, with a tick: the core decides it, as what is left of the stretch is not a failure."""
    return with_tick(
        "passed" if report.core == "passed" and report.verdict == "failed" else report.verdict, standing(report)
    )


def with_tick(verdict: str, words: str) -> Text:
    """Words with the tick of a verdict. Only the tick is coloured: bold green can hardly be read on white, as terminals draw it."""
    return Text(f"{TICKS[verdict]} ", STYLES[verdict]).append(words, "bold default")


def first_words(
    report: Report, *, module: Module | None = None, texts: bool = True, file: str = ""
) -> Iterable[RenderableType]:
    """Why a file fails, or was not run; nothing if all passed. Arguments as for `card`."""
    story = story_of(report, module, texts=texts, file=file)
    if report.reason is not None:
        yield Padding(Text(clean(report.reason), STYLES[report.verdict]), (1, 0, 0, 2))
        detail = next((row.detail for row in report.checks if row.detail), None) if whole_file(report) else None
        if texts and detail:
            yield Padding(Text(clean(detail), "dim"), (0, 0, 0, 2))
    if story is not None:
        yield Padding(with_tick("failed", clean(story.headline)), (1, 0, 0, 0))
        if story.code:
            yield Text(f"{story.line:>6} │ {clean(story.code)}", no_wrap=True, overflow="ellipsis")
        yield Padding(grid(story_lines(story)), (1, 0, 0, 0))
        if last := open_words(story):
            yield Padding(Text(clean(last)), (1, 0, 0, 2))
        for sentence in story.named:
            yield Padding(Text(clean(sentence), "dim"), (0, 0, 0, 4))


def story_lines(story: Story) -> list[tuple[str, str]]:
    """What stands under the headline: label and text."""
    lines = [("check", story.check), *story.facts]
    lines += [
        ("lesson", story.step[0]),
        ("belief", f"“{story.belief}”" if story.belief else ""),
        ("again", story.command),
        ("steps", STEP_THROUGH if story.command else ""),
    ]
    return [(label, text) for label, text in lines if text]


def grid(lines: Iterable[tuple[str, str]]) -> Table:
    """Labels and texts, one under the other."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", width=LABEL, style="dim", no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for label, text in lines:
        table.add_row(label, Text(clean(text)))
    return table


def sentences(row: Row, *, texts: bool = False) -> Iterable[RenderableType]:
    """The sentence of one row that did not pass, and what is known of it: for whoever has no report, as pytest has none."""
    yield with_tick(row.verdict, clean(row.sentence))
    yield grid(facts(row, texts=texts))
