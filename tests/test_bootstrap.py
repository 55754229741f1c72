"""bootstrap.py, without installing anything: the environment and pip are stand-ins."""

import ast
import contextlib
import errno
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def bootstrap(checkout):
    spec = importlib.util.spec_from_file_location("bootstrap", checkout / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root(bootstrap, tmp_path, monkeypatch):
    """A checkout of two files, in which `pip install` only leaves a line in `asked`."""
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("anyio==4.16.0\n")

    def note(root, *words):
        with (tmp_path / "asked").open("a") as record:
            record.write(f"{words}\n")

    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    monkeypatch.setattr(bootstrap, "one_at_a_time", contextlib.nullcontext)
    monkeypatch.setattr("venv.create", lambda folder, **_: put_python(bootstrap, Path(folder).parent))
    monkeypatch.setattr(bootstrap, "pip", note)
    return tmp_path


def python_of(bootstrap, root):
    return Path(bootstrap.venv_python(str(root)))


def put_python(bootstrap, root):
    python_of(bootstrap, root).parent.mkdir(parents=True)
    python_of(bootstrap, root).touch()


def asked(root):
    """How often pip was asked for something since the last time."""
    record = root / "asked"
    lines = record.read_text().splitlines() if record.exists() else []
    record.write_text("")
    return len(lines)


def stamp(root):
    return json.loads((root / ".venv" / "bootstrap.json").read_text())


def test_the_first_time_makes_an_environment_and_the_second_does_nothing(bootstrap, root, capsys):
    bootstrap.set_up(str(root))
    assert asked(root) == 2
    assert "setting up" in capsys.readouterr().err
    bootstrap.set_up(str(root))
    assert asked(root) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_file_updates_the_environment_in_place(bootstrap, root, name, capsys):
    bootstrap.set_up(str(root))
    (root / ".venv" / "mark").touch()
    with (root / name).open("a") as file:
        file.write("# changed\n")
    asked(root)
    bootstrap.set_up(str(root))
    assert asked(root) == 2
    assert (root / ".venv" / "mark").exists()
    assert "updating" in capsys.readouterr().err


def test_another_python_or_a_moved_checkout_starts_afresh(bootstrap, root, monkeypatch):
    bootstrap.set_up(str(root))
    (root / ".venv" / "mark").touch()
    monkeypatch.setattr(sys, "version", "3.99")
    bootstrap.set_up(str(root))
    assert not (root / ".venv" / "mark").exists()
    assert stamp(root)["place"][1] == "3.99"


def test_an_environment_whose_python_is_gone_starts_afresh(bootstrap, root):
    bootstrap.set_up(str(root))
    python_of(bootstrap, root).unlink()
    bootstrap.set_up(str(root))
    assert python_of(bootstrap, root).exists()


@pytest.mark.parametrize("moment", ["venv", "hatchling", "--editable"])
def test_a_killed_set_up_is_not_trusted(bootstrap, root, monkeypatch, moment):
    def die_at_venv(folder, **_):
        put_python(bootstrap, root)
        raise KeyboardInterrupt

    def die_in_pip(root, *words):
        if moment in words:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "pip", die_in_pip)
        if moment == "venv":
            patch.setattr("venv.create", die_at_venv)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.set_up(str(root))
    assert stamp(root) == {}
    (root / ".venv" / "half").touch()
    bootstrap.set_up(str(root))
    assert not (root / ".venv" / "half").exists()
    assert stamp(root)["wants"]


def test_an_update_that_pip_refuses_keeps_what_was_there_for_the_next_try(bootstrap, root, monkeypatch):
    bootstrap.set_up(str(root))
    before = stamp(root)
    (root / "constraints.txt").write_text("anyio==4.16.1\n")

    def refuse(root, *words):
        raise bootstrap.SetupError("no network")

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "pip", refuse)
        with pytest.raises(bootstrap.SetupError):
            bootstrap.set_up(str(root))
    assert stamp(root) == before
    (root / ".venv" / "mark").touch()
    bootstrap.set_up(str(root))
    assert (root / ".venv" / "mark").exists()
    assert stamp(root) != before


def test_an_environment_made_by_hand_is_used_and_not_removed(bootstrap, root):
    put_python(bootstrap, root)
    (root / ".venv" / "mark").touch()
    bootstrap.set_up(str(root))
    assert (root / ".venv" / "mark").exists()
    assert asked(root) == 2


@pytest.mark.parametrize("version", [(3, 6, 1), (3, 10, 9)])
def test_a_python_that_is_too_old_is_told(bootstrap, version):
    with pytest.raises(bootstrap.SetupError, match=r"Python 3\.\d+ is too old: install Python 3\.11"):
        bootstrap.check_python(version, lambda name: name)


def test_an_old_python_can_read_the_file(checkout):
    assert ast.parse((checkout / "bootstrap.py").read_text(), feature_version=(3, 7)).body


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_which_package(bootstrap, missing):
    with pytest.raises(bootstrap.SetupError, match=r"apt install python3\.12-venv"):
        bootstrap.check_python((3, 12, 1), lambda name: None if name == missing else name)


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (b"WARNING: Retrying: NewConnectionError(...)\nERROR: x\n", "connect to the network"),
        (b"ERROR: Could not install: [Errno 28] No space left on device\n", "the disk is full"),
        (b"ERROR: bad metadata\nnotice: a newer pip\n", "pip failed: ERROR: bad metadata"),
        (b"\xff\n", "pip failed: \ufffd"),
        (b"", "pip failed: without a word"),
    ],
)
def test_a_failed_pip_becomes_one_line(bootstrap, root, output, line):
    (root / ".venv").mkdir()
    said = bootstrap.why_pip_failed(str(root), output)
    assert line in said
    assert "\n" not in said
    assert (root / ".venv" / "bootstrap.log").read_bytes() == output


def test_a_disk_that_cannot_be_written_becomes_one_line(bootstrap, root, monkeypatch, capsys):
    def refuse(path):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)

    monkeypatch.setattr(os, "mkdir", refuse)
    assert bootstrap.main(["demo"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"bootstrap: cannot use {root}/.venv: read-only file system; ")


def test_an_interrupted_set_up_says_what_to_do(bootstrap, root, monkeypatch, capsys):
    def interrupt(root):
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "set_up", interrupt)
    assert bootstrap.main(["test"]) == 130
    assert "run the same command again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["demo"], ["-m", "grader", "demo"]),
        (
            ["test", "-m", "slow or not slow"],
            ["-m", "pytest", *["-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"], "-m", "slow or not slow"],
        ),
    ],
)
def test_further_arguments_are_passed_on(bootstrap, root, monkeypatch, words, command):
    called = []
    monkeypatch.setattr(bootstrap, "run", lambda root, words: called.append((root, words)) or 7)
    assert bootstrap.main(words) == 7
    assert called == [(str(root), command)]


def test_pip_writes_only_into_the_checkout(bootstrap, tmp_path, monkeypatch):
    seen = {}

    def note(command, **options):
        seen.update(options["env"])
        return subprocess.CompletedProcess(command, 0, b"")

    monkeypatch.setattr(bootstrap.subprocess, "run", note)
    bootstrap.pip(str(tmp_path), "anyio")
    assert seen["PIP_NO_CACHE_DIR"] == "1"
    assert all(seen[name].startswith(str(tmp_path)) for name in ("TMPDIR", "TEMP", "TMP"))


@pytest.mark.parametrize(("words", "code"), [([], 2), (["frobnicate"], 2), (["--help"], 0)])
def test_usage_from_another_folder(checkout, tmp_path, words, code):
    ended = subprocess.run(
        [sys.executable, str(checkout / "bootstrap.py"), *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code
    assert "usage: python3 bootstrap.py demo" in ended.stdout + ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fcntl")
def test_two_set_ups_do_not_run_at_once(bootstrap, checkout):
    wait = (
        "import importlib.util as u, sys;"
        "s = u.spec_from_file_location('b', sys.argv[1]); b = u.module_from_spec(s); s.loader.exec_module(b)\n"
        "with b.one_at_a_time(): print('in')"
    )
    with bootstrap.one_at_a_time():
        other = subprocess.Popen(
            [sys.executable, "-c", wait, str(checkout / "bootstrap.py")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert "waiting for it" in other.stderr.readline()
        assert other.poll() is None
    out, _ = other.communicate(timeout=20)
    assert out == "in\n"
