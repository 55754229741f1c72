"""Clues that a line shows by itself, once the run went through it: what is named and not called, or made and not raised."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from grader.judging.learner_code import shorten
from grader.judging.run_evidence import RANKS, Clue, FailingRun

CALLS = frozenset({"set", "release", "cancel", "close", "aclose", "notify", "notify_all", "acquire", "wait"})
"""Methods of anyio's that nobody names in a line of its own without calling them."""
OUT_OF_NEXT = re.compile(r"^(?:coroutine|generator|async generator) raised StopIteration$")


def not_called(run: FailingRun) -> Iterator[Clue]:
    """Statements that name a function or method and do not call it."""
    for node in ast.walk(run.code.tree):
        named = node.value if isinstance(node, ast.Expr) else None
        if not isinstance(named, ast.Name | ast.Attribute) or not run.has_run(named.lineno):
            continue
        own = isinstance(named, ast.Name) or (isinstance(named.value, ast.Name) and named.value.id == "self")
        name = named.id if isinstance(named, ast.Name) else named.attr
        function = run.code.function(name) if own else None
        if function.decorator_list if function else name not in CALLS or isinstance(named, ast.Name):
            continue
        text = f"Line {named.lineno} names `{shorten(ast.unparse(named))}` and does not call it: `()` is missing"
        when = run.first_time(named.lineno)
        yield Clue(RANKS["exception"], "not called", text, named.lineno, when=when)


def not_raised(run: FailingRun) -> Iterator[Clue]:
    """Statements that make an exception and do not raise it."""
    for node in ast.walk(run.code.tree):
        made = node.value if isinstance(node, ast.Expr) else None
        if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Name) or not run.has_run(made.lineno):
            continue
        kind = getattr(builtins, made.func.id, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            text = f"Line {made.lineno} makes a `{made.func.id}` and does not raise it: `raise` is missing"
            yield Clue(RANKS["exception"], "not raised", text, made.lineno, when=run.first_time(made.lineno))


def out_of_next(run: FailingRun) -> Iterator[Clue]:
    """A `next(…)` with nothing left, whose StopIteration a coroutine turned into a RuntimeError."""
    if not any(OUT_OF_NEXT.match(str(error.get("text", ""))) for error in run.errors()):
        return
    for node in ast.walk(run.code.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "next"
            and len(node.args) == 1
            and run.has_run(node.lineno)
        ):
            text = f"`next` in line {node.lineno} raises StopIteration when nothing is left: give it a second value, or use `for`"
            yield Clue(RANKS["exception"], "exception", text, node.lineno, when=run.first_time(node.lineno))
