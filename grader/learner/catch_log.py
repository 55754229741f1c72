"""Writes down how tests end, while they run: loaded by the pytest of `grader.learner.catching`, in a process of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, TextIO

import pytest

from grader.course.versions import SUBJECT
from grader.worker.record.spans import leaves
from grader.worker.scene.subject import line_of

QUOTE = re.compile(rf"{SUBJECT}\.py:\d+(?: \(.*\))?| \(\S*{SUBJECT}\.py\)")
"""A line of the version, as `explore` quotes it, or its place: learners do not see that file."""

LONGEST = 200


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `grader.learner.catching` asks for."""
    group = parser.getgroup("catch")
    group.addoption("--catch-log", help="where to write, a JSON object a line")
    group.addoption("--catch-without", action="append", default=[], help="a test that is left out")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to write."""
    config.pluginmanager.register(CatchLog(Path(config.getoption("catch_log")), config.getoption("catch_without")))


class CatchLog:
    """Notes each test that begins, and each failure: the reader of the file may have to end the process."""

    def __init__(self, path: Path, left_out: list[str]) -> None:
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._left_out = frozenset(left_out)

    def _note(self, **words: Any) -> None:
        self._file.write(json.dumps(words) + "\n")
        self._file.flush()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note why the file cannot be loaded."""
        if report.failed:
            lines = [line for line in str(report.longrepr).splitlines() if line.startswith("E ")]
            self._note(broken=clean(lines[-1][1:] if lines else "it cannot be loaded"))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave tests out."""
        items[:] = [item for item in items if name_of(item) not in self._left_out]
        self._note(tests=list(dict.fromkeys(map(name_of, items))))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Note which test begins."""
        self._note(begins=name_of(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note a failure: in which line of the learner's file, and what was raised."""
        report = yield
        if report.failed:
            error = call.excinfo.value if call.excinfo else None
            line = line_in(item.path, error) or (item.location[1] or 0) + 1
            self._note(failed=name_of(item), line=line, text=text_of_error(error))
        return report

    def pytest_sessionfinish(self) -> None:
        """Note that nothing more comes."""
        self._note(end=True)


def name_of(item: pytest.Item) -> str:
    """The name of a test, without its parameters."""
    return item.nodeid.partition("::")[2].partition("[")[0]


def line_in(path: Path, error: BaseException | None) -> int | None:
    """The innermost line of a file that an error, or the first one of a group, came through."""
    if error is None:
        return None
    return line_of(leaves(error)[0], str(path)) or line_of(error, str(path))


def text_of_error(error: BaseException | None) -> str:
    """What was raised, in one line that quotes nothing of the version."""
    if error is None:
        return ""
    error = leaves(error)[0]
    said = next(iter(str(error).splitlines()), "")
    kind = "" if isinstance(error, AssertionError) else type(error).__name__
    return clean(": ".join(filter(None, [kind, said])))


def clean(text: str) -> str:
    """One short line without a line of the version."""
    return " ".join(QUOTE.sub(" (in the version)", text).split())[:LONGEST]
