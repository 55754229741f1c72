"""Each step of a run as one entry: who ran, where that task waits then and for what, who could have run too, who holds which lock."""

from __future__ import annotations

import os
import types
from typing import Any

from ..loops.control import Control, TaskInfo
from ..loops.waits import coroutine_of, frames
from .locks import LockWatch

#: How many steps are written down; nobody goes through more of them one by one.
MAX_MOVES = 2_000
#: Characters of a name, which may be the learner's.
MAX_NAME = 80
#: Local variables of a function that are looked through for the name of what it waits for.
MAX_LOCALS = 50

_WORKER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LEADS_ON = frozenset({"__aenter__", "__anext__", "__aiter__", "__await__"})


class Moves:
    """Writes down the steps of one run.

    Args:
        control: the run's clock, tasks and record.
        locks: of the run.
        file: file name of the learner's code.
    """

    def __init__(self, control: Control, locks: LockWatch, file: str) -> None:
        self._control, self._locks, self._file = control, locks, file
        self.made: list[dict[str, Any]] = []
        self._holders: dict[int, tuple[int, str]] = {}

    def note(self, task: Any, info: TaskInfo, lines: int) -> None:
        """Write down the step that `task` has just made.

        Args:
            task: of either backend.
            info: what is known of it.
            lines: how many steps through the file have been written down by now.
        """
        if len(self.made) >= MAX_MOVES:
            return
        coro = None if info.over else coroutine_of(task)
        line, call, name = wait_of(coro, self._file)
        self._note_locks(info.serial, coro)
        span = info.inner
        self.made.append(
            {
                "task": info.serial,
                "who": (info.name if span is None else span.who)[:MAX_NAME],
                "span": None if span is None else span.id,
                "t": round(self._control.now, 9),
                "ready": sorted(serial for _, serial in self._control.ready if serial != info.serial),
                "path": lines,
                "tick": self._control.record.last_tick,
                "over": info.over,
                "line": line,
                "call": call,
                "of": name,
                "held": [[label, serial] for serial, label in self._holders.values()],
            }
        )

    def _note_locks(self, serial: int, coro: Any) -> None:
        """Who holds which lock after a step: what is new in it, the task that made the step has taken."""
        held = self._locks.held
        for key in [key for key in self._holders if key not in held]:
            del self._holders[key]
        for key, (lock, _, _) in held.items():
            if key not in self._holders:
                label = getattr(lock, "watched_name", None) or _name_in_frames(lock, coro, self._file)
                self._holders[key] = (serial, label or f"lock {len(self._holders) + 1}")


def wait_of(coro: Any, file: str) -> tuple[int | None, str, str]:
    """Where a suspended coroutine waits: the line of the learner's file, the library's call in it, the name of what that is of."""
    own: tuple[int, types.FrameType] | None = None
    call: types.FrameType | None = None
    for code, line, frame in frames(coro):
        if code.co_filename == file:
            own, call = (line, frame), None
        elif not code.co_filename.startswith(_WORKER) and (call is None or _leads_on(call)):
            call = frame
    if own is None:
        return None, "", ""
    if call is None or _leads_on(call):
        return own[0], "", ""
    parts = call.f_code.co_qualname.replace("<locals>.", "").split(".")[-2:]
    thing = call.f_locals.get("self")
    short = ".".join(part.removeprefix("_") for part in parts)
    return own[0], short[:MAX_NAME], _attributes(thing).get("watched_name") or _name_of(thing, own[1])


def _leads_on(frame: types.FrameType) -> bool:
    """Whether a library's function only leads to what waits, such as `async with`, or the machinery of contextlib."""
    return frame.f_code.co_name in _LEADS_ON or "contextlib" in frame.f_code.co_filename


def _name_in_frames(thing: Any, coro: Any, file: str) -> str:
    """What the innermost function of the learner's that knows an object calls it; empty if none does."""
    names = [_name_of(thing, frame) for code, _, frame in frames(coro) if code.co_filename == file]
    return next((name for name in reversed(names) if name), "")


def _name_of(thing: Any, frame: types.FrameType) -> str:
    """What a function calls an object: a variable of its own, or an attribute of one."""
    if thing is None:
        return ""
    known = [*frame.f_locals.items()][:MAX_LOCALS]
    for name, value in known:
        if value is thing and name != "self":
            return name[:MAX_NAME]
    for name, value in known:
        kept = _attributes(value)
        for attribute, inner in kept.items():
            if inner is thing or _attributes(inner).get("_lock") is thing:
                return f"{name}.{attribute}"[:MAX_NAME]
    return ""


def _attributes(value: Any) -> dict[str, Any]:
    """What an object keeps, without running any code of its class."""
    try:
        kept = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return kept if type(kept) is dict else {}
