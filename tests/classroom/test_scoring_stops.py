"""Ctrl-C while a class is scored: what is done is kept, and the same command goes on with the rest."""

import os
import signal
import subprocess
import sys
import time

import pytest

SLUG = "m01_tiny"
COUNT = 8


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(school, texts):
    for number in range(COUNT):
        school.hand_in(f"l{number:02}", f"{texts['right']}# {number}\n")
    command = [sys.executable, "-m", "grader", "class", "score", "--in", str(school.class_), "--jobs", "2"]
    first = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever runs the tests in the background has Ctrl-C ignored, and a child would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one call, no lock
    )
    scored = school.class_ / "autograded"
    while len(list(scored.glob("*/*/*.ipynb"))) < 2:
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGINT)  # as a terminal does, to all processes of the command
    _, said = first.communicate(timeout=120)
    assert first.returncode != 0
    assert f"of {COUNT} are done and kept; the same command goes on with the rest" in said, said
    assert "Traceback" not in said
    kept = {line.learner for line in school.desk.standing().lines if line.verdict}
    assert 1 <= len(kept) < COUNT  # the one that it was at is scored again
    times = {path: path.stat().st_mtime_ns for path in scored.glob("*/*/*.ipynb") if path.parts[-3] in kept}
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"scored {COUNT - len(kept)} submissions" in second.stdout, (kept, second)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert {line.learner: line.score for line in school.desk.standing().lines} == {
        f"l{number:02}": 100 for number in range(COUNT)
    }
