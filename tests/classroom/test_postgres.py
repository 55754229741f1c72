"""A class whose gradebook is in PostgreSQL: a real server that the test starts."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

pytest.importorskip("psycopg")

from grader.cli import main

SLUG = "m01_tiny"


def programs():
    """The folder of the server's programs, or None."""
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr/local/pgsql").glob("bin")]
    if found := shutil.which("initdb"):
        places.append(Path(found).parent)
    return next((place for place in places if (place / "initdb").is_file() and (place / "postgres").is_file()), None)


pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(programs() is None, reason="no PostgreSQL server here: apt-get install postgresql"),
]


def account():
    """Whom to run the server as: it refuses to be root."""
    if os.getuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


@pytest.fixture
def url():
    """The address of an empty database in a server of its own, on a socket only (whose path may not be long)."""
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        place = Path(folder)
        if os.getuid() == 0:
            shutil.chown(place, "nobody", "nogroup")
        bin_ = programs()
        common = {"stdin": subprocess.DEVNULL, "cwd": place, "env": {"PATH": os.defpath, "LC_ALL": "C"}, **account()}
        making = [bin_ / "initdb", "-D", place / "data", "-U", "me", "-A", "trust", "-E", "UTF8", "-N"]
        subprocess.run(making, check=True, capture_output=True, **common)
        serving = [bin_ / "postgres", "-D", place / "data", "-k", place, "-c", "listen_addresses=", "-c", "fsync=off"]
        server = subprocess.Popen(serving, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **common)
        try:
            make_database(place)
            yield f"postgresql+psycopg://me@/spring?host={place}"
        finally:
            server.terminate()
            server.wait(60)


def make_database(place):
    import psycopg

    for _ in range(600):
        try:
            with psycopg.connect(host=str(place), user="me", dbname="postgres", autocommit=True) as database:
                database.execute("create database spring")
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")


@pytest.fixture
def moved(school, url):
    """A class that has moved to PostgreSQL."""
    school.set(f'db_url = "{url}"')
    school.desk.release()
    return school


def scores(school):
    return {line.learner: (line.score, line.verdict, line.by_hand) for line in school.desk.tables()[2]}


def test_a_term_on_postgresql(moved, texts, capsys):
    for learner, name in (("ada", "right"), ("ben", "no_value"), ("cleo", "swallows")):
        moved.hand_in(learner, texts[name])
    assert len(moved.score()) == 3
    moved.grade("ada", "result", manual_score=30, needs_manual_grade=False)
    expected = {"ada": (69, "passed", ("result",)), "ben": (39, "failed", ()), "cleo": (85, "failed", ())}
    assert scores(moved) == expected
    command = [sys.executable, "-m", "grader", "class", "autograde", "--force", "--in", str(moved.class_)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [each.communicate(timeout=300) for each in both]
    assert [each.returncode for each in both] == [0, 0], ended
    same = "scored again with the same file: 3; all earn the same points"
    assert [out.splitlines() for out, _ in ended] == [[same, "scored 3 submissions"]] * 2
    assert scores(moved) == expected
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(4)
    killed.kill()
    killed.wait(60)
    assert [each.problem for each in moved.desk.autograde(force=True)] == [""] * 3
    assert scores(moved) == expected
    moved.desk.feedback()
    assert "69 of 100 points" in moved.page("ada")
    assert main(["class", "doctor", "--in", str(moved.class_)]) == 1  # the course has no secret
    assert "gradebook" not in capsys.readouterr().out


def test_a_server_that_is_down_is_said(moved, url, capsys):
    toml = moved.class_ / "class.toml"
    toml.write_text(toml.read_text().replace(url, url + "nowhere"))
    assert main(["class", "status", "--in", str(moved.class_)]) == 2
    said = capsys.readouterr().err
    assert "the gradebook" in said
    assert "grader class doctor" in said
