"""A wrong solution holds only the definitions that differ from a right one: here they become a whole program again.

The base is the reference, or what the docstring names: ``Base: right/plain`` is a file of ``right/``, ``Base: none``
says that the file is whole. A definition replaces the one of the same name, or is added before the next one that
replaces something. Classes merge member by member; ``class Pool:`` keeps decorators and bases, any other head replaces
them. An assignment replaces the one to the same name; imports are added. ``del name`` drops a definition of the base,
or lets a class of that name begin empty.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from grader.course.blocks import (
    DOCSTRING,
    Block,
    Part,
    block_of,
    class_of,
    is_import,
    is_placeholder,
    lines_of,
    name_of,
    parse,
)
from grader.course.modules import CourseError, Module

BASE = re.compile(r"^[ \t]*Base:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
NO_BASE = "none"


def whole_program(module: Module, path: Path) -> str:
    """The text of the program that a wrong solution and its base make together.

    Raises:
        CourseError: it is not Python, its base is unknown, or it holds what cannot be merged.
    """
    text = path.read_text(encoding="utf-8")
    base = base_of(module, text)
    return text if base is None else merge(base.read_text(encoding="utf-8"), text)


def base_of(module: Module, text: str) -> Path | None:
    """The file that a wrong solution changes; None if it is a whole program.

    A file that names no base changes the reference, unless nothing is missing in it.

    Raises:
        CourseError: it is not Python, or there is no such base.
    """
    named = names_base(text)
    if not named:
        return None if is_whole(module, parse(text)) else module.solution
    if named == [NO_BASE]:
        return None
    for path in module.right:
        if named == [base_name(module, path)]:
            return path
    raise CourseError(f"there is no base {' or '.join(named)!r}: name a file such as right/plain, or write none")


def names_base(text: str) -> list[str]:
    """What the docstring of a file names as its base: one name, or none.

    Raises:
        CourseError: it is not Python.
    """
    return BASE.findall(ast.get_docstring(parse(text)) or "")


def base_name(module: Module, path: Path) -> str:
    """How a docstring names a base; empty for the reference, which need not be named."""
    return "" if path == module.solution else f"right/{path.stem}"


def is_whole(module: Module, tree: ast.Module) -> bool:
    """Whether a file is complete: it defines all that the module asks for, and every name that it reads."""
    known, read = set(dir(builtins)), set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                known.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                known.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                known.add(name)
            case ast.alias(name=name, asname=other):
                known.add(other or name.partition(".")[0])
    defined = {name_of(node) for node in tree.body} | known
    return set(module.names) <= defined and read <= known


def merge(base: str, override: str) -> str:
    """A base with the definitions of an override in place of its own.

    Args:
        base: the text of a right solution.
        override: the text of a file that holds what differs.

    Raises:
        CourseError: one of them is not Python, or the override holds what cannot be merged.
    """
    return "\n".join(_merge_blocks(block_of(base), block_of(override))).strip("\n") + "\n"


# -- put together ---------------------------------------------------------------------------------------------------
def _merge_blocks(base: Block, override: Block) -> tuple[str, ...]:
    """The lines of a base in which the parts of an override have taken the place of those of the same name."""
    _refuse_others(base, override)
    theirs, mine, gone = base.groups, override.groups, override.gone
    places: dict[str, list[Part]] = {}  # what comes where the base has a name
    new: list[Part] = []
    for name, parts in mine.items():
        if name in theirs:
            lines = _class_lines(base, override, name) or lines_of(parts)
            places[name] = [*new, replace(theirs[name][0], node=parts[0].node, lines=lines)]
            new = []
        else:
            new += [replace(part, above=()) for part in parts]
    merged: list[Part] = []
    for part in base.parts:
        if part.name is None or part.name not in gone.union(mine):
            merged.append(part)
        else:
            merged += places.pop(part.name, [])
    merged += new + [replace(part, above=()) for part in _imports(base, override)]
    merged = [part for part in merged if not is_placeholder(part.node)]
    merged.sort(key=_rank)
    head = override.head if has_own_head(override.node) else base.head
    return (*head, *with_blank_lines(merged, base.node), *base.below)


def _class_lines(base: Block, override: Block, name: str) -> tuple[str, ...]:
    """The lines of a class whose members are merged; none if the name is not a class on both sides or begins empty."""
    classes = [class_of(block, block.groups[name][0]) for block in (base, override)]
    match classes:
        case [Block() as theirs, Block() as mine] if name not in override.gone:
            return _merge_blocks(theirs, mine)
    return ()


def _imports(base: Block, override: Block) -> list[Part]:
    """The imports that the base does not have."""
    held = {ast.dump(part.node) for part in base.parts if is_import(part.node)}
    return [part for part in override.parts if is_import(part.node) and ast.dump(part.node) not in held]


def has_own_head(node: ast.Module | ast.ClassDef) -> bool:
    """Whether a class has decorators or bases, which an override then sets."""
    return isinstance(node, ast.ClassDef) and bool(node.decorator_list or node.bases or node.keywords)


def _rank(part: Part) -> int:
    """The docstring comes first, then imports, those from the future before others."""
    if part.name == DOCSTRING:
        return 0
    if isinstance(part.node, ast.ImportFrom) and part.node.module == "__future__":
        return 1
    return 2 if is_import(part.node) else 3


def with_blank_lines(parts: Sequence[Part], node: ast.Module | ast.ClassDef) -> Iterator[str]:
    """The lines of parts, with blank lines around what is new."""
    inside = isinstance(node, ast.ClassDef)
    for number, part in enumerate(parts):
        if number == 0 and inside:
            yield from (line for line in part.above if line.strip())
        else:
            yield from part.above
        if number and not part.above:
            yield from [""] * _blank_lines(parts[number - 1].node, part.node, inside=inside)
        yield from part.lines
    if isinstance(node, ast.ClassDef) and not parts:
        yield " " * (node.col_offset + 4) + "pass"


def _blank_lines(one: ast.stmt, other: ast.stmt, *, inside: bool) -> int:
    """How many blank lines are between two statements of a module, or inside a class."""
    if any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in (one, other)):
        return 1 if inside else 2
    return 0 if inside or is_import(one) is is_import(other) else 1


def _refuse_others(base: Block, override: Block) -> None:
    """Raise an error for a statement that says nothing about a definition."""
    inside = isinstance(base.node, ast.ClassDef)
    for part in override.parts:
        at = f"line {part.node.lineno}"
        if isinstance(part.node, ast.Delete):
            if unknown := sorted(override.gone - set(base.groups)):
                raise CourseError(f"{at}: the base has no {unknown[0]} that could be dropped: take it out of `del`")
        elif part.name is None and not is_placeholder(part.node) and (inside or not is_import(part.node)):
            raise CourseError(
                f"{at}: beside a base there are imports, definitions, assignments to a name and `del`: "
                "write the whole program, with `Base: none`"
            )
