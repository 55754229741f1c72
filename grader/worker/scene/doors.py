"""Doors: what the scene hands out and holds, from which no attribute and no closure leads to the world."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

from ..callers import NO_FRAME, calling_frame
from ..opaque import nameless, opaque_methods

_HERE = globals()


@opaque_methods
class SceneWorld:
    """What a scene has of its world: the public names of a `World`.

    Args:
        world: that of the run that begins.
        scene: the names of the scene's module, whose code finds all names here.
        file: path of the subject's file, whose code finds none.
    """

    __slots__ = ("_answer",)

    def __init__(self, world: Any, scene: dict[str, Any], file: str) -> None:
        known: dict[str, Any] = {}

        def answer(name: str) -> Any:
            # What the scene hands out may hold it; a subject that finds it there gets no word in the record by it.
            if name.startswith("_") or _asks(scene, file, name):
                raise AttributeError(name)
            if name in known:
                return known[name]
            value = getattr(world, name, known)
            if value is known:  # what `getattr` raises holds the world
                raise AttributeError(name)
            if callable(value):  # a method would lead to the world
                value = known[name] = nameless(value)
            return value

        self._answer = nameless(answer)

    def __getattribute__(self, name: str) -> Any:
        return object.__getattribute__(self, name) if name[:1] == "_" else _answer_of(self)(name)


_answer_of: Callable[[SceneWorld], Callable[[str], Any]] = vars(SceneWorld)["_answer"].__get__


def _asks(scene: dict[str, Any], file: str, name: str) -> bool:
    """Tell whether the code of a file asks for an attribute, itself or by a function of a library that it calls.

    Where a scene's function asks for another name than those in its code, something that the file gave it does.
    """
    try:
        frame: Any = calling_frame()
    except NO_FRAME:
        frame = sys._getframe()
    while frame is not None and frame.f_globals is _HERE:
        frame = frame.f_back
    while frame is not None and frame.f_globals is not scene:
        if frame.f_code.co_filename == file:
            return True
        frame = frame.f_back
    return frame is not None and name not in frame.f_code.co_names


def async_door(act: Callable[..., Any], name: str, module: str) -> Any:
    """Return an async function that awaits what `act` makes of its arguments.

    Args:
        act: makes an awaitable.
        name: qualified name of the function, as tasks show it.
        module: that it seems to be from.
    """
    job: Any = types.FunctionType(_ASYNC_JOB, {"_behind": nameless(act), "__name__": module}, "job")
    job.__qualname__ = name
    return job


def door(act: Callable[..., Any]) -> Any:
    """Return a function that does what `act` does."""
    job = types.FunctionType(_JOB, {"_behind": nameless(act), "__name__": __name__}, "job")
    job.__qualname__ = "door.<locals>.job"
    return job


# The functions of jobs know one name: that of what is behind them.
_behind: Any = None


async def _async_job(*args: Any) -> Any:
    return await _behind(*args)


def _job(*args: Any) -> Any:
    return _behind(*args)


_ASYNC_JOB, _JOB = _async_job.__code__, _job.__code__
