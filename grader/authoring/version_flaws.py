"""What can be wrong with the versions of a subject: the reference tests pass the right ones and fail each wrong one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.authoring.flaws import Finding
from grader.course import CourseError, Module
from grader.course.versions import own_tests, reference_tests, versions_folder, versions_of
from grader.learner.catching import catch
from grader.lesson.voice import stilted_phrases

LEAST = {"right": 2, "wrong": 3}
LONGEST = 200
"""Characters of what a version says about itself: learners read it in a line."""


def has_versions(module: Module) -> bool:
    """Whether a module has a subject to write tests for, or a part of it."""
    return versions_folder(module).is_dir() or own_tests(module).is_file()


def version_flaws(module: Module) -> list[Finding]:
    """What does not hold of a module's versions."""
    return list(_flaws(module))


def _flaws(module: Module) -> Iterator[Finding]:
    stub, tests, folder = own_tests(module), reference_tests(module), versions_folder(module)
    if missing := [path for path in (stub, tests, folder) if not path.exists()]:
        yield from (Finding(str(path.relative_to(module.root)), "is missing: write it") for path in missing)
        return
    yield from _of_stub(module)
    versions = versions_of(module)
    assert versions is not None  # noqa: S101 - their folder is there
    for kind, least in LEAST.items():
        found = getattr(versions, kind)
        where = str((folder / kind).relative_to(module.root))
        if len(found) < least:
            yield Finding(where, f"holds {len(found)} versions: write at least {least}")
        for version in found:
            place = f"{where}/{version.name}.py"
            if not version.idea.endswith(".") or len(version.idea) > LONGEST:
                yield Finding(place, f"its docstring is not one sentence of at most {LONGEST} characters: write one")
            yield from (Finding(place, said) for _, said in stilted_phrases(version.idea))
    yield from _of_tests(module)


def _of_stub(module: Module) -> Iterator[Finding]:
    stub = own_tests(module)
    where = str(stub.relative_to(module.root))
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    contract = ast.get_docstring(tree)
    if not contract:
        yield Finding(where, "has no docstring: write the contract there")
    yield from (Finding(where, said) for _, said in stilted_phrases(contract or ""))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if any(name.startswith("test") for name in names):
        yield Finding(where, "has a test: leave all of them to the learner")


def _of_tests(module: Module) -> Iterator[Finding]:
    tests, folder = reference_tests(module), versions_folder(module)
    where = str(tests.relative_to(module.root))
    try:
        made = catch(module, tests)
    except CourseError as error:
        yield Finding(where, str(error))
        return
    if made.fault:
        yield Finding(where, made.fault)
    for test, version in made.invented:
        yield Finding(f"{where}:{test.line}", f"{test.name} must pass right/{version.name}, but: {test.text}")
    for version in made.escaped if made.counts else ():
        place = str((folder / "wrong" / f"{version.name}.py").relative_to(module.root))
        yield Finding(place, f"no test in {tests.name} fails it: write one, or drop the version")
