"""Why a person should look at a file: what in its text reaches for the interpreter or the engine instead of anyio.

Reading proves nothing: an honest file may do any of this for a good reason, and a forger who knows the rules can write
around them. So a flag never changes a verdict or a point.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.judging.flag_words import (
    ANYWHERE,
    ATTRIBUTES,
    BY_NAME,
    CALLS,
    DOCUMENTED,
    LOOPS,
    MODULES,
    OF_TASKS,
    OWN,
    PARTS,
)

OF_ANOTHER = ", a private part of something that the file did not make"
ALL_ATTRIBUTES = "reaches all attributes of something, whatever their names"


@dataclass(frozen=True, order=True)
class Flag:
    """A reason why a person should look at a file.

    Args:
        line: of the file, from 1; 0 for the file as a whole.
        text: one sentence without the line.
    """

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


def flags_by_reading(text: str) -> list[Flag]:
    """The flags of a file, one for each line and reason, in order of lines; none if it is not Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    reader = _FileReader(tree)
    return sorted(set(reader.read()))


class _FileReader:
    """Reads one file."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._modules: dict[str, str] = {}  # name in the file → module it stands for
        self._imported: set[str] = set()  # names that come from elsewhere
        self._own = _names_in(tree)  # what the file itself gives a name
        self._foreign: set[str] = set()  # names of objects of the event loop's
        self._constant: set[str] = set()  # loop variables over texts that are written down
        self._docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }

    def read(self) -> Iterator[Flag]:
        """Find what there is to flag."""
        nodes = list(ast.walk(self._tree))
        nodes += [part for node in nodes for part in _in_annotation(node)]
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from self._import(node)
            elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)) and _is_table_of_texts(node.iter):
                self._constant |= {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}
            elif isinstance(node, (ast.Assign, ast.NamedExpr)) and self._is_of_loop(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self._foreign |= {target.id for target in targets if isinstance(target, ast.Name)}
        used = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        used |= {
            id(node.func) for node in nodes if isinstance(node, ast.Call) and _root(node.func) in (*BY_NAME, "vars")
        }
        for node in nodes:
            for text in self._reasons(node, used):
                yield Flag(getattr(node, "lineno", 0), text)

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[Flag]:
        source = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            name = f"{source}.{alias.name}" if source else alias.name
            bound = alias.asname or (alias.name if source else alias.name.split(".")[0])
            self._imported.add(bound)
            if not source:
                self._modules[bound] = alias.name if alias.asname else bound
            elif name in PARTS:
                self._modules[bound] = name
            if reason := _module_reason(name) or _module_reason(source):
                yield Flag(node.lineno, f"imports `{name}`, which {reason}")
            elif _is_part(source, alias.name):
                yield Flag(node.lineno, f"imports `{alias.name}` from `{source}`")
            elif any(_is_private(part) for part in name.split(".")) and source != "__future__":
                yield Flag(node.lineno, f"imports `{name}`, a private part of a library")

    def _reasons(self, node: ast.AST, used: set[int]) -> Iterator[str]:
        yield from self._changes(node)
        yield from self._calls(node)
        match node:
            case ast.Attribute():
                yield from self._attribute(node)
            case ast.Name(id=name, ctx=ast.Load()) if id(node) not in used:
                yield from self._alone(name)
            case ast.Constant(value=str(text)) if id(node) not in self._docstrings:
                yield from (
                    f"names `{word}` in a text"
                    for word in ATTRIBUTES
                    if word == text or (word.startswith("__") and word in text)
                )
            case ast.MatchClass(kwd_attrs=names):
                yield from (f"uses `{name}`: {ATTRIBUTES[name]}" for name in names if name in ATTRIBUTES)
                yield from self._private_names(names)
            case ast.Assign(targets=[ast.Name(id="__match_args__")], value=value):
                yield from self._private_names(
                    str(item.value) for item in ast.walk(value) if isinstance(item, ast.Constant)
                )

    def _attribute(self, node: ast.Attribute) -> Iterator[str]:
        """What the use of an attribute says."""
        module, attr = self._module(node.value), node.attr
        if module is not None and (_is_part(module, attr) or (module in PARTS and attr == "__dict__")):
            yield f"uses `{module}.{attr}`"
        elif module is not None and f"{module}.{attr}" not in PARTS and (attr in PARTS or _module_reason(attr)):
            yield f"reaches the module `{attr}` through `{module}`"
        elif attr in ATTRIBUTES and not _is_of_super(node):
            yield f"uses `{attr}`: {ATTRIBUTES[attr]}"
        elif _is_private(attr) and attr not in DOCUMENTED and module is not None:
            yield f"uses `{module}.{attr}`, a private part of a library"
        elif self._is_of_another(attr) and not _is_own(node.value):
            yield f"uses `{attr}`{OF_ANOTHER}"
        elif attr == "__dict__" and not _is_own(node.value):
            yield ALL_ATTRIBUTES
        elif attr in OF_TASKS and self._is_of_loop(node.value):
            yield f"uses `{attr}` of a task: what it carries along"

    def _private_names(self, names: Iterable[str]) -> Iterator[str]:
        """What names of attributes say that a pattern takes out of an object."""
        yield from (f"uses `{name}`{OF_ANOTHER}" for name in names if self._is_of_another(name))

    def _is_of_another(self, name: str) -> bool:
        return _is_private(name) and name not in self._own | DOCUMENTED

    def _alone(self, name: str) -> Iterator[str]:
        """What a name says that stands for itself, without an attribute."""
        if self._modules.get(name) in PARTS:
            yield f"hands the module `{self._modules[name]}` on as a value"
        elif name in CALLS:
            yield f"`{name}` {CALLS[name]}"
        elif name in BY_NAME and name not in self._own:
            yield f"hands `{name}` on, which takes names made up at run time"
        elif name == "vars" and name not in self._own:
            yield f"hands `{name}` on, which reaches all attributes of something"
        elif name == "__builtins__":
            yield f"uses `{name}`: {ATTRIBUTES[name]}"

    def _changes(self, node: ast.AST) -> Iterator[str]:
        """What an assignment changes that the file did not make."""
        match node:
            case ast.Attribute(ctx=ast.Store() | ast.Del()) if (root := _root(node)) in self._imported:
                yield f"changes an attribute of `{root}`, which it imported"
            case ast.Attribute(ctx=ast.Store() | ast.Del(), value=value) if self._is_of_loop(value):
                yield "changes an attribute of the event loop"
            case ast.Attribute(ctx=ast.Store() | ast.Del(), value=value) if _is_class_of_another(value):
                yield "changes an attribute of another object's class"
            case ast.Attribute(ctx=ast.Store(), value=value, attr="__class__") if not _is_own(value):
                yield "changes the class of an object"

    def _calls(self, node: ast.AST) -> Iterator[str]:
        """What a call says that takes names as texts, or gives all that there are."""
        match node:
            case ast.Call(func=ast.Name(id="vars"), args=[thing]) if not _is_own(thing):
                yield ALL_ATTRIBUTES
            case ast.Call(func=ast.Name(id="get_type_hints") | ast.Attribute(attr="get_type_hints")):
                if len(node.args) + len(node.keywords) > 1:
                    yield "`get_type_hints` with names of its own executes text as code"
            case ast.Call(func=ast.Name(id=name), args=[ast.Starred(), *_]) if name in BY_NAME:
                yield f"`{name}` with a name made up at run time"
            case ast.Call(func=ast.Name(id=name), args=[target, word, *_]) if name in BY_NAME:
                yield from self._by_name(name, target, word)
            case ast.Call(func=ast.Attribute(attr="__setattr__" | "__delattr__"), args=[target, *_]):
                if _root(target) in self._imported:
                    yield f"changes an attribute of `{_root(target)}`, which it imported"

    def _module(self, node: ast.expr) -> str | None:
        """The module that an expression such as ``trio.lowlevel`` stands for, as far as reading tells."""
        match node:
            case ast.Name(id=name):
                return self._modules.get(name)
            case ast.Attribute(value=value, attr=attr) if (module := self._module(value)) is not None:
                return f"{module}.{attr}"
        return None

    def _is_of_loop(self, node: ast.expr) -> bool:
        """Whether an expression gives an object of the event loop's own."""
        match node:
            case ast.NamedExpr(value=value):
                return self._is_of_loop(value)
            case ast.Name(id=name):
                return name in self._foreign
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                return name in LOOPS and name not in self._own
        return False

    def _by_name(self, call: str, target: ast.expr, word: ast.expr) -> Iterator[str]:
        """What `getattr` and the like do: change what was imported, or use a name that nobody can read."""
        root = _root(target)
        if call in ("setattr", "delattr") and root in self._imported:
            yield f"changes an attribute of `{root}`, which it imported"
        if isinstance(word, ast.Constant):
            yield from self._attribute(ast.Attribute(target, str(word.value), ast.Load()))
        elif not (isinstance(word, ast.Name) and word.id in self._constant) and not _is_own(target):
            yield f"`{call}` with a name made up at run time"


def _names_in(tree: ast.AST) -> frozenset[str]:
    """The names that a file gives to something: functions, classes, variables, attributes, slots."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                found.add(name)
            case ast.Attribute(value=value, attr=name, ctx=ast.Store()) if _is_own(value):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id="__slots__")], value=value):
                found |= {str(item.value) for item in ast.walk(value) if isinstance(item, ast.Constant)}
    return frozenset(found)


def _in_annotation(node: ast.AST) -> Iterator[ast.AST]:
    """What an annotation that is a text says, at its line: it may be executed as code."""
    for name in ("annotation", "returns"):
        match getattr(node, name, None):
            case ast.Constant(value=str(text)) as written:
                try:
                    inside = ast.parse(text.strip(), mode="eval")
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    continue
                for part in ast.walk(inside):
                    yield ast.copy_location(part, written)


def _is_own(node: ast.expr) -> bool:
    """Whether an expression is the object whose method this is."""
    return isinstance(node, ast.Name) and node.id in OWN


def _is_class_of_another(node: ast.expr) -> bool:
    """Whether an expression is the class of an object that is not the one whose method this is."""
    match node:
        case ast.Call(func=ast.Name(id="type"), args=[thing]) | ast.Attribute(value=thing, attr="__class__"):
            return not _is_own(thing)
    return False


def _is_part(module: str, name: str) -> bool:
    """Whether a name of a module is one that an exercise has no use for."""
    return name in ANYWHERE or name in PARTS.get(module, ())


def _module_reason(name: str) -> str | None:
    return next((reason for module, reason in MODULES.items() if name == module or name.startswith(f"{module}.")), None)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _is_of_super(node: ast.AST) -> bool:
    """Whether an attribute is that of `super()`: a class that extends its own."""
    match node:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
            return True
    return False


def _root(node: ast.AST) -> str | None:
    """The name at the left end of ``a.b.c``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_table_of_texts(node: ast.expr) -> bool:
    return isinstance(node, (ast.Tuple, ast.List, ast.Set)) and all(
        isinstance(item, ast.Constant) and isinstance(item.value, str) for item in node.elts
    )
