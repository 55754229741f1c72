"""Where a task waits: the lines of its await chain, down to the innermost one."""

from __future__ import annotations

import gc
import linecache
import types
from collections.abc import Iterator
from typing import Any

from .control import TaskInfo

_DEEPEST = 200  # frames of an await chain that are looked at


def line_at(frame: types.FrameType) -> int:
    """Return the line that a frame is at; between two lines, where it has none, the first one of its function."""
    line: int | None = frame.f_lineno
    return frame.f_code.co_firstlineno if line is None else line


def frames(coro: Any) -> Iterator[tuple[types.CodeType, int, types.FrameType]]:
    """Yield (code, line, frame) of each suspended frame of a coroutine, outermost first."""
    for _ in range(_DEEPEST):
        if coro is None:
            return
        frame = getattr(coro, "cr_frame", None) or getattr(coro, "gi_frame", None) or getattr(coro, "ag_frame", None)
        if frame is not None:
            yield frame.f_code, line_at(frame), frame
            coro = _inner_of(coro)
        elif type(coro).__name__ in ("async_generator_asend", "async_generator_athrow", "coroutine_wrapper"):
            # They have no public attribute for what they drive; trio's iter_await_frames does the same.
            coro = next((r for r in gc.get_referents(coro) if hasattr(r, "ag_frame") or hasattr(r, "cr_frame")), None)
        else:
            coro = getattr(coro, "watched", None)


def _inner_of(coro: Any) -> Any:
    for name in ("cr_await", "gi_yieldfrom", "ag_await"):
        if hasattr(coro, name):
            return getattr(coro, name)
    return None


def coroutine_of(task: Any) -> Any:
    """Return the coroutine of a task of either backend."""
    return task.get_coro() if hasattr(task, "get_coro") else task.coro


def waiting(infos: list[TaskInfo], subject_file: str) -> list[dict[str, Any]]:
    """Tell for each task at which line of the subject it waits.

    Args:
        infos: the tasks; none that has ended.
        subject_file: the file name that the subject's code was compiled with.

    Returns:
        one entry a task: its name, and file, line and text of the line; `file` is None if the task waits outside the
        subject's code.
    """
    result = []
    for info in infos:
        place = where(coroutine_of(info.task), subject_file)
        entry: dict[str, Any] = {"task": info.name, "file": None, "line": None, "code": None}
        if place is not None:
            entry.update(file=subject_file, line=place, code=linecache.getline(subject_file, place).strip() or None)
        result.append(entry)
    return result


def where(coro: Any, subject_file: str) -> int | None:
    """Return the innermost line of the subject's in a suspended coroutine."""
    found = None
    for code, line, _frame in frames(coro):
        if code.co_filename == subject_file:
            found = line
    return found
