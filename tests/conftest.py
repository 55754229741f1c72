"""What the tests share: where the checkout is, and which files belong to it."""

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
NOT_OURS = {".git", ".venv", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".ipynb_checkpoints"}


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder that holds pyproject.toml."""
    return CHECKOUT


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file of the project, relative to the checkout: what git tracks and has not deleted, else what lies there."""
    asked = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=False)
    if asked.returncode == 0 and asked.stdout:
        names = [Path(os.fsdecode(name)) for name in asked.stdout.split(b"\0") if name]
        return sorted(name for name in names if (CHECKOUT / name).exists())
    found = (path.relative_to(CHECKOUT) for path in CHECKOUT.rglob("*") if path.is_file())
    return sorted(path for path in found if not NOT_OURS & set(path.parts))
