"""Find the checks of a module: plain functions of its test files, each with a rule.

Called directly; pytest is another face of the same functions. A file is imported once, and again when it, or what it imports from
its folder, has changed: a worker of a cluster lives on from one scoring to the next.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from grader.checks.rule import Rule
from grader.course import ASPECTS, Module
from grader.course.safe_files import sha256_of

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
    with _importing:
        _forget_if_changed(module.public_checks.parent if kind == "public" else module.hidden_folder)
        return _hidden_checks(module) if kind == "hidden" else _checks_in(module, kind, module.public_checks)


def _hidden_checks(module: Module) -> list[Check]:
    if not module.hidden_checks:
        where = module.hidden_folder.relative_to(module.root)
        raise BrokenChecks(f"{where}/test_….py is missing: the hidden checks of {module.slug} belong there")
    found = [check for path in module.hidden_checks for check in _checks_in(module, "hidden", path)]
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


_imported: dict[str, dict[Path, str]] = {}
"""Package of a folder → the files that were read into it, and the sha256 of what was read."""

_importing = threading.RLock()
"""Held while checks are imported: another thread would find a module of which half has run."""


class _Source(SourceFileLoader):
    """Compiles what lies there now.

    Python takes a compiled file for current by its source's size and the second of its last change: checks that were changed
    within a second, or unpacked with another date, would be judged by as they were before.
    """

    def path_stats(self, path: Any) -> Mapping[str, Any]:  # noqa: ARG002 - the name is importlib's
        raise OSError("a compiled file is neither read nor written")

    def get_data(self, path: Any) -> bytes:
        data = super().get_data(path)
        file = Path(path)
        _imported.setdefault(_package_of(file.parent), {})[file] = hashlib.sha256(data).hexdigest()
        return data


def load(path: Path) -> ModuleType:
    """Import one check file as part of a package that is its folder: it may import from its neighbours.

    Folders of equal names do not meet: the package's name says which folder it is.

    Raises:
        BrokenChecks: importing it raises.
    """
    package = _package_of(path.parent)
    name = f"{package}.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    if package not in sys.modules:
        sys.modules[package] = ModuleType(package)
        sys.modules[package].__path__ = [str(path.parent)]
        sys.path_importer_cache[str(path.parent)] = FileFinder(str(path.parent), (_Source, [".py"]))
    spec = importlib.util.spec_from_file_location(name, path, loader=_Source(name, str(path)))
    if spec is None or spec.loader is None:
        raise BrokenChecks(f"{path} cannot be imported: it must be a .py file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        _forget(package)  # also what it had imported from its folder: that may be repaired too
        said = str(error).splitlines()[0] if str(error) else ""
        raise BrokenChecks(f"{path} cannot be imported: {type(error).__name__}: {said}: repair it") from error
    return module


def _forget_if_changed(folder: Path) -> None:
    """Have a folder's files imported again if one of them is no longer what was imported."""
    package = _package_of(folder)
    if any(sha256_of(file) != known for file, known in _imported.get(package, {}).items()):
        _forget(package)


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        del sys.modules[name]
    sys.modules.pop(package, None)
    _imported.pop(package, None)


def _package_of(folder: Path) -> str:
    return f"grader_checks.{folder.name}_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
