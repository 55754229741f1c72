"""What to type to install an optional part of the engine: from the wheel in the bundle or from the checkout.

Never by a name that an index is asked for: the project is on none, and anybody could register it there.
"""

from __future__ import annotations

from pathlib import Path


def install(extra: str, start: Path | None = None) -> str:
    """The command that installs an extra.

    Args:
        extra: such as ``lab``.
        start: a folder in the course or in the checkout; the working folder if not given.
    """
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if wheel := newest_wheel(folder):
            return f'pip install "{wheel.name}[{extra}]"' + _where(folder)
        if (folder / "pyproject.toml").is_file() and (folder / "grader" / "cli").is_dir():
            return f"pip install '.[{extra}]'" + _where(folder)
    return f'pip install "WHEEL[{extra}]", with the wheel file that came with the course for WHEEL'


def newest_wheel(folder: Path) -> Path | None:
    """The engine's wheel in a folder: the newest, if older bundles have left theirs."""
    found = folder.glob("checkpoint_course-*.whl")
    return max(found, key=lambda path: (path.stat().st_mtime, path.name), default=None)


def _where(folder: Path) -> str:
    """Where to type it, unless that is the working folder."""
    return "" if folder == Path.cwd() else f" in {folder}"
