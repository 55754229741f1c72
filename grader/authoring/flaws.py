"""What can be wrong with a module before anything of it is run: points, files, checks, the stub."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.authoring.adopt import adopt
from grader.authoring.fitting import misfits
from grader.checks.collect import BrokenChecks, Check, Kind, checks_of
from grader.course import CourseError, Module
from grader.course.overrides import base_of, names_base, whole_program
from grader.judging.points import gaps
from grader.judging.submission import FunctionNode
from grader.lesson.shape import OF_STRETCH
from grader.lesson.voice import stilted_phrases

TOTAL = 100
CORE = 70
TODO = re.compile(r"\bTODO\b")
QUOTES = '"""'
KINDS: tuple[Kind, ...] = ("public", "hidden")


@dataclass(frozen=True)
class Finding:
    """Something that is not as it must be.

    Args:
        where: a file or a check, relative to the root.
        text: one line: what is wrong and what to do.
    """

    where: str
    text: str


def flaws(module: Module) -> Iterator[Finding]:
    """What is missing or contradicts itself in a module's files."""
    yield from _points(module)
    for path in (module.stub, module.scene, module.solution):
        if not path.is_file():
            yield Finding(str(path.relative_to(module.root)), "is missing: write it")
    for kind in KINDS:
        try:
            checks = checks_of(module, kind)
        except BrokenChecks as error:
            yield Finding(module.slug, str(error))
        else:
            yield from _ids(module, kind, checks)
            yield from _clauses_without_checks(module, kind, checks)
    yield from _todos(module)
    yield from _voice(module)
    if module.stub.is_file() and module.solution.is_file():
        for path in (module.solution, *filter(Path.is_file, [module.core_solution])):
            where = str(path.relative_to(module.root))
            yield from (Finding(where, text) for text in misfits(module.stub, path))
        yield from (Finding(str(path.relative_to(module.root)), text) for path, text in _long(module))


def _voice(module: Module) -> Iterator[Finding]:
    """Stilted phrases in what learners read, besides lesson, hints and checks, which have their own places."""
    toml = str(module.toml.relative_to(module.root))
    for said in (module.title, module.outcome, *module.misconceptions.values(), *module.steps.values()):
        yield from (Finding(toml, found) for _, found in stilted_phrases(said))
    if not module.stub.is_file():
        return
    stub = str(module.stub.relative_to(module.root))
    for node in ast.walk(ast.parse(module.stub.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | FunctionNode):
            yield from (Finding(stub, found) for _, found in stilted_phrases(ast.get_docstring(node) or ""))


def _todos(module: Module) -> Iterator[Finding]:
    """What an author left to be written. In a stub only its text at the top counts: TODO marks below are for learners."""
    pages = (module.hints, module.lesson)
    code = (module.scene, module.public_checks, *module.hidden_files, module.solution, module.core_solution)
    code = (*code, *module.right, *module.wrong)
    for path in (module.toml, *pages, module.stub, *code):
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path == module.stub:
            text = text[: text.find(QUOTES, text.find(QUOTES) + 1)]
        if lines := [str(number) for number, line in enumerate(text.splitlines(), 1) if TODO.search(line)]:
            where, places = str(path.relative_to(module.root)), f"line{'s' * (len(lines) > 1)} {', '.join(lines)}"
            yield Finding(where, f"says TODO in {places}: write what is missing there")


def _long(module: Module) -> Iterator[tuple[Path, str]]:
    """Wrong solutions that hold more than what differs from a right one."""
    for path in module.wrong:
        text = path.read_text(encoding="utf-8")
        again = f"`grader wrong {module.short} --adopt {path.relative_to(module.root)}`"
        try:
            if base_of(module, text):
                if len(text.splitlines()) >= len(whole_program(module, path).splitlines()):
                    yield path, f"is as long as the whole program: {again} finds the nearest base"
            elif not names_base(text) and adopt(module, text).base:
                yield path, f"is a whole program: {again} keeps what differs, or say `Base: none`"
        except CourseError:
            continue  # `grader verify` reports it when it looks for the claim


def _points(module: Module) -> Iterator[Finding]:
    toml = str(module.toml.relative_to(module.root))
    core = sum(clause.core for clause in module.clauses.values())
    if module.max_points != TOTAL:
        yield Finding(toml, f"the points of all clauses sum to {module.max_points}: make them {TOTAL}")
    if core < CORE:
        yield Finding(toml, f"the core points sum to {core}: make them at least {CORE}")


def _clauses_without_checks(module: Module, kind: Kind, checks: list[Check]) -> Iterator[Finding]:
    """Clauses without the checks that they need."""
    toml = str(module.toml.relative_to(module.root))
    if kind == "hidden" and (missing := gaps(module, checks)):
        yield Finding(toml, missing)
    shown = {check.clause for check in checks}
    for clause in module.clauses.values():
        if kind == "public" and clause.core and clause.id not in shown:
            yield Finding(toml, f"{clause.id} has core points and no public check: write one")


def _ids(module: Module, kind: Kind, checks: Iterable[Check]) -> Iterator[Finding]:
    for check in checks:
        where = f"{kind} {check.id} of {module.slug}"
        if check.misconception not in module.misconceptions:
            yield Finding(where, f"misconception {check.misconception!r} is not in module.toml: add it")
        if check.step not in module.steps:
            yield Finding(where, f"step {check.step!r} is not in module.toml: add it")
        elif check.core and module.steps[check.step].endswith(OF_STRETCH):
            yield Finding(
                where, f"it is core, and step {check.step!r} is stretch: name a step of the core, or write `core=False`"
            )
        for _, said in stilted_phrases(check.title):
            yield Finding(where, said)
        clause = module.clauses[check.clause]
        if kind == "hidden" and not (clause.core if check.core else clause.stretch):
            part = "core" if check.core else "stretch"
            other = f"write `core={not check.core}` if the check is of the {'stretch' if check.core else 'core'}"
            yield Finding(
                where, f"{check.clause} has no {part} points: {other}, give the clause some, or move the check"
            )
