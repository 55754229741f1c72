"""What the mutation script changes, and that a mutant which no test notices is told from one that is."""

import importlib.util
import subprocess
import sys
from collections import Counter

import pytest

SOURCE = '''\
from dataclasses import dataclass

LIMIT = 5


@dataclass(frozen=True)
class Told:
    number: int = 0


def judge(rows: list[int], *, strict: bool = False) -> bool | None:
    """Whether all rows are good."""
    if not rows:
        return None
    if strict and len(rows) < 3:
        raise ValueError(f"{len(rows) == 1} rows")
    return all(0 < row <= LIMIT for row in rows)
'''
CHANGED = [
    ("False", "True"),
    ("not rows", "(rows)"),
    ("strict and len(rows) < 3", "((strict) or (len(rows) < 3))"),
    ("len(rows) < 3", "(len(rows) <= 3)"),
    ("3", "4"),
    ("all(0 < row <= LIMIT for row in rows)", "None"),
    ("0 < row <= LIMIT", "(0 < row < LIMIT)"),
    ("0 < row <= LIMIT", "(0 <= row <= LIMIT)"),
    ("0", "1"),
]


@pytest.fixture
def mutation(checkout, monkeypatch):
    spec = importlib.util.spec_from_file_location("mutation", checkout / "benchmarks" / "mutation.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "mutation", module)
    spec.loader.exec_module(module)
    return module


def test_comparisons_conditions_returned_values_and_constants_change(mutation):
    made = list(mutation.mutants("a.py", SOURCE.encode()))
    assert sorted((mutant.before, mutant.after) for mutant in made) == sorted(CHANGED)
    for mutant in made:
        changed = mutant.apply(SOURCE.encode()).decode()
        assert compile(changed, "a.py", "exec")
        assert changed != SOURCE


def test_each_file_that_decides_has_mutants(checkout, mutation):
    for file in mutation.TESTS:
        assert list(mutation.mutants(file, (checkout / file).read_bytes())), file
        assert all((checkout / test).exists() for test in mutation.tests_of(file))


def test_a_survivor_that_is_explained_is_a_mutant(checkout, mutation):
    known = Counter(
        mutation.key(mutant)
        for file in mutation.TESTS
        for mutant in mutation.mutants(file, (checkout / file).read_bytes())
    )
    for name, (why, times) in mutation.explained().items():
        assert 1 <= times <= known[name], name
        assert len(why) > 20, name


class Deaf:
    """A copy of the checkout whose tests notice nothing."""

    def __init__(self, checkout):
        pass

    def is_killed(self, mutant, tests, seconds=None):
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize(("times", "code", "unexplained"), [(2, 0, 0), (1, 1, 1)])
def test_an_explanation_excuses_as_many_that_read_alike_as_it_says(
    mutation, monkeypatch, capsys, times, code, unexplained
):
    monkeypatch.setattr(mutation, "Copy", Deaf)
    monkeypatch.setattr(mutation, "copy_checkout", lambda place: place)
    monkeypatch.setattr(mutation, "TESTS", {"a.py": ()})
    monkeypatch.setattr(mutation, "ALLOWED", 1)
    monkeypatch.setattr(mutation, "explained", lambda: {"a.py: 1  →  2": ("as good", times)})
    assert mutation.play(mutation.mutants("a.py", b"first = [1]\nsecond = [1]\n"), 1) == code
    out = capsys.readouterr().out
    assert (out.count("survived"), out.count("(not explained)")) == (2, unexplained)
    assert "a.py: 0 of 2 killed" in out


def test_a_side_of_a_comparison_keeps_its_parentheses(mutation):
    (first, *_) = mutation.mutants("a.py", b"same = (a == b) == (c := d)\n")
    assert first.after == "((a == b) != (c := d))"


def test_a_mutant_that_no_test_notices_survives(mutation, tmp_path):
    (tmp_path / "grader" / "judging").mkdir(parents=True)
    (tmp_path / "grader/judging/a.py").write_text(SOURCE)
    (tmp_path / "test_a.py").write_text(
        "import pathlib\nnames = {}\nexec(pathlib.Path('grader/judging/a.py').read_text(), names)\n"
        "def test_it(): assert names['judge']([1, 5]) and not names['judge']([6]) and not names['judge']([0])\n"
    )
    file = "grader/judging/a.py"
    chosen = [
        mutant for mutant in mutation.mutants(file, SOURCE.encode()) if mutant.before in ("3", "0 < row <= LIMIT")
    ]
    before = (tmp_path / file).stat()
    with mutation.Copy(tmp_path) as copy:
        assert not copy.is_killed(None, ["test_a.py"])
        fates = {(mutant.before, mutant.after): copy.is_killed(mutant, ["test_a.py"], 60) for mutant in chosen}
    assert fates == {
        ("3", "4"): False,
        ("0 < row <= LIMIT", "(0 < row < LIMIT)"): True,
        ("0 < row <= LIMIT", "(0 <= row <= LIMIT)"): True,
    }
    assert (tmp_path / file).read_text() == SOURCE
    assert (tmp_path / file).stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.slow
def test_a_mutant_that_hangs_its_tests_is_killed(mutation, tmp_path):
    (tmp_path / "a.py").write_text("def wait(): return True\n")
    (tmp_path / "test_a.py").write_text(
        "import sys, time\nsys.path.insert(0, '.')\nimport a\ndef test_it():\n    while not a.wait(): time.sleep(0.01)\n"
    )
    (mutant,) = [each for each in mutation.mutants("a.py", b"def wait(): return True\n") if each.after == "None"]
    with mutation.Copy(tmp_path) as copy:
        assert not copy.is_killed(None, ["test_a.py"])
        assert copy.is_killed(mutant, ["test_a.py"], 2)
        assert not copy.is_killed(None, ["test_a.py"])


def test_the_list_is_printed(checkout):
    command = [sys.executable, "benchmarks/mutation.py", "--list", "grader/judging/points.py"]
    ended = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    *lines, last = ended.stdout.splitlines()
    assert last == f"{len(lines)} mutants"
    assert all(line.startswith("grader/judging/points.py:") for line in lines)
