"""Clues about what functions of the file give: nothing, nothing to enter, something of another kind than is wanted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from grader.judging import learner_code
from grader.judging.learner_code import FunctionNode, LearnerCode
from grader.judging.run_evidence import RANKS, Clue, FailingRun

NOT_A = re.compile(r", which is not (an? [^,\"'\])}]+)[\"'\])}]*$")
NOT_INSIDE = re.compile(r"^\[\{'not an? \w+': '(\w+)'\}.*, which is not a list of ")
BUILTIN_KINDS = frozenset(
    {
        "coroutine",
        "generator",
        "async_generator",
        "function",
        "method",
        "int",
        "float",
        "str",
        "list",
        "tuple",
        "dict",
        "set",
    }
)
KINDS = {list: "a list", tuple: "a tuple", dict: "a dictionary", str: "a text", bool: "True or False"}


def no_return(run: FailingRun) -> Iterator[Clue]:
    """Functions that give None for want of a `return`."""
    nothing = "None" in run.said or run.seen is None
    for function in run.code.functions:
        body = function.body[0].lineno, function.end_lineno
        if not learner_code.gives_something(function) or learner_code.has_yield(function) or not run.has_run(*body):
            continue
        if any("abstract" in part or "overload" in part for part in map(ast.unparse, function.decorator_list)):
            continue
        line = learner_code.unused_value(function)
        if not learner_code.returns_a_value(function):
            if _only_raises(function):
                continue
            written = learner_code.none_line(function)
            why = f"line {written} says so" if written else "`return` is missing"
            text = f"`{function.name}` returns None: {why}"
            yield Clue(RANKS["no return"], "no return", text, written or line or function.lineno, when=not nothing)
        elif nothing and line is not None and run.has_run(line):
            text = f"Line {line} works a value out and does nothing with it: `return` is missing"
            yield Clue(RANKS["no return"], "no return", text, line)


def _only_raises(function: FunctionNode) -> bool:
    return isinstance(function.body[-1], ast.Raise)


def no_yield(run: FailingRun) -> Iterator[Clue]:
    """Context managers without a `yield`."""
    for function in run.code.functions:
        if learner_code.is_manager(function) and not learner_code.has_yield(function):
            text = f"`{function.name}` has no `yield`: a context manager needs one, where the body of the block runs"
            yield Clue(RANKS["no yield"], "no yield", text, function.lineno)


def wrong_kind(run: FailingRun) -> Iterator[Clue]:
    """Calls that gave something of another kind than is wanted."""
    for span in run.data.get("spans", ()):
        error = span["error"] if span["subject"] else None
        if error and error["error"] == "NotAwaitable":
            yield _not_async(run, span["what"])
            return
    for span in run.data.get("spans", ()):
        function = run.code.function(span["what"]) if span["subject"] and span["how"] == "returned" else None
        if function is None or (wanted := declared_kind(function, run.code)) is None:
            continue
        got = kind_of(span["value"])
        if got not in (None, wanted, "None"):
            text = f"`{function.name}` returns {got}, and {wanted} is wanted"
            yield Clue(RANKS["wrong kind"], "wrong kind", text, _return_line(function))
            return
    what, _, seen = run.said.partition(": ")
    if function := _read_and_not_called(run.code, what, seen):
        text = f"`{function.name}` is read, not called: `@property` is missing above it"
        yield Clue(RANKS["wrong kind"], "wrong kind", text, function.lineno)
        return
    if named := NOT_A.search(seen):
        if re.match(r"\W*method, which is not", seen) and (function := _meant_as_property(run.code, named[1])):
            text = f"`{function.name}` is read, not called: `@property` is missing above it"
            yield Clue(RANKS["wrong kind"], "wrong kind", text, function.lineno)
            return
        text = f"{what}: {_what_it_is(seen)}, where {named[1]} is wanted"
        yield Clue(RANKS["wrong kind"], "wrong kind", text[:1].upper() + text[1:])
        return
    if (
        run.wanted is not None
        and type(run.seen) is not type(run.wanted)
        and {type(run.seen), type(run.wanted)} <= set(KINDS)
    ):
        text = f"{KINDS[type(run.seen)].capitalize()} where {KINDS[type(run.wanted)]} is wanted"
        yield Clue(RANKS["wrong kind"], "wrong kind", text)


def _read_and_not_called(code: LearnerCode, what: str, seen: str) -> FunctionNode | None:
    """The plain method without arguments that a check reads by name, where it saw a method; None if there is none."""
    named = re.search(r"`(\w+)`", what) if re.search(r"\bmethod\b", seen) else None
    function = code.function(named[1]) if named else None
    plain = isinstance(function, ast.FunctionDef) and not function.decorator_list
    return function if function and plain and [arg.arg for arg in function.args.args] == ["self"] else None


def _meant_as_property(code: LearnerCode, wanted: str) -> FunctionNode | None:
    """The only plain method without arguments that is annotated to return what is wanted, such as `a State`."""
    kind = wanted.partition(" ")[2]
    found = [
        each
        for each in code.functions
        if isinstance(each, ast.FunctionDef)
        and not each.decorator_list
        and [arg.arg for arg in each.args.args] == ["self"]
        and each.returns is not None
        and ast.unparse(each.returns).strip("'\"") == kind
    ]
    return found[0] if len(found) == 1 else None


def _what_it_is(said: str) -> str:
    """What stands before the last `which is not a …`, in words: nothing that the file's code chose is in them."""
    if inner := NOT_INSIDE.match(said):
        return f"a list of `{inner[1]}`" if inner[1] in BUILTIN_KINDS else "a list of something else"
    before = re.split(r"[:\[{(\"] ?", said.rpartition(", which is not ")[0])[-1].strip()
    if before.startswith("the text "):
        return "a text"
    if before in ("None", "True", "False"):
        return before
    kind = before.removeprefix("returned ").removeprefix("an object of ")
    return f"a `{kind}`" if kind in BUILTIN_KINDS else "something else"


def _not_async(run: FailingRun, name: str) -> Clue:
    function = run.code.function(name)
    line = None if function is None else learner_code.yield_line(function)
    if function is not None and line is not None:
        text = f"`{name}` must be an `async def` function that returns: the `yield` in line {line} makes it a generator"
        return Clue(RANKS["wrong kind"] - 3, "wrong kind", text, line)
    at = None if function is None else function.lineno
    return Clue(RANKS["wrong kind"] - 3, "wrong kind", f"`{name}` must be an `async def` function", at)


def declared_kind(function: FunctionNode, code: LearnerCode) -> str | None:
    """What a function's annotation says that it returns, as `kind_of` names it; None if it says nothing that can be told."""
    if function.returns is None:
        return None
    name = ast.unparse(function.returns).strip("'\"").partition("[")[0].rpartition(".")[2]
    plain = {"list": "a list", "tuple": "a tuple", "dict": "a dictionary", "str": "a text", "bool": "True or False"}
    return plain.get(name) or (f"a `{name}`" if name in code.classes else None)


def kind_of(value: Any) -> str | None:
    """What kind of thing an encoded value is, in words; None if it may be of any."""
    if value is None:
        return "None"
    for kind, name in KINDS.items():
        if type(value) is kind and kind is not dict:
            return name
    if not isinstance(value, dict) or "token" in value:
        return None
    if "dict" in value:
        return "a dictionary"
    if "tuple" in value:
        return "a tuple"
    names = {
        "generator": "a generator",
        "coroutine": "a coroutine",
        "dict_values": "a view of a dictionary",
        "map": "a `map`",
    }
    return names.get(str(value.get("type")))


def _return_line(function: FunctionNode) -> int:
    lines = [node.lineno for node in learner_code.own_nodes(function) if isinstance(node, ast.Return) and node.value]
    return max(lines, default=function.lineno)
