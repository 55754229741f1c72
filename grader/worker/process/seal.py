"""Whether the worker's code is what it was before a file was loaded: one number over all of it.

The judge compares the number with that of a fresh process. It asks with a word of its own, so that an answer that was prepared
beforehand is of no use. What is bound here is bound before any subject is loaded.
"""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from ..opaque import OPAQUE

_sha256, _type, _getattr = hashlib.sha256, type, getattr
_FUNCTIONS = (types.FunctionType, staticmethod, classmethod, property, OPAQUE)

#: Each function and class of the worker: where it is found, under which name.
_places: list[tuple[bytes, Callable[[], Mapping[str, Any]], str]] = []
#: The code and the opaque functions that were there then, by address; each holds its own, so that no other gets that address.
_known: dict[int, tuple[Any, bytes]] = {}


def note_code() -> None:
    """Remember where the worker has functions and classes, in the process that all children are forked from."""
    package, _, _ = __name__.partition(".")
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] == package:
            _note(name, module, package)
    for _, names, name in _places:
        for part in _parts(names()[name]):
            _known[id(part)] = part, b"opaque" if _type(part) is OPAQUE else _number(part)


def _note(where: str, owner: Any, package: str) -> None:
    for name, value in list(vars(owner).items()):
        is_class = isinstance(value, type) and value.__module__.partition(".")[0] == package
        if isinstance(value, _FUNCTIONS) or is_class:
            _places.append((f"\n{where}.{name}".encode(), lambda: vars(owner), name))
        if is_class and isinstance(owner, types.ModuleType) and value.__module__ == owner.__name__:
            _note(f"{where}.{name}", value, package)


def seal(word: str) -> str:
    """Return the number of the code that is there now, after a word of the judge's."""
    digest = _sha256(word.encode())
    for place, names, name in _places:
        value = names().get(name)
        digest.update(place)
        digest.update(f"{_getattr(value, '__module__', '')} {_getattr(value, '__qualname__', '')}".encode())
        for part in _parts(value):
            _, number = _known.get(id(part)) or (part, b"another" if _type(part) is OPAQUE else _number(part))
            digest.update(number)
    return digest.hexdigest()


def _parts(value: Any) -> list[Any]:
    """Return the code of a function, method or property; an opaque function shows none, and is itself what may be another."""
    kind = _type(value)
    if kind is types.FunctionType:
        return [value.__code__]
    if kind in (staticmethod, classmethod):
        return _parts(value.__func__)
    return [value] if kind is OPAQUE else [*_parts(value.fget), *_parts(value.fset)] if kind is property else []


def _number(code: types.CodeType) -> bytes:
    """Return a number that is the same for the same code in each process."""
    digest = _sha256(code.co_code)
    digest.update(f"{code.co_name} {code.co_firstlineno} {code.co_names} {code.co_freevars}".encode())
    for value in code.co_consts:
        if _type(value) is types.CodeType:
            digest.update(_number(value))
        elif _type(value) in (str, int, float, bool, bytes):
            digest.update(repr(value).encode())
    return digest.digest()
