"""The line of a test's author that something is about: not one of Python's, anyio's or pytest's."""

from __future__ import annotations

import functools
import itertools
import linecache
import sys
import sysconfig
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader.worker.loops.waits import frames, line_at
from grader.worker.watch.places import is_library

#: Packages of the machinery: a line of another library is better than none, but none of theirs.
_MACHINERY = ("anyio", "trio", "_pytest", "pytest", "pluggy", "outcome", "sniffio", "grader")
_STDLIB = tuple(str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "platstdlib"))
LONGEST = 70


@dataclass(frozen=True)
class Line:
    """One line of code.

    Args:
        file: its name.
        number: of the line.
        frame: that ran it, for a debugger.
        callers: frames that await it, outermost first, and the line of each: a frame that waits does not know them.
    """

    file: str
    number: int
    frame: types.FrameType | None = field(default=None, compare=False, repr=False)
    callers: tuple[tuple[types.FrameType, int], ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return f"{_short(self.file)}:{self.number}"

    @property
    def quoted(self) -> str:
        """The line with its text."""
        text = linecache.getline(self.file, self.number).strip()
        text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        return f"{self} ({text})" if text else str(self)


def _short(file: str) -> str:
    """A file as seen from the working folder; its name alone if it is far away."""
    path = Path(file)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(Path(path.parent.name, path.name))


@functools.lru_cache(maxsize=4096)
def rank(file: str) -> int:
    """How much a file is the author's own: 0 own, 1 of another library, 2 of the machinery."""
    if file.startswith("<"):
        return 2
    if not is_library(file):
        return 0
    parts = Path(file).parts
    if any(part in _MACHINERY for part in parts):
        return 2
    return 2 if file.startswith(_STDLIB) and "site-packages" not in parts else 1


def _best(lines: Iterable[tuple[str, int, types.FrameType | None]]) -> Line | None:
    """The first own line; if there is none the first of another library."""
    best, best_rank = None, 2
    for file, number, frame in lines:
        its_rank = rank(file)
        if its_rank < best_rank:
            best, best_rank = Line(file, number, frame), its_rank
        if best_rank == 0:
            break
    return best


def line_waiting(coro: Any) -> Line | None:
    """Where a suspended coroutine goes on."""
    chain = [(code.co_filename, line, frame) for code, line, frame in frames(coro)]
    best = _best(reversed(chain))
    if best is None:
        return None
    callers = itertools.takewhile(lambda each: each[2] is not best.frame, chain)
    return replace(best, callers=tuple((frame, line) for _, line, frame in callers))


def line_running(frame: types.FrameType | None = None) -> Line | None:
    """Where a frame, or this very thread, is."""
    return _best(_callers(frame if frame is not None else sys._getframe(1)))  # noqa: SLF001 - there is no other way


def _callers(frame: types.FrameType | None) -> Iterator[tuple[str, int, types.FrameType]]:
    while frame is not None:
        yield frame.f_code.co_filename, line_at(frame), frame
        frame = frame.f_back


def line_of_origin(coro: Any) -> Line | None:
    """Where a coroutine was made, if the interpreter kept track of that."""
    return _best((file, number, None) for file, number, _ in getattr(coro, "cr_origin", None) or ())


def line_raising(error: BaseException) -> Line | None:
    """Where an exception arose."""
    chain = []
    trace = error.__traceback__
    while trace is not None:
        chain.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno, trace.tb_frame))
        trace = trace.tb_next
    return _best(reversed(chain))


def traceback_to(line: Line) -> types.TracebackType | None:
    """A traceback that ends at a line, so that a debugger stops there."""
    trace = None
    frame, number = line.frame, line.number
    if frame is None:  # nothing runs there any more: a frame that has the name and the number of the line will do
        try:
            exec(compile("\n" * (number - 1) + "raise Exception", line.file, "exec"), {"__name__": "explore"})  # noqa: S102
        except Exception as error:  # noqa: BLE001 - it was raised to get its traceback
            trace = error.__traceback__
        return None if trace is None else trace.tb_next
    while frame is not None:
        if rank(frame.f_code.co_filename) < 2:  # noqa: PLR2004 - of the machinery nobody wants to see anything
            trace = types.TracebackType(trace, frame, max(frame.f_lasti, 0), number)
        frame = frame.f_back
        number = 0 if frame is None else line_at(frame)
    for caller, number in reversed(line.callers):
        if rank(caller.f_code.co_filename) < 2:  # noqa: PLR2004 - the same
            trace = types.TracebackType(trace, caller, max(caller.f_lasti, 0), number)
    return trace
