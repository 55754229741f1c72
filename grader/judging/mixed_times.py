"""Seconds taken for a point in time, and points in time taken for seconds: where a file passes one for the other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from grader.judging.flag_nodes import last_of

SECONDS = re.compile(r"^_?(?:\w+_)?(?:timeout|grace|seconds|cooldown|interval)$")
"""Names of what is a number of seconds."""
POINT = re.compile(r"^_?(?:\w+_)?deadline$")
"""Names of what is a point in time."""
WANT_SECONDS = frozenset({"move_on_after", "fail_after", "sleep"})
WANT_A_POINT = frozenset({"move_on_at", "fail_at", "sleep_until", "CancelScope"})


def mixed_times(nodes: Sequence[ast.AST]) -> list[tuple[int, str, bool]]:
    """Line, what is passed as it is written, and whether a point in time is wanted there.

    Only names of the contract's kind count, and only where the file never gives them another value: `deadline -= now` makes
    seconds of a point.

    Args:
        nodes: all of the file.
    """
    worked_out = _worked_out(nodes)
    found = []
    for place, value, point in _uses(nodes):
        name = last_of(value)
        if name and name not in worked_out and (SECONDS if point else POINT).match(name):
            found.append((place, ast.unparse(value), point))
    return sorted(found)


def _uses(nodes: Sequence[ast.AST]) -> Iterator[tuple[int, ast.AST, bool]]:
    """Where a time is passed: line, the value, and whether a point in time is wanted."""
    for node in nodes:
        if isinstance(node, ast.Call):
            name = last_of(node.func)
            named = {each.arg: each.value for each in node.keywords}
            first = node.args[0] if node.args else named.get("delay")
            if name in WANT_SECONDS and first is not None:
                yield node.lineno, first, False
            elif name in WANT_A_POINT:
                value = named.get("deadline") or (node.args[0] if node.args and name != "CancelScope" else None)
                if value is not None:
                    yield node.lineno, value, True
        elif isinstance(node, ast.Assign) and any(
            ast.unparse(each).endswith("scope.deadline") for each in node.targets
        ):
            yield node.lineno, node.value, True


def _worked_out(nodes: Sequence[ast.AST]) -> set[str]:
    """Names that the file gives a value of another name or of an expression, or passes such a value for.

    A parameter is named here if a call of its function in the file passes something else than a name like its own.
    """
    changed: set[str] = set()
    functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            value = last_of(node.value)
            changed |= {name for each in targets if (name := last_of(each)) and not _same(name, value)}
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            changed |= {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
        elif isinstance(node, ast.Call):
            called = [last_of(node.func), *(last_of(each) for each in node.args[:1])]
            passed = {last_of(each) for each in [*node.args, *(word.value for word in node.keywords)]}
            for function in (functions[name] for name in called if name in functions):
                parameters = [*function.args.args, *function.args.kwonlyargs]
                changed |= {each.arg for each in parameters if not any(_same(each.arg, name) for name in passed)}
    return changed


def _same(name: str, other: str) -> bool:
    """Whether two names say the same, but for underscores before them and words before the last."""
    return bool(other) and name.rpartition("_")[2] == other.rpartition("_")[2]
