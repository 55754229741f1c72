"""Where a task waits, and for what, in words: read from the chain of coroutines that await each other."""

from __future__ import annotations

import inspect
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import anyio
import anyio._backends._asyncio as anyio_asyncio
import anyio._backends._trio as anyio_trio
import trio

from ..loops.waits import frames, line_at

_LIBRARIES = tuple(
    str(Path(folder).resolve())
    for folder in {
        *map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")),
        str(Path(__file__).parents[2]),
    }
)
_SLEEPS = {"sleep", "sleep_until"}
_FOR_EVER = {"sleep_forever"}


@dataclass(frozen=True)
class Place:
    """A place at which a task waits.

    Args:
        file: name of the file, or of the cell's.
        line: in it; 0 if the task never came to a line of the cell's.
        call: the library's function that waits, such as ``Lock.acquire``.
        name: of the object waited for, as the code calls it; empty if unknown.
        holder: name of the task that holds the lock that is waited for.
        kind: ``sleeping``, ``blocked`` or ``children`` (a task group that waits for its tasks).
    """

    file: str
    line: int
    call: str
    name: str = ""
    holder: str = ""
    kind: Literal["sleeping", "blocked", "children"] = "blocked"

    def __str__(self) -> str:
        what = f"{self.call} of {self.name}" if self.name else self.call
        held = f", held by {self.holder}" if self.holder else ""
        return f"{where(self.file, self.line)}, in {what}{held}" if self.line else f"{what}{held}"


def is_library(file: str) -> bool:
    """Whether a file belongs to Python, to an installed package or to this one."""
    return file.startswith(("<frozen", *_LIBRARIES))


def where(file: str, line: int) -> str:
    """A line in words: of the cell, or of a file."""
    is_cell = "ipykernel" in file or file.startswith("<")
    return f"cell line {line}" if is_cell else f"{Path(file).name}, line {line}"


def place_of(coro: Any, names: Mapping[int, str]) -> Place:
    """Where a suspended coroutine waits.

    Args:
        names: of tasks, by the id that anyio has for them.
    """
    own, call = None, None
    for code, line, frame in frames(coro):
        if not is_library(code.co_filename):
            own, call = (code.co_filename, line, frame), None
        elif call is None or _leads_on(call):
            call = frame
    file, line = (own[0], own[1]) if own else ("", 0)
    if call is None:
        return Place(file, line, "await")
    function = call.f_code.co_qualname
    thing = call.f_locals.get("self")
    kind: Literal["sleeping", "blocked"] = "blocked"
    if call.f_code.co_name in _SLEEPS:
        kind = "sleeping"
    elif "TaskGroup.__aexit__" in function or "Nursery" in function:
        return Place(file, line, "its task group", kind="children")
    return Place(file, line, _short(function), _name_of(thing, own[2] if own else None), _holder(thing, names), kind)


def place_running(frame: FrameType | None) -> str:
    """What runs, in words: the innermost line of the cell's in a stack."""
    while frame is not None and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return "runs" if frame is None else f"runs {where(frame.f_code.co_filename, line_at(frame))}"


def _leads_on(frame: Any) -> bool:
    """Whether a library's frame only leads to what waits, such as `async with`, or the machinery of contextlib."""
    return frame.f_code.co_name in {"__aenter__", "__anext__", "__aiter__"} or "contextlib" in frame.f_code.co_filename


def _short(function: str) -> str:
    """A qualified name without the parts that only the library knows."""
    parts = function.replace("<locals>.", "").split(".")
    return ".".join(part.removeprefix("_") for part in parts[-2:])


def _name_of(thing: Any, frame: Any) -> str:
    """What the code that waits calls an object."""
    if thing is None or frame is None:
        return ""
    for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
        if value is thing or (not inspect.ismodule(value) and getattr(value, "_lock", None) is thing):
            return name if not name.startswith("_") else ""
    return ""


def _holder(thing: Any, names: Mapping[int, str]) -> str:
    owner = owner_of(thing)
    return "" if owner is None else names.get(owner.id, owner.name or "")


def is_lock(thing: Any) -> bool:
    """Whether it is a lock of anyio or trio."""
    return isinstance(thing, anyio.Lock | trio.Lock | trio.StrictFIFOLock | anyio_asyncio.Lock | anyio_trio.Lock)


def owner_of(lock: Any) -> Any:
    """Return the task that holds a lock of anyio or trio, as anyio describes tasks; None if nobody does, or it is not a lock."""
    if not is_lock(lock):
        return None
    owner = lock.statistics().owner
    return anyio_trio.TrioTaskInfo(owner) if isinstance(owner, trio.lowlevel.Task) else owner


def circle_of_waiting(waiting: Iterable[tuple[str, Place]]) -> list[str]:
    """Names of tasks each of which waits for a lock that the next one holds; empty if there is no such circle.

    Args:
        waiting: names of tasks, and where each waits.
    """
    next_of = {name: place.holder for name, place in waiting if place.holder}
    for start in next_of:
        path = [start]
        while (name := next_of.get(path[-1], "")) and name not in path:
            path.append(name)
        if name == start:
            return path
    return []
