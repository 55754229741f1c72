"""Runs pytest with the plugin on a file of tests, in a process of its own, and reads what became of each test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPORTS = """
import json, os
reports = {}
def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        text = report.longreprtext if report.failed else ""
        reports[report.nodeid.rpartition("::")[2]] = [report.outcome, text]
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        with open(os.environ["REPORTS"], "w") as file:
            json.dump(reports, file)
"""


@dataclass
class Played:
    """What became of a run of pytest: of each test its outcome and its text; what it printed; its exit code."""

    tests: dict[str, list[str]]
    output: str
    code: int

    def outcome(self, name: str) -> str:
        return self.tests[name][0]

    def text(self, name: str) -> str:
        return self.tests[name][1]

    def command(self, name: str) -> str:
        """The command that plays the failing run again."""
        return next(line for line in self.text(name).splitlines() if line.startswith("again: ")).removeprefix("again: ")


class Project:
    """A folder with tests that nobody of the course knows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "conftest.py").write_text(REPORTS)
        (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = strict\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def play(self, *words: str, typed: str | None = None, python: str = sys.executable) -> Played:
        reports = self.folder / "reports.json"
        reports.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        ended = subprocess.run(
            [
                python,
                "-m",
                "pytest",
                "--tb=short",
                "-p",
                "no:cacheprovider",
                "-W",
                "ignore::pytest.PytestConfigWarning",
                *words,
            ],
            cwd=self.folder,
            env={**environment, "REPORTS": str(reports), "COLUMNS": "160"},
            input=typed,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        tests = json.loads(reports.read_text()) if reports.exists() else {}
        return Played(tests, ended.stdout + ended.stderr, ended.returncode)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture(scope="session")
def project_of_session(tmp_path_factory):
    return lambda name: Project(tmp_path_factory.mktemp(name))
