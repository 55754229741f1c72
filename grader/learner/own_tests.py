"""The tests that a learner writes beside the exercise, `test_mine.py`: they run with the self-check."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from grader.course import Module

NAME = "test_mine.py"
PATIENCE = 120
"""Seconds after which the tests are given up."""


@dataclass(frozen=True)
class OwnTests:
    """What became of the learner's own tests.

    Args:
        passed: how many passed.
        failed: name and text of each that did not.
        said: why there is nothing to count, in a line.
    """

    passed: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    said: str = ""

    @property
    def has_passed(self) -> bool:
        """Whether all did."""
        return not self.failed and not self.said

    def lines(self) -> Iterator[str]:
        """What a terminal shows: a line, and of the first failure what it says."""
        if self.said:
            yield f"{NAME}  {self.said}"
        elif not self.failed:
            yield f"{NAME}  {self.passed} passed"
        else:
            name, text = self.failed[0]
            yield f"{NAME}  {len(self.failed)} of {self.passed + len(self.failed)} failed: {name}"
            yield from (f"  {line}" for line in essence(text))


def own_tests(module: Module) -> Path | None:
    """The file with a learner's own tests of a module, if there is one."""
    path = module.stub.parent / NAME
    return path if path.is_file() else None


def run_own_tests(module: Module) -> OwnTests | None:
    """Run a learner's own tests of a module; None if there are none."""
    path = own_tests(module)
    if path is None:
        return None
    with tempfile.TemporaryDirectory(prefix="own-tests-") as place:
        found = Path(place) / "found.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={found}"]
        command += ["-o", "junit_logging=no", str(path)]
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            return OwnTests(said=f"did not end within {PATIENCE} s")
        cases = list(ET.parse(found).iter("testcase")) if found.is_file() else []  # noqa: S314 - pytest has just written it
    if not cases:
        lines = [line for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
        return OwnTests(said=f"has no test that ran: {lines[-1] if lines else 'pytest said nothing'}")
    failed = [(case.get("name", "?"), _failure(case)) for case in cases]
    return OwnTests(sum(not text for _, text in failed), tuple((name, text) for name, text in failed if text))


def _failure(case: ET.Element) -> str:
    found = case.find("failure")
    found = case.find("error") if found is None else found
    return "" if found is None else found.text or found.get("message") or "it failed"


def essence(text: str) -> list[str]:
    """What a failure says, without the way to it: the error's own lines, and what an explored test says of its run."""
    lines = text.splitlines()
    error = [line[1:].strip() for line in lines if line.startswith("E ")][:3]
    begin = next((number for number, line in enumerate(lines, 1) if line.strip("- ") == "explore"), len(lines))
    return [*error, *lines[begin:]]
