"""The clue that all entries of what a file gives are of another kind than is wanted, such as texts in place of exceptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.checks.values import Data, Opaque, same
from grader.checks.words import Token
from grader.judging.learner_code import LearnerCode
from grader.judging.run_evidence import RANKS, Clue, FailingRun

PLURALS = {
    "coroutine": "coroutines",
    "function": "functions",
    "method": "methods",
    "type": "classes",
    "generator": "generators",
    "Event": "events",
    "TaskHandle": "handles of tasks",
}
"""Kinds of the standard library and of anyio, as a sentence has several of them."""
PAIR = 2
FEW = 2
"""A list of this many entries shows what all of them are."""


def inner_kind(run: FailingRun) -> Iterator[Clue]:
    """Entries that are all of one kind, and of another than is wanted."""
    pairs = _pairs(run.seen, run.wanted)
    wrong = [(seen, wanted) for seen, wanted in pairs if not same(wanted, seen)]
    if not wrong or len(wrong) < min(FEW, len(pairs)):
        return
    raised = _tokens_raised(run.data)
    said = {_difference(seen, wanted, run.code, raised) for seen, wanted in wrong}
    what = run.said.partition(": ")[0]
    if len(said) == 1 and (text := said.pop()):
        yield Clue(RANKS["wrong kind"], "wrong kind", f"{what[:1].upper()}{what[1:]}: {text}")


def _pairs(seen: Any, wanted: Any) -> list[tuple[Any, Any]]:
    """What was seen and wanted in each place, if both have the same places."""
    if type(seen) is type(wanted) is dict and seen.keys() == wanted.keys():
        return [(seen[key], wanted[key]) for key in wanted]
    if type(seen) is type(wanted) is list and len(seen) == len(wanted):
        return list(zip(seen, wanted, strict=True))
    return []


def _difference(seen: Any, wanted: Any, code: LearnerCode, raised: frozenset[str]) -> str:
    """How an entry differs in kind, in words; empty if it does not, or nobody can say."""
    if isinstance(seen, (tuple, list)) and any(same(wanted, part) for part in seen):
        kind = "list" if isinstance(seen, list) else "pair" if len(seen) == PAIR else "tuple"
        return f"each entry is a {kind} with the value in it, where the value alone is wanted"
    name = _name_of(seen, code)
    if not name or not isinstance(wanted, (str, Token)):
        return ""
    if isinstance(wanted, Token):
        return f"{name}, where {'the exceptions' if wanted.name in raised else 'the values'} themselves are wanted"
    return f"{name}, where texts are wanted" if name != "texts" else ""


def _name_of(value: Any, code: LearnerCode) -> str:
    """What a value is, as several of its kind are called; empty for what running code may have named."""
    if isinstance(value, Token):
        return ""
    if type(value) is str:
        return "texts"
    if isinstance(value, Data):
        return f"objects of `{value.kind}`" if value.kind in code.classes else ""
    return PLURALS.get(value.kind, "") if isinstance(value, Opaque) else ""


def _tokens_raised(data: Mapping[str, Any]) -> frozenset[str]:
    """The names of the exceptions that the plan raised in this run."""
    errors: Sequence[Mapping[str, Any]] = [span["error"] for span in data.get("spans", ()) if span["error"]]
    leaves = [leaf for error in errors for leaf in error.get("leaves", [error])]
    return frozenset(str(leaf["token"]) for leaf in leaves if leaf.get("token"))
