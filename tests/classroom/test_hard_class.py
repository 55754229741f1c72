"""A class with crashes, hangs and cheats, scored by one command; then a check, points and a due date change."""

import csv

import pytest

from grader.classroom import new_class
from grader.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SLUG = "m01_tiny"
HEAD = "import ctypes, os, sys\nfrom dataclasses import dataclass\n@dataclass\nclass Given:\n    number: int = 0\n"
LATER = "async def later(value, *, delay):\n    "
EQUAL = "class Equal:\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\n"
HOSTILE = {
    "exit-at-import": "import os\nos._exit(0)\n",
    "exit-in-call": HEAD + LATER + "os._exit(0)\n",
    "system-exit": "raise SystemExit(0)\n",
    "crash": HEAD + LATER + "ctypes.string_at(0)\n",
    "hang-at-import": "while True: pass\n",
    "hang-in-call": HEAD + LATER + "while True: pass\n",
    "equal": HEAD + EQUAL + LATER + "return Equal()\n",
    "patch": HEAD + "import anyio\nanyio.sleep = None\n" + LATER + "return value\n",
    "solution": f"from solutions.{SLUG}.tiny import *\n",
    "done": HEAD + "for fd in range(3, 64):\n    try: os.write(fd, b'{\"done\": 1}\\n')\n    except OSError: pass\n",
    "syntax": "async def later(:\n",
}


@pytest.fixture
def class_of_all(school, texts, tmp_path, monkeypatch):
    """The class's folder, and a drop folder beside it, as the manual has them."""
    new_class.make_key(school.settings.course)
    files = {
        "right-1": texts["right"],
        "right-2": texts["right"] + "# mine\n",
        "reaches": texts["right"] + "import sys\nsys.modules\n",
    }
    files |= {name.replace("_", "-"): texts[name] for name in ("no_value", "swallows", "at_most_a_minute")}
    files |= HOSTILE
    for learner, text in files.items():
        place = school.root / "drop" / learner / "m01"
        place.mkdir(parents=True)
        (place / "tiny.py").write_text(text)
    monkeypatch.chdir(school.class_)
    return files


def rows(school):
    """Learner → row of grades.csv; each learner has one."""
    found = list(csv.DictReader((school.class_ / "grades.csv").read_text().splitlines()))
    by_name = {row["learner"]: row for row in found}
    assert len(by_name) == len(found)
    return by_name


def scores(school):
    return {learner: row["score"] for learner, row in rows(school).items()}


def test_every_score_is_right_once_and_every_change_is_said(school, class_of_all, capsys):
    command = ["class", "score", "--drop", "../drop"]
    assert main(command) == 0
    assert f"scored {len(class_of_all)} submissions" in capsys.readouterr().out
    first = scores(school)
    honest = {
        "right-1": "100",
        "right-2": "100",
        "reaches": "100",
        "no-value": "39",
        "swallows": "85",
        "at-most-a-minute": "91",
    }
    assert {name: first[name] for name in honest} == honest
    assert set(first) == set(class_of_all)
    for name in HOSTILE:
        assert float(first[name]) < 100, (name, first[name])
        assert rows(school)[name]["verdict"] == "failed", name
    assert "flag" in rows(school)["reaches"]["review"]
    assert main(command) == 0
    assert "scored 0 submissions" in capsys.readouterr().out
    assert scores(school) == first

    school.checks(lambda text: text.replace("delay=1000", "delay=50").replace("near(1000)", "near(50)"))
    assert main(["class", "status"]) == 0
    assert "stale" in capsys.readouterr().out
    assert main(command) == 0
    said = capsys.readouterr().out
    assert (
        f"scored again with the same file: {len(first)}; of these 1 earn other points\nat-most-a-minute/{SLUG} 91 → 100\n"
        in said
    )
    assert scores(school) == first | {"at-most-a-minute": "100"}

    school.toml(lambda text: text.replace("core = 61", "core = 71"))
    assert main(command) == 0
    told = capsys.readouterr()
    assert "result 71, was 61" in told.err
    assert scores(school)["right-1"] == "110"
    assert scores(school)["no-value"] == "39"
    again = scores(school)

    school.set("due = 2020-01-01T00:00:00")
    school.set("[late]\npercent_per_day = 10\nat_most = 50")
    school.set('[[extension]]\nlearner = "right-2"\nmodule = "m01"\ndays = 100000')
    assert main(["class", "grades"]) == 0
    told = capsys.readouterr()
    assert f"{SLUG}: due 2020-01-01 00:00 UTC" in told.err
    assert f"right-2/{SLUG}: 100000 days, 0:00:00 more time" in told.err
    halved = {learner: float(score) / 2 for learner, score in again.items()} | {"right-2": 110.0}
    assert {learner: float(score) for learner, score in scores(school).items()} == halved
    with school.desk.book() as book:
        assert len(book.find_assignment(SLUG).submissions) == len(first)
    assert main(["class", "doctor"]) == 0
