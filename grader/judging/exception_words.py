"""Exceptions that Python's own text explains to those only who know the answer: said in the words of the line that raised.

Each sentence is made of the file's words and of names of the standard library; the text of the exception, which running code may
have chosen, decides only which sentence it is.
"""

from __future__ import annotations

import ast
import re

from grader.judging.learner_code import LearnerCode, shorten

NOTHING_TO_AWAIT = re.compile(r"^object NoneType can't be used in 'await' expression")
NOT_CALLED = re.compile(r"^object (?:method|function|builtin_function_or_method) can't be used in 'await' expression")
NO_ASYNC_WITH = re.compile(r"^'(\w+)' object does not support the asynchronous context manager protocol")
NO_WITH = re.compile(r"^'(\w+)' object does not support the context manager protocol")
NO_ASYNC_FOR = re.compile(r"^'async for' requires an object with __aiter__ method, got _AsyncGeneratorContextManager")
ENTERED_TWICE = re.compile(r"^Each CancelScope may only be used for a single 'with' block")
NO_GROUP = re.compile(r"^This task group is not active")
NO_SETTER = re.compile(r"^property '(\w+)' of '\w+' object has no setter")
PLAIN = frozenset({"CancelScope", "_SignalReceiver", "_GeneratorContextManager", "lock", "RLock"})
"""Types that a plain `with` enters, and `async with` does not."""
ASYNC = frozenset(
    {"TaskGroup", "Lock", "Semaphore", "CapacityLimiter", "Condition", "_AsyncGeneratorContextManager", "AsyncFile"}
)
"""Types that `async with` enters, and a plain `with` does not."""


def in_words(code: LearnerCode, line: int, text: str, kind: str = "") -> str:
    """What is wrong in a line that raised an exception of a kind with that text; empty if no sentence says it better."""
    nodes = code.nodes_at(line)
    if said := _of_anyio(code, line, kind) or _of_entering(line, text):
        return said
    if NOTHING_TO_AWAIT.match(text) and (call := _one(nodes, ast.Await, ast.Call)):
        return f"`await` is too much in line {line}: `{call}` is not async, it gives None"
    if NOT_CALLED.match(text) and (name := _one(nodes, ast.Await, ast.Name | ast.Attribute)):
        return f"Line {line} awaits `{name}` and does not call it: `()` is missing"
    if (named := NO_SETTER.match(text)) and named[1] in code.line(line):
        return f"Line {line} assigns to `{named[1]}`, which is a property: keep the value under another name"
    return ""


def _of_anyio(code: LearnerCode, line: int, kind: str) -> str:
    """What is wrong in a line that raised an exception of anyio's; empty if it is another one."""
    if kind == "WouldBlock" and "_nowait(" in code.line(line):
        return f"Line {line} does not wait where it has to: what ends in `_nowait` raises WouldBlock instead"
    if kind == "TaskNotFinished":
        return f"Line {line} asks a task for its result before it has ended: that is there after the block of its task group"
    if kind == "ClosedResourceError":
        own = "" if ".clone(" in "".join(code.lines) else ": each task that closes one needs its own, from `clone()`"
        return f"Line {line} uses an end of a stream that is closed already{own}"
    return ""


def _of_entering(line: int, text: str) -> str:
    """What is wrong in a line that enters or uses a block as it must not; empty if the text is about something else."""
    if (named := NO_ASYNC_WITH.match(text)) and named[1] in PLAIN:
        return f"Line {line} needs a plain `with`, not `async with`: entering it awaits nothing"
    if (named := NO_WITH.match(text)) and named[1].removesuffix("Adapter") in ASYNC:
        return f"Line {line} needs `async with`, not a plain `with`: entering or leaving it may wait"
    if NO_ASYNC_FOR.match(text):
        return f"Line {line} goes through a context manager: enter it with `async with … as`, and go through what that gives"
    if ENTERED_TWICE.match(text):
        return f"Line {line} enters a cancel scope once more: each `with` needs a scope of its own"
    if NO_GROUP.match(text):
        return f"Line {line} starts a task in a group whose `async with` block is over, or has not begun"
    return ""


def absent_key(code: LearnerCode, line: int) -> str:
    """Which key a line that raised a `KeyError` does not find, and where; empty if it looks into several things."""
    found = {
        (ast.unparse(node.value), ast.unparse(node.slice))
        for node in code.nodes_at(line)
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Store)
    }
    found |= {
        (ast.unparse(node.func.value), ast.unparse(node.args[0]))
        for node in code.nodes_at(line)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("pop", "remove")
        and len(node.args) == 1
    }
    if len(found) != 1:
        return ""
    ((where, key),) = found
    return f"`{shorten(where)}` has no key `{shorten(key)}`"


def is_plain_key(text: str) -> bool:
    """Whether the text of a `KeyError` says something to people: not so the address or the id of an object."""
    return not re.search(r"\d{9,}|0x[0-9a-fA-F…]", text)


def _one(nodes: list[ast.AST], outer: type[ast.Await], inner: object) -> str:
    """The only thing of a kind that is awaited in a line, as it is written; empty if there are several."""
    found = [node.value for node in nodes if isinstance(node, outer) and isinstance(node.value, inner)]  # type: ignore[arg-type]
    return shorten(ast.unparse(found[0])) if len(found) == 1 else ""
