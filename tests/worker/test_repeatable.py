"""The same seeds give the same traces, whatever the Python, the hash seed and the load of the machine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

SCRIPT = Path(__file__).with_name("digest.py")
PACKAGES = Path(anyio.__file__).parents[1]  # anyio, trio and what they need are pure Python: any version reads them


def digest(python: str, hash_seed: str = "0") -> str:
    """Return what the script prints on that interpreter."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(PACKAGES)}
    ran = subprocess.run(
        [python, "-W", "ignore", str(SCRIPT)], env=environment, capture_output=True, text=True, check=True
    )
    return ran.stdout.split()[-1]


@contextmanager
def burning(count: int) -> Iterator[None]:
    """Keep the processor busy with `count` processes."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def other_pythons() -> list[str]:
    """The other interpreters from 3.11 on that this machine has and that start."""
    found = []
    for minor in range(11, 16):
        path = shutil.which(f"python3.{minor}")
        if minor == sys.version_info.minor or path is None:
            continue
        if subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            found.append(path)
    return found


@pytest.fixture(scope="module")
def wanted() -> str:
    """The digest of this interpreter on a quiet machine."""
    return digest(sys.executable)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_whatever_the_hash_seed(wanted: str, hash_seed: str) -> None:
    assert digest(sys.executable, hash_seed) == wanted


@pytest.mark.slow
def test_whatever_the_load(wanted: str) -> None:
    with burning(6):
        assert digest(sys.executable) == wanted


@pytest.mark.slow
def test_whatever_the_python(wanted: str) -> None:
    pythons = other_pythons()
    if not pythons:
        pytest.skip("no other Python from 3.11 on is installed here")
    assert {python: digest(python) for python in pythons} == dict.fromkeys(pythons, wanted)
