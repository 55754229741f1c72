"""The frame of who calls, taken so that the interpreter does not report it.

`sys._getframe` is reported to the worker's own hook (`watch/reach.py`), which costs more than the look itself. A generator
that runs knows its caller, and no event is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import FrameType
from typing import Any


def _callers() -> Generator[Any, Any, None]:
    own = yield
    while True:
        yield own.f_back


_generator: Any = _callers()
next(_generator)
_generator.send(_generator.gi_frame)

#: Returns the frame of the function that calls it, or raises one of `NO_FRAME`: ask `sys._getframe` then.
calling_frame: Callable[[], FrameType] = _generator.__next__
#: Another look is under way, as in a second thread; or one was ended by what a handler of a signal raised.
NO_FRAME = (ValueError, StopIteration)
