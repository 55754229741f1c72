"""The steps of a run as one HTML file: a slider over them, the source beside it; without JavaScript a table. It loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import string
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path

from grader.checks.trace import Trace
from grader.display.run_steps import RunStep, TaskState, steps_of
from grader.display.show import clean
from grader.display.trace_text import heading

TEMPLATES = Path(__file__).with_name("templates")
LINE_END = re.compile(r"\r\n|\r|\n")
"""What ends a line for Python; a form feed, for one, does not."""
MOST_STEPS = 1_000
"""Steps that a page has; a run with more of them shows its first ones."""


def page(trace: Trace, source: str, *, title: str, file: str, failed: str = "", passed: str = "") -> str:
    """The page of one run.

    Args:
        trace: of a run that was looked at closely.
        source: the file that it is of.
        title: what the page is about.
        file: name of the file.
        failed: how the check failed; empty if it did not.
        passed: what to say if it passed.

    Raises:
        ValueError: the run was not looked at closely, or has no step to show.
    """
    steps, left_out = steps_of(trace)
    if not steps:
        raise ValueError("the run has no step to show: nothing of the file ran")
    shown = steps[:MOST_STEPS]
    notes = [heading(trace)]
    if left_out:
        notes.append(f"{left_out} step{'s' if left_out > 1 else ''} of the scene, without anything to see, left out")
    notes += [f"only the first {MOST_STEPS:,} steps are here"] if len(steps) > MOST_STEPS else []
    style, script = _template("steps.css"), _template("steps.js")
    verdict = (
        f'<span class="failed">✗ {_text(failed)}</span>' if failed else f'<span class="passed">✓ {_text(passed)}</span>'
    )
    return string.Template(_template("steps.html")).substitute(
        title=_text(title),
        verdict=verdict,
        about=_text(" · ".join(notes)),
        file=_text(file),
        count=len(shown),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        source="".join(_source_line(number, line) for number, line in enumerate(LINE_END.split(source), 1)),
        table="\n".join(_row(place, step) for place, step in enumerate(shown, 1)),
        data=_json([_step_data(step) for step in shown]),
    )


@cache
def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's policy names, so that only this script runs and only this style counts."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(text: str) -> str:
    """A text as HTML, whatever it holds."""
    return escape(clean(text))


def _code(text: str) -> str:
    """A text as HTML, with what is between backquotes as code."""
    parts = [_text(part) for part in text.split("`")]
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _json(steps: object) -> str:
    """Data inside a script element, which must not be able to end it."""
    text = json.dumps({"steps": steps}, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _source_line(number: int, line: str) -> str:
    return (
        f'<div><span class="no">{number}</span><span class="sign"></span>'
        f'<span class="code">{_text(line.expandtabs(4))}</span><span class="who"></span></div>'
    )


def sentence(step: RunStep) -> str:
    """A step in one sentence."""
    ran = f"ran {lines_of(step.lines)}" if step.lines else "ran outside your file"
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
        "who": clean(step.who),
        "lines": list(step.lines),
        "said": clean(sentence(step)),
        "happened": [clean(text) for text in step.happened],
        "held": [clean(text) for text in step.held],
        "tasks": [_task_data(task) for task in step.tasks],
    }


def _task_data(task: TaskState) -> dict[str, object]:
    return {"name": clean(task.name), "state": task.state, "line": task.line, "words": clean(task.words)}


def _row(place: int, step: RunStep) -> str:
    others = [f"`{task.name}` {_other(task)}" for task in step.tasks if task.state not in ("ran", "ended")]
    ran = re.sub(r"^lines? ", "", lines_of(step.lines)) if step.lines else ""
    cells = [step.time + " s", f"`{step.who}`", ran, step.then]
    lists = [others, list(step.held), list(step.happened)]
    return (
        f'<tr><th scope="row">{place}</th>'
        + "".join(f"<td>{_code(cell)}</td>" for cell in cells)
        + "".join(f"<td>{'<br>'.join(map(_code, texts))}</td>" for texts in lists)
        + "</tr>"
    )


def _other(task: TaskState) -> str:
    return "is ready" if task.state == "ready" else task.words
