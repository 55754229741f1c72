"""The stub as the course shipped it, and the learner's file put back to it with a backup."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from grader.course import CourseError, Module
from grader.course.safe_files import write
from grader.judging.submission import is_untouched, parse
from grader.learner.layout import stub_place

BACKUPS = "backups"
VERSIONS = 200
"""How many versions of a file are looked at in git's history: learners commit often."""


def untouched_stub(module: Module) -> bytes:
    """The stub of a module as the course shipped it: from the bundle, else the newest untouched version that git has.

    Raises:
        CourseError: there is none; one line.
    """
    kept = stub_place(module.root, module.slug, module.name)
    if kept.is_file():
        return kept.read_bytes()
    for data in _versions(module):
        if _is_stub(module, data):
            return data
    name = module.stub.relative_to(module.root)
    raise CourseError(
        f"no untouched copy of {name} is here, neither from a bundle nor in git: take it from where you got the course"
    )


def _versions(module: Module) -> Iterator[bytes]:
    """The versions of the file that git knows, newest first; none without git."""
    name = module.stub.relative_to(module.root).as_posix()
    listed = _git(module.root, "log", f"-{VERSIONS}", "--format=%H", "--", name)
    for commit in (listed or b"").decode().split():
        data = _git(module.root, "show", f"{commit}:./{name}")
        if data is not None:
            yield data


def _git(root: Path, *arguments: str) -> bytes | None:
    try:
        ended = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        return None
    return ended.stdout if ended.returncode == 0 else None


def _is_stub(module: Module, data: bytes) -> bool:
    """Whether a version of the file is the stub; the file as it is now does not matter."""
    tree, fault = parse(data.decode("utf-8-sig", errors="replace"))
    elsewhere = replace(module, root=module.root / BACKUPS / "nothing is here")
    return tree is not None and fault is None and is_untouched(elsewhere, data, tree)


def reset(module: Module, now: datetime | None = None) -> Path | None:
    """Put the learner's file back to the stub.

    Args:
        now: the time that the backup is named after; the clock's if not given.

    Returns:
        Where the learner's file is kept; None if it was the stub already, or was not there.

    Raises:
        CourseError: there is no stub to go back to, or something cannot be written. Nothing is changed then.
    """
    data = untouched_stub(module)
    try:
        if module.stub.is_file():
            if module.stub.read_bytes() == data:
                return None
            backup = _free(module, now or datetime.now().astimezone())
            backup.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(module.stub, backup)
        else:
            backup = None
        write(module.stub, data)
    except OSError as error:
        folder = Path(str(error.filename)).parent
        raise CourseError(f"{folder} cannot be written ({(error.strerror or 'error').lower()})") from error
    return backup


def _free(module: Module, now: datetime) -> Path:
    """A name for a backup that is free."""
    folder = module.root / BACKUPS / module.slug
    stem = f"{module.name}.{now:%Y-%m-%d-%H%M%S}"
    number, path = 1, folder / f"{stem}.py"
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.py"
    return path
