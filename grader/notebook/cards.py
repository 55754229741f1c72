"""`check`: the card of the self-check in a notebook; `mine`: the learner's own module for the end of a lesson."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from functools import cached_property
from html import escape
from types import ModuleType

from markdown_it import MarkdownIt

from grader.checks.trace import Trace
from grader.course import BACKENDS, Course, CourseError, Module
from grader.display import picture, show
from grader.display.report_card import story_lines
from grader.display.story import Story, open_words, passing, standing, story_of
from grader.judging.report import Report, Row
from grader.judging.shown_run import shown_run
from grader.learner import progress
from grader.learner.layout import lay_out
from grader.learner.selfcheck import SelfCheck, belief_of, card, first_failure, self_check
from grader.lesson.hints import next_hint
from grader.steps.page import with_code

STYLE = {
    "card": "border:1px solid var(--jp-border-color1,#999);border-radius:4px;padding:10px 14px;max-width:760px;"
    "color:var(--jp-ui-font-color1,inherit);font-family:var(--jp-ui-font-family,sans-serif);font-size:13px;line-height:1.5",
    "passed": "color:var(--jp-success-color0,inherit)",
    "failed": "font-weight:bold;color:inherit",
    "not run": "font-weight:bold;color:inherit",
    "quiet": "color:var(--jp-ui-font-color2,inherit)",
    "cell": "text-align:left;padding:2px 12px 2px 0;white-space:nowrap;vertical-align:top",
    "wide": "text-align:left;padding:2px 12px 2px 0;white-space:normal;vertical-align:top",
    "link": "color:var(--jp-content-link-color,inherit)",
    "code": "font-family:var(--jp-code-font-family,monospace);white-space:pre-wrap;margin:0",
}
"""A failure is bold, not red: red is hard to read on a dark theme, and not everybody sees it."""


class NotPassed(AssertionError):
    """A self-check that had to pass did not; the text is its card."""


class Card:
    """What a self-check found, as a picture in a notebook and as text elsewhere.

    Args:
        checked: what was found.
    """

    def __init__(self, checked: SelfCheck) -> None:
        self._checked = checked

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return self._checked.has_passed

    @property
    def report(self) -> Report | None:
        """The report; None if the file is not started."""
        return self._checked.report

    def require(self) -> None:
        """Raise unless everything passed: in a cell that gives points, a card alone would give all of them.

        Raises:
            NotPassed: it did not.
        """
        if not self.passed:
            raise NotPassed(str(self))

    @cached_property
    def _first(self) -> tuple[Row, Trace | None] | None:
        """The failure to look at first, and the run that shows it."""
        return first_failure(self._checked)

    # -- text ------------------------------------------------------------------------------------------------------
    def __str__(self) -> str:
        checked = self._checked
        return show.text_of(*card(checked, self._first), *filter(None, [checked.said]))

    __repr__ = __str__

    # -- HTML ------------------------------------------------------------------------------------------------------
    def _repr_html_(self) -> str:
        return f'<div style="{STYLE["card"]}">{"".join(self._html())}</div>'

    def _html(self) -> Iterator[str]:
        checked, report = self._checked, self._checked.report
        if report is None:
            slug, _, rest = checked.next_step.partition("  ")
            yield f"<div><b>{escape(slug)}</b> {escape(rest.strip())}</div>"
        else:
            yield _headline(report)
            if report.reason is not None:
                yield _paragraph(show.clean(report.reason), STYLE["failed"])
            if (story := story_of(report, checked.module, texts=True)) is not None:
                yield from _failure(story, checked.module, None if self._first is None else self._first[1])
            if count := passing(report):
                yield _fold(f"{count} check{'' if count == 1 else 's'} pass{'es' if count == 1 else ''}", _rows(report))
            for note in report.notes:
                yield _paragraph(f"Note: {show.clean(note)}")
        if not self.passed:
            yield _hint(checked.module, belief_of(report))
        if checked.said:
            yield _paragraph(checked.said, STYLE["quiet"])


def own_course() -> Course:
    """The course around the notebook, with all that a bundle ships laid out in it.

    Raises:
        CourseError: there is none, or a file that is missing cannot be written.
    """
    course = Course.find()
    for line in lay_out(course.root):
        print(line)
    return course


def check(name: str, *, hidden: bool = False) -> Card:
    """Check the learner's file of a module, read afresh.

    Args:
        name: of the module, such as ``m05`` or its whole name.
        hidden: run the hidden checks, where the course has them.

    Raises:
        CourseError: there is no such module, its file cannot be read, or there are no hidden checks.
        KeyboardInterrupt: the kernel was interrupted.
    """
    __tracebackhide__ = True
    module = own_course().module(name)
    if hidden and not module.hidden_checks:
        raise CourseError(f"{module.slug} has no hidden checks here: leave out hidden=True")
    try:
        return Card(self_check(module, kind="hidden" if hidden else "public"))
    except KeyboardInterrupt:
        # From inside it would come with a screenful of how a child is waited for.
        raise KeyboardInterrupt("the check was stopped; run the cell again") from None


def mine(name: str) -> ModuleType | None:
    """The learner's own module once it passes the core of the public checks; before that a line says what is missing.

    Args:
        name: of the module.

    Returns:
        The module, imported afresh; None if it does not pass yet.
    """
    module = own_course().module(name)
    checked = self_check(module)
    if checked.core_passed:
        return _import_file(module)
    state = "is not started" if checked.report is None else "does not pass its core checks yet"
    print(f"Your {module.name}.py {state}. When it passes, run this cell again: it runs your code.")
    return None


def _import_file(module: Module) -> ModuleType:
    name = f"mine_{module.slug}"
    spec = importlib.util.spec_from_file_location(name, module.stub)
    if spec is None or spec.loader is None:
        raise CourseError(f"{module.stub} cannot be imported")
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made  # dataclasses look their module up there
    spec.loader.exec_module(made)
    return made


# -- pieces of HTML ------------------------------------------------------------------------------------------------
def _paragraph(text: str, style: str = "") -> str:
    return f'<div style="{style};margin-top:8px">{with_code(text)}</div>'


def _headline(report: Report) -> str:
    tick = f"{show.TICKS[report.verdict]} {escape(standing(report))}"
    return f'<div><b>{escape(report.module)}</b> <span style="{STYLE[report.verdict]}">{tick}</span></div>'


def _failure(story: Story, module: Module, trace: Trace | None) -> Iterator[str]:
    """The cause, the learner's own line, what was expected and seen, where to go on, the run that shows it."""
    yield _paragraph(f"{show.TICKS['failed']} {show.clean(story.headline)}", STYLE["failed"])
    if story.code:
        yield f'<pre style="{STYLE["code"]};margin:6px 0 0 14px">{story.line} │ {escape(show.clean(story.code))}</pre>'
    lines = [
        f'<tr><th scope="row" style="{STYLE["cell"]};{STYLE["quiet"]};font-weight:normal">{label}</th>'
        f'<td style="{STYLE["wide"]}">{text}</td></tr>'
        for label, text in _story_lines(story, module)
    ]
    yield f'<table style="margin:6px 0 0 0;border-collapse:collapse;font-size:inherit">{"".join(lines)}</table>'
    if said := open_words(story):
        yield _paragraph(show.clean(said))
    if story.named:
        items = "".join(f"<li>{with_code(sentence)}</li>" for sentence in story.named)
        yield f'<ul style="{STYLE["quiet"]};margin:2px 0 0 0">{items}</ul>'
    if trace is not None and (shown := shown_run(trace.data)) is not None:
        yield f'<div style="overflow-x:auto;margin-top:8px">{picture.svg(picture.of_run(shown))}</div>'


def _story_lines(story: Story, module: Module) -> Iterator[tuple[str, str]]:
    """What stands under the headline: label, and text as HTML."""
    for label, text in story_lines(story):
        said = escape(show.clean(text))
        if label == "lesson":
            place = f"lesson.ipynb#{text.replace(' ', '-')}"
            yield label, f'<a href="{escape(place)}" title="{escape(module.title)}" style="{STYLE["link"]}">{said}</a>'
        elif label in ("again", "expected", "seen"):
            yield label, f'<code style="{STYLE["code"]}">{said}</code>'
        else:
            yield label, with_code(text)


def _fold(summary: str, inner: str) -> str:
    return f'<details style="margin-top:10px"><summary>{escape(summary)}</summary>{inner}</details>'


def _rows(report: Report) -> str:
    """A row per check, a tick with a word per backend."""
    backends = [backend for backend in BACKENDS if any(row.backend == backend for row in report.checks)]
    head = "".join(f'<th scope="col" style="{STYLE["cell"]}">{name}</th>' for name in ("clause", "check", *backends))
    lines = []
    for rows in show.by_check(report).values():
        first = next(iter(rows.values()))
        clause = first.clause_name + ("" if first.core else " (stretch)")
        cells = [
            f'<td style="{STYLE["cell"]}">{escape(clause)}</td>',
            f'<td style="{STYLE["wide"]}">{with_code(show.sentence(rows))}</td>',
        ]
        for backend in backends:
            verdict = rows[backend].verdict if backend in rows else ""
            said = f"{show.TICKS[verdict]} {verdict}" if verdict else ""
            cells.append(f'<td style="{STYLE["cell"]};{STYLE.get(verdict, "")}">{said}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return (
        '<table style="margin:10px 0 0 0;border-collapse:collapse">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


def _hint(module: Module, belief: str | None) -> str:
    """The next hint, folded; the first one begins with what the learner seems to believe."""
    hint = next_hint(module, progress.read(module.root).of(module.slug).hints, belief)
    if hint is None:
        return ""
    title, text = hint
    said = f"<p>When you have read it: <code>grader hint {escape(module.short)}</code> goes on to the next.</p>"
    inner = MarkdownIt("commonmark").render(text)
    return f'<details style="margin-top:10px"><summary>Stuck? {escape(title)}</summary>{inner}{said}</details>'
