"""``grader doctor``: what this machine can do, what is missing, and what to do about it."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from rich.text import Text

from grader import sandbox
from grader.cli.options import course_of
from grader.course import DISTRIBUTION, Course, CourseError
from grader.course.key import SELF_CHECK_KEY, course_key
from grader.display import show
from grader.judging.judge import version_of

OLDEST = (3, 11)
TRIED = ((3, 11), (3, 12), (3, 13))
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)$")
MATTERS = ("anyio", "trio", "pytest", "pytest-timeout", "click", "rich")
"""Packages that the engine itself imports; the other pins are for those who work on it."""


@dataclass(frozen=True)
class Sign:
    """One thing that was looked at.

    Args:
        what: in a word or two.
        good: whether it is as it should be.
        text: what was found; if it is not good, what to do.
        needed: whether grading is impossible without it.
    """

    what: str
    good: bool
    text: str
    needed: bool = False


@click.command()
@click.pass_context
def doctor(context: click.Context) -> int:
    """Say what this machine can do and what is missing. Exit 1 if grading is not possible."""
    course: Course | None
    try:
        course = course_of(context)
    except CourseError:
        course = None
    signs = list(examine(course))
    width = max(len(sign.what) for sign in signs)
    console = show.console()
    for sign in signs:
        line = Text(f"{'✓' if sign.good else '✗'} {sign.what:{width}}  ", "green" if sign.good else "yellow")
        line.append(show.clean(sign.text), "default")
        line.stylize("default", width + 4)
        console.print(line)
    return 1 if any(sign.needed and not sign.good for sign in signs) or sandbox.level() == "none" else 0


def good(what: str, text: str) -> Sign:
    """Something that is as it should be."""
    return Sign(what, good=True, text=text)


def bad(what: str, text: str, *, needed: bool = False) -> Sign:
    """Something that is missing or wrong; `text` says what to do."""
    return Sign(what, good=False, text=text, needed=needed)


def examine(course: Course | None) -> Iterator[Sign]:
    """Look at the machine, and at the course if there is one."""
    yield _python()
    yield Sign("system", sys.platform == "linux", _system())
    yield good("grader", version_of(DISTRIBUTION) or "not installed as a package")
    pins = _pins(course.root if course else None)
    for name in MATTERS:
        yield _package(name, pins.get(name))
    for what, there, text in sandbox.describe():
        yield Sign(what, there, text)
    yield _course(course)
    # A bundle has no key: there everybody has the hidden checks, or nobody.
    if course is not None and (course.root / "pyproject.toml").is_file():
        yield _key(course)


def _python() -> Sign:
    version = sys.version_info[:2]
    found = f"{platform.python_version()} ({platform.python_implementation()})"
    if version < OLDEST:
        return bad("python", f"{found} is too old: install Python 3.11 or later", needed=True)
    tried = version in TRIED and platform.python_implementation() == "CPython"
    return Sign("python", tried, found if tried else f"{found} was not tried: use CPython 3.11, 3.12 or 3.13")


def _system() -> str:
    here = f"{platform.system()} {platform.machine()}"
    return here if sys.platform == "linux" else f"{here}: the self-check works here, grading needs Linux"


def _pins(root: Path | None) -> dict[str, str]:
    """The pinned versions of the checkout; empty where there is no checkout."""
    path = root / "constraints.txt" if root else None
    if path is None or not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {match[1]: match[2] for line in lines if (match := PINNED.match(line))}


def _package(name: str, pinned: str | None) -> Sign:
    found = version_of(name)
    if found is None:
        return bad(name, f"is not installed: python -m pip install {name}", needed=True)
    if pinned and found != pinned:
        return bad(name, f"{found}, but {pinned} is pinned: python -m pip install {name}=={pinned}")
    return good(name, found if pinned else f"{found} (no constraints.txt to compare with)")


def _course(course: Course | None) -> Sign:
    if course is None:
        return bad("course", "none here: go to the folder that holds exercises/ and course/")
    try:
        modules = course.modules()
    except CourseError as error:
        return bad("course", str(error))
    return Sign("course", bool(modules), f"{len(modules)} modules in {course.root}")


def _key(course: Course) -> Sign:
    if course_key(course.root) != SELF_CHECK_KEY:
        return good("course key", ".course_key: nobody else knows the plans of hidden checks")
    text = (
        "no .course_key: whoever has this engine knows the plans of hidden checks; to change that: "
        'python -c "import secrets; print(secrets.token_hex(32))" > .course_key'
    )
    return bad("course key", text)
