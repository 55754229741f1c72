"""`docs/instructor.md`: every command on it, in its order, in one class."""

import os
import re
import shlex
from pathlib import Path

import pytest

from grader.classroom import class_toml
from grader.cli import main
from grader.sandbox import level

SLUG = "m01_tiny"
PAGE = (Path(__file__).parents[2] / "docs/instructor.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
LINES = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
HATCHLING = """\
import os, sys
target = sys.argv[sys.argv.index("-d") + 1]
os.makedirs(target)
open(os.path.join(target, "checkpoint_course-1-py3-none-any.whl"), "w").close()
"""


@pytest.fixture
def place(school, tmp_path, monkeypatch):
    """A folder with a checkout in it, as an instructor begins."""
    checkout = school.course.rename(tmp_path / "checkpoint")
    (checkout / "hatchling.py").write_text(HATCHLING)
    (checkout / ".course_key").unlink(missing_ok=True)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.chdir(checkout)
    return tmp_path


def fill_in(place):
    """What the page says between `class new` and `release`: class.toml and the roster are filled in."""
    toml = place / "spring" / "class.toml"
    text = toml.read_text().replace(f"[modules.{SLUG}]\n", f"[modules.{SLUG}]\ndue = 2099-12-01T23:59:00\n")
    text = text.replace('exchange = "exchange"', f'exchange = "{place / "exchange"}"')
    toml.write_text(("unsafe_no_sandbox = true\n" if level() == "none" else "") + text)
    (place / "spring" / "roster.csv").write_text("id,last_name,first_name,email\nada,Love,Ada,a@x\nben,,Ben,\n")


def test_the_page_has_commands_for_the_whole_term():
    named = {line.split()[2] for line in LINES if line.startswith("grader class ")}
    assert named == {
        "new", "release", "collect", "score", "status", "explain", "lab", "feedback", "grades", "report", "watch",
        "autograde", "doctor",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_command_works_in_its_order(place, texts, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(os, "execv", lambda program, words: opened.append((program, words, Path.cwd())))
    said = {}
    for line in LINES:
        words = shlex.split(line)
        if words[0] == "cd":
            monkeypatch.chdir(words[1])
            continue
        assert words[0] == "grader", line
        if words[1] == "hand-in":
            (place / "for-learners" / "exercises" / SLUG / "tiny.py").write_text(texts["right"])
        code = main(words[1:])
        assert code == 0, (line, capsys.readouterr())
        said[line] = capsys.readouterr().out
        if words[1:3] == ["class", "new"]:
            fill_in(place)
    scored = class_toml.read(place / "spring")
    assert (scored.folder / "grades.csv").read_text().count(",passed,passed,") == 2
    assert "due        2099-12-01 23:59 UTC" in said["grader hand-in m01 --as ada"]
    assert said["grader class collect --drop ../drop"] == "collected 1 new submissions\n"
    assert "scored 2 submissions" in said["grader class score"]
    assert "score: 100 of 100" in said["grader class explain ada m01"]
    assert said["grader class doctor"] == "nothing is wrong\n"
    assert [each[2] for each in opened] == [place / "spring"]
    assert (place / "spring" / "report.html").is_file()


def test_the_example_of_class_toml_is_one(school):
    (text,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    text = text.replace("m01_parallel_timeout", SLUG).replace("../checkpoint", "../course")
    (school.class_ / "class.toml").write_text(text)
    (school.class_ / "roster.csv").write_text("id,last_name,first_name,email,sis\nada,,,,7\n")
    found = class_toml.read(school.class_)
    keys = {key for key in class_toml.KEYS if key not in ("modules", "extension", "lms", "late", "watch")}
    assert all(re.search(rf"^{key} = ", text, re.MULTILINE) for key in keys)
    assert (found.late.at_most, found.lms["form"], found.use(SLUG).lms_column) == (50, "plain", "Timeout (4711)")


def test_every_command_of_the_class_is_on_the_page():
    from grader.cli.class_command import class_

    assert {f"grader class {name}" for name in class_.commands} <= {" ".join(line.split()[:3]) for line in LINES}
