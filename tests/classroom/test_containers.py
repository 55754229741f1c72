"""The steps of the images, in a plain folder: no image can be built where the tests run."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.cli import main

SLUG = "m01_tiny"
PLACES = re.compile(r"(?<![\w./~$])/(?=(?:opt|etc|usr/local)/)")


def steps(path):
    """The instructions of a Containerfile: word and rest, continued lines joined."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = line.partition(" ")
        yield word, rest


def build(path, context, root, pip):
    """Do what COPY and RUN say, in a folder that stands for the image's root.

    Args:
        pip: a program that is called in the place of pip, and gets its words.

    Returns:
        What was left out: it needs the network.
    """
    bin_ = root / "shim"
    bin_.mkdir(parents=True)
    (bin_ / "pip").write_text(f'#!/bin/sh\nexec {pip} "$@"\n')
    (bin_ / "pip").chmod(0o755)
    left_out = []
    for word, rest in steps(path):
        here = PLACES.sub(f"{root}/", rest)
        if word == "COPY":
            source, target = here.split()
            shutil.copytree(context / source, target, dirs_exist_ok=True)
        elif word == "RUN" and "apt-get" in rest:
            left_out.append(rest)
        elif word == "RUN":
            path_ = f"{bin_}:{os.environ['PATH']}"
            subprocess.run(["sh", "-euc", here], check=True, env={**os.environ, "PATH": path_}, cwd=root)
        else:
            assert word in ("FROM", "USER"), word
    return left_out


@pytest.fixture
def bundle(school, tmp_path, checkout):
    """What a class gives its learners."""
    wheels = tmp_path / "wheels"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    target = tmp_path / "for-learners"
    assert main(["bundle", "--class", "--in", str(school.class_), "--to", str(target), "--wheel", str(wheel)]) == 0
    return target


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_learners_image(bundle, school, checkout, tmp_path, texts):
    root, home = tmp_path / "image", tmp_path / "home"
    home.mkdir()
    site = root / "site"
    pip = f"{sys.executable} -m pip --quiet --disable-pip-version-check install --no-deps --no-index --target {site}"
    (tmp_path / "pip").write_text(f'#!/bin/sh\nshift 2\nexec {pip} "$@"\n')  # without `install --no-cache-dir`
    (tmp_path / "pip").chmod(0o755)
    assert build(checkout / "containers/learner.Containerfile", bundle, root, tmp_path / "pip") == []
    files = [path for path in root.rglob("*") if path.is_file()]
    assert site / "grader" / "__init__.py" in files
    hidden = next((school.course / "grader" / "hidden" / SLUG).glob("test_*.py"))
    assert not {path.name for path in files} & {".course_key", "class.toml", "gradebook.db"}
    assert hidden.read_bytes() not in [path.read_bytes() for path in files]
    assert texts["right"].encode() not in [path.read_bytes() for path in files]
    (hook,) = (root / "usr/local/bin/before-notebook.d").iterdir()
    own = {**os.environ, "HOME": str(home), "PYTHONPATH": str(site)}

    def start():
        subprocess.run(["bash", "-euc", f"source {hook}"], check=True, env=own)

    def grader(*words):
        command = [sys.executable, "-m", "grader", *words]
        return subprocess.run(command, check=False, cwd=home / "checkpoint", env=own, capture_output=True, text=True)

    start()
    assert grader("progress").returncode == 0
    mine = home / "checkpoint" / "exercises" / SLUG / "tiny.py"
    assert mine.read_text() == texts["stub"]
    mine.write_text(texts["right"])
    start()
    assert mine.read_text() == texts["right"]
    # nbgrader finds the class from wherever the server starts
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "nbgrader", "list"],
        check=False,
        cwd=tmp_path,
        env={**own, "JUPYTER_CONFIG_PATH": str(root / "etc/jupyter")},
        capture_output=True,
        text=True,
    )
    assert f"spring {SLUG}" in said.stdout + said.stderr, said
    settings = json.loads((root / "etc/jupyter/jupyter_server_config.d/checkpoint.json").read_text())
    assert settings["ServerApp"]["jpserver_extensions"] == {"nbgrader.server_extensions.formgrader": False}
    page = json.loads((root / "etc/jupyter/labconfig/page_config.json").read_text())
    assert page["disabledExtensions"] == {"@jupyter/nbgrader:create-assignment": True}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_graders_image(school, checkout, tmp_path):
    context, root = tmp_path / "context", tmp_path / "image"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, capture_output=True, check=False).stdout
    if not tracked:
        pytest.skip("not a git checkout: what belongs into the image is not known")
    for name in filter(None, tracked.decode().split("\0")):
        if (checkout / name).is_file():
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(checkout / name, context / name)
    called = tmp_path / "called"
    (tmp_path / "pip").write_text(f'#!/bin/sh\necho "$@" > {called}\n')
    (tmp_path / "pip").chmod(0o755)
    left_out = build(checkout / "containers/grader.Containerfile", context, root, tmp_path / "pip")
    assert len(left_out) == 1
    assert "bubblewrap" in left_out[0]
    assert f"--editable {root}/opt/checkpoint[class,lab,postgres,cluster]" in called.read_text()
    file = checkout / "solutions/m01_parallel_timeout/parallel_timeout.py"
    command = [sys.executable, "-m", "grader", "--root", f"{root}/opt/checkpoint", "grade", "m01", str(file), "--json"]
    own = {**os.environ, "PYTHONPATH": f"{root}/opt/checkpoint"}
    report = json.loads(
        subprocess.run(command, check=True, cwd=tmp_path, env=own, capture_output=True, text=True).stdout
    )
    assert report["verdict"] == "passed"


def test_both_images_and_the_devcontainer_start_from_one(checkout):
    files = [checkout / "containers" / f"{name}.Containerfile" for name in ("learner", "grader")]
    bases = {rest for file in files for word, rest in steps(file) if word == "FROM"}
    plain = json.loads((checkout / ".devcontainer/devcontainer.json").read_text())
    assert bases == {plain["image"]}
    for file in files:
        assert [rest for word, rest in steps(file) if word == "USER"] == ["root", "${NB_UID}"]


def test_the_secret_stays_out_of_the_graders_image(checkout):
    ignored = (checkout / "containers/grader.Containerfile.dockerignore").read_text().splitlines()
    assert ".course_key" in ignored


def test_the_page_says_what_was_not_tried(checkout):
    page = (Path(checkout) / "docs/hub.md").read_text()
    assert "## Not tried" in page
    for name in ("learner.Containerfile", "grader.Containerfile", "DockerSpawner", "KubeSpawner", "grader doctor"):
        assert name in page
