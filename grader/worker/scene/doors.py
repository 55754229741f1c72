"""Doors: what the scene hands out and holds, from which no attribute and no closure leads to the world in two steps.

A door knows a number; what stands behind it is kept here. Who knows that gets there all the same: this keeps out those who
follow what an object shows, and makes the others write names that a person can read.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

#: File name of a scene's code, as the player compiles it.
_SCENE = "scene.py"
_behind: dict[int, Any] = {}
_numbers = itertools.count()


def _keep(thing: Any) -> int:
    number = next(_numbers)
    _behind[number] = thing
    return number


class SceneWorld:
    """What a scene has of its world: the public names of a `World`.

    Args:
        world: that of the run that begins; doors of the run before lead nowhere any more.
        file: path of the subject's file, whose code finds no name here.
    """

    def __init__(self, world: Any, file: str) -> None:
        _behind.clear()
        self._number = _keep((world, file))

    def __getattr__(self, name: str) -> Any:
        # What the scene hands out may hold it; a subject that finds it there gets no word in the record by it.
        world, file = _behind[self._number]
        if name.startswith("_") or _asks(file):
            raise AttributeError(name)
        return getattr(world, name)


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
    number = _keep(act)

    async def job(*args: Any) -> Any:
        return await _behind[number](*args)

    job.__qualname__, job.__module__ = name, module
    return job


def door(act: Callable[..., Any]) -> Any:
    """Return a function that does what `act` does."""
    number = _keep(act)

    def job(*args: Any) -> Any:
        return _behind[number](*args)

    return job
