"""Doors: what the scene hands out and holds, from which no attribute and no closure leads to the world."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

from ..opaque import nameless, opaque_methods

#: File name of a scene's code, as the player compiles it.
_SCENE = "scene.py"


@opaque_methods
class SceneWorld:
    """What a scene has of its world: the public names of a `World`.

    Args:
        world: that of the run that begins.
        file: path of the subject's file, whose code finds no name here.
    """

    __slots__ = ("_answer",)

    def __init__(self, world: Any, file: str) -> None:
        known: dict[str, Any] = {}

        def answer(name: str) -> Any:
            # What the scene hands out may hold it; a subject that finds it there gets no word in the record by it.
            if name.startswith("_") or _asks(file):
                raise AttributeError(name)
            if name in known:
                return known[name]
            value = getattr(world, name)
            if callable(value):  # a method would lead to the world
                value = known[name] = nameless(value)
            return value

        self._answer = nameless(answer)

    def __getattr__(self, name: str) -> Any:
        return self._answer(name)


def _asks(file: str) -> bool:
    """Tell whether the code of a file asks for an attribute, itself or by a function of a library that it calls."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename not in (file, _SCENE):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename == file


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
