"""Formgrader's buttons do what the desk does."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

SLUG = "m01_tiny"


@pytest.fixture
def formgrader(school, tmp_path):
    """Ask formgrader for a path; `data` makes it a POST or PUT."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "jupyter_server", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token=t", f"--ServerApp.root_dir={school.class_}"]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "c"), "JUPYTER_DATA_DIR": str(tmp_path / "d")}
    log = (tmp_path / "log").open("wb")
    server = subprocess.Popen(
        command, cwd=school.class_, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )

    def ask(path, method="GET", data=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/formgrader/{path}",
            method=method,
            data=json.dumps(data).encode() if data is not None else (b"" if method == "POST" else None),
            headers={"Authorization": "token t"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    try:
        for _ in range(120):
            try:
                ask("api/assignments")
                break
            except OSError:
                time.sleep(0.5)
        yield ask
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_buttons_collect_score_regrade_and_give_feedback(school, texts, formgrader):
    school.hand_in("ada", texts["at_most_a_minute"] + "\n# <script>alert(1)</script>\n")

    def press(button):
        answer = json.loads(formgrader(button, "POST"))
        assert answer["success"], answer

    press(f"api/assignment/{SLUG}/collect")
    press(f"api/submission/{SLUG}/ada/autograde")
    assert school.line("ada").score == 91
    with school.desk.book() as book:
        submitted = book.find_submission_notebook(SLUG, SLUG, "ada").id
    page = formgrader(f"submissions/{submitted}/")
    assert "<script>alert(1)" not in page
    assert "It comes after a very long delay." in page
    grades = json.loads(formgrader(f"api/grades?submission_id={submitted}"))
    (timeout,) = [grade for grade in grades if grade["name"] == "timeout"]
    formgrader(f"api/grade/{timeout['id']}", "PUT", {"manual_score": 20, "extra_credit": 0})
    assert school.line("ada").score == 96
    school.checks(lambda text: text.replace("delay=1000", "delay=50").replace("near(1000)", "near(50)"))
    press(f"api/submission/{SLUG}/ada/autograde")
    assert (school.line("ada").score, school.line("ada").review) == (96, ("timeout",))
    assert school.grade("ada", "timeout")["auto_score"] == 24
    press(f"api/assignment/{SLUG}/generate_feedback")
    press(f"api/assignment/{SLUG}/release_feedback")
    assert re.search(r"96\s+of 100 points", school.page("ada"))
    press(f"api/assignment/{SLUG}/assign")
    press(f"api/assignment/{SLUG}/unrelease")
    press(f"api/assignment/{SLUG}/release")
