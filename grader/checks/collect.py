"""Find the checks of a module: plain functions of its test files, each with a rule.

Called directly; pytest is another face of the same functions. A file is imported once, and again when it, or what it imports from
its folder, has changed: a worker of a cluster lives on from one scoring to the next.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
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
        title: the sentence that the learner reads.
        misconception: id of the wrong idea it catches, from ``module.toml``.
        step: id of the lesson step that treats it.
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
    wide: bool = False


def checks_of(module: Module, kind: Kind = "hidden") -> list[Check]:
    """The checks of a module: public ones in the order of their file, hidden ones in the order of the contract.

    Raises:
        BrokenChecks: there is no file, or one cannot be imported or holds no check, or a check has no rule, an
            unknown clause, no sentence, other arguments than ``play`` or the name of another.
    """
    if kind == "public":
        return _checks_in(module, kind, module.public_checks)
    if not module.hidden_checks:
        where = module.hidden_folder.relative_to(module.root)
        raise BrokenChecks(f"{where}/test_….py is missing: the hidden checks of {module.slug} belong there")
    found = [check for path in module.hidden_checks for check in _checks_in(module, kind, path)]
    ids = [check.id for check in found]
    if twice := next((id_ for id_ in ids if ids.count(id_) > 1), None):
        raise BrokenChecks(f"two hidden checks of {module.slug} are called {twice}: rename one")
    order = list(module.clauses)
    return sorted(found, key=lambda check: order.index(check.clause))


def _checks_in(module: Module, kind: Kind, path: Path) -> list[Check]:
    """The checks of one file, in its order."""
    where = path.relative_to(module.root)
    if not path.is_file():
        raise BrokenChecks(f"{where} is missing: the {kind} checks of {module.slug} belong there")
    functions = [
        each for each in vars(load(path)).items() if each[0].startswith("test_") and inspect.isfunction(each[1])
    ]
    if not functions:
        raise BrokenChecks(f"{where} holds no check: write a function test_… with @check")
    return [_check(module, kind, f"{where}: {name}", name, function) for name, function in functions]


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
        raise BrokenChecks(f"{where}: {aspect!r} is not an aspect: use one of {', '.join(ASPECTS)}")
    if list(inspect.signature(function).parameters) != ["play"]:
        raise BrokenChecks(f"{where} takes other arguments than `play`: draw or loop inside it")
    title = " ".join(rule.sentence.split())
    if not title:
        raise BrokenChecks(f"{where} has no docstring: write the sentence that the learner reads")
    return Check(name, rule.clause, aspect, rule.core, kind, title, rule.misconception, rule.step, function, rule.wide)


_imported: dict[str, dict[str, tuple[Path, str]]] = {}
"""Package of a folder → its modules, each with its file and the sha256 of that when it was imported."""


def load(path: Path) -> ModuleType:
    """Import one check file as part of a package that is its folder: it may import from its neighbours.

    Folders of equal names do not meet: the package's name says which folder it is.

    Raises:
        BrokenChecks: importing it raises.
    """
    package = f"grader_checks.{path.parent.name}_{hashlib.sha256(str(path.parent).encode()).hexdigest()[:12]}"
    if any(_sha256_of(file) != known for file, known in _imported.get(package, {}).values()):
        for each in [package, *_imported.pop(package)]:
            sys.modules.pop(each, None)
    if package not in sys.modules:
        sys.modules[package] = ModuleType(package)
        sys.modules[package].__path__ = [str(path.parent)]
    name = f"{package}.{path.stem}"
    if name in _imported.get(package, {}):
        return sys.modules[name]
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
    known = _imported.setdefault(package, {})
    for each in [each for each in sys.modules if each.startswith(f"{package}.") and each not in known]:
        file = Path(str(sys.modules[each].__file__))
        known[each] = file, _sha256_of(file)
    return module


def _sha256_of(path: Path) -> str:
    """The sha256 of a file; empty if it is gone."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
