"""What belongs together in a lesson: each output and proof follows its cell, each Parsons problem has its proof."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from grader.lesson.parts import Cell, LessonError, Output, Part, Puzzle, Verify

PLACEHOLDER = "# <lines>"
"""The line of a Parsons problem's proof that the lines are put in place of."""


def join_parts(where: str, parts: Sequence[Part]) -> list[Part]:
    """The parts of a lesson, after a look at ids, at what follows what, and at the syntax.

    Args:
        where: how messages name the file.

    Raises:
        LessonError: something is alone that must not be, or there twice.
    """
    _check_order(where, parts)
    _check_syntax(where, parts)
    _check_proofs(where, parts)
    two = _cells_of_two_outputs(where, parts)
    return [_with_backend(part) if isinstance(part, Output) and part.id in two else part for part in parts]


def _with_backend(output: Output) -> Output:
    return replace(output, backend=output.backend or "asyncio")


def _error(where: str, line: int, said: str) -> LessonError:
    return LessonError(f"{where}:{line}: {said}")


def _check_order(where: str, parts: Sequence[Part]) -> None:
    owner: Cell | Puzzle | None = None
    seen: set[str] = set()
    for part in parts:
        if isinstance(part, Cell | Puzzle):
            if part.id in seen:
                raise _error(where, part.line - 1, f"the id {part.id!r} is used twice")
            seen.add(part.id)
            owner = part
        elif isinstance(part, Output | Verify):
            kind = "output" if isinstance(part, Output) else "verify"
            if owner is None or owner.id != part.id:
                raise _error(where, part.line - 1, f"{kind} {part.id!r} does not follow the cell of that id")
            if kind == "output" and isinstance(owner, Puzzle):
                raise _error(where, part.line - 1, "a Parsons problem has no output block")


def _check_syntax(where: str, parts: Sequence[Part]) -> None:
    puzzles = {part.id: part for part in parts if isinstance(part, Puzzle)}
    for part in parts:
        if not isinstance(part, Cell | Verify):
            continue
        puzzle = puzzles.get(part.id)
        # Without its lines a proof may not be Python: they may be all that is in a block.
        text, more = (program_of(list(puzzle.lines), part.text), len(puzzle.lines) - 1) if puzzle else (part.text, 0)
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            number = (error.lineno or 1) - 1
            before = next((n for n, line in enumerate(part.text.splitlines()) if line.strip() == PLACEHOLDER), number)
            line = part.line + (number if number <= before else max(before, number - more))
            raise _error(where, line, f"{part.id!r}: Python cannot read this: {error.msg}") from error
        if isinstance(part, Verify) and not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
            raise _error(where, part.line - 1, f"verify {part.id!r} asserts nothing")


def program_of(lines: list[str], proof: str) -> str:
    """A proof with lines in place of the placeholder, indented as it is."""
    made: list[str] = []
    for each in proof.splitlines():
        if each.strip() == PLACEHOLDER:
            indent = each[: len(each) - len(each.lstrip())]
            made += [indent + line for line in lines]
        else:
            made.append(each)
    return "\n".join(made) + "\n"


def _check_proofs(where: str, parts: Sequence[Part]) -> None:
    proofs: dict[str, Verify] = {}
    for part in parts:
        if isinstance(part, Verify) and proofs.setdefault(part.id, part) is not part:
            raise _error(where, part.line - 1, f"{part.id!r} has a second verify block: put both into one")
    for part in parts:
        if not isinstance(part, Puzzle):
            continue
        if part.id not in proofs:
            raise _error(where, part.line - 1, f"the Parsons problem {part.id!r} has no verify block")
        lines = proofs[part.id].text.splitlines()
        if len([line for line in lines if line.strip() == PLACEHOLDER]) != 1:
            raise _error(where, proofs[part.id].line - 1, f"write one line `{PLACEHOLDER}`, where the lines belong")


def _cells_of_two_outputs(where: str, parts: Sequence[Part]) -> set[str]:
    """The cells that print different things on the two backends."""
    outputs: dict[str, dict[str | None, Output]] = {}
    for part in parts:
        if not isinstance(part, Output):
            continue
        known = outputs.setdefault(part.id, {})
        if known.setdefault(part.backend, part) is not part:
            raise _error(where, part.line - 1, f"{part.id!r} has a second output block for the same backend")
    for id_, known in outputs.items():
        if set(known) not in ({None}, {None, "trio"}, {"asyncio", "trio"}):
            line = next(iter(known.values())).line - 1
            raise _error(where, line, f"{id_!r}: say once for each backend what it prints")
    return {id_ for id_, known in outputs.items() if len(known) > 1}
