"""Functions that show nothing of what is behind them.

What the worker leaves where a learner's code finds it, such as `open`, a job or a method of the event loop, is Python. A plain
function leads on to the names of its module, to what it holds in a closure and to its object; behind these stands the record of
the run. An opaque one can be called, and that is all: no attribute leads further. (A look at the stack or the garbage collector
does.)
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type)

#: A function of C around one of Python that it keeps to itself: a cache that holds nothing, so that each call goes through.
OPAQUE: Any = type(functools.lru_cache(0)(lambda: None))


def opaque(function: Function) -> Function:
    """Return a function that does the same and shows its name and text alone."""
    around: Any = functools.lru_cache(0)(function)
    del around.__wrapped__
    return cast(Function, around)


def nameless(function: Callable[..., Any]) -> Any:
    """Return a function that does the same and shows nothing; it is made sooner."""
    return OPAQUE(function, 0, False, tuple)


def opaque_methods(kind: Class) -> Class:
    """Make each method that a class defines opaque."""
    for name, value in list(vars(kind).items()):
        if isinstance(value, types.FunctionType):
            setattr(kind, name, opaque(value))
        elif isinstance(value, staticmethod) and isinstance(value.__func__, types.FunctionType):
            setattr(kind, name, staticmethod(opaque(value.__func__)))
    return kind
