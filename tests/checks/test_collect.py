"""Where the checks of a module are found: hidden ones in several files, with a file beside them that they share."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from grader.checks.collect import BrokenChecks, checks_of
from grader.course import Course
from grader.judging.judge import grade

PLANS = "WAITED = {'value': 7, 'delay': 3}\n"


@pytest.fixture
def split(tiny, texts):
    """The tiny module with its hidden checks in two files, the later clauses in the one that comes first by its name."""
    module = tiny.module("m01")
    head, value, rest = texts["hidden"].partition('@check("R1"')
    value, _, rest = (value + rest).partition('@check("R2"')
    (module.hidden_folder / "test_tiny.py").unlink()
    (module.hidden_folder / "test_value.py").write_text(head + value)
    late = head + "from .plans import WAITED\n\n" + '@check("R2"' + rest
    (module.hidden_folder / "test_later.py").write_text(late.replace("value=7, delay=3", "**WAITED"))
    (module.hidden_folder / "plans.py").write_text(PLANS)
    return module


def test_hidden_checks_of_several_files_come_in_the_order_of_the_contract(split):
    assert [path.name for path in split.hidden_checks] == ["test_later.py", "test_value.py"]
    assert [check.clause for check in checks_of(split)] == ["R1", "R2", "R2", "G3"]
    assert [check.id for check in checks_of(split)] == ["test_value", "test_delay", "test_long_delay", "test_cancelled"]


def test_they_judge_as_one_file_does(split, forks, texts):
    assert grade(split, texts["right"].encode(), forks=forks).points == 100
    report = grade(split, texts["at_once"].encode(), forks=forks)
    failed = {row.id for row in report.checks if row.verdict == "failed"}
    assert failed == {"test_delay", "test_long_delay"}


def test_pytest_runs_them_too(split):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "grader/hidden", "--solutions"]
    done = subprocess.run(command, cwd=split.root, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "8 passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_two_checks_of_one_name_are_a_mistake(split):
    path = split.hidden_folder / "test_later.py"
    path.write_text(path.read_text().replace("def test_long_delay", "def test_value"))
    with pytest.raises(BrokenChecks, match="two hidden checks of m01_tiny are called test_value: rename one"):
        checks_of(split)


def test_folders_of_one_name_do_not_meet(split, tmp_path):
    shutil.copytree(split.root, tmp_path / "another")
    other = Course(tmp_path / "another").module("m01")
    (other.hidden_folder / "plans.py").write_text(PLANS.replace("3", "4"))
    seen = [check.function.__globals__["WAITED"]["delay"] for each in (split, other) for check in checks_of(each)[1:2]]
    assert seen == [3, 4]


def test_checks_that_have_changed_are_imported_again(split, forks, texts):
    """Also a file that another imports from: a worker of a cluster lives on from one scoring to the next."""
    functions = [check.function for check in checks_of(split)]
    assert [check.function for check in checks_of(split)] == functions
    assert grade(split, texts["right"].encode(), forks=forks).points == 100
    (split.hidden_folder / "plans.py").write_text(PLANS.replace("'delay': 3", "'delay': 2000"))
    failed = {row.id for row in grade(split, texts["right"].encode(), forks=forks).checks if row.verdict == "failed"}
    assert failed == {"test_delay"}
    path = split.hidden_folder / "test_value.py"
    path.write_text(path.read_text().replace("def test_value", "def test_worth"))
    assert "test_worth" in [check.id for check in checks_of(split)]


def test_checks_that_could_not_be_imported_are_tried_again_with_all_that_they_import(split, forks, texts):
    path, plans = split.hidden_folder / "test_later.py", split.hidden_folder / "plans.py"
    good = path.read_text()
    path.write_text(f"{good}\n1 / 0\n")
    with pytest.raises(BrokenChecks, match="ZeroDivisionError"):
        checks_of(split)
    plans.write_text(PLANS.replace("'delay': 3", "'delay': 2000"))
    path.write_text(good)
    failed = {row.id for row in grade(split, texts["right"].encode(), forks=forks).checks if row.verdict == "failed"}
    assert failed == {"test_delay"}


def test_a_change_that_keeps_size_and_date_is_seen(split, monkeypatch):
    """Python would take what it compiled before for current."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for path, old, new in (
        (split.hidden_folder / "plans.py", "'delay': 3", "'delay': 4"),
        (split.hidden_folder / "test_value.py", "test_value", "test_worth"),
    ):
        checks_of(split)
        date = path.stat().st_mtime_ns
        path.write_text(path.read_text().replace(old, new))
        os.utime(path, ns=(date, date))
    value, delay, *_ = checks_of(split)
    assert (value.id, delay.function.__globals__["WAITED"]["delay"]) == ("test_worth", 4)
    assert not list(split.root.rglob("hidden/**/__pycache__"))


def test_threads_that_ask_at_once_all_get_every_check(split):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _: len(checks_of(split)), range(8)))
    finally:
        sys.setswitchinterval(interval)
    assert found == [4] * 8
