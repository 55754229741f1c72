"""Versions: right and wrong builds of a small subject that learners write tests for, without seeing it.

A module may have them in ``solutions/<slug>/versions``. A bundle holds them packed, so that nobody reads one in passing.
"""

from __future__ import annotations

import ast
import base64
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from grader.course.modules import CourseError, Module

SUBJECT = "subject"
"""The name by which tests import a version, whichever it is."""

TESTS = "prove.py"
"""The file in which learners write their tests: no name that pytest collects, because it needs a version to run."""


@dataclass(frozen=True)
class Version:
    """One build of the subject.

    Args:
        name: of its file.
        idea: its docstring: what the author of a wrong version believes, or what a right one does differently from others.
        text: of the file.
    """

    name: str
    idea: str
    text: str


@dataclass(frozen=True)
class Versions:
    """All builds of a module's subject."""

    right: tuple[Version, ...]
    wrong: tuple[Version, ...]


def versions_folder(module: Module) -> Path:
    """Where a checkout has the versions of a module."""
    return module.root / "solutions" / module.slug / "versions"


def reference_tests(module: Module) -> Path:
    """The tests that prove the versions: they pass each right one, and fail each wrong one."""
    return versions_folder(module) / "tests.py"


def own_tests(module: Module) -> Path:
    """The file in which learners write their tests; its docstring is the subject's contract."""
    return module.stub.with_name(TESTS)


def pack_place(root: Path, slug: str) -> Path:
    """Where a bundle has the versions of a module."""
    return root / "lab" / "versions" / f"{slug}.txt"


def versions_of(module: Module) -> Versions | None:
    """The versions of a module's subject; None if it has none, or they are not at hand.

    Raises:
        CourseError: those of a bundle cannot be read.
    """
    folder = versions_folder(module)
    if folder.is_dir():
        return Versions(tuple(_read(folder / "right")), tuple(_read(folder / "wrong")))
    pack = pack_place(module.root, module.slug)
    if not pack.is_file():
        return None
    try:
        plain = json.loads(zlib.decompress(base64.b64decode(pack.read_bytes())))
        right, wrong = (tuple(Version(**each) for each in plain[kind]) for kind in ("right", "wrong"))
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise CourseError(f"{pack.relative_to(module.root)} cannot be read: unpack the bundle again") from error
    return Versions(right, wrong)


def pack_versions(versions: Versions) -> bytes:
    """The versions as a bundle holds them."""
    data = zlib.compress(json.dumps(asdict(versions)).encode(), 9)
    return base64.encodebytes(data)


def _read(folder: Path) -> Iterator[Version]:
    for path in sorted(folder.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        try:
            idea = ast.get_docstring(ast.parse(text)) or ""
        except SyntaxError:  # `grader verify` says it
            idea = ""
        yield Version(path.stem, " ".join(idea.split()), text)
