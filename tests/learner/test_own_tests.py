"""A learner's `test_mine.py` runs with the self-check, in the terminal and under pytest."""

import subprocess
import sys

import pytest

from grader.cli import main
from grader.learner.own_tests import OwnTests, essence

MINE = """import anyio
import pytest
from tiny import later


@pytest.mark.explore
async def test_it_comes_after_an_hour():
    assert await later(7, delay=3600) == EXPECTED
"""


def test_a_failure_is_brought_down_to_what_it_says():
    text = (
        "a.py:3: in test\n    assert 1 == 2\nE   assert 1 == 2\n------- explore -------\nfails on trio\nagain: pytest x"
    )
    assert essence(text) == ["assert 1 == 2", "fails on trio", "again: pytest x"]
    assert next(iter(OwnTests(2, (("test_a", text),)).lines())) == "test_mine.py  1 of 3 failed: test_a"


@pytest.fixture
def started(tiny, texts, monkeypatch):
    """The tiny course with a right file, and this folder's own tests to come."""
    stub = tiny.module("m01_tiny").stub
    stub.write_text(texts["right"])
    monkeypatch.chdir(tiny.root)
    return stub.parent


@pytest.mark.slow
def test_grader_check_runs_them_and_says_how_they_went(started, capsys):
    assert main(["check", "m01"]) == 0
    assert "test_mine.py" not in capsys.readouterr().out
    (started / "test_mine.py").write_text(MINE.replace("EXPECTED", "7"))
    assert main(["check", "m01"]) == 0
    assert "test_mine.py  1 passed" in capsys.readouterr().out
    (started / "test_mine.py").write_text(MINE.replace("EXPECTED", "8"))
    assert main(["check", "m01"]) == 1
    out = capsys.readouterr().out
    assert "test_mine.py  1 of 1 failed: test_it_comes_after_an_hour" in out
    assert "assert 7 == 8" in out
    assert "again: pytest exercises/m01_tiny/test_mine.py::test_it_comes_after_an_hour --explore=asyncio:0" in out


def test_pytest_runs_them_beside_the_checks(started):
    (started / "test_mine.py").write_text(MINE.replace("EXPECTED", "7"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", str(started)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "test_mine.py::test_it_comes_after_an_hour" in ended.stdout, ended.stdout
    assert ended.returncode == 0


def test_a_file_without_a_test_that_runs_is_told_so(started, capsys):
    (started / "test_mine.py").write_text("import nothing_of_that_name\n")
    assert main(["check", "m01"]) == 1
    assert "nothing_of_that_name" in capsys.readouterr().out
