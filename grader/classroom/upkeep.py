"""Looking after a class's folder: who may read it, backups of the book, and what is wrong with a book."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from grader.classroom.settings import Settings

PRIVATE_FOLDERS = ("source", "release", "submitted", "autograded", "feedback", "verdicts", "backups")
PRIVATE_FILES = ("gradebook.db", "class.toml", "roster.csv", "nbgrader_config.py", ".dates.json")
BACKUPS = "backups"
KEPT = 10
"""How many backups stay."""


def make_private(folder: Path) -> None:
    """Make a new class's folders, which nobody else may read.

    The folder itself can be passed through: an exchange in it must be reachable.
    """
    folder.chmod(0o711)
    for name in PRIVATE_FOLDERS:
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(0o700)
    for name in PRIVATE_FILES:
        if (folder / name).is_file():
            (folder / name).chmod(0o600)


def close_to_others(folder: Path) -> list[str]:
    """Take away what everybody on the machine may do with a class's own files; a group of graders stays as it is.

    Returns:
        The names that were open.
    """
    closed = []
    for name in (*PRIVATE_FOLDERS, *PRIVATE_FILES):
        path = folder / name
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o007:
                path.chmod(mode & ~0o007)
                closed.append(name)
        except OSError:
            continue
    return closed


def back_up(settings: Settings) -> Path | None:
    """Copy the book into ``backups``, and keep the newest ten; None if there is no file to copy.

    Raises:
        OSError: there is no room, or it may not be written.
        sqlite3.Error: the book cannot be read.
    """
    book = settings.book_file
    if book is None or not book.is_file() or is_empty(book):
        return None  # an empty book would in time push out the backups of the one that was lost
    place = settings.folder / BACKUPS
    place.mkdir(exist_ok=True)
    place.chmod(0o700)
    target = place / f"gradebook-{dt.datetime.now(dt.UTC):%Y-%m-%dT%H%M%S.%f}.db"
    draft = target.with_suffix(".part")
    try:
        with contextlib.closing(sqlite3.connect(book)) as one, contextlib.closing(sqlite3.connect(draft)) as other:
            one.backup(other)
        draft.chmod(0o600)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    for old in sorted(place.glob("gradebook-*.db"))[:-KEPT]:
        old.unlink()
    return target


def is_empty(book: Path) -> bool:
    """Whether nothing was handed in, as far as a book that is a file knows.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    with contextlib.closing(sqlite3.connect(f"file:{book}?mode=ro", uri=True)) as database:
        if not database.execute("select 1 from sqlite_master where name = 'submitted_assignment'").fetchone():
            return True
        return database.execute("select 1 from submitted_assignment").fetchone() is None


def is_lost(settings: Settings) -> bool:
    """Whether the book is a file that is not there, or that knows no submission, although submissions were scored.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    book = settings.book_file
    if book is None or not any(settings.autograded_folder.glob("*/*/*.ipynb")):
        return False
    return not book.is_file() or is_empty(book)


def newest_backup(settings: Settings) -> Path | None:
    """The newest backup that is a whole book."""
    for path in sorted((settings.folder / BACKUPS).glob("gradebook-*.db"), reverse=True):
        if not list(damage(path)):
            return path
    return None


def damage(book: Path) -> Iterator[str]:
    """What is wrong with a book that is a file, by SQLite's own check."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{book}?mode=ro", uri=True)) as database:
            for (line,) in database.execute("pragma integrity_check"):
                if line != "ok":
                    yield str(line)
    except sqlite3.Error as error:
        yield str(error)
