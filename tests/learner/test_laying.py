"""What a bundle ships is laid out where a learner writes, and nothing of theirs is lost."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader import cli
from grader.course import safe_files
from grader.learner import layout
from grader.learner.layout import RECORD, lay_out, notebook_place, stub_place

LESSON = "course/m01_tiny/lesson.ipynb"
DAY = datetime(2026, 12, 1, 9, tzinfo=UTC)
MINE = "course/m01_tiny/lesson.mine-2026-12-01.ipynb"


@pytest.fixture
def bundle(tiny, texts):
    """The tiny course as a bundle holds it: the stub and the lesson are elsewhere."""
    tiny.module("m01").stub.unlink()
    ship(tiny.root, stub=texts["stub"], lesson="lesson 1")
    return tiny


def ship(root, *, stub, lesson):
    for path, text in ((stub_place(root, "m01_tiny", "tiny"), stub), (notebook_place(root, Path(LESSON)), lesson)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def text(course, name):
    return (course.root / name).read_text(encoding="utf-8")


def files(folder):
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def test_what_is_missing_is_laid_out(bundle, texts):
    assert lay_out(bundle.root) == []
    assert bundle.module("m01").stub.read_text() == texts["stub"]
    assert text(bundle, LESSON) == "lesson 1"
    before = {path: path.stat().st_mtime_ns for path in bundle.root.rglob("*")}
    assert lay_out(bundle.root) == []
    assert {path: path.stat().st_mtime_ns for path in bundle.root.rglob("*")} == before


def test_in_a_checkout_nothing_changes(tiny):
    tiny.module("m01").stub.unlink()
    before = files(tiny.root)
    assert lay_out(tiny.root) == []
    assert files(tiny.root) == before


def test_an_answer_stays_and_a_newer_stub_is_said_once(bundle, texts):
    lay_out(bundle.root)
    bundle.module("m01").stub.write_text("mine")
    ship(bundle.root, stub=texts["stub"] + "# newer\n", lesson="lesson 1")
    (said,) = lay_out(bundle.root)
    assert said.startswith("the stub has changed for m01; your file stays as it is: `grader reset m01` takes the new")
    assert bundle.module("m01").stub.read_text() == "mine"
    assert lay_out(bundle.root) == []


def test_an_answer_that_came_before_the_record_stays(bundle):
    bundle.module("m01").stub.write_text("mine")
    assert lay_out(bundle.root) == []
    assert bundle.module("m01").stub.read_text() == "mine"


def test_a_lesson_without_notes_is_replaced(bundle, texts):
    lay_out(bundle.root)
    ship(bundle.root, stub=texts["stub"], lesson="lesson 2")
    before = files(bundle.root)
    assert lay_out(bundle.root, DAY) == []
    assert text(bundle, LESSON) == "lesson 2"
    assert files(bundle.root) == before


def test_a_lesson_with_notes_is_kept_beside_the_newer_one(bundle, texts):
    lay_out(bundle.root)
    for number, name in enumerate([MINE, MINE.replace("01.ipynb", "01-2.ipynb")]):
        (bundle.root / LESSON).write_text(f"my notes {number}")
        assert lay_out(bundle.root, DAY) == []  # as long as no newer one comes
        ship(bundle.root, stub=texts["stub"], lesson=f"lesson {number + 2}")
        (said,) = lay_out(bundle.root, DAY)
        assert said.endswith(f"are kept beside them: {name}")
        assert text(bundle, LESSON) == f"lesson {number + 2}"
        assert text(bundle, name) == f"my notes {number}"
    assert text(bundle, MINE) == "my notes 0"


@pytest.mark.parametrize("record", [None, "{", "[]", '{"files": 3}'])
def test_without_a_record_a_lesson_that_differs_counts_as_the_learners(bundle, texts, record):
    lay_out(bundle.root)
    (bundle.root / RECORD).unlink() if record is None else (bundle.root / RECORD).write_text(record)
    ship(bundle.root, stub=texts["stub"], lesson="lesson 2")
    assert MINE in lay_out(bundle.root, DAY)[0]
    assert (text(bundle, LESSON), text(bundle, MINE)) == ("lesson 2", "lesson 1")
    assert json.loads(text(bundle, RECORD))["files"][LESSON]


def test_what_is_saved_while_a_newer_one_is_laid_out_is_kept(bundle, texts, monkeypatch):
    lay_out(bundle.root)
    ship(bundle.root, stub=texts["stub"], lesson="lesson 2")
    real = layout.keep

    def keep(path, stem):
        kept = real(path, stem)
        path.write_text("saved just now")  # as JupyterLab does: into the file that is there
        return kept

    monkeypatch.setattr(layout, "keep", keep)
    assert MINE in lay_out(bundle.root, DAY)[0]
    assert (text(bundle, LESSON), text(bundle, MINE)) == ("lesson 2", "saved just now")


@pytest.mark.parametrize("at", ["keep", "write"])
def test_a_kill_half_way_loses_nothing(bundle, texts, monkeypatch, at):
    lay_out(bundle.root)
    (bundle.root / LESSON).write_text("my notes")
    ship(bundle.root, stub=texts["stub"], lesson="lesson 2")

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(layout, at, die)
        with pytest.raises(KeyboardInterrupt):
            lay_out(bundle.root, DAY)
    assert "my notes" in {text(bundle, LESSON), text(bundle, MINE) if at == "write" else ""}
    lay_out(bundle.root, DAY)
    assert text(bundle, LESSON) == "lesson 2"
    assert "my notes" in {path.read_text() for path in (bundle.root / LESSON).parent.glob("lesson.mine*")}


@pytest.mark.parametrize("links", [True, False])
def test_commands_at_the_same_time_lose_nothing(bundle, texts, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    lay_out(bundle.root)
    (bundle.root / LESSON).write_text("my notes")
    bundle.module("m01").stub.unlink()
    ship(bundle.root, stub=texts["stub"], lesson="lesson 2")
    with ThreadPoolExecutor(8) as pool:
        said = [line for lines in pool.map(lambda _: lay_out(bundle.root, DAY), range(8)) for line in lines]
    assert len(said) == 1
    assert (text(bundle, LESSON), text(bundle, MINE)) == ("lesson 2", "my notes")
    assert not [name for name in files(bundle.root) if name.endswith(".part")]


def refuse(*_, **__):
    raise PermissionError(1, "Operation not permitted")


def test_a_file_that_appears_in_the_meantime_is_not_written_over(tmp_path, monkeypatch):
    path = tmp_path / "tiny.py"
    path.write_text("mine")
    safe_files.write_new(path, b"stub")
    monkeypatch.setattr(os, "link", refuse)
    safe_files.write_new(path, b"stub")
    assert path.read_text() == "mine"
    assert files(tmp_path) == {"tiny.py"}


@pytest.fixture
def read_only(monkeypatch):
    """A disk that cannot be written, for the superuser too."""

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    def begin():
        monkeypatch.setattr(layout, "write_new", refuse)
        monkeypatch.setattr(layout, "keep", refuse)
        monkeypatch.setattr(layout, "write", refuse)

    return begin


@pytest.mark.parametrize("words", [["check", "m01"], ["hint", "m01"], ["progress"], ["lab"], ["reset", "m01"]])
def test_a_folder_that_cannot_be_written_is_one_line(bundle, read_only, monkeypatch, capsys, words):
    monkeypatch.chdir(bundle.root)
    read_only()
    assert cli.main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"grader: {bundle.root} cannot be written (read-only file system): "
        "copy the folder to a place where you can write, and work there\n"
    )


def test_with_the_answers_there_a_folder_that_cannot_be_written_still_works(bundle, texts, read_only):
    lay_out(bundle.root)
    ship(bundle.root, stub=texts["stub"], lesson="lesson 2")
    read_only()
    assert lay_out(bundle.root) == [
        f"{bundle.root} cannot be written (read-only file system): newer lessons in it are not laid out"
    ]


@pytest.mark.parametrize(
    "words", [["check", "m01"], ["progress"], ["reset", "m01"], ["solution", "m01"], ["check", "--watch"]]
)
def test_every_command_of_a_learner_lays_out(bundle, texts, monkeypatch, words):
    monkeypatch.chdir(bundle.root)
    monkeypatch.setattr("grader.cli.check_command.saves", lambda _: [])
    assert cli.main(words) in (0, 1, 2)
    assert bundle.module("m01").stub.read_text() == texts["stub"]
    assert text(bundle, LESSON) == "lesson 1"


def test_grading_lays_nothing_out(bundle, tmp_path):
    (tmp_path / "tiny.py").write_text("")
    before = files(bundle.root)
    assert cli.main(["--root", str(bundle.root), "grade", "m01", str(tmp_path / "tiny.py"), "--unsafe-no-sandbox"]) == 1
    assert files(bundle.root) == before


@pytest.mark.slow
def test_pytest_lays_out_and_says_what_is_next(bundle, texts):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "exercises"]
    ended = subprocess.run(command, cwd=bundle.root, capture_output=True, text=True, check=False)
    assert bundle.module("m01").stub.read_text() == texts["stub"]
    assert "m01_tiny  not started  → run course/m01_tiny/lesson.ipynb" in ended.stdout
    (bundle.root / LESSON).write_text("my notes")
    ship(bundle.root, stub=texts["stub"], lesson="lesson 2")
    ended = subprocess.run(command, cwd=bundle.root, capture_output=True, text=True, check=False)
    assert "are kept beside them: course/m01_tiny/lesson.mine-" in ended.stdout
