"""Whether a run changed the learner's module; if it did not, the next run can use the same one.

Executing a file again costs more than it seems: its old classes and functions must be collected, and nothing that the
interpreter has learned about them helps it with the new ones. So the module is kept as long as everything that can be changed
in it is known and unchanged. If it holds something else, such as an object that the file makes when it is imported, the file is
executed again.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import functools
import itertools
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sized
from operator import attrgetter, is_
from typing import Any, NamedTuple

from ..opaque import OPAQUE


class _Pair(NamedTuple):
    first: int


#: Their instances cannot be changed, or are shared by all executions of a file.
_FIXED = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    object,
    type(...),
    types.ModuleType,
    types.CodeType,
    types.GenericAlias,
    type(Callable[[], None]),
    types.UnionType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    type(vars(Sized)["_abc_impl"]),
    type(vars(_Pair)["first"]),
)
#: Modules whose own classes make only such instances.
_FIXED_IN = ("typing", "dataclasses", "__future__")
#: Names whose values the interpreter makes.
_OF_THE_INTERPRETER = ("__builtins__", "__annotations__", "__spec__", "__loader__")
_NAMES_ONLY = (ast.Name, ast.Tuple, ast.Store)
_class_dict: Callable[[type], Mapping[str, Any]] = type.__dict__["__dict__"].__get__  # past what a metaclass says
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.Pass)


def only_defines(statements: Iterable[ast.stmt]) -> bool:
    """Tell whether statements only import, define and assign names: once they ran, running them again changes nothing else."""
    return all(_only_defines(statement) for statement in statements)


def _only_defines(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=targets):
            return all(isinstance(node, _NAMES_ONLY) for target in targets for node in ast.walk(target))
        case ast.AnnAssign(target=target):
            return isinstance(target, ast.Name)
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return only_defines(statement.orelse)
        case ast.If(body=body, orelse=others):
            return only_defines([*body, *others])
        case ast.Try(body=body, handlers=handlers, orelse=others, finalbody=last):
            return only_defines([*body, *(inner for handler in handlers for inner in handler.body), *others, *last])
        case ast.ClassDef(body=body):
            return only_defines(body)
    return isinstance(statement, _DEFINITIONS) or type(statement).__name__ == "TypeAlias"


class _Unknown(Exception):
    """Something that may be changed in ways that nobody sees."""


class State:
    """All that can be changed in a module, as it is now.

    Args:
        module: just executed.

    Attributes:
        known: whether that is all; else `is_untouched` must not be asked.
    """

    def __init__(self, module: types.ModuleType) -> None:
        self._name = module.__name__
        self._seen: set[int] = set()
        # What can be changed, and behind it, place by place, what it held.
        self._tables: list[Mapping[Any, Any]] = []
        self._keys: list[tuple[Any, ...]] = []
        self._views: list[Iterable[Any]] = []
        self._contents: list[tuple[Any, ...]] = []
        self._groups: list[Any] = []
        self._items: list[tuple[Any, ...]] = []
        self._functions: list[types.FunctionType] = []
        self._made_of: list[tuple[Any, ...]] = []
        self._cells: list[tuple[types.CellType, Any]] = []
        try:
            self._table(module.__dict__)
        except (_Unknown, RecursionError):
            self.known = False
        else:
            self.known = True

    def is_untouched(self) -> bool:
        """Tell whether all is still as it was, without running any code of the learner's."""
        # Asked before each run: a few loops in C over everything, instead of some for each table. Where all sizes are
        # as they were, what stands at a place in such a loop is what stood there.
        return (
            list(map(len, self._tables)) == list(map(len, self._keys))
            and all(map(is_, _flat(self._tables), _flat(self._keys)))
            and all(map(is_, _flat(self._views), _flat(self._contents)))
            and list(map(len, self._groups)) == list(map(len, self._items))
            and all(map(is_, _flat(self._groups), _flat(self._items)))
            and all(map(is_, _flat(map(_parts, self._functions)), _flat(self._made_of)))
            and all(cell.cell_contents is content for cell, content in self._cells)
        )

    # -- what there is -----------------------------------------------------------------------------------------
    def _table(self, table: Mapping[Any, Any]) -> None:
        self._tables.append(table)
        self._keys.append(tuple(table))
        self._views.append(table.values())
        self._contents.append(tuple(table.values()))
        for key, value in table.items():
            if key not in _OF_THE_INTERPRETER:
                self._value(key)
                self._value(value)

    def _value(self, value: Any) -> None:
        kind = type(value)
        if kind in _FIXED or id(value) in self._seen or _is_shared(value, self._name):
            return
        self._seen.add(id(value))
        if issubclass(kind, type):
            self._table(_class_dict(value))
        elif issubclass(kind, enum.Enum):
            self._table(object.__getattribute__(value, "__dict__"))
        elif kind is types.FunctionType:
            self._function(value)
        elif kind is dict:
            self._table(value)
        elif kind in _GROUPS:
            self._groups.append(value)
            self._items.append(tuple(value))
            self._values(value)
        elif kind in _WRAPPERS:
            self._values(getattr(value, name) for name in _WRAPPERS[kind])
        elif kind.__module__ not in _FIXED_IN or not _is_shared(kind, self._name):
            raise _Unknown

    def _values(self, values: Iterable[Any]) -> None:
        for value in values:
            self._value(value)

    def _function(self, function: types.FunctionType) -> None:
        self._functions.append(function)
        self._made_of.append(_parts(function))
        self._table(function.__dict__)
        self._values(function.__defaults__ or ())
        self._value(function.__kwdefaults__)
        for cell in function.__closure__ or ():
            try:
                content = cell.cell_contents
            except ValueError:  # nothing is in it yet
                raise _Unknown from None
            self._cells.append((cell, content))
            self._value(content)


_GROUPS = (list, set, tuple, frozenset)
#: What wraps functions and values, and where they are in it.
_WRAPPERS: dict[type, tuple[str, ...]] = {
    property: ("fget", "fset", "fdel"),
    enum.property: ("fget", "fset", "fdel"),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    functools.cached_property: ("func",),
    dataclasses.Field: ("default", "default_factory"),
    types.BuiltinFunctionType: ("__self__",),
}


#: Modules of the worker, by name, that a learner's file does not find among those that were imported.
HIDDEN: dict[str, types.ModuleType] = {}


#: What a function is made of, apart from its attributes and its closure.
_parts = attrgetter("__code__", "__defaults__", "__kwdefaults__")
_flat = itertools.chain.from_iterable


def _is_shared(value: Any, name: str) -> bool:
    """Tell whether a class or function belongs to another module, which executing this one again would not change."""
    if not issubclass(type(value), type | types.FunctionType | types.BuiltinFunctionType | OPAQUE):
        return False
    owner = value.__module__
    found: Any = sys.modules.get(owner) or HIDDEN.get(owner) if isinstance(owner, str) and owner != name else None
    if found is None:
        return False
    for part in value.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is value
