"""Whether a solution fits its stub: the same public names and signatures, given types as they are given."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from grader.judging.submission import FunctionNode, is_unwritten


def misfits(stub: Path, solution: Path) -> Iterator[str]:
    """What does not fit, one line each."""
    trees = []
    for path in (stub, solution):
        try:
            trees.append(ast.parse(path.read_text(encoding="utf-8")))
        except (SyntaxError, UnicodeDecodeError) as error:
            yield f"{path.name} in {path.parent.parent.name} cannot be read: {error}"
            return
    wanted, found = map(public, trees)
    for name, node in wanted.items():
        if name not in found:
            yield f"`{name}` of the stub is missing: write it"
        else:
            yield from _differences(name, node, found[name])


def public(tree: ast.Module) -> dict[str, ast.stmt]:
    """The public names that a file defines: functions, classes and assignments."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, FunctionNode | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
        elif isinstance(node, ast.Assign):
            found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    return {name: node for name, node in found.items() if not name.startswith("_")}


def _differences(name: str, stub: ast.stmt, solution: ast.stmt) -> Iterator[str]:
    if isinstance(stub, FunctionNode):
        if not isinstance(solution, FunctionNode) or signature(stub) != signature(solution):
            yield f"`{name}` has another signature than in the stub: {head(stub)}"
    elif isinstance(stub, ast.ClassDef) and not is_given(stub):
        yield from _class_differences(stub, solution)
    elif ast.dump(bare(stub)) != ast.dump(bare(solution)):
        yield f"`{name}` is given in the stub and differs here: copy it"


def _class_differences(stub: ast.ClassDef, solution: ast.stmt) -> Iterator[str]:
    if not isinstance(solution, ast.ClassDef) or class_head(stub) != class_head(solution):
        yield f"class `{stub.name}` has other bases or decorators than in the stub"
        return
    methods = {node.name: node for node in solution.body if isinstance(node, FunctionNode)}
    for node in stub.body:
        if isinstance(node, FunctionNode):
            mine = methods.get(node.name)
            if mine is None:
                yield f"`{stub.name}.{node.name}` of the stub is missing: write it"
            elif signature(node) != signature(mine):
                yield f"`{stub.name}.{node.name}` has another signature than in the stub: {head(node)}"


def is_given(node: ast.ClassDef) -> bool:
    """Whether a class of a stub is complete: none of its methods is left to the learner."""
    return not any(is_unwritten(item) for item in node.body if isinstance(item, FunctionNode))


def signature(node: FunctionNode) -> tuple[str, ...]:
    """All of a function but its body."""
    returns = ast.dump(node.returns) if node.returns else ""
    decorators = sorted(ast.dump(decorator) for decorator in node.decorator_list)
    return (type(node).__name__, ast.dump(node.args), returns, *decorators)


def class_head(node: ast.ClassDef) -> tuple[str, ...]:
    """The bases and decorators of a class."""
    return tuple(ast.dump(part) for part in (*node.bases, *node.keywords, *node.decorator_list))


def head(node: FunctionNode) -> str:
    """A function's first line."""
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{kind} {node.name}({ast.unparse(node.args)}){returns}"


def bare(node: ast.stmt) -> ast.stmt:
    """A copy of a definition without docstrings, which may say more in a stub."""
    copy = ast.parse(ast.unparse(node)).body[0]
    for inner in ast.walk(copy):
        if isinstance(inner, FunctionNode | ast.ClassDef) and ast.get_docstring(inner, clean=False) is not None:
            inner.body = inner.body[1:] or [ast.Pass()]
    return copy
