"""The pytest face of the checks: the same functions that `grader` calls, collected and reported by pytest.

The plugin is loaded for every pytest run in its environment, so it does nothing unless a run touches a course.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from grader.learner.pytest_course import CoursePlugin

PLUGIN_NAME = "grader-course"


def roots_of(arguments: list[str]) -> Iterator[tuple[Path, Path]]:
    """Each path among command-line arguments that lies in a course, with the root of that course."""
    for argument in arguments:
        try:
            path = Path(argument.partition("::")[0]).resolve()
            exists = path.exists()
        except (OSError, ValueError):  # too long for a path, or a NUL byte in it
            continue
        for folder in (path, *path.parents) if exists else ():
            if (folder / "exercises").is_dir() and (folder / "course").is_dir():
                yield path, folder
                break


def holds_checks(path: Path, root: Path) -> bool:
    """Whether a run of `path` collects checks of the course."""
    places = (root / "exercises", root / "grader" / "hidden")
    return any(path.is_relative_to(place) or place.is_relative_to(path) for place in places)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options where there is a course: elsewhere they have no use."""
    if not any(roots_of([os.curdir, *sys.argv[1:]])):
        return
    group = parser.getgroup("grader", "checks of the course")
    options = (
        ("--subject", {"metavar": "FILE", "help": "the file to judge, instead of the one in exercises/"}),
        ("--solutions", {"action": "store_true", "help": "judge the files in solutions/"}),
        ("--backend", {"choices": ("asyncio", "trio"), "help": "only on this backend"}),
        ("--seed", {"metavar": "SEED", "help": "play this one run instead of all, as a failure shows it"}),
    )
    for name, settings in options:
        try:
            group.addoption(name, **settings)
        except ValueError:  # another plugin has an option of that name: it was there first
            continue


def pytest_configure(config: pytest.Config) -> None:
    """Join in if the run collects checks of a course."""
    arguments = [*(str(argument) for argument in config.args)]
    found = [(path, root) for path, root in roots_of(arguments) if holds_checks(path, root)]
    if not found:
        return
    from grader.checks.runs import run_of
    from grader.learner.pytest_course import CoursePlugin

    if seed := config.getoption("seed", default=None):
        try:
            run_of(str(seed))
        except ValueError as error:
            raise pytest.UsageError(str(error)) from error
    # Public and hidden test files share names.
    config.option.importmode = "importlib"
    plugin: CoursePlugin = CoursePlugin(config, found[0][1])
    if getattr(config.option, "dist", "no") != "no":  # pytest-xdist: cards and progress belong to one process
        config.option.dist = "no"
        plugin.said.append("the checks of exercises run in one process: `-n` has no effect here")
    config.pluginmanager.register(plugin, PLUGIN_NAME)
