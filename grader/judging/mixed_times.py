"""Seconds taken for a point in time, and points in time taken for seconds: where a file passes one for the other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from grader.judging.flag_nodes import last_of

SECONDS = re.compile(r"^_?(?:\w+_)?(?:timeout|grace|seconds|cooldown|interval|margin|estimate)$")
"""Names of what is a number of seconds."""
POINT = re.compile(r"^_?(?:\w+_)?deadline$")
"""Names of what is a point in time."""
A_POINT, A_SPAN = "point", "seconds"
NEVER = "inf"
"""What is as good for a point in time as for seconds."""
ROUNDS = 3
"""How often names are looked at again: one is worked out of another."""
WANT_SECONDS = frozenset({"move_on_after", "fail_after", "sleep"})
WANT_A_POINT = frozenset({"move_on_at", "fail_at", "sleep_until", "CancelScope"})


def mixed_times(nodes: Sequence[ast.AST]) -> list[tuple[int, str, bool]]:
    """Line, what is passed as it is written, and whether a point in time is wanted there.

    Names of the contract's kind count where the file never gives them another value (`deadline -= now` makes seconds of a
    point), and so do names and expressions that the file works out of them: `min(job.deadline, end)` is a point, too.

    Args:
        nodes: all of the file.
    """
    known = _kinds(nodes)
    found = []
    for place, value, point in _uses(nodes):
        kind = _kind(value, known)
        if kind and kind != (A_POINT if point else A_SPAN):
            found.append((place, ast.unparse(value), point))
    return sorted(found)


def _kinds(nodes: Sequence[ast.AST]) -> dict[str, str]:
    """Name → whether the file makes a point in time or seconds of it; empty where it may be something else."""
    known = dict.fromkeys(_worked_out(nodes), "")
    assigned: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value:
            if last_of(node.value) == NEVER:
                continue
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                assigned.setdefault(last_of(target), []).append(node.value)
    fixed = {each.arg for node in nodes if isinstance(node, ast.arguments) for each in [*node.args, *node.kwonlyargs]}
    fixed |= {last_of(node.target) for node in nodes if isinstance(node, ast.AugAssign | ast.For | ast.comprehension)}
    for _ in range(ROUNDS):
        for name in assigned.keys() & known.keys() - fixed:
            kinds = {_kind(value, known) for value in assigned[name]}
            known[name] = kinds.pop() if len(kinds) == 1 else ""
    return known


def _kind(value: ast.AST, known: Mapping[str, str]) -> str:
    """Whether an expression is a point in time or a number of seconds; empty if nobody can tell."""
    if isinstance(value, ast.Call):
        name = last_of(value.func)
        if name in ("current_time", "current_effective_deadline"):
            return A_POINT
        given = [each for each in value.args if last_of(each) != NEVER] if name in ("min", "max") else []
        kinds = {_kind(each, known) for each in given}
        return kinds.pop() if len(kinds) == 1 else ""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        left, right = _kind(value.left, known), _kind(value.right, known)
        if isinstance(value.op, ast.Sub) and A_POINT in (left, right):
            return {A_POINT: A_SPAN, A_SPAN: A_POINT}.get(right, "") if left else ""
        return A_POINT if {left, right} == {A_POINT, A_SPAN} else left if left == right == A_SPAN else ""
    name = last_of(value)
    if not name or name in known:
        return known.get(name, "")
    return A_SPAN if SECONDS.match(name) else A_POINT if POINT.match(name) else ""


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
            changed |= {
                name for each in targets if (name := last_of(each)) and value != NEVER and not _same(name, value)
            }
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
