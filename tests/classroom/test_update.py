"""A newer bundle over old work, by the commands of the bundle's own README: nothing of the learner's is lost."""

import json
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from grader.authoring.bundle import build_wheel
from grader.cli import main

SLUG = "m01_tiny"
STUB = f"exercises/{SLUG}/tiny.py"
NOTEBOOKS = ("course/start_here.ipynb", f"course/{SLUG}/lesson.ipynb")
ASSIGNMENT = f"exercises/{SLUG}/{SLUG}.ipynb"
WHEEL = "checkpoint_course-2026.11-py3-none-any.whl"


def commands(folder):
    """What the README says to type for an update, in its order."""
    update = (folder / "README.md").read_text(encoding="utf-8").partition("**Update.**")[2]
    copied = re.search(r"`(cp [^`]*)`", update).group(1)
    return copied, re.findall(r"^    (pip install .*)$", update, re.MULTILINE)


@pytest.fixture(params=["class", "self-paced"])
def make(request, school, tmp_path):
    """Make a bundle of a version of the course."""

    def make(version):
        for name in NOTEBOOKS:
            (school.course / name).write_text(f"{version} of {name}")
        (school.course / f"course/{SLUG}/lesson.md").write_text(version)
        school.toml(lambda text: re.sub('title = ".*"', f'title = "{version}"', text))
        wheel = tmp_path / version / WHEEL
        wheel.parent.mkdir()
        wheel.write_text(version)
        target = tmp_path / f"bundle {version}"
        words = ["--self-paced"] if request.param == "self-paced" else ["--class", "--in", str(school.class_)]
        root = ["--root", str(school.course)]
        assert main([*root, "bundle", *words, "--to", str(target), "--wheel", str(wheel)]) == 0
        return target

    make.notebooks = NOTEBOOKS if request.param == "self-paced" else (*NOTEBOOKS, ASSIGNMENT)
    return make


def unpack_over(newer, folder):
    """Copy a newer bundle over an older one, as its README says."""
    subprocess.run(commands(newer)[0].replace("../NEWER", f"'../{newer.name}'"), shell=True, cwd=folder, check=True)


def test_no_bundle_holds_a_file_that_a_learner_writes_in(make):
    folder = make("first")
    assert not (folder / STUB).exists()
    assert not [path for path in folder.rglob("*") if path.suffix == ".ipynb"]
    assert not (folder / "progress.json").exists()


def test_an_update_loses_nothing(make, texts, capsys, monkeypatch):
    folder = make("first")
    monkeypatch.chdir(folder)
    assert main(["check", "m01"]) == 1
    (folder / STUB).write_text(texts["right"])
    assert main(["check", "m01"]) == 0
    read, written = make.notebooks[0], make.notebooks[1:]
    for name in written:
        (folder / name).write_text(f"my notes in {name}")
    (folder / "exercises" / SLUG / "try.py").write_text("my own")
    before = {name: (folder / name).read_bytes() for name in (STUB, "progress.json", f"exercises/{SLUG}/try.py")}
    newer = make("second")
    unpack_over(newer, folder)
    capsys.readouterr()
    assert main(["progress"]) == 0
    said = capsys.readouterr()
    assert "✓ all passed" in said.out
    assert "second" in said.out
    assert said.err.startswith("grader: newer notebooks are here; yours, with what you wrote in them, are kept")
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert (folder / WHEEL).read_text() == "second"
    assert (folder / read).read_text() == f"second of {read}"
    for name in written:
        path = folder / name
        (mine,) = path.parent.glob(f"{path.stem}.mine-*.ipynb")
        assert mine.name in said.err
        assert mine.read_text() == f"my notes in {name}"
        assert "second" in path.read_text()
    assert main(["check", "m01"]) == 0
    (folder / STUB).write_text(texts["at_once"])
    capsys.readouterr()
    assert main(["progress"]) == 0
    out = capsys.readouterr().out
    assert "↻ passed before" in out
    assert "✓" not in out


def test_an_update_over_progress_without_hashes(make, texts, capsys, monkeypatch):
    folder = make("first")
    monkeypatch.chdir(folder)
    assert main(["progress"]) == 0
    (folder / STUB).write_text(texts["right"])
    old = {"format": 1, "modules": {SLUG: {"all": "2026-11-01T12:00:00Z", "core": "2026-11-01T12:00:00Z", "hints": 1}}}
    (folder / "progress.json").write_text(json.dumps(old))
    unpack_over(make("second"), folder)
    assert main(["progress"]) == 0
    assert "↻ passed before: check again" in capsys.readouterr().out
    assert main(["check", "m01"]) == 0
    assert main(["progress"]) == 0
    assert "✓ all passed 2026-11-01 1 of 3" in " ".join(capsys.readouterr().out.split())


def test_an_update_over_a_bundle_that_held_the_answers_in_their_place(make, texts, monkeypatch):
    folder = make("first")
    (folder / STUB).write_text(texts["right"])
    lesson = folder / NOTEBOOKS[1]
    lesson.write_text("my notes")
    unpack_over(make("second"), folder)
    monkeypatch.chdir(folder)
    assert main(["check", "m01"]) == 0
    assert (folder / STUB).read_text() == texts["right"]
    assert [path.read_text() for path in lesson.parent.glob("lesson.mine-*.ipynb")] == ["my notes"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_newer_engine_of_the_same_version_is_installed(checkout, tmp_path, school):
    """By the README's lines; the packages that the engine needs are those of this environment."""
    source = tmp_path / "source"
    shutil.copytree(checkout / "grader", source / "grader", ignore=shutil.ignore_patterns("__pycache__", "hidden"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(checkout / name, source / name)
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    site = [path for path in sys.path if path.endswith("site-packages")]
    (own,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    (own / "packages.pth").write_text("\n".join(site))
    for version in ("first", "second"):
        (source / "grader/edition.py").write_text(f"EDITION = {version!r}\n")
        wheel = build_wheel(source, tmp_path / version)
        target = tmp_path / f"bundle {version}"
        words = ["bundle", "--self-paced", "--to", str(target), "--wheel", str(wheel)]
        assert main(["--root", str(school.course), *words]) == 0
        for command in commands(target)[1]:
            subprocess.run(f"'{python}' -m {command} --no-index -q", shell=True, cwd=target, check=True)
        asked = [python, "-c", "import grader.edition as e; print(e.EDITION, e.__file__)"]
        said = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
        assert said[0] == version
        assert Path(said[1]).is_relative_to(own)


BLOCKED = """\
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"nbgrader", "nbconvert", "traitlets"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
from grader.cli import main
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_drop_folder_needs_nothing_of_nbgrader(make, texts, tmp_path, request):
    folder = make("first")
    (folder / STUB).write_text(texts["right"])

    def grader(*words):
        command = [sys.executable, "-c", BLOCKED, *words]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    ended = grader("hand-in", "m01", "--to", str(tmp_path / "drop"), "--as", "zoe")
    assert ended.returncode == 0
    of_a_class = "self-paced" not in request.node.name
    assert [line[:36] for line in ended.stderr.splitlines()] == ["grader: you are zoe in the class and"] * of_a_class
    assert "passed: 8 passed" in ended.stdout
    (taken,) = (tmp_path / "drop").glob(f"zoe+{SLUG}+*/tiny.py")
    assert taken.read_text() == texts["right"]
    ended = grader("hand-in", "m01")
    assert ended.returncode == 2
    assert f'is not installed: pip install "{WHEEL}[class]"; or hand in with --to FOLDER' in ended.stderr


def test_the_readme_installs_what_handing_in_needs(make, request):
    text = (make("first") / "README.md").read_text(encoding="utf-8")
    extras = "lab" if "self-paced" in request.node.name else "lab,class"
    assert text.count(f'pip install "{WHEEL}[{extras}]"') == 2
    assert ("grader hand-in" in text) == ("class" in extras)
