"""The smallest run of a failing test as a page to step through: `--explore-html`."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.explore.lines import Line
from grader.explore.step_log import LoggedStep, LoggedTask
from grader.steps.page import PageHead, draw_page, lines_of, rows_of
from grader.steps.run_step import ENDED, RAN, READY, WAITS, RunStep, TaskState

#: How many files are shown; a line of another one is named without its text.
MOST_FILES = 12
#: Characters of a page's name; file systems allow 255 bytes.
LONGEST_NAME = 120


def write_page(folder: Path, test: str, steps: Sequence[LoggedStep], failed: str, notes: Sequence[str]) -> Path | None:
    """Write the page of one run; return where, None if there is no step to show.

    Args:
        folder: made if there is none.
        test: name of the test, as pytest has it.
        steps: of the run.
        failed: how it failed, in one line.
        notes: which run it is, a sentence each.
    """
    pages = _RunPage(steps)
    shown = list(pages.steps())
    if not shown:
        return None
    left_out = len(steps) - len(shown)
    notes = [*notes, *([f"{left_out} steps outside your files left out"] if left_out else [])]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / page_name(test)
    path.write_text(draw_page(shown, pages.sources, PageHead(test, tuple(notes), failed)), encoding="utf-8")
    return path


def page_name(test: str) -> str:
    """The name of a test's page: its own, with what no file name may have replaced."""
    return re.sub(r"[^\w.\[\]-]+", "-", test)[-LONGEST_NAME:].strip("-.") + ".html"


class _RunPage:
    """The steps of a run in the words of a page."""

    def __init__(self, steps: Sequence[LoggedStep]) -> None:
        self._logged = steps
        files = dict.fromkeys(line.file for step in steps for line in _all_lines(step))
        #: file → its name as a reader knows it
        self._names = {file: str(Line(file, 0)).rpartition(":")[0] for file in [*files][:MOST_FILES]}
        self.sources = {name: "".join(linecache.getlines(file)).rstrip("\n") for file, name in self._names.items()}
        self._rows = rows_of(self.sources)

    def steps(self) -> Iterator[RunStep]:
        """The steps in which a file of the author's ran, or something happened."""
        for number, step in enumerate(self._logged, 1):
            if (
                step.lines
                or step.origin
                or step.happened
                or any(task.line for task in step.tasks if _is_of(step, task))
            ):
                yield self._step(number, step)

    def _step(self, number: int, step: LoggedStep) -> RunStep:
        lines = step.lines or ((step.origin,) if step.origin else ())
        rows = tuple(row for line in lines if (row := self._row(line)) is not None)
        mine = next(task for task in step.tasks if _is_of(step, task))
        return RunStep(
            number,
            f"{round(step.time, 4):g}",
            step.who,
            rows,
            "it ends" if step.over else _wait_words(mine),
            step.happened,
            tuple(self._state(step, task) for task in step.tasks),
            step.held,
            _ran_words(step),
        )

    def _state(self, step: LoggedStep, task: LoggedTask) -> TaskState:
        row = None if task.line is None else self._row(task.line)
        if _is_of(step, task):
            return TaskState(task.name, *((ENDED, row, "it ends") if step.over else (RAN, row, _wait_words(task))))
        if not task.began:
            return TaskState(task.name, READY, None, "it has not begun")
        if task.ready:
            return TaskState(task.name, READY, row, "it could have gone on, too")
        return TaskState(task.name, WAITS, row, _wait_words(task))

    def _row(self, line: Line) -> int | None:
        name = self._names.get(line.file)
        return None if name is None else self._rows[name] + line.number


def _all_lines(step: LoggedStep) -> Iterator[Line]:
    yield from step.lines
    yield from (line for line in (step.origin, *(task.line for task in step.tasks)) if line is not None)


def _is_of(step: LoggedStep, task: LoggedTask) -> bool:
    """Whether a task made a step; names of tasks are different in a run."""
    return task.name == step.who


def _ran_words(step: LoggedStep) -> str:
    """What a step ran, in words."""
    if not step.lines:
        return f"went on from {step.origin}" if step.origin else ""
    by_file: dict[str, list[int]] = {}
    for line in step.lines:
        by_file.setdefault(str(line).rpartition(":")[0], []).append(line.number)
    return "ran " + ", ".join(f"{file} {lines_of(numbers)}" for file, numbers in by_file.items())


def _wait_words(task: LoggedTask) -> str:
    """What a task waits for after its step."""
    place, line = task.place, task.line
    if place is not None and place.kind == "children":
        return f"waits at {line} for the tasks of its group" if line else "waits for the tasks of its group"
    call = "" if place is None or place.call == "await" else f", in `{place.call}`"
    call += f" of `{place.name}`" if call and place is not None and place.name else ""
    # A task that has just taken a free lock passes a checkpoint in the call.
    held = f", held by `{place.holder}`" if place is not None and place.holder not in ("", task.name) else ""
    return f"waits at {line}{call}{held}" if line else f"waits outside your files{call}{held}"
