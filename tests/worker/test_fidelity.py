"""The engine is true to anyio: anyio's own tests end under it as they do under anyio's own runner."""

import re
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_anyios_own_tests_end_under_the_engine_as_they_do_without_it(checkout):
    command = [sys.executable, "benchmarks/fidelity.py"]
    ended = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if ended.returncode == 3:
        pytest.skip(ended.stderr.strip())
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said
    tests, *same = (int(count.replace(",", "")) for count in re.findall(r"([\d,]+) (?:tests, as|in the)", said))
    assert tests >= 1_100, said
    assert [count >= tests - 6 for count in same] == [True, True], said
