"""The clue that a shield keeps a cancellation away from what the contract leaves open to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.judging import learner_code
from grader.judging.run_evidence import RANKS, Clue, FailingRun

BELIEF = "shield-everything"
"""The misconception of the checks that see that a cancellation came late, or never."""


def shields_that_delay(run: FailingRun) -> Iterator[Clue]:
    """Blocks of the file that the run went through and that are shielded, though a check saw a cancellation come too late.

    A shield around a cleanup is another matter; so is, in a file with context managers, any that no body of a block is in.
    """
    if run.misconception != BELIEF or not isinstance(run.seen, (int, float, type(None))):
        return
    managers = any(map(learner_code.is_manager, run.code.functions))
    for function in run.code.functions:
        for node in _outside_cleanup(function.body):
            if not isinstance(node, ast.With) or not any(map(_is_shield, node.items)) or not run.has_run(node.lineno):
                continue
            wanted = ast.Yield if managers else ast.Await
            if any(isinstance(inner, wanted) for each in node.body for inner in ast.walk(each)):
                text = f"The shield in line {node.lineno} keeps a cancellation away from all that runs in it: it comes only afterwards"
                yield Clue(RANKS["shielded"], "shielded", text, node.lineno)


def _outside_cleanup(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body at any depth, but for those of `finally` and `except` and of functions in it."""
    for node in body:
        yield node
        if isinstance(node, learner_code.FunctionNode | ast.ClassDef):
            continue
        for name in ("body", "orelse") if isinstance(node, ast.Try | ast.TryStar) else ("body", "orelse", "cases"):
            inner = getattr(node, name, [])
            yield from _outside_cleanup([each for each in inner if isinstance(each, ast.stmt)])


def _is_shield(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and any(
        word.arg == "shield" and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in call.keywords
    )
