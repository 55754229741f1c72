"""What in a file's text is its own: the object whose method this is, and the attributes that the file itself gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.judging.flag_words import OWN

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_STATIC = "staticmethod"


class OwnNames:
    """What a file gives a name.

    Args:
        tree: of the file.

    Attributes:
        names: of functions, classes, variables and parameters.
        attributes: of its own objects: set on `self`, or defined in the body of a class.
        classes: names that stand for a class of the file's and nothing else.
        reaching: methods that take attributes of their object by names that nobody can read.
        defined: names that stand for a function or class of the file's and nothing else.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._own: set[int] = set()  # ids of the names that are the object whose method this is
        self._methods: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        names, attributes, classes, defined, others = set[str](), set[str](), set[str](), set[str](), set[str]()
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
            and (self.is_own(node.value) or (isinstance(node.value, ast.Name) and node.value.id in defined - others))
        }
        self.reaching = frozenset(self._methods_that_reach())
        self.names, self.attributes = frozenset(names), frozenset(attributes)
        self.classes, self.defined = frozenset(classes - others), frozenset((classes | defined) - others)

    def is_own(self, node: ast.AST) -> bool:
        """Whether an expression is the object whose method this is."""
        return id(node) in self._own

    def _methods_that_reach(self) -> Iterator[str]:
        for method in self._methods:
            calls = [node for node in ast.walk(method) if isinstance(node, ast.Call) and _takes_any(node)]
            if not method.name.startswith("__") and any(self.is_own(call.args[0]) for call in calls):
                yield method.name

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
