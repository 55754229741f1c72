"""A Python file, cut into the statements of its modules and classes with their lines: what an override is merged from."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from grader.course.modules import CourseError

DOCSTRING = "__doc__"


@dataclass(frozen=True)
class Part:
    """One statement of a module or class, with the comments right above it.

    Args:
        name: what it defines; None for an import, a placeholder or anything else.
        first: the index of its first line in the file, comments and decorators included.
        above: the lines between it and the part before.
    """

    node: ast.stmt
    name: str | None
    first: int
    above: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A module or class, cut into the statements of its body.

    Args:
        file: the lines of the whole file.
        head: a class's lines before its body: comments, decorators, name and bases.
        below: the lines after the last one.
    """

    node: ast.Module | ast.ClassDef
    file: list[str]
    head: tuple[str, ...]
    parts: tuple[Part, ...]
    below: tuple[str, ...] = ()

    @property
    def indent(self) -> str:
        """What its statements begin with."""
        return " " * (self.node.col_offset + 4) if isinstance(self.node, ast.ClassDef) else ""

    @cached_property
    def groups(self) -> dict[str, list[Part]]:
        """The parts by what they define: a property and its setter are two of one name."""
        found: dict[str, list[Part]] = {}
        for part in self.parts:
            if part.name:
                found.setdefault(part.name, []).append(part)
        return found

    @property
    def gone(self) -> set[str]:
        """The names that a ``del`` drops."""
        deletions = (part.node for part in self.parts if isinstance(part.node, ast.Delete))
        return {target.id for node in deletions for target in node.targets if isinstance(target, ast.Name)}


def parse(text: str) -> ast.Module:
    """The syntax tree of a file.

    Raises:
        CourseError: it is not Python.
    """
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise CourseError(f"line {getattr(error, 'lineno', 1)}: is not Python: {error.args[0]}") from error


@lru_cache(maxsize=100)
def block_of(text: str) -> Block:
    """A module, cut into its parts.

    Raises:
        CourseError: it is not Python.
    """
    tree, file = parse(text), text.split("\n")
    parts = _parts(file, tree.body, 0)
    return Block(tree, file, (), parts, tuple(file[_end(tree.body[-1]) if tree.body else 0 :]))


def class_of(block: Block, part: Part) -> Block | None:
    """A class, cut into its parts; None for any other statement."""
    node, file = part.node, block.file
    if not isinstance(node, ast.ClassDef):
        return None
    first, begin = node.body[0], node.body[0].lineno - 1
    line = file[begin].encode()  # columns count bytes
    head, rest = (half.decode() for half in (line[: first.col_offset], line[first.col_offset :]))
    if head.strip():  # all in one line: `class Late(Exception): ...`
        inner = Part(first, name_of(first), begin, (), (" " * (node.col_offset + 4) + rest,))
        return Block(node, file, (*file[part.first : begin], head.rstrip()), (inner,))
    begin = _begin(node.body[0])
    while not file[begin - 1].strip() or file[begin - 1].lstrip().startswith("#"):
        begin -= 1
    return Block(node, file, tuple(file[part.first : begin]), _parts(file, node.body, begin))


def _parts(file: list[str], body: Sequence[ast.stmt], end: int) -> tuple[Part, ...]:
    parts: list[Part] = []
    for number, node in enumerate(body):
        above, first, end = end, _begin(node), _end(node)
        if number and is_text(node):  # it explains what is above it
            parts[-1] = replace(parts[-1], lines=(*parts[-1].lines, *file[above:end]))
            continue
        while first > above and file[first - 1].lstrip().startswith("#"):
            first -= 1
        name = DOCSTRING if is_text(node) else name_of(node)
        parts.append(Part(node, name, first, tuple(file[above:first]), tuple(file[first:end])))
    return tuple(parts)


def _begin(node: ast.stmt) -> int:
    """The index of a statement's first line, that of its first decorator if it has one."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)]) - 1


def _end(node: ast.stmt) -> int:
    """The index of the line after a statement."""
    return node.end_lineno or node.lineno


def name_of(node: ast.stmt) -> str | None:
    """What a statement defines, if it is one name."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is a bare string, as a docstring is."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_placeholder(node: ast.stmt) -> bool:
    """Whether a statement does nothing: ``pass`` or ``...``."""
    is_dots = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...
    return isinstance(node, ast.Pass) or is_dots


def is_import(node: ast.stmt) -> bool:
    """Whether a statement is an import."""
    return isinstance(node, ast.Import | ast.ImportFrom)


def lines_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """The lines of all that defines one name."""
    return tuple(line for part in parts for line in (*(part.above if part is not parts[0] else ()), *part.lines))
