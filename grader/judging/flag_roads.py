"""Roads to the engine that lead through honest names of libraries: what a file does with them, as far as reading tells."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Collection, Iterator, Mapping

from grader.judging.flag_nodes import bindings, last_of, root_of
from grader.judging.flag_scopes import OwnNames
from grader.judging.flag_words import OF_ENGINE

#: What executes the texts in annotations, each among the names of the module that a function or class is from.
EVALUATORS = frozenset({"get_type_hints", "singledispatch", "singledispatchmethod"})
#: What lets a function of the file pass for another one, whose names its annotations are then executed among.
WRAPPERS = frozenset({"wraps", "update_wrapper", "cache", "lru_cache", "contextmanager", "asynccontextmanager"})
#: Decorators that change the class which they are given.
CHANGES_CLASS = frozenset({"dataclass", "total_ordering", "update_abstractmethods", "no_type_check", "update_wrapper"})
COPIES = frozenset({"copy", "deepcopy"})
STREAMS = frozenset({"create_memory_object_stream", "MemoryObjectSendStream", "MemoryObjectReceiveStream"})
#: Texts by which the engine marks what is its own.
WORDS = ("World.job.<locals>", "grader_worker", "/dev/fd/", "/proc/self/mem")

TOO_DEEP = "holds an expression too deep to be read"
EVALUATED = "has annotations executed that name what the file does not know"
CHANGES = "changes annotations of something that the file did not make, and has such executed"
AMONG_OTHERS = "has annotations executed among the names of another module"
PAST_THE_LOOP = "makes a task without the event loop"
COPIED = "copies a stream, which then is another one that nobody counts"
UNCOUNTED = "extends a library's stream without what makes it count"

_BUILTINS = frozenset(dir(builtins))
_STANDARD = 3  # descriptors below are those of standard in, out and error
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Found = Iterator[tuple[int, str]]


def roads(tree: ast.Module, modules: Mapping[str, str], imported: Collection[str], own: OwnNames) -> Found:
    """Yield line and reason of each such road.

    Args:
        tree: of the file.
        modules: name in the file → module that it stands for.
        imported: names that come from elsewhere.
        own: what the file itself gives a name.
    """
    nodes = list(ast.walk(tree))
    yield from _words(nodes)
    yield from _descriptors(nodes, modules, own)
    yield from _tasks(nodes, modules, own)
    means = _Meanings(nodes)
    yield from _changed_classes(nodes, imported, means)
    yield from _streams(nodes, means)
    if any(_names_evaluator(node) for node in nodes):
        yield from _executed_annotations(nodes, imported, own, means)


class _Meanings:
    """What the last name of an expression stands for, where the file gives a part of a library another name.

    Args:
        nodes: of the file.
    """

    def __init__(self, nodes: list[ast.AST]) -> None:
        self._known = {
            alias.asname: alias.name
            for node in nodes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.asname
        }
        self._known |= {name: last_of(value) for node in nodes for name, value in bindings(node) if last_of(value)}

    def __call__(self, node: ast.expr) -> str:
        """Return the name by which the library knows it."""
        name = last_of(node)
        for _ in range(3):
            name = self._known.get(name, name)
        return name


def _names_evaluator(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) | ast.Constant(value=str(name)):
            return name in EVALUATORS
    return False


def _words(nodes: list[ast.AST]) -> Found:
    for node in nodes:
        match node:
            case ast.Constant(value=str(text)):
                yield from (
                    (node.lineno, f"names `{word}` in a text, by which the engine knows its own")
                    for word in WORDS
                    if text.startswith(word)
                )


def _descriptors(nodes: list[ast.AST], modules: Mapping[str, str], own: OwnNames) -> Found:
    """Files and sockets that are opened by the number of a descriptor that the file was not given; a pool has an `open` too."""
    for node in nodes:
        match node:
            case ast.Call(func=function, args=[ast.Constant(value=int(number)), *_]):
                known = root_of(function) in modules or (
                    isinstance(function, ast.Name) and function.id not in own.defined
                )
                if known and last_of(function) in ("open", "FileIO") and number >= _STANDARD:
                    yield node.lineno, "opens a file descriptor by its number"
            case ast.Call(func=function, keywords=named) if any(each.arg == "fileno" for each in named):
                if root_of(function) not in own.defined:
                    yield node.lineno, "opens a file descriptor by its number"


def _changed_classes(nodes: list[ast.AST], imported: Collection[str], means: _Meanings) -> Found:
    """Decorators of libraries that are called for a class which the file imported."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Call(func=function) | function, args=[given, *_]):
                if means(function) in CHANGES_CLASS and root_of(given) in imported:
                    yield node.lineno, f"changes an attribute of `{root_of(given)}`, which it imported"


# -- tasks -----------------------------------------------------------------------------------------------------
def _tasks(nodes: list[ast.AST], modules: Mapping[str, str], own: OwnNames) -> Found:
    """Uses of the class of asyncio's tasks that may make one: the event loop does not come to know it."""
    names = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "asyncio"
        for alias in node.names
        if alias.name == "Task" or (alias.name == "*" and "Task" not in own.names)
    }
    names = {"Task" if name == "*" else name for name in names} - own.classes
    made = {name for node in nodes for name, value in bindings(node) if _gives_task(value)}
    kinds = {name for node in nodes for name, value in bindings(node) if _is_kind_of_task(value, made)}

    def is_task(node: ast.AST) -> bool:
        match node:
            case ast.Name(id=name):
                return name in names
            case ast.Attribute(value=value, attr="Task"):
                return (modules.get(root_of(value) or "") or "").split(".")[0] == "asyncio"
        return False

    for _ in range(2):
        names |= {name for node in nodes for name, value in bindings(node) if is_task(value)}
    about_types = {id(part) for node in nodes for place in _places_of_types(node) for part in ast.walk(place)}
    for node in nodes:
        loaded = isinstance(getattr(node, "ctx", None), ast.Load)
        if loaded and is_task(node) and id(node) not in about_types and isinstance(node, ast.expr):
            yield node.lineno, PAST_THE_LOOP
        match node:
            case ast.Call(func=function, args=[_, *_]):
                if _is_kind_of_task(function, made) or (isinstance(function, ast.Name) and function.id in kinds):
                    yield node.lineno, PAST_THE_LOOP


def _gives_task(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and last_of(node.func) in ("current_task", "create_task", "ensure_future")


def _is_kind_of_task(node: ast.expr, made: Collection[str]) -> bool:
    """Whether an expression is the class of a task of the event loop's."""
    match node:
        case ast.Call(func=ast.Name(id="type"), args=[thing]) | ast.Attribute(value=thing, attr="__class__"):
            return _gives_task(thing) or (isinstance(thing, ast.Name) and thing.id in made)
    return False


def _places_of_types(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node in which a class only stands for what something is."""
    match node:
        case ast.arg(annotation=ast.expr() as written) | ast.AnnAssign(annotation=written):
            yield written
        case ast.Subscript() | ast.Compare() | ast.BinOp(op=ast.BitOr()):
            yield node
        case ast.MatchClass(cls=written):
            yield written
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass" | "cast" | "TypeVar" | "NewType")):
            yield node
        case ast.Attribute(value=value, attr=attr) if not attr.startswith("__"):
            yield value
        case ast.Assign(targets=[ast.Name()], value=ast.Name() | ast.Attribute() as value):
            yield value
    if isinstance(node, _FUNCTIONS) and node.returns is not None:
        yield node.returns


# -- streams ---------------------------------------------------------------------------------------------------
def _streams(nodes: list[ast.AST], means: _Meanings) -> Found:
    """Streams that are not made as the library makes them."""

    def makes(node: ast.expr) -> bool:
        return means(node) in STREAMS

    kept = {name for node in nodes for name in _names_of_streams(node, makes)}
    for node in nodes:
        match node:
            case ast.Call(func=function, args=given) if means(function) in COPIES and given:
                parts = [part for each in given for part in ast.walk(each) if isinstance(part, ast.expr)]
                if any(ast.unparse(part) in kept or makes(part) for part in parts):
                    yield node.lineno, COPIED
            case ast.ClassDef(bases=bases, body=body):
                if any(makes(part) for base in bases for part in ast.walk(base) if isinstance(part, ast.expr)):
                    yield from ((each.lineno, UNCOUNTED) for each in body if _is_uncounted(each))


def _names_of_streams(node: ast.AST, makes: Callable[[ast.expr], bool]) -> Iterator[str]:
    """What a statement calls the streams that it makes."""
    match node:
        case ast.Assign(targets=targets, value=value) if _makes(value, makes):
            parts = [part for each in targets for part in ast.walk(each)]
            yield from (ast.unparse(part) for part in parts if isinstance(getattr(part, "ctx", None), ast.Store))
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            if _makes(value, makes):
                yield ast.unparse(target)


def _makes(value: ast.expr, makes: Callable[[ast.expr], bool]) -> bool:
    if isinstance(value, ast.Await):
        value = value.value
    if not isinstance(value, ast.Call):
        return False
    function = value.func.value if isinstance(value.func, ast.Subscript) else value.func
    return makes(function)


def _is_uncounted(statement: ast.stmt) -> bool:
    match statement:
        case ast.FunctionDef(name="__post_init__" | "__init__" | "__new__" | "close" as name):
            calls = [part for part in ast.walk(statement) if isinstance(part, ast.Attribute) and part.attr == name]
            return not any(isinstance(part.value, ast.Call) and last_of(part.value.func) == "super" for part in calls)
    return False


# -- annotations that are executed -----------------------------------------------------------------------------
def _executed_annotations(nodes: list[ast.AST], imported: Collection[str], own: OwnNames, means: _Meanings) -> Found:
    """Texts in annotations that are executed among names which are not the file's."""
    stars = any(alias.name == "*" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names)
    known = own.names | _BUILTINS | {name.split(".")[0] for name in own.names} | _type_parameters(nodes)
    known -= OF_ENGINE
    functions = [node for node in nodes if isinstance(node, _FUNCTIONS)]
    wraps = {id(node) for node in nodes if isinstance(node, ast.Call) and means(node.func) in WRAPPERS}
    wrapping = {node.name for node in functions if any(id(part) in wraps for part in ast.walk(node))}
    wrapped = {node.name for node in functions if any(id(part) in wraps for part in node.decorator_list)}
    for node in nodes:
        for text in _texts(node):
            if not stars and any(name not in known for name in _names_in(text)):
                yield text.lineno, EVALUATED
        if _changes_annotations(node, own, wrapped):
            yield getattr(node, "lineno", 0), CHANGES
        match node:
            case ast.Call() if _takes_other_parts(node, means) or _passes_for(node, imported, wrapping, means):
                yield node.lineno, AMONG_OTHERS
            case ast.Assign(targets=[ast.Name(id="__module__") | ast.Attribute(attr="__module__")], value=value):
                if last_of(value) not in ("__name__", "__module__"):
                    yield node.lineno, AMONG_OTHERS
            case ast.Dict(keys=keys) if any(
                isinstance(key, ast.Constant) and key.value == "__module__" for key in keys
            ):
                yield node.lineno, AMONG_OTHERS


def _takes_other_parts(call: ast.Call, means: _Meanings) -> bool:
    """Whether a call makes a function pass for another one, and leaves it its own annotations."""
    usual = {"wraps": 1, "update_wrapper": 2}.get(means(call.func))
    return usual is not None and (len(call.args) > usual or bool(call.keywords))


def _passes_for(call: ast.Call, imported: Collection[str], wrapping: Collection[str], means: _Meanings) -> bool:
    """Whether a call lets a function of the file's pass for one that it imported."""
    function = call.func.func if isinstance(call.func, ast.Call) else call.func
    if means(function) not in {*WRAPPERS, *wrapping, *EVALUATORS} - {"get_type_hints"} or not call.args:
        return False
    given = call.args[0]
    return root_of(given) in imported and last_of(given)[:1].islower()


def _type_parameters(nodes: list[ast.AST]) -> set[str]:
    return {str(each.name) for node in nodes for each in getattr(node, "type_params", ())}


def _texts(node: ast.AST) -> Iterator[ast.Constant]:
    """The texts in annotations, and those that a statement puts among annotations."""
    written = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    match node:
        case ast.Assign(targets=targets, value=value) if any(map(_is_of_annotations, targets)):
            written.append(value)
    for each in written:
        if isinstance(each, ast.expr):
            yield from _texts_of(each)


def _texts_of(node: ast.AST) -> Iterator[ast.Constant]:
    match node:
        case ast.Constant(value=str()):
            yield node
        case ast.Subscript(value=value) if last_of(value) == "Literal":
            return
        case ast.Subscript(value=value, slice=ast.Tuple(elts=[first, *_])) if last_of(value) == "Annotated":
            yield from _texts_of(first)
        case ast.Dict(values=values):
            yield from (text for each in values for text in _texts_of(each))
        case _:
            yield from (text for each in ast.iter_child_nodes(node) for text in _texts_of(each))


def _names_in(text: ast.Constant) -> Iterator[str]:
    try:
        inside = ast.parse(str(text.value).strip(), mode="eval")
    except (SyntaxError, ValueError):
        return
    if not any(isinstance(part, ast.Subscript) and last_of(part.value) == "Literal" for part in ast.walk(inside)):
        yield from (part.id for part in ast.walk(inside) if isinstance(part, ast.Name))


def _is_of_annotations(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="__annotations__") | ast.Name(id="__annotations__"):
            return True
        case ast.Subscript(value=value):
            return _is_of_annotations(value)
    return False


def _changes_annotations(node: ast.AST, own: OwnNames, wrapped: Collection[str]) -> bool:
    """Whether a node changes the annotations of what passes for something that the file did not make."""
    match node:
        case ast.Assign(targets=[ast.Attribute(value=changed, attr="__annotations__")], value=value):
            if any(_is_of_annotations(part) for part in ast.walk(value)):  # takes them over
                return False
        case ast.Subscript(value=ast.Attribute(value=changed, attr="__annotations__"), ctx=ast.Store()):
            pass
        case ast.Call(func=ast.Attribute(value=ast.Attribute(value=changed, attr="__annotations__"), attr=attr)):
            if attr not in ("update", "setdefault", "__setitem__", "__ior__"):
                return False
        case _:
            return False
    mine = isinstance(changed, ast.Name) and changed.id in own.defined and changed.id not in wrapped
    return not (mine or own.is_own(changed))
