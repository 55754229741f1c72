"""Grading on the workers of a real Dask scheduler: the same scores as here, each once, whatever dies."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("distributed")

from grader.course import CourseError
from grader.judging import cluster
from grader.judging.batch import Shelf, grade_all
from grader.judging.folder import Folder, FolderEntry
from grader.sandbox import level

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
QUIET = {**os.environ, "DASK_DISTRIBUTED__DASHBOARD__LINK": "", "PYTHONWARNINGS": "ignore"}


@pytest.fixture
def start(tmp_path):
    """Start a scheduler, or a worker of it; all end with the test."""
    running = []

    def start(*words):
        file = ["--scheduler-file", str(tmp_path / "scheduler.json")]
        command = [sys.executable, "-m", "dask", *words, *file]
        with (tmp_path / f"log{len(running)}").open("wb") as log:
            process = subprocess.Popen(command, env=QUIET, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
    for process in running:
        process.wait(60)


@pytest.fixture
def address(start, tmp_path):
    start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    path = tmp_path / "scheduler.json"
    for _ in range(600):
        try:
            return json.loads(path.read_text())["address"]
        except (OSError, ValueError):
            time.sleep(0.1)
    raise AssertionError("no scheduler")


def wait_for(address, count):
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=120)


WORKER = ("worker", "--nthreads", "1", "--no-dashboard", "--no-nanny", "--host", "127.0.0.1")


def entries(texts, count):
    names = ("right", "no_value", "swallows", "at_once")
    return [
        FolderEntry(f"l{number:03}", "m01_tiny", texts[names[number % 4]].encode(), f"{number:064x}")
        for number in range(count)
    ]


def grade(tiny, texts, shelf, count, executor):
    found = Folder(entries(texts, count))
    graded = list(grade_all(tiny, found, shelf, level=level(), executor=executor))
    return sorted((each.entry.learner, each.report.verdict, each.report.points) for each in graded)


def test_two_workers_one_killed_in_the_middle(tiny, texts, tmp_path, start, address):
    workers = [start(*WORKER), start(*WORKER)]
    wait_for(address, 2)
    here = dict(zip(("right", "no_value", "swallows", "at_once"), (100, 39, 85, None), strict=True))
    with cluster.connect(address, tiny) as found:
        assert (found.count, found.notes) == (2, ())
        graded = []
        shelf = Shelf(tmp_path / "reports")
        for each in grade_all(tiny, Folder(entries(texts, 24)), shelf, level=level(), executor=found.executor):
            graded.append((each.entry.learner, each.report.verdict, each.report.points))
            if len(graded) == 3:
                workers[0].send_signal(signal.SIGKILL)
    assert [name for name, _, _ in sorted(graded)] == [f"l{number:03}" for number in range(24)]
    assert "not run" not in {verdict for _, verdict, _ in graded}
    assert {points for name, _, points in graded if int(name[1:]) % 4 == 0} == {here["right"]}
    assert {points for name, _, points in graded if int(name[1:]) % 4 == 1} == {here["no_value"]}
    assert sorted(graded) == grade(tiny, texts, Shelf(tmp_path / "local"), 24, None)


def test_a_worker_that_would_judge_differently_is_named_and_left_out(tiny, start, address, monkeypatch):
    start("worker", "--nthreads", "2", *WORKER[3:])
    wait_for(address, 1)
    with pytest.raises(CourseError, match="several threads"), cluster.connect(address, tiny):
        pass
    start(*WORKER)
    wait_for(address, 2)
    with cluster.connect(address, tiny) as found:
        assert found.count == 1
        assert "it has several threads" in found.notes[0]
    here, identity = os.getpid(), cluster.identity

    def other_here(root):
        return {**identity(root), **({"checks and scenes": "other"} if os.getpid() == here else {})}

    monkeypatch.setattr(cluster, "identity", other_here)
    with pytest.raises(CourseError, match=r"checks and scenes .*, here other"), cluster.connect(address, tiny):
        pass


def test_nobody_answers(tiny, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", "1 s")
    with pytest.raises(CourseError, match="no Dask scheduler answers"), cluster.connect("tcp://127.0.0.1:9", tiny):
        pass
