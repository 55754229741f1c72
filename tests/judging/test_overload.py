"""A small round of benchmarks/overload.py: what grades the same on a quiet machine and on one that wants to do too much."""

import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_overloaded_machine_changes_no_verdict(checkout):
    command = [sys.executable, "benchmarks/overload.py", "--count", "30"]
    ended = subprocess.run(
        command, cwd=checkout, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=580
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "30 gradings" in ended.stdout
