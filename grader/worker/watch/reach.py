"""Sees a file reach for frames, compiled code or the garbage collector: the interpreter says so before it happens, however it is spelled.

From these alone a learner's file gets at the record of its run (`worker/opaque.py`). What is seen goes over the line to the judge
at once, where nothing takes it back.
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable
from typing import Any

import trio

from ..callers import NO_FRAME, calling_frame

#: Events of the interpreter: the learner's file or code that it has called is at it, whoever stands between.
_ANYWHERE = frozenset(
    {
        "gc.get_objects",
        "gc.get_referents",
        "gc.get_referrers",
        "sys._current_frames",
        "sys._current_exceptions",
        "sys.addaudithook",
        "sys.monitoring.register_callback",
        "sys.setprofile",
        "sys.settrace",
    }
)
#: Attributes, and `sys._getframe`: libraries use them for themselves, so only what the file does counts, or has done by these.
ATTRIBUTES = frozenset({"__code__", "ag_frame", "cr_frame", "gi_frame", "tb_frame"})
_GIVE_FRAMES = frozenset(
    {
        *("currentframe", "stack", "trace", "getinnerframes", "getouterframes"),
        *("getgeneratorlocals", "getcoroutinelocals", "getasyncgenlocals"),
        *("walk_tb", "walk_stack", "_task_get_stack", "iter_await_frames"),
    }
)
EVENTS = frozenset({*_ANYWHERE, "sys._getframe", "object.__getattr__"})
MOST = 20

#: Functions of the worker, and of trio, that use these for themselves.
OURS = frozenset({"never_awaited", "start", "stop", "_is_passive", "_is_idle", "frames", "iter_await_frames"})
_LIBRARY = f"{pathlib.Path(trio.__file__).parent}/"
_WORKER = f"{pathlib.Path(__file__).parent.parent}/"
_getframe = sys._getframe

Report = Callable[[str, int | None], None]

#: In the place of a line: it is not the learner's file that reaches for something.
NOBODY = -1

_report: Report | None = None
_file = ""  # of the learner; nothing is reported before there is one
_seen: set[tuple[str, int | None]] = set()
#: What every module of the worker has under this name, and nothing else has: `id` of its names would be reported, too.
_MARK, _OURS = "_is_of_worker", object()
_looks = False  # a look uses a frame itself


def watch(report: Report | None) -> None:
    """Report from now on what this process reaches for.

    Args:
        report: takes what it was, and the line of the file; None: nobody wants to know.
    """
    global _report  # noqa: PLW0603 - it belongs to the process
    _report = report
    _seen.clear()


def watch_file(file: str) -> None:
    """Watch the learner's file of that name."""
    global _file  # noqa: PLW0603 - as above
    _file = file


def know_worker() -> None:
    """Mark the modules that are the worker's, once all are imported: no file is loaded yet."""
    package = __name__.removesuffix("watch.reach")
    for name, module in list(sys.modules.items()):
        if name.startswith(package):
            vars(module)[_MARK] = _OURS


def look(event: str, args: tuple[Any, ...]) -> None:
    """Report one of `EVENTS`, told by the interpreter's hook, if the learner's file is behind it."""
    global _looks  # noqa: PLW0603 - as above
    if _looks or _report is None:
        return
    try:
        frame: Any = calling_frame()
    except NO_FRAME:
        _looks = True
        frame = _getframe()
        _looks = False
    frame = frame.f_back  # the hook
    frame = frame and frame.f_back
    # The worker itself reads a dozen attributes a run, some files fifty: that has to be quick.
    if frame is not None and frame.f_globals.get(_MARK) is _OURS and event == "object.__getattr__":
        return
    line = _line_anywhere(frame) if event in _ANYWHERE else _line_at(frame)
    if line != NOBODY:
        found = args[1] if event == "object.__getattr__" else event, line
        if found not in _seen and len(_seen) < MOST:
            _seen.add(found)
            _report(*found)


def _line_at(frame: Any) -> int | None:
    """Return the line of the file that does it itself, or has it done by what gives frames; else `NOBODY`."""
    while frame is not None:
        code = frame.f_code
        if code.co_filename == _file:
            return _line_in(frame)
        if code.co_name not in _GIVE_FRAMES:
            break
        frame = frame.f_back
    return NOBODY


def _line_anywhere(frame: Any) -> int | None:
    """Return the line of the file that is behind it, None if none is on the stack; `NOBODY` if the worker does it for itself."""
    code = None if frame is None else frame.f_code  # a thread may begin with a function of C
    if not _file or (code and code.co_name in OURS and code.co_filename.startswith((_WORKER, _LIBRARY))):
        return NOBODY
    while frame is not None and frame.f_code.co_filename != _file:
        frame = frame.f_back
    return None if frame is None else _line_in(frame)


def _line_in(frame: Any) -> int | None:
    line: int | None = frame.f_lineno
    return line
