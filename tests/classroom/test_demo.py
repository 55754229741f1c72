"""The demo: a whole class from an empty folder."""

import csv
import subprocess
import sys

import pytest


def play(school, folder):
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "grader",
        "--root",
        str(school.course),
        "demo",
        "--keep",
        str(folder),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stderr == ""
    return ended.stdout


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_demo_plays_a_class_and_gives_the_same_twice(school, tmp_path):
    said = [play(school, tmp_path / name) for name in ("one", "two")]
    rows = []
    for name in ("one", "two"):
        found = list(csv.DictReader((tmp_path / name / "grades.csv").read_text().splitlines()))
        rows.append([{key: value for key, value in row.items() if key != "handed_in"} for row in found])
    assert rows[0] == rows[1]
    assert [(row["learner"], row["verdict"], row["score"]) for row in rows[0]] == [
        ("ada", "passed", "100"),
        ("ben", "failed", "56"),
        ("cleo", "failed", "0"),
        ("dan", "failed", "0"),
    ]
    for what in (
        "released",
        "handed in",
        "collected 4",
        "autograded 4",
        "4 feedback pages",
        "gradebook.db",
        "grades.csv",
    ):
        assert what in said[0]
    assert len(list((tmp_path / "one" / "feedback").rglob("*.html"))) == 4


def test_the_demo_wants_a_new_folder(school, capsys):
    from grader.cli import main

    assert main(["--root", str(school.course), "demo", "--keep", str(school.class_)]) == 2
    assert "is there already" in capsys.readouterr().err
