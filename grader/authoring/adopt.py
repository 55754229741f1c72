"""Make the file of a wrong solution from a whole program: only what differs from the nearest right one.

What is made is proven: merged with its base it is the same program again. Two programs are the same if their syntax
trees are, but for docstrings, comments, imports and type variables that nothing uses, and the order of imports,
functions and classes: a name that is needed before it is defined would stop the import, and `grader verify` sees that.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from grader.course import CourseError, Module
from grader.course.blocks import (
    DOCSTRING,
    Block,
    Part,
    block_of,
    class_of,
    is_import,
    is_placeholder,
    is_text,
    lines_of,
)
from grader.course.overrides import BASE, NO_BASE, base_name, has_own_head, merge, with_blank_lines

WORTH = 0.75
"""An override pays if it has at most this share of the lines of the whole program: the reader must know the base too."""
NEARER = 0.8
"""Another base must make the file this much shorter: a reader knows the reference, and then the plain build."""
PLAIN = "plain"
BREAKS = re.compile(r"^([ \t]*)Breaks:", re.MULTILINE)


@dataclass(frozen=True)
class Adopted:
    """A wrong solution made from a whole program.

    Args:
        base: the file that it changes; None if it stays whole.
    """

    base: Path | None
    text: str


def adopt(module: Module, program: str) -> Adopted:
    """The shortest file for a program: an override of the nearest base, or the whole if none is near.

    Args:
        module: that it answers.
        program: its text.

    Raises:
        CourseError: it is not Python, or its docstring does not say what it breaks.
    """
    best = Adopted(None, _name_base(program, NO_BASE))
    most = len(program.splitlines()) * WORTH
    for base in (module.solution, *sorted(module.right, key=lambda path: path.stem != PLAIN)):
        theirs = base.read_text(encoding="utf-8")
        made = override_of(theirs, program)
        if (lines := len(made.splitlines())) <= most and not difference(merge(theirs, made), program):
            best, most = Adopted(base, _name_base(made, base_name(module, base))), lines * NEARER
    return best


def _name_base(program: str, name: str) -> str:
    """A program whose docstring names that base; none if the name is empty."""
    docstring = "\n".join(lines_of(block_of(program).groups.get(DOCSTRING, ())))
    bare = re.sub(BASE.pattern + r"\n?", "", docstring, flags=re.MULTILINE)
    if not BREAKS.search(bare):
        raise CourseError("its docstring must have one line `Breaks: R3` (or `Breaks: G1 on trio`): write it")
    named = BREAKS.sub(rf"\1Base: {name}\n\1Breaks:", bare, count=1) if name else bare
    return program.replace(docstring, named, 1)


# -- what differs ---------------------------------------------------------------------------------------------------
def override_of(base: str, program: str) -> str:
    """What a program defines differently from a base, as a file that `grader.course.overrides.merge` understands."""
    theirs, mine = block_of(base), block_of(program)
    read = _names_read(mine.node)
    held = {name for part in theirs.parts for name in _imports_in(part.node)}
    kept = [*mine.groups.get(DOCSTRING, ())]
    for part in mine.parts:
        new = [name for name in _imports_in(part.node) if name not in held and (name.bound in read or name.future)]
        if new:
            kept.append(replace(part, lines=(_import_of(new),)))
    return "\n".join(with_blank_lines([*kept, *_differing(theirs, mine, read)], mine.node)) + "\n"


def _differing(base: Block, mine: Block, read: AbstractSet[str]) -> list[Part]:
    """The parts that differ from those of a base, after a `del` for what only the base has."""
    theirs, groups = base.groups, mine.groups
    idle = {part.name for part in base.parts if is_idle(part.node, read)}
    gone = [name for name in theirs if name not in groups and name != DOCSTRING and name not in idle]
    parts: list[Part] = []
    for name, group in groups.items():
        if name == DOCSTRING or _shapes(group) == _shapes(theirs.get(name, [])):
            continue
        whole = replace(group[0], above=(), lines=lines_of(group))
        match [class_of(block, block.groups[name][0]) for block in (base, mine) if name in block.groups]:
            case [Block() as old, Block() as new] if has_own_head(new.node) or not has_own_head(old.node):
                whole = replace(whole, lines=_class_lines(old, new, read))
            case [Block(), Block()]:
                gone.append(name)
        parts.append(whole)
    if gone:
        deletion = ast.parse(f"del {', '.join(gone)}").body[0]
        parts.insert(0, Part(deletion, None, 0, (), (mine.indent + ast.unparse(deletion),)))
    return parts


def _class_lines(base: Block, mine: Block, read: AbstractSet[str]) -> tuple[str, ...]:
    """A class with only the members that differ."""
    head = mine.head
    if _class_head(base.node) == _class_head(mine.node):
        head = (f"{mine.indent[4:]}class {getattr(mine.node, 'name', '')}:",)
    parts = _differing(base, mine, read)
    return (*head, *(with_blank_lines(parts, mine.node) if parts else (f"{mine.indent}...",)))


# -- the same program -----------------------------------------------------------------------------------------------
def difference(one: str, other: str) -> str:
    """The first name that two programs define differently; empty if they are the same program."""
    first, second = _shapes_by_name(one), _shapes_by_name(other)
    return next((name for name in first | second if first.get(name) != second.get(name)), "")


def _shapes_by_name(program: str) -> dict[str, Hashable]:
    block = block_of(program)
    read = _names_read(block.node)
    imports = {name for part in block.parts for name in _imports_in(part.node) if name.bound in read}
    return {"an import": frozenset(imports), **_members(block, read)}


def _members(block: Block, read: AbstractSet[str] = frozenset()) -> dict[str, Hashable]:
    """What a body defines, by name; whatever is not a function or class is under one name, in its order."""
    found: dict[str, list[Hashable]] = {}
    for part in block.parts:
        if part.name == DOCSTRING or is_import(part.node) or is_placeholder(part.node) or is_idle(part.node, read):
            continue
        is_definition = isinstance(part.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        found.setdefault(part.name if part.name and is_definition else "an assignment", []).append(_shape(part.lines))
    return {name: tuple(shapes) for name, shapes in found.items()}


def is_idle(node: ast.stmt, read: AbstractSet[str]) -> bool:
    """Whether a statement makes a type variable that nothing reads."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="TypeVar"))):
            return name not in read
    return False


def _shapes(parts: Sequence[Part]) -> list[Hashable]:
    return [_shape(part.lines) for part in parts]


@cache
def _shape(lines: Sequence[str]) -> Hashable:
    """A statement without docstrings and comments, to be compared."""
    block = block_of("\n".join(("if True:", *lines) if lines[0].startswith(" ") else lines))
    part = block.parts[0]
    if isinstance(part.node, ast.If):
        part = replace(part, node=part.node.body[0])
    if inner := class_of(block, part):
        return (_class_head(inner.node), frozenset(_members(inner).items()))
    return ast.dump(_Bare().visit(part.node))


def _class_head(node: ast.Module | ast.ClassDef) -> tuple[str, ...]:
    if isinstance(node, ast.Module):
        return ()
    return (node.name, *(ast.dump(part) for part in (*node.decorator_list, *node.bases, *node.keywords)))


class _Bare(ast.NodeTransformer):
    """Drop docstrings; a body that does nothing becomes ``...``."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            rest = node.body[1:] if is_text(node.body[0]) else node.body
            idle = all(is_placeholder(each) for each in rest)
            node.body = [ast.Expr(ast.Constant(...))] if idle else rest
        return node


# -- imports --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _ImportedName:
    """One name that an import binds: ``from module import name as alias``, or ``import name`` without a module."""

    module: str | None
    name: str
    alias: str | None

    @property
    def bound(self) -> str:
        return self.alias or self.name.partition(".")[0]

    @property
    def future(self) -> bool:
        return self.module == "__future__"


def _imports_in(node: ast.stmt) -> list[_ImportedName]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = node.module if isinstance(node, ast.ImportFrom) else None
        return [_ImportedName(module, alias.name, alias.asname) for alias in node.names]
    return []


def _import_of(names: Sequence[_ImportedName]) -> str:
    aliases = ", ".join(name.name + (f" as {name.alias}" if name.alias else "") for name in names)
    return f"from {names[0].module} import {aliases}" if names[0].module else f"import {aliases}"


@lru_cache(maxsize=100)
def _names_read(tree: ast.Module) -> AbstractSet[str]:
    """The names that a program reads, for more than a type variable that nothing reads in turn."""
    read = _names_in(tree.body)
    return _names_in([node for node in tree.body if not is_idle(node, read)])


def _names_in(body: Sequence[ast.stmt]) -> AbstractSet[str]:
    nodes = (node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {node.id for node in nodes if isinstance(node.ctx, ast.Load)}
