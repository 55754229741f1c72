"""`grader lab`: what it opens, which files it writes and where, and what it runs."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from grader import cli
from grader.cli import lab_command
from grader.course import CourseError
from grader.judging.submission import read
from grader.learner import lab
from grader.learner.progress import reach
from grader.learner.standing import standings


@pytest.fixture
def furnished(tiny, monkeypatch):
    """A course with the notebooks that a page needs."""
    pytest.importorskip("jupyterlab")
    for name in ("start_here.ipynb", "m01_tiny/lesson.ipynb"):
        (tiny.root / "course" / name).write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tiny.root)
    return tiny


def test_a_beginner_starts_at_the_start_page(furnished):
    room = lab.room(furnished)
    assert room.lesson == Path("course/start_here.ipynb")
    assert room.module.slug == "m01_tiny"
    assert room.workspace == "start_here"


def test_later_it_is_the_first_module_that_is_not_done(furnished, texts):
    reach(furnished.root, "m01_tiny", "started")
    room = lab.room(furnished)
    assert room.lesson == Path("course/m01_tiny/lesson.ipynb")
    assert room.workspace == "m01_tiny"
    stub = furnished.module("m01").stub
    stub.write_text(texts["right"], encoding="utf-8")
    reach(furnished.root, "m01_tiny", "core", sha256=read(stub)[1])
    assert not standings(furnished)[0][0].is_open
    assert lab.room(furnished).module.slug == "m01_tiny"  # the first one again when all are done


def test_a_module_may_be_named(furnished):
    assert lab.room(furnished, "m01").lesson == Path("course/m01_tiny/lesson.ipynb")
    with pytest.raises(CourseError, match="no module 'm99'"):
        lab.room(furnished, "m99")


def test_a_module_without_a_lesson_opens_its_exercise(tiny):
    room = lab.room(tiny)
    assert room.lesson is None
    widgets = lab.layout(room)["data"]
    assert set(widgets) == {"layout-restorer:data", "editor:exercises/m01_tiny/tiny.py", "terminal:1"}


def test_the_layout_is_lesson_exercise_terminal(furnished):
    data = lab.layout(lab.room(furnished, "m01"))
    dock = data["data"]["layout-restorer:data"]["main"]["dock"]
    left, right = dock["children"]
    assert dock["orientation"] == "horizontal"
    assert left["widgets"] == ["notebook:course/m01_tiny/lesson.ipynb"]
    assert [child["widgets"] for child in right["children"]] == [
        ["editor:exercises/m01_tiny/tiny.py"],
        ["terminal:1"],
    ]
    for child in (left, *right["children"]):
        assert set(child["widgets"]) <= set(data["data"])


def test_everything_is_written_into_the_course_and_a_moved_layout_stays(furnished):
    before = {path for path in furnished.root.rglob("*") if path.is_file()}
    room = lab.room(furnished, "m01")
    lab.furnish(room)
    written = {path.relative_to(furnished.root) for path in furnished.root.rglob("*") if path.is_file()} - {
        path.relative_to(furnished.root) for path in before
    }
    assert {path.parts[0] for path in written} == {".lab"}
    folder = furnished.root / ".lab"
    page = json.loads((folder / "config/labconfig/page_config.json").read_text())
    assert page == {"disabledExtensions": {"@jupyter/nbgrader:create-assignment": True}}
    notices = folder / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    assert json.loads(notices.read_text())["fetchNews"] == "false"
    (workspace,) = (folder / "workspaces").iterdir()
    moved = json.loads(workspace.read_text())
    assert moved["metadata"]["id"] == "m01_tiny"
    moved["data"]["terminal:2"] = {"data": {"name": "2"}}
    workspace.write_text(json.dumps(moved), encoding="utf-8")
    notices.write_text("{}", encoding="utf-8")
    lab.furnish(room)
    assert "terminal:2" in workspace.read_text()
    assert notices.read_text() == "{}"
    lab.furnish(room, fresh=True)
    assert "terminal:2" not in workspace.read_text()


def test_the_command_and_its_environment(furnished, monkeypatch):
    ran = []
    monkeypatch.setattr(lab_command.os, "execve", lambda *words: ran.append(words))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/mine")
    monkeypatch.setattr(lab_command.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    assert cli.main(["lab", "m01", "--no-browser", "--port", "8123"]) == 0
    ((program, command, environment),) = ran
    assert command[:3] == [program, "-m", "jupyterlab"]
    root = furnished.root
    assert f"--ServerApp.root_dir={root}" in command
    assert f"--LabApp.user_settings_dir={root / '.lab/settings'}" in command
    assert f"--LabApp.workspaces_dir={root / '.lab/workspaces'}" in command
    assert "--LabApp.default_url=/lab/workspaces/m01_tiny" in command
    assert command[-2:] == ["--no-browser", "--port=8123"]
    assert environment["JUPYTER_CONFIG_PATH"] == f"{root / '.lab/config'}{os.pathsep}/mine"
    assert environment["PATH"].startswith(str(Path(program).parent))


def test_in_a_folder_that_cannot_be_written_one_line_says_what_to_do(furnished, monkeypatch, capsys):
    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(lab, "_write", refuse)
    assert cli.main(["lab"]) == 2
    assert capsys.readouterr().err == (
        f"grader: {furnished.root / '.lab'}, where the layout of JupyterLab is kept, cannot be written (read-only file system): "
        "copy the folder of the course to a place where you can write, and work there\n"
    )


def test_without_jupyterlab_one_line_says_what_to_install(tiny, monkeypatch, capsys):
    monkeypatch.chdir(tiny.root)
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda _: None)
    assert cli.main(["lab"]) == 2
    said = 'grader: JupyterLab is not installed: pip install "checkpoint_course-{}-py3-none-any.whl[lab]"\n'
    assert capsys.readouterr().err == (
        'grader: JupyterLab is not installed: pip install "WHEEL[lab]", '
        "with the wheel file that came with the course for WHEEL\n"
    )
    for number, version in enumerate(("2026.9", "2026.12")):
        wheel = tiny.root / f"checkpoint_course-{version}-py3-none-any.whl"
        wheel.touch()
        os.utime(wheel, (number, number))
        assert cli.main(["lab"]) == 2
        assert capsys.readouterr().err == said.format(version)
    assert not (tiny.root / ".lab").exists()
