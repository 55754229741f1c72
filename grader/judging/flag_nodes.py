"""What single parts of a file's text say, for the rules that flag it."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Sequence

from grader.judging.flag_words import ANYWHERE, MODULES, PARTS, SHOWS

MAX_DEPTH = 200
"""Levels of nested expressions and statements that a file is read with."""


def bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names that a statement or expression gives, and what each then stands for."""
    match node:
        case ast.Assign(targets=targets, value=value):
            pairs = [(target, value) for target in targets]
        case ast.NamedExpr(target=target, value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
            pairs = [(target, value)]
        case ast.For(target=target, iter=ast.Tuple(elts=items) | ast.List(elts=items)):
            pairs = [(target, item) for item in items]
        case _:
            return
    for target, value in pairs:
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                if isinstance(one, ast.Name):
                    yield one.id, other


def is_made_up(node: ast.AST) -> bool:
    """Whether an expression puts a text together at run time."""
    for part in ast.walk(node):
        match part:
            case (
                ast.JoinedStr() | ast.BinOp(left=ast.Constant(value=str())) | ast.BinOp(right=ast.Constant(value=str()))
            ):
                return True
            case ast.Call(func=ast.Attribute(attr="join" | "format" | "replace" | "decode")):
                return True
    return False


def annotations_made_up(node: ast.AST, names: Container[str]) -> Iterator[int]:
    """The lines at which a statement gives annotations whose texts are put together at run time.

    Args:
        node: the statement, or a parameter.
        names: that stand for such texts.
    """
    match node:
        case ast.AnnAssign(annotation=ast.Name(id=name)) | ast.arg(annotation=ast.Name(id=name)) if name in names:
            yield node.lineno
        case ast.Assign(targets=targets, value=value) if is_made_up(value):
            if any(_names_annotations(target) for target in targets):
                yield node.lineno
        case ast.Call(func=ast.Attribute(value=value), args=given, keywords=named) if _names_annotations(value):
            if any(map(is_made_up, (*given, *(each.value for each in named)))):
                yield node.lineno
        case ast.AnnAssign(annotation=written) | ast.arg(annotation=ast.expr() as written) if is_made_up(written):
            yield node.lineno


def words_of_table(node: ast.AST) -> Iterator[ast.Name]:
    """The places in a loop over texts that are written down which name its variable, if nothing in it gives that another value."""
    match node:
        case ast.For(target=ast.Name(id=name), iter=table, body=body) if is_table_of_texts(table):
            inside = [part for statement in body for part in ast.walk(statement)]
        case ast.ListComp(generators=loops) | ast.SetComp(generators=loops) | ast.GeneratorExp(generators=loops):
            yield from _words_of_comprehension(node, loops)
            return
        case ast.DictComp(generators=loops):
            yield from _words_of_comprehension(node, loops)
            return
        case _:
            return
    names = [part for part in inside if isinstance(part, ast.Name) and part.id == name]
    if all(isinstance(part.ctx, ast.Load) for part in names):
        yield from names


def _words_of_comprehension(node: ast.AST, loops: Sequence[ast.comprehension]) -> Iterator[ast.Name]:
    tables = {loop.target.id for loop in loops if isinstance(loop.target, ast.Name) and is_table_of_texts(loop.iter)}
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in tables and isinstance(part.ctx, ast.Load):
            yield part


def _names_annotations(node: ast.AST) -> bool:
    return any("__annotations__" in (getattr(part, "attr", ""), getattr(part, "id", "")) for part in ast.walk(node))


def shown_modules(node: ast.AST) -> Iterator[ast.expr]:
    """The names in a call that only shows something of what they stand for."""
    match node:
        case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[ast.Name() as name, word, *_]):
            if is_plain_word(word):
                yield name
        case ast.Call(func=ast.Name(id=function), args=given) if function in SHOWS:
            yield from (each for each in given if isinstance(each, ast.Name))
        case ast.Compare(left=left, comparators=others):
            yield from (left, *others)


def changed_by_wraps(nodes: Sequence[ast.AST], foreign: Container[str]) -> Iterator[int]:
    """The lines at which a call of ``functools.wraps(mine)`` gets what the file did not make, and changes its attributes.

    Args:
        nodes: of the file.
        foreign: names of what it did not make.
    """
    names = {name for node in nodes for name, value in bindings(node) if _is_wraps(value)}
    for node in nodes:
        match node:
            case ast.Call(func=function, args=[thing, *_]) if _is_wraps(function) or last_of(function) in names:
                if root_of(thing) in foreign:
                    yield node.lineno


def _is_wraps(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and (
        last_of(node.func) == "wraps" or any(last_of(each) == "update_wrapper" for each in node.args)
    )


def parts_of(options: dict[str | None, ast.expr]) -> Iterator[ast.expr]:
    """The texts that say which attributes `functools.wraps` takes."""
    yield from (value for name, value in options.items() if name in ("assigned", "updated"))


def is_plain_word(node: ast.expr) -> bool:
    """Whether an expression is a text that is written down."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def texts_in_annotation(node: ast.AST) -> Iterator[ast.AST]:
    """What the texts in an annotation say, each at its line: they may be executed as code."""
    for name in ("annotation", "returns"):
        written = getattr(node, name, None)
        if not isinstance(written, ast.expr):
            continue
        for part in ast.walk(written):
            match part:
                case ast.Constant(value=str(text)):
                    try:
                        inside = ast.parse(text.strip(), mode="eval")
                    except (SyntaxError, ValueError, RecursionError, MemoryError):
                        continue
                    for each in ast.walk(inside):
                        yield ast.copy_location(each, part)


def root_of(node: ast.AST) -> str | None:
    """The name at the left end of ``a.b.c``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def last_of(node: ast.AST) -> str:
    """The name at the right end of ``a.b.c``; empty if there is none."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_table_of_texts(node: ast.expr) -> bool:
    """Whether an expression is a tuple, list or set of texts that are written down."""
    return isinstance(node, (ast.Tuple, ast.List, ast.Set)) and all(
        isinstance(item, ast.Constant) and isinstance(item.value, str) for item in node.elts
    )


def is_part(module: str, name: str) -> bool:
    """Whether a name of a module is one that an exercise has no use for."""
    return name in ANYWHERE or name in PARTS.get(module, ())


def module_reason(name: str) -> str | None:
    """Why a module should be looked at, if it should."""
    return next((reason for module, reason in MODULES.items() if name == module or name.startswith(f"{module}.")), None)


def is_private(name: str) -> bool:
    """Whether a name has one underscore before it."""
    return name.startswith("_") and not name.startswith("__")


def is_of_super(node: ast.AST, classes: Container[str]) -> bool:
    """Whether an attribute is that of `super()`: a class that extends its own.

    Args:
        node: the attribute.
        classes: names of the file's own.
    """
    match node:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[])):
            return True
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[ast.Name(id=name), _])):
            return name in classes
    return False


def is_deep(tree: ast.AST) -> bool:
    """Whether something in a file is nested so deeply that going down into it may end at the interpreter's limit."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [inner for node in level for inner in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True
