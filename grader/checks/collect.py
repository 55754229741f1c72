"""Find the checks of a module: plain functions of a test file, each with a rule.

Collected once per process and called directly; pytest is another face of the same functions.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from grader.checks.rule import Rule
from grader.course import ASPECTS, Module

Kind = Literal["hidden", "public"]


class BrokenChecks(Exception):
    """A check file cannot be used. The text is one line: what, where, what to do."""


@dataclass(frozen=True)
class Check:
    """One check, ready to be called with a `grader.checks.play.Play`.

    Args:
        id: the name of its function.
        clause: such as ``R3``.
        aspect: what it is scored under, from the clause unless the rule says otherwise.
        core: whether it is a core check.
        kind: ``hidden`` or ``public``.
        title: the sentence that the learner reads.
        misconception: id of the wrong idea it catches, from ``module.toml``.
        step: id of the lesson step that treats it.
        function: what to call.
    """

    id: str
    clause: str
    aspect: str
    core: bool
    kind: Kind
    title: str
    misconception: str
    step: str
    function: Callable[..., Any]


def checks_of(module: Module, kind: Kind = "hidden") -> list[Check]:
    """The checks of a module, in the order of their file.

    Raises:
        BrokenChecks: the file is missing or cannot be imported, or a check in it has no rule, an unknown clause,
            no sentence or other arguments than ``play``.
    """
    path = module.hidden_checks if kind == "hidden" else module.public_checks
    where = path.relative_to(module.root)
    if not path.is_file():
        raise BrokenChecks(f"{where} is missing: the {kind} checks of {module.slug} belong there")
    found = []
    for name, function in vars(load(path)).items():
        if name.startswith("test_") and inspect.isfunction(function):
            found.append(_check(module, kind, f"{where}: {name}", name, function))
    if not found:
        raise BrokenChecks(f"{where} holds no check: write a function test_… with @check")
    return found


def _check(module: Module, kind: Kind, where: str, name: str, function: Callable[..., Any]) -> Check:
    rule = getattr(function, "rule", None)
    if not isinstance(rule, Rule):
        raise BrokenChecks(f'{where} has no rule: write @check("R1", …) above it')
    clause = module.clauses.get(rule.clause)
    if clause is None:
        raise BrokenChecks(
            f"{where}: clause {rule.clause} is not in {module.toml.relative_to(module.root)}: add it there"
        )
    aspect = rule.aspect or clause.aspect
    if aspect not in ASPECTS:
        raise BrokenChecks(f"{where}: {aspect!r} is no aspect: use one of {', '.join(ASPECTS)}")
    if list(inspect.signature(function).parameters) != ["play"]:
        raise BrokenChecks(f"{where} takes other arguments than `play`: draw or loop inside it")
    title = " ".join(rule.sentence.split())
    if not title:
        raise BrokenChecks(f"{where} has no docstring: write the sentence that the learner reads")
    return Check(name, rule.clause, aspect, rule.core, kind, title, rule.misconception, rule.step, function)


@cache
def load(path: Path) -> ModuleType:
    """Import one check file under a name of its own, so that equal file names do not meet.

    Raises:
        BrokenChecks: importing it raises.
    """
    kind = "hidden" if "hidden" in path.parts else "public"
    name = f"grader_checks.{kind}.{path.parent.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BrokenChecks(f"{path} cannot be imported: it must be a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        said = str(error).splitlines()[0] if str(error) else ""
        raise BrokenChecks(f"{path} cannot be imported: {type(error).__name__}: {said}: repair it") from error
    return module
