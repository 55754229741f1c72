"""Every module, proven as a whole: what is right passes, what is wrong fails where it says and nowhere else."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import Course


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("slug", Course(Path(__file__).resolve().parent.parent).slugs)
def test_everything_that_must_hold_of_a_module_holds(checkout, slug):
    command = [sys.executable, "-m", "grader", "verify", "--whole", slug]
    ended = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode == 0, ended.stdout + ended.stderr
