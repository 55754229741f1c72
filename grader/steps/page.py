"""The steps of a run as one HTML file: a slider over them, the source beside it; without JavaScript a table. It loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from grader.steps.run_step import RunStep, TaskState

TEMPLATES = Path(__file__).with_name("templates")
LINE_END = re.compile(r"\r\n|\r|\n")
"""What ends a line for Python; a form feed, for one, does not."""
MOST_STEPS = 1_000
"""Steps that a page has; a run with more of them shows its first ones."""


@dataclass(frozen=True)
class PageHead:
    """What is above the steps.

    Args:
        title: what the page is about.
        notes: which run it is, and the like.
        failed: how the run failed; empty if it did not.
        passed: what to say if it passed.
    """

    title: str
    notes: tuple[str, ...] = ()
    failed: str = ""
    passed: str = ""


def draw_page(steps: Sequence[RunStep], sources: Mapping[str, str], head: PageHead) -> str:
    """The page of one run.

    Args:
        steps: of the run, at least one; their lines are rows of the source, as `rows_of` counts them.
        sources: name of each file that is shown, and its text.
        head: what is above them.
    """
    shown = steps[:MOST_STEPS]
    notes = [*head.notes, *([f"only the first {MOST_STEPS:,} steps are here"] if len(steps) > MOST_STEPS else [])]
    style, script = _template("steps.css"), _template("steps.js")
    verdict = (
        f'<span class="failed">✗ {_text(head.failed)}</span>'
        if head.failed
        else f'<span class="passed">✓ {_text(head.passed)}</span>'
    )
    return string.Template(_template("steps.html")).substitute(
        title=_text(head.title),
        verdict=verdict,
        about=_text(" · ".join(notes)),
        file=_text(", ".join(sources)),
        count=len(shown),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        source="".join(_source_rows(sources)),
        table="\n".join(_row(place, step) for place, step in enumerate(shown, 1)),
        data=_json([_step_data(step) for step in shown]),
    )


def rows_of(sources: Mapping[str, str]) -> dict[str, int]:
    """How many rows of the page come before the first line of each file: of several files, each has a row with its name."""
    rows, before = {}, 0
    for name, text in sources.items():
        before += len(sources) > 1
        rows[name] = before
        before += len(LINE_END.split(text))
    return rows


@cache
def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's policy names, so that only this script runs and only this style counts."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _visible(text: str) -> str:
    """A text with everything that could move a cursor made visible: it may be anybody's."""
    return "".join(char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text)


def _text(text: str) -> str:
    """A text as HTML, whatever it holds."""
    return escape(_visible(text))


def with_code(text: str) -> str:
    """A text as HTML, with what is between backquotes as code."""
    parts = [_text(part) for part in text.split("`")]
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _json(steps: object) -> str:
    """Data inside a script element, which must not be able to end it."""
    text = json.dumps({"steps": steps}, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _source_rows(sources: Mapping[str, str]) -> Iterator[str]:
    for name, text in sources.items():
        if len(sources) > 1:
            yield _source_row("", name, "code file")
        for number, line in enumerate(LINE_END.split(text), 1):
            yield _source_row(str(number), line.expandtabs(4), "code")


def _source_row(number: str, text: str, kind: str) -> str:
    return (
        f'<div><span class="no">{number}</span><span class="sign"></span>'
        f'<span class="{kind}">{_text(text)}</span><span class="who"></span></div>'
    )


def sentence(step: RunStep) -> str:
    """A step in one sentence."""
    ran = step.ran or (f"ran {lines_of(step.lines)}" if step.lines else "ran outside your file")
    return f"`{step.who}` {ran}; {step.then if step.then != 'it ends' else 'then it ended'}"


def lines_of(lines: Sequence[int]) -> str:
    """Lines in words; those that follow each other as a range, repeated ones once."""
    numbers = sorted(set(lines))
    parts = []
    for _, group in itertools.groupby(enumerate(numbers), key=lambda each: each[1] - each[0]):
        members = [number for _, number in group]
        parts.append(str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}")
    return f"line{'s' if len(numbers) > 1 else ''} {', '.join(parts)}"


def _step_data(step: RunStep) -> dict[str, object]:
    return {
        "time": step.time,
        "who": _visible(step.who),
        "lines": list(step.lines),
        "said": _visible(sentence(step)),
        "happened": [_visible(text) for text in step.happened],
        "held": [_visible(text) for text in step.held],
        "tasks": [_task_data(task) for task in step.tasks],
    }


def _task_data(task: TaskState) -> dict[str, object]:
    return {"name": _visible(task.name), "state": task.state, "line": task.line, "words": _visible(task.words)}


def _row(place: int, step: RunStep) -> str:
    others = [f"`{task.name}` {_other(task)}" for task in step.tasks if task.state not in ("ran", "ended")]
    ran = re.sub(r"^(?:ran )?(?:lines? )?", "", step.ran or (lines_of(step.lines) if step.lines else ""))
    cells = [step.time + " s", f"`{step.who}`", ran, step.then]
    lists = [others, list(step.held), list(step.happened)]
    return (
        f'<tr><th scope="row">{place}</th>'
        + "".join(f"<td>{with_code(cell)}</td>" for cell in cells)
        + "".join(f"<td>{'<br>'.join(map(with_code, texts))}</td>" for texts in lists)
        + "</tr>"
    )


def _other(task: TaskState) -> str:
    return "is ready" if task.state == "ready" else task.words
