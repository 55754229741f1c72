"""Why a person should look at a file: what in its text reaches for the interpreter or the engine instead of anyio.

Reading proves nothing: an honest file may do any of this for a good reason, and a forger who knows the rules can write
around them. So a flag never changes a verdict or a point.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.judging.flag_habits import GIVEN, write_out
from grader.judging.flag_nodes import (
    annotations_made_up,
    bindings,
    changed_by_wraps,
    is_deep,
    is_made_up,
    is_of_super,
    is_part,
    is_plain_word,
    is_private,
    is_table_of_texts,
    last_of,
    module_reason,
    parts_of,
    root_of,
    shown_modules,
    texts_in_annotation,
    words_of_table,
)
from grader.judging.flag_roads import TOO_DEEP, roads
from grader.judging.flag_scopes import OwnNames, functions_named, is_class_of_another
from grader.judging.flag_words import (
    ATTRIBUTES,
    BINDS,
    BY_NAME,
    CALLS,
    DOCUMENTED,
    LABELS,
    LOOPS,
    OF_ENGINE,
    OF_TASKS,
    PARTS,
    WAYS,
)

OF_ANOTHER = ", a private part of something that the file did not make"
MADE_UP = "makes up annotations, which may be executed as code"
ALL_ATTRIBUTES = "reaches all attributes of something, whatever their names"
WRAPS = "changes attributes by `functools.wraps` of what the file did not make"


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
        deep = is_deep(tree := ast.parse(text))
        return [Flag(0, TOO_DEEP)] if deep else sorted(set(_FileReader(write_out(tree)).read()))
    except (RecursionError, MemoryError):
        return [Flag(0, TOO_DEEP)]
    except (SyntaxError, ValueError):
        return []


class _FileReader:
    """Reads one file."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._modules: dict[str, str] = {}  # name in the file → module it stands for
        self._imported: set[str] = set()  # names that come from elsewhere
        self._own = OwnNames(tree)  # what the file itself gives a name
        self._stars: dict[str, str] = {}  # name that `from … import *` brings → module it is from
        self._made_up: set[str] = set()  # names of texts that are put together at run time
        self._classes: set[str] = set()  # names of classes that the file did not make
        self._binds = functions_named(tree, *BINDS)  # where a descriptor may call another
        self._foreign: set[str] = set()  # names of objects of the event loop's
        self._constant: set[int] = set()  # ids of loop variables over texts that are written down
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
        nodes += [part for node in nodes for part in texts_in_annotation(node)]
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from self._import(node)
            for name, value in bindings(node):
                self._bind(name, value)
        found = roads(self._tree, self._modules, self._imported | self._classes, self._own)
        yield from (Flag(*each) for each in found)
        self._constant = {id(name) for node in nodes for name in words_of_table(node)}
        used = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        used |= {
            id(node.func) for node in nodes if isinstance(node, ast.Call) and root_of(node.func) in (*BY_NAME, "vars")
        }
        used |= {id(shown) for node in nodes for shown in shown_modules(node)}
        yield from (Flag(line, WRAPS) for line in changed_by_wraps(nodes, self._imported | self._classes))
        for node in nodes:
            yield from (Flag(line, MADE_UP) for line in annotations_made_up(node, self._made_up))
            if id(node) in self._own.misused:
                yield Flag(
                    getattr(node, "lineno", 0), "a method that takes attributes by any name may be given any object"
                )
            for text in self._reasons(node, used):
                yield Flag(getattr(node, "lineno", 0), text)

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[Flag]:
        source = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            if alias.name == "*":
                self._stars |= dict.fromkeys(PARTS.get(source, ()), source)
            name = f"{source}.{alias.name}" if source else alias.name
            bound = alias.asname or (alias.name if source else alias.name.split(".")[0])
            self._imported.add(bound)
            if not source:
                self._modules[bound] = alias.name if alias.asname else bound
            elif name in PARTS:
                self._modules[bound] = name
            if reason := module_reason(name) or module_reason(source):
                yield Flag(node.lineno, f"imports `{name}`, which {reason}")
            elif is_part(source, alias.name):
                yield Flag(node.lineno, f"imports `{alias.name}` from `{source}`")
            elif source and (alias.name in WAYS or (source != "__future__" and module_reason(alias.name))):
                yield Flag(node.lineno, f"reaches the module `{alias.name}` through `{source}`")
            elif any(is_private(part) for part in name.split(".")) and source != "__future__":
                yield Flag(node.lineno, f"imports `{name}`, a private part of a library")

    def _bind(self, name: str, value: ast.expr) -> None:
        """Note what a name stands for, if it is a module, a class that the file did not make, or the event loop's."""
        root = root_of(value)
        if is_made_up(value):
            self._made_up.add(name)
        if self._is_of_loop(value):
            self._foreign.add(name)
        elif (module := self._module(value)) is not None and root in self._modules and isinstance(value, ast.Name):
            self._modules[name] = module
            self._imported.add(name)
        elif (root in self._imported | self._classes and last_of(value)[:1].isupper()) or is_class_of_another(
            value, self._own
        ):
            self._classes.add(name)

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
                yield from (f"reaches the module `{name}` through something" for name in names if self._is_way(name))
                yield from self._private_names(names)
            case ast.Assign(targets=[ast.Name(id="__match_args__")], value=value):
                yield from self._private_names(
                    str(item.value) for item in ast.walk(value) if isinstance(item, ast.Constant)
                )

    def _attribute(self, node: ast.Attribute) -> Iterator[str]:
        """What the use of an attribute says."""
        module = self._module(node.value)
        text = "" if module is None else self._of_module(module, node.attr)
        if not text and node.attr in ATTRIBUTES and not is_of_super(node, self._own.classes):
            text = f"uses `{node.attr}`: {ATTRIBUTES[node.attr]}"
        elif not text and module is not None and is_private(node.attr) and node.attr not in DOCUMENTED:
            text = f"uses `{module}.{node.attr}`, a private part of a library"
        elif not text and not self._own.is_own(node.value):
            text = self._of_object(node)
        if text:
            yield text

    def _of_module(self, module: str, attr: str) -> str:
        if is_part(module, attr) or (module in PARTS and attr == "__dict__"):
            return f"uses `{module}.{attr}`"
        if f"{module}.{attr}" not in PARTS and (attr in PARTS or module_reason(attr)):
            return f"reaches the module `{attr}` through `{module}`"
        return ""

    def _of_object(self, node: ast.Attribute) -> str:
        """What an attribute says of an object that is not the one whose method this is; empty if nothing."""
        attr = node.attr
        if self._is_of_another(attr) or self._is_of_engine(node):
            return f"uses `{attr}`{OF_ANOTHER}"
        if attr == "__dict__":
            return ALL_ATTRIBUTES
        if attr in BINDS and id(node) not in self._binds and not is_of_super(node, self._own.classes):
            return "calls a descriptor for an object of its choice"
        if self._is_way(attr) and self._module(node.value) is None:
            return f"reaches the module `{attr}` through something"
        if attr in OF_TASKS and self._is_of_loop(node.value):
            return f"uses `{attr}` of a task: what it carries along"
        return ""

    def _private_names(self, names: Iterable[str]) -> Iterator[str]:
        """What names of attributes say that a pattern takes out of an object."""
        yield from (f"uses `{name}`{OF_ANOTHER}" for name in names if self._is_of_another(name))

    def _is_of_another(self, name: str) -> bool:
        return is_private(name) and name not in self._own.attributes | DOCUMENTED

    def _is_of_engine(self, node: ast.Attribute) -> bool:
        """Whether an attribute is one that only objects of the engine or the event loop have, whatever the file's own are called."""
        return node.attr in OF_ENGINE or (is_private(node.attr) and self._is_of_loop(node.value))

    def _is_way(self, name: str) -> bool:
        return name in WAYS and name not in self._own.attributes

    def _alone(self, name: str) -> Iterator[str]:
        """What a name says that stands for itself, without an attribute."""
        if self._modules.get(name) in PARTS:
            yield f"hands the module `{self._modules[name]}` on as a value"
        elif name in self._stars and name not in self._own.names:
            yield f"uses `{self._stars[name]}.{name}`"
        elif name in CALLS:
            yield f"`{name}` {CALLS[name]}"
        elif name in BY_NAME:
            yield f"hands `{name}` on, which takes names made up at run time"
        elif name == "vars" and name not in self._own.names:
            yield f"hands `{name}` on, which reaches all attributes of something"
        elif name == "__builtins__":
            yield f"uses `{name}`: {ATTRIBUTES[name]}"

    def _changes(self, node: ast.AST) -> Iterator[str]:
        """What an assignment changes that the file did not make."""
        match node:
            case ast.Attribute(ctx=ast.Store() | ast.Del()) if (root := root_of(node)) in self._imported:
                yield f"changes an attribute of `{root}`, which it imported"
            case ast.Attribute(ctx=ast.Store() | ast.Del(), value=value) if self._is_of_loop(value):
                yield "changes an attribute of the event loop"
            case ast.Attribute(ctx=ast.Store() | ast.Del(), value=ast.Name(id=name)) if name in self._classes:
                yield "changes an attribute of another object's class"
            case ast.Attribute(ctx=ast.Store() | ast.Del(), value=value) if is_class_of_another(value, self._own):
                yield "changes an attribute of another object's class"
            case ast.Attribute(ctx=ast.Store(), value=value, attr="__class__") if not self._own.is_own(value):
                yield "changes the class of an object"
            case ast.Attribute(ctx=ast.Store() | ast.Del(), value=value, attr=attr) if self._is_hook(value, attr):
                yield f"changes `{attr}` of something that the file did not make"

    def _calls(self, node: ast.AST) -> Iterator[str]:
        """What a call says that takes names as texts, or gives all that there are."""
        match node:
            case ast.Call(func=ast.Name(id="vars"), args=[thing]) if not self._own.is_own(thing):
                yield ALL_ATTRIBUTES
            case ast.Call(func=function) if text := self._library_call(last_of(function), node):
                yield text
            case ast.Call(func=ast.Name(id=name), args=[ast.Starred(), *_]) if name in BY_NAME:
                yield f"`{name}` with a name made up at run time"
            case ast.Call(func=ast.Name(id=name), args=[target, word, *_]) if name in BY_NAME:
                yield from self._by_name(name, target, word)
            case ast.Call(func=ast.Attribute(value=value, attr="__setattr__" | "__delattr__")) if (
                root := root_of(value)
            ) in self._imported | {GIVEN}:
                yield f"changes an attribute of `{root}`" + (", which it imported" if root != GIVEN else "")
            case ast.Call(func=ast.Attribute(attr="__setattr__" | "__delattr__"), args=[target, *rest]):
                if root_of(target) in self._imported:
                    yield f"changes an attribute of `{root_of(target)}`, which it imported"
                elif not self._own.is_own(target) and rest and not is_plain_word(rest[0]):
                    yield "changes an attribute by a name made up at run time"
                elif not self._own.is_own(target) and rest:
                    yield from self._changes(ast.Attribute(target, str(rest[0].value), ast.Store()))  # type: ignore[attr-defined]

    def _library_call(self, name: str, call: ast.Call) -> str:
        """What a call of a library's function says that takes attributes by texts, or executes texts; empty if nothing."""
        options = {each.arg: each.value for each in call.keywords}
        if root_of(call.func) in self._own.classes and call.args and self._is_of_loop(call.args[0]):
            return "gives an object of the event loop to a method of its own"
        match name:
            case "get_type_hints" if len(call.args) > 1 or options.keys() - {"include_extras"}:
                return "`get_type_hints` with names of its own executes text as code"
            case "signature" | "get_annotations" if "eval_str" in options:
                return f"`{name}` with `eval_str` executes text as code"
            case "wraps" | "update_wrapper" if not all(map(is_table_of_texts, [*call.args[2:], *parts_of(options)])):
                return f"`{name}` with names made up at run time"
            case "wraps" | "update_wrapper" | "copy" | "deepcopy" if self._is_given_the_loop(call):
                return f"gives an object of the event loop to `{name}`, which takes all its attributes"
            case "parse_args" | "parse_known_args" if len(call.args) > 1 or "namespace" in options:
                return f"`{name}` into an object of its choice"
        return ""

    def _is_given_the_loop(self, call: ast.Call) -> bool:
        parts = (part for given in (*call.args, *call.keywords) for part in ast.walk(given))
        return any(self._is_of_loop(part) for part in parts if isinstance(part, ast.expr))

    def _is_hook(self, node: ast.expr, attr: str) -> bool:
        """Whether an attribute is one by which Python itself calls an object that the file did not define."""
        own = self._own.is_own(node) or (isinstance(node, ast.Name) and node.id in self._own.defined)
        return attr.startswith("__") and attr.endswith("__") and attr not in LABELS and not own

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
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                return self._is_of_loop(value)
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                return name in LOOPS and name not in self._own.names
        return False

    def _by_name(self, call: str, target: ast.expr, word: ast.expr) -> Iterator[str]:
        """What `getattr` and the like do: change what was imported, or use a name that nobody can read."""
        root = root_of(target)
        if call in ("setattr", "delattr") and root in self._imported:
            yield f"changes an attribute of `{root}`, which it imported"
        if isinstance(word, ast.Constant):
            yield from self._attribute(ast.Attribute(target, str(word.value), ast.Load()))
        elif id(word) not in self._constant and not self._own.is_own(target):
            yield f"`{call}` with a name made up at run time"
