"""The steps of one run of a test, for a page: who ran which lines, where every other task is, what began and ended."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any

from grader.explore.evidence import RunEvidence, VirtualControl
from grader.explore.lines import Line, line_waiting, rank
from grader.worker.loops.control import TaskInfo
from grader.worker.loops.waits import coroutine_of, line_at
from grader.worker.watch.places import Place, place_of

#: How many steps, and lines of one step, are written down.
MOST_STEPS, MOST_LINES = 1_000, 1_000


@dataclass(frozen=True)
class LoggedTask:
    """Where a task is after a step.

    Args:
        name: of the task.
        began: whether it has made a step.
        ready: whether it could have made this step.
        line: at which it waits; None if it is in no file of the author's.
        place: for what it waits.
    """

    name: str
    began: bool
    ready: bool
    line: Line | None
    place: Place | None


@dataclass(frozen=True)
class LoggedStep:
    """One step.

    Args:
        who: made it.
        time: when (s).
        lines: of the author's files, in the order in which they ran.
        origin: the line from which it went on; None if the task began, or was in no such file.
        over: whether the task has ended.
        tasks: all that there are after it, and the one that made it.
        held: locks, in words.
        happened: what began and ended in it, a phrase each.
    """

    who: str
    time: float
    lines: tuple[Line, ...]
    origin: Line | None
    over: bool
    tasks: tuple[LoggedTask, ...]
    held: tuple[str, ...]
    happened: tuple[str, ...]


class StepLog:
    """Writes down the steps of one run.

    Args:
        control: of the run.
        watch: of the run; knows its locks.
    """

    def __init__(self, control: VirtualControl, watch: RunEvidence) -> None:
        self.steps: list[LoggedStep] = []
        self._control, self._watch = control, watch
        self._lines: list[Line] = []
        self._places: dict[int, tuple[Line | None, Place | None]] = {}
        self._known = 0
        self._tracing = False

    def __enter__(self) -> None:
        # A debugger, or a tool that measures coverage on older interpreters, needs the trace function for itself.
        self._tracing = sys.gettrace() is None
        if self._tracing:
            sys.settrace(self._enter_frame)

    def __exit__(self, *exc_info: object) -> None:
        if self._tracing:
            sys.settrace(None)

    def note(self, info: TaskInfo, happened: list[str]) -> None:
        """Write down the step that a task has just made.

        Args:
            info: the task.
            happened: what happened in it, beside tasks that it started.
        """
        control = self._control
        if control.cut is not None or len(self.steps) >= MOST_STEPS:
            return
        names = {id(each.task): control.name_task(each) for each in control.open.values()}
        origin = self._places.get(info.serial, (None, None))[0]
        coro = None if info.over else coroutine_of(info.task)
        self._places[info.serial] = (line_waiting(coro), None if coro is None else place_of(coro, names))
        ready = {serial for _, serial in control.ready} - {info.serial}
        others = [each for each in control.open.values() if each.serial != info.serial and not each.over]
        started = [
            f"`{control.name_task(each)}` is started" for each in control.every[self._known :] if each is not info
        ]
        self._known = len(control.every)
        self.steps.append(
            LoggedStep(
                control.name_task(info),
                control.now,
                tuple(self._lines),
                origin,
                info.over,
                tuple(self._state(each, ready) for each in sorted([info, *others], key=lambda each: each.serial)),
                tuple(_held_words(task, line) for task, line in self._watch.held_locks()),
                (*started, *happened),
            )
        )
        self._lines.clear()

    def _state(self, info: TaskInfo, ready: set[int]) -> LoggedTask:
        began = info.serial in self._places
        line, place = self._places.get(info.serial, (None, None))
        return LoggedTask(self._control.name_task(info), began, info.serial in ready, line, place)

    def _enter_frame(self, frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG002 - the interpreter gives them
        return self._note_line if rank(frame.f_code.co_filename) == 0 else None

    def _note_line(self, frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG002 - the same
        if event == "line" and len(self._lines) < MOST_LINES:
            self._lines.append(Line(frame.f_code.co_filename, line_at(frame)))
        return self._note_line


def _held_words(task: str, line: Line | None) -> str:
    return f"`{task}` holds a lock" + (f" that it took at {line.quoted}" if line is not None else "")
