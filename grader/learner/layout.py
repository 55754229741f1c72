"""Lay out what a bundle ships where a learner writes: the stubs of the exercises, and the notebooks.

A bundle holds none of them in its place, so that a newer bundle unpacked over old work overwrites nothing. What is
missing is laid out by the first command that needs it. An exercise's file that is there stays, always. A notebook that
is there is replaced by a newer one, but kept beside it if the learner has changed it: a record says what was laid out.
In a checkout there is nothing to lay out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.course import CourseError
from grader.course.safe_files import alone, keep, sha256_of, write, write_new
from grader.course.versions import TESTS

STUBS = Path("lab") / "stubs"
"""Where a bundle keeps the stubs, under its root: ``<slug>/<name>.py.txt``, so that no editor offers them for Python."""

NOTEBOOKS = Path("lab") / "notebooks"
"""Where it keeps the notebooks: as ``.json``, so that nobody opens them there and writes notes in them."""

RECORD = Path(".lab") / "laid_out.json"
"""Path → sha256 of the version that was laid out or taken over last. Without it everything counts as changed."""

FORMAT = 1


@dataclass(frozen=True)
class ShippedFile:
    """A file that the bundle holds for a learner.

    Args:
        source: where the bundle keeps it.
        path: where the learner has it.
        name: that path as text, relative to the root.
    """

    source: Path
    path: Path
    name: str

    @property
    def is_notebook(self) -> bool:
        """Whether it is replaced when a newer one comes; a stub is not."""
        return self.path.suffix == ".ipynb"


def stub_place(root: Path, slug: str, name: str) -> Path:
    """Where a bundle keeps the stub of a module."""
    return root / STUBS / slug / f"{name}.py.txt"


def notebook_place(root: Path, path: Path) -> Path:
    """Where a bundle keeps a notebook.

    Args:
        path: of the notebook, relative to the root.
    """
    return (root / NOTEBOOKS / path).with_suffix(".json")


def lay_out(root: Path, now: datetime | None = None) -> list[str]:
    """Lay out what is missing or newer.

    Args:
        now: the time that a kept notebook is named after; the clock's if not given.

    Returns:
        Lines for the learner: what was kept, what is new, or why something newer could not be laid out.

    Raises:
        CourseError: a file that is missing cannot be written.
    """
    shipped = list(_shipped_files(root))
    if not shipped:
        return []
    record = _record(root)
    try:
        if all(each.path.is_file() and record.get(each.name) == sha256_of(each.source) for each in shipped):
            return []
        with alone(root):
            return _lay_out(root, shipped, now or datetime.now().astimezone())
    except OSError as error:
        said = f"{root} cannot be written ({(error.strerror or 'error').lower()})"
        if all(each.path.is_file() for each in shipped if not each.is_notebook):
            return [f"{said}: newer lessons in it are not laid out"]
        raise CourseError(f"{said}: copy the folder to a place where you can write, and work there") from error


def _shipped_files(root: Path) -> Iterator[ShippedFile]:
    for source in sorted((root / STUBS).glob("*/*.py.txt")):
        name = f"exercises/{source.parent.name}/{source.stem}"
        yield ShippedFile(source, root / name, name)
    for source in sorted((root / NOTEBOOKS).rglob("*.json")):
        name = source.relative_to(root / NOTEBOOKS).with_suffix(".ipynb").as_posix()
        yield ShippedFile(source, root / name, name)


def _lay_out(root: Path, shipped: list[ShippedFile], now: datetime) -> list[str]:
    before = _record(root)
    after = dict(before)
    kept: list[str] = []
    newer: list[str] = []
    try:
        for each in shipped:
            data = each.source.read_bytes()
            version, known = hashlib.sha256(data).hexdigest(), before.get(each.name)
            if not each.path.is_file():
                write_new(each.path, data)
            elif version != known and each.path.read_bytes() != data:
                if each.is_notebook:
                    mine = _renew(each.path, data, known, now)
                    kept += [] if mine is None else [mine.relative_to(root).as_posix()]
                elif known is not None and each.path.name != TESTS:  # `grader reset` is about the exercise
                    newer.append(each.path.parent.name)
            after[each.name] = version
    finally:  # what is done is recorded, even if the rest cannot be
        if after != before:
            write(root / RECORD, (json.dumps({"format": FORMAT, "files": after}, indent=1) + "\n").encode())
    return list(_lines(kept, newer))


def _renew(path: Path, data: bytes, known: str | None, now: datetime) -> Path | None:
    """Replace a notebook. Returns where the learner's is kept, None if nothing of theirs was in it.

    It is kept first and looked at afterwards: what JupyterLab saves in between goes into the one that is kept.
    """
    mine = keep(path, f"{path.stem}.mine-{now:%Y-%m-%d}")
    write(path, data)
    if sha256_of(mine) != known:
        return mine
    mine.unlink()
    return None


def _lines(kept: list[str], newer: list[str]) -> Iterator[str]:
    if kept:
        yield f"newer notebooks are here; yours, with what you wrote in them, are kept beside them: {', '.join(kept)}"
    if newer:
        shorts = [slug.partition("_")[0] for slug in newer]
        yield (
            f"the stub has changed for {', '.join(shorts)}; your file stays as it is: "
            f"`grader reset {shorts[0]}` takes the new one and keeps yours as a backup"
        )


def _record(root: Path) -> Mapping[str, str]:
    """What was laid out; nothing if that is not known."""
    try:
        plain = json.loads((root / RECORD).read_text(encoding="utf-8"))
        return {str(name): str(version) for name, version in plain["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
