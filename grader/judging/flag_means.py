"""What has to hold in a file for a habit to be what it looks like: names that mean what Python means by them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.judging.flag_nodes import bindings, last_of
from grader.judging.flag_words import ATTRIBUTES, BINDS, OF_ENGINE

#: Functions that say which fields a dataclass has.
FIELDS = frozenset({"fields"})
#: Functions that say of what kind an object is.
TESTS = ("isinstance", "issubclass")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.comprehension)
_MADE_FIELDS = frozenset({"make_dataclass", "__dataclass_fields__"})


def names_from(nodes: list[ast.AST], module: str, wanted: frozenset[str]) -> frozenset[str]:
    """The names by which a file calls some functions of a module, or ``module.`` with a dot; none that anything else has."""
    known, imports = set[str](), set[int]()
    for node in nodes:
        match node:
            case ast.ImportFrom(module=source, names=names) if source == module:
                known |= {each.name for each in names if each.name in wanted and each.asname is None}
                imports |= set(map(id, names))
            case ast.Import(names=names):
                found = [each for each in names if each.name == module and each.asname is None]
                known |= {f"{module}." for _ in found}
                imports |= set(map(id, found))
    others = [node for node in nodes if id(node) not in imports]
    return frozenset(name for name in known if not binds(others, name.rstrip(".")))


def has_plain_fields(nodes: list[ast.AST]) -> bool:
    """Whether the fields of all classes are words that could be written with a dot."""
    for node in nodes:
        match node:
            case ast.Constant(value="__annotations__"):
                return False
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) | ast.Constant(value=str(name)):
                if name in _MADE_FIELDS:
                    return False
            case ast.AnnAssign(target=ast.Name(id=name)) if name in ATTRIBUTES or name in OF_ENGINE or "__" in name:
                return False
            case ast.Call(func=ast.Name(id="type"), args=[_, _, names]) if not _is_written_down(names):
                return False
    return not any(_renames_field(node, nodes) for node in nodes)


def _is_written_down(names: ast.expr) -> bool:
    """Whether the names of a class that is made are texts in the file."""
    return isinstance(names, ast.Dict) and all(isinstance(key, ast.Constant) for key in names.keys)


def _renames_field(node: ast.AST, nodes: list[ast.AST]) -> bool:
    """Whether a statement may give a field another name."""
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr="name", ctx=ast.Store()):
            values = [value for each in nodes for bound, value in bindings(each) if bound == name]
            loops = [each.iter for each in nodes if isinstance(each, _LOOPS) and binds([*ast.walk(each.target)], name)]
            return any(last_of(part) in FIELDS for value in (*values, *loops) for part in ast.walk(value))
        case ast.Attribute(attr="name", ctx=ast.Store()):
            return True
        case ast.Call(func=function, args=[_, *given]) if last_of(function) in ("setattr", "__setattr__"):
            return any(isinstance(each, ast.Constant) and each.value == "name" for each in given)
    return False


def tests_kinds(nodes: list[ast.AST]) -> bool:
    """Whether `isinstance`, `issubclass` and `types` are what Python means by them."""
    return bool(names_from(nodes, "types", frozenset())) and not any(binds(nodes, name) for name in TESTS)


def calls_no_descriptor(nodes: list[ast.AST]) -> bool:
    """Whether Python alone calls the descriptors of a file, each for an object of the class that it stands in."""
    calls = {function for node in nodes for function in _calls_with_its_own(node)}
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    return not any(_hands_descriptor_on(node, calls, classes) for node in nodes)


def _calls_with_its_own(node: ast.AST) -> Iterator[int]:
    """The ids of the functions that a descriptor calls with the object that it is called for."""
    match node:
        case ast.FunctionDef(name=name, args=ast.arguments(args=[_, given, *_]), body=body) if name in BINDS:
            inside = [part for statement in body for part in ast.walk(statement)]
            if not binds(inside, given.arg):
                for part in inside:
                    match part:
                        case ast.Call(func=function, args=[ast.Name(id=own), *_]) if own == given.arg:
                            yield id(function)


def _hands_descriptor_on(node: ast.AST, calls: set[int], classes: set[str]) -> bool:
    """Whether an expression may call a descriptor for an object of its choice, or give it to who does.

    Args:
        calls: ids of the functions that descriptors call with their own object.
        classes: of the file.
    """
    match node:
        case ast.FunctionDef(name=name, decorator_list=[_, *_]) if name in BINDS:
            return True
        case ast.ClassDef(keywords=[_, *_]) | ast.ClassDef(decorator_list=[_, *_]) if _has_descriptor(node):
            return True
        case ast.Attribute(attr=name) if name in BINDS and id(node) not in calls:
            return True
        case ast.Name(id=name) | ast.Constant(value=str(name)) if name in BINDS:
            return True
        case ast.expr() if (thing := attributes_of(node)) is not None:
            if not isinstance(thing, ast.Name) or thing.id in classes or thing.id == "cls":
                return True
    return False


def _has_descriptor(node: ast.ClassDef) -> bool:
    return any(isinstance(each, FUNCTIONS) and each.name in BINDS for each in node.body)


def blocks_when_started(tree: ast.Module) -> frozenset[int]:
    """The ids of the statements of a file itself that ask for its name: a class may give its body another one."""
    return frozenset(id(statement) for statement in tree.body if isinstance(statement, ast.If))


def keeps_its_name(nodes: list[ast.AST]) -> bool:
    """Whether nothing in a file gives it another name, so that it does not pass for the one that was started."""
    inside = {id(part) for node in nodes if isinstance(node, (*FUNCTIONS, ast.Lambda)) for part in ast.walk(node)}
    by_text = any(_gives_all_names(node) for node in nodes if id(node) not in inside)
    return not by_text and not binds(nodes, "__name__") and not any(_makes_module(node, nodes) for node in nodes)


def _makes_module(node: ast.AST, nodes: list[ast.AST]) -> bool:
    """Whether an expression may make a module once more under another name: the file itself, which it can import."""
    match node:
        case ast.Name(id="ModuleType") | ast.Attribute(attr="ModuleType") | ast.Constant(value="__init__"):
            return True
        case ast.Attribute(value=ast.Name() | ast.Attribute(), attr="__init__"):
            return not any(_is_for_itself(each, node) for each in nodes)
        case ast.Attribute(value=ast.Call(func=function), attr="__init__"):
            return last_of(function) != "super"
    return False


def _is_for_itself(node: ast.AST, function: ast.AST) -> bool:
    """Whether an expression calls that function for `self`."""
    match node:
        case ast.Call(func=called, args=[ast.Name(id="self"), *_]):
            return called is function
    return False


def _gives_all_names(node: ast.AST) -> bool:
    """Whether an expression gives the names of the file to be changed; `globals` and `exec` are flagged themselves."""
    match node:
        case ast.Name(id="locals") | ast.Call(func=ast.Name(id="vars"), args=[]):
            return True
    return False


def attributes_of(node: ast.expr) -> ast.expr | None:
    """The object whose attributes an expression gives all at once; None if it does not."""
    match node:
        case (
            ast.Call(func=ast.Name(id="vars"), args=[thing], keywords=[]) | ast.Attribute(value=thing, attr="__dict__")
        ):
            return thing
    return None


def binds(nodes: list[ast.AST], name: str) -> bool:
    """Whether anything but a use has that name, and so may give it another value."""
    return any(
        name == value or (isinstance(value, list) and name in value)
        for node in nodes
        if not isinstance(node, (ast.Attribute, ast.Constant, ast.ImportFrom, ast.keyword))
        and not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
        for value in vars(node).values()
    )
