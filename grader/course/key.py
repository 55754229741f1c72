"""The course's secret, which the plans of hidden checks are drawn from."""

from __future__ import annotations

from pathlib import Path

SELF_CHECK_KEY = b"self-check"
"""The key of plans where nothing is at stake: everybody gets the same."""
COURSE_KEY = ".course_key"
"""The file with the course's secret, at the root of the checkout."""


def course_key(root: Path) -> bytes:
    """The course's secret: the file ``.course_key`` at the root, or a constant that everybody knows."""
    path = root / COURSE_KEY
    key = path.read_bytes().strip() if path.is_file() else b""
    return key or SELF_CHECK_KEY
