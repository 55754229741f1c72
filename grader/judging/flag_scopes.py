"""What in a file's text is its own: the object whose method this is, and the attributes that the file itself gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.judging.flag_nodes import bindings
from grader.judging.flag_words import OWN

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_STATIC = "staticmethod"
_DECORATORS = frozenset(
    {
        *("property", "cached_property", "classmethod", "abstractmethod", "override", "final", "overload"),
        *("contextmanager", "asynccontextmanager", "setter", "deleter", "lru_cache", "cache"),
    }
)


class OwnNames:
    """What a file gives a name.

    Args:
        tree: of the file.

    Attributes:
        names: of functions, classes, variables and parameters.
        attributes: of its own objects: set on `self`, or defined in the body of a class.
        classes: names that stand for a class of the file's and nothing else.
        misused: ids of what gives a method an object of the file's choice, if the method takes its attributes by any name.
        defined: names that stand for a function or class of the file's and nothing else.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._own: set[int] = set()  # ids of the names that are the object whose method this is
        self._methods: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        attributes, classes, defined, others = set[str](), set[str](), set[str](), set[str]()
        for node in ast.walk(tree):
            match node:
                case ast.ClassDef(name=name, body=body):
                    classes.add(name)
                    self._find_methods(body)
                    attributes |= set(_names_of_body(body))
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    defined.add(name)
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name) | ast.alias(asname=str(name)):
                    others.add(name)
                case ast.alias(name=name):
                    others.add(name)
        names = classes | defined | others
        attributes |= {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and (self.is_own(node.value) or (isinstance(node.value, ast.Name) and node.value.id in defined | classes))
        }
        self.names, self.attributes = frozenset(names), frozenset(attributes)
        self.classes, self.defined = frozenset(classes - others), frozenset((classes | defined) - others)
        self._reaching = {method.name for method in self._methods if self._reaches(method)}
        self.misused = frozenset(self._misuses(tree))

    def is_own(self, node: ast.AST) -> bool:
        """Whether an expression is the object whose method this is."""
        return id(node) in self._own

    def _reaches(self, method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Whether a method takes attributes of its object by names that nobody can read."""
        calls = [node for node in ast.walk(method) if isinstance(node, ast.Call) and _takes_any(node)]
        return any(self.is_own(call.args[0]) for call in calls)

    def _misuses(self, tree: ast.Module) -> Iterator[int]:
        """What may give a method that reaches an object that is not of its class."""
        if not self._reaching:
            return
        nodes = list(ast.walk(tree))
        classes = {
            node.name
            for node in nodes
            if isinstance(node, ast.ClassDef)
            and any(isinstance(each, _FUNCTIONS) and each.name in self._reaching for each in node.body)
        }
        for name, value in (pair for node in nodes for pair in bindings(node)):
            made = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "type"
            if classes & {
                each.id for each in ast.walk(value) if isinstance(each, ast.Name) and (made or each is value)
            }:
                classes.add(name)  # the same class under another name, or one made of it
        handed = {
            id(node.func) for node in nodes if isinstance(node, ast.Call) and node.args and self.is_own(node.args[0])
        }
        for node in nodes:
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in classes and attr in self._reaching:
                    if id(node) not in handed:
                        yield id(node)
                case ast.Attribute(attr="fget" | "MethodType") | ast.Name(id="MethodType"):
                    yield id(node)
                case ast.ClassDef(body=body):
                    statements = [each for each in body if not isinstance(each, (*_FUNCTIONS, ast.ClassDef))]
                    yield from (
                        id(part)
                        for each in statements
                        for part in ast.walk(each)
                        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in self._reaching
                    )
                case (
                    ast.FunctionDef(name=name, decorator_list=given)
                    | ast.AsyncFunctionDef(name=name, decorator_list=given)
                ) if name in self._reaching and not all(_is_usual(each) for each in given):
                    yield id(node)

    def _find_methods(self, body: list[ast.stmt]) -> None:
        """Find the places that name the first parameter of a class's methods, `self` or `cls`, where nothing rebinds it."""
        for method in body:
            if not isinstance(method, _FUNCTIONS) or any(_is_static(each) for each in method.decorator_list):
                continue
            first = next(iter((*method.args.posonlyargs, *method.args.args)), None)
            if first is None or first.arg not in OWN:
                continue
            inside = [node for statement in method.body for node in ast.walk(statement)]
            bound = [node.id for node in inside if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
            bound += [node.arg for node in inside if isinstance(node, ast.arg)]
            bound += [node.name for node in inside if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name]
            if first.arg not in bound:
                self._methods.append(method)
                self._own |= {id(node) for node in inside if isinstance(node, ast.Name) and node.id == first.arg}


def _is_usual(decorator: ast.expr) -> bool:
    """Whether a decorator is one of the library's that calls a method for the objects of its class alone."""
    name = decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
    return name in _DECORATORS


def _takes_any(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="getattr" | "setattr" | "delattr"), args=[_, word, *_]):
            return not isinstance(word, ast.Constant)
    return False


def _names_of_body(body: list[ast.stmt]) -> Iterator[str]:
    """The names that the body of a class gives."""
    for statement in body:
        if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            yield statement.name
            continue
        match statement:
            case ast.Assign(targets=[ast.Name(id="__slots__")], value=value):
                yield from (str(item.value) for item in ast.walk(value) if isinstance(item, ast.Constant))
        yield from (
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )


def _is_static(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id == _STATIC


def functions_named(tree: ast.AST, *names: str) -> frozenset[int]:
    """The ids of all nodes inside functions of these names."""
    return frozenset(
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, _FUNCTIONS) and function.name in names
        for node in ast.walk(function)
    )


def is_class_of_another(node: ast.expr, own: OwnNames) -> bool:
    """Whether an expression is the class of an object that is not the one whose method this is."""
    match node:
        case ast.Call(func=ast.Name(id="type"), args=[thing]) | ast.Attribute(value=thing, attr="__class__"):
            return not own.is_own(thing)
    return False
