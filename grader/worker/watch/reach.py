"""Who reaches for frames, compiled code or the garbage collector: the interpreter says so before it happens, however it is spelled.

From these alone a learner's file gets at the record of its run (`worker/opaque.py`). What is seen goes over the line to the judge
at once, where nothing takes it back.
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable
from typing import Any

import trio

#: Event of the interpreter → what it says; the learner's file or code that it has called is at it, whoever stands between.
_ANYWHERE = {
    "gc.get_objects": "gc.get_objects",
    "gc.get_referents": "gc.get_referents",
    "gc.get_referrers": "gc.get_referrers",
    "sys._current_frames": "sys._current_frames",
    "sys._current_exceptions": "sys._current_exceptions",
    "sys.setprofile": "sys.setprofile",
    "sys.settrace": "sys.settrace",
}
#: Attributes, and `sys._getframe`: libraries use them for themselves, so only what the file does counts, or has done by these.
ATTRIBUTES = frozenset({"__code__", "ag_frame", "cr_frame", "f_code", "gi_frame", "tb_frame"})
_GIVE_FRAMES = frozenset(
    {
        *("currentframe", "stack", "trace", "getinnerframes", "getouterframes"),
        *("getgeneratorlocals", "getcoroutinelocals", "getasyncgenlocals"),
        *("walk_tb", "walk_stack", "_task_get_stack", "iter_await_frames"),
    }
)
EVENTS = frozenset({*_ANYWHERE, "sys._getframe", "object.__getattr__", "object.__setattr__"})
MOST = 20

#: Functions of the worker, and of trio, that use these for themselves.
OURS = frozenset({"never_awaited", "start", "stop", "_is_passive", "_is_idle", "frames", "iter_await_frames"})
_LIBRARY = f"{pathlib.Path(trio.__file__).parent}/"
_WORKER = f"{pathlib.Path(__file__).parent.parent}/"
_getframe = sys._getframe

Report = Callable[[str, int | None], None]


class ReachWatch:
    """Sees what one process reaches for.

    Args:
        report: takes what it was, and the line of the file.
    """

    def __init__(self, report: Report) -> None:
        self.file = ""  # of the learner; nothing is reported before there is one
        self._report = report
        self._seen: set[tuple[str, int | None]] = set()
        self._looks = False  # a look uses a frame itself

    def look(self, event: str, args: tuple[Any, ...]) -> None:
        """Report an event if the learner's file is behind it."""
        if self._looks or not self.file:
            return
        what = _ANYWHERE.get(event)
        if what is None and event != "sys._getframe":
            if args[1] not in ATTRIBUTES:
                return
            what = args[1]
        self._looks = True
        try:
            line = self._line(_getframe(2).f_back, anywhere=event in _ANYWHERE)
        finally:
            self._looks = False
        found = what or "sys._getframe", line
        if line != NOBODY and found not in self._seen and len(self._seen) < MOST:
            self._seen.add(found)
            self._report(*found)

    def _line(self, frame: Any, *, anywhere: bool) -> int | None:
        """Return the line of the file that is behind it; None if no line of it is on the stack, `NOBODY` if it is not behind it."""
        if not anywhere:
            while frame is not None and frame.f_code.co_name in _GIVE_FRAMES and frame.f_code.co_filename != self.file:
                frame = frame.f_back
            return _line_in(frame) if frame is not None and frame.f_code.co_filename == self.file else NOBODY
        code = None if frame is None else frame.f_code  # a thread may begin with a function of C
        if code is not None and code.co_name in OURS and code.co_filename.startswith((_WORKER, _LIBRARY)):
            return NOBODY
        while frame is not None and frame.f_code.co_filename != self.file:
            frame = frame.f_back
        return None if frame is None else _line_in(frame)


#: In the place of a line: it is not the learner's file that reaches for something.
NOBODY = -1


_current: ReachWatch | None = None


def watch(current: ReachWatch | None) -> None:
    """Let what this process reaches for be seen by `current` from now on."""
    global _current  # noqa: PLW0603 - it belongs to the process
    _current = current


def look(event: str, args: tuple[Any, ...]) -> None:
    """Look at one of `EVENTS`, from the interpreter's hook."""
    if _current is not None:
        _current.look(event, args)


def _line_in(frame: Any) -> int | None:
    line: int | None = frame.f_lineno
    return line
