"""Where a file swallows what leaves a block: an exit that returns True, a handler that catches a cancellation and does not raise it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from grader.judging.learner_code import FunctionNode, own_nodes
from grader.judging.run_evidence import RANKS, Clue, FailingRun

CATCH_IT = frozenset({"BaseException", "CancelledError", "Cancelled", "get_cancelled_exc_class()"})
"""What catches a cancellation, as the last part of its name."""
MOST_RAISED = 50
"""As many exceptions as a closer look writes down: where there are so many, some may be missing."""


def exits_that_swallow(run: FailingRun) -> Iterator[Clue]:
    """An `__aexit__` or `__exit__` that returns True, whatever left the block."""
    for function in run.code.functions:
        line = _true_line(function)
        if function.name in ("__aexit__", "__exit__") and line is not None and run.has_run(line):
            text = f"`{function.name}` returns True in line {line}: that swallows what the block raised, or its cancellation"
            yield Clue(RANKS["swallowed"], "swallowed", text, line)


def _true_line(function: FunctionNode) -> int | None:
    """The line of a `return True` at its end; None if it ends in another way."""
    last = function.body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    return last.lineno if isinstance(value, ast.Constant) and value.value is True else None


def caught_cancellations(run: FailingRun) -> Iterator[Clue]:
    """Handlers that the run went into for a cancellation and that raise nothing.

    A closer look writes down every exception that arises in the file but a cancellation: what takes the run from an `await` into
    a handler, and is not among them, is one.
    """
    observed = run.observed
    raised = {each["line"] for each in observed.get("raised", ())}
    if len(observed.get("raised", ())) >= MOST_RAISED:
        return
    steps = list(_steps(observed.get("path", ())))
    for function in run.code.functions:
        for tried, handler in _handlers(function):
            waits = _awaits(tried) - raised
            if any(before in waits and after == handler.lineno for before, after in steps):
                caught = f"except {ast.unparse(handler.type)}" if handler.type is not None else "except"
                text = f"`{caught}` in line {handler.lineno} catches the cancellation, and nothing raises it again"
                yield Clue(RANKS["swallowed"], "swallowed", text, handler.lineno)


def _steps(path: Sequence[tuple[str, int]]) -> Iterator[tuple[int, int]]:
    """Each two lines that a task went through one after the other."""
    last: dict[str, int] = {}
    for task, line in path:
        if task in last:
            yield last[task], line
        last[task] = line


def _handlers(function: FunctionNode) -> Iterator[tuple[ast.Try, ast.ExceptHandler]]:
    """Each handler of a function that catches a cancellation and has no `raise`, with what is tried."""
    for node in own_nodes(function):
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                if _catches_it(handler) and not any(isinstance(part, ast.Raise) for part in ast.walk(handler)):
                    yield node, handler


def _catches_it(handler: ast.ExceptHandler) -> bool:
    kind = handler.type
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(each is None or ast.unparse(each).rpartition(".")[2] in CATCH_IT for each in kinds)


def _awaits(tried: ast.Try) -> set[int]:
    """The lines of what is tried that wait for something by an `await`, and for nothing else: a group may raise what it gathered."""
    inside = [part for statement in tried.body for part in ast.walk(statement)]
    lines = {part.lineno for part in inside if isinstance(part, ast.Await)}
    return lines - {part.lineno for part in inside if isinstance(part, ast.AsyncWith | ast.With | ast.AsyncFor)}
