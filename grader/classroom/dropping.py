"""Handing in without an exchange: into a folder, as nbgrader would name it. Learners need nothing of nbgrader for it."""

from __future__ import annotations

import datetime as dt
import getpass
import os
from pathlib import Path

from grader.classroom import receipt
from grader.course import CourseError
from grader.learner.due import DueDate

STAMP = "%Y-%m-%dT%H%M%S.%fZ"
"""How a folder says its time: nothing in it is forbidden in a name on Windows or on a network share."""

SHOWN = "%Y-%m-%d %H:%M:%S.%f UTC"


def own_name() -> str:
    """The name of the account that runs this, as nbgrader and whoever collects see it: not what LOGNAME says."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # Windows; an account without a name, as in some containers
        return getpass.getuser()


def _read_time(place: Path) -> str:
    """The time in a folder's name, as a receipt shows it."""
    text = place.name.split("+")[2]
    try:
        return dt.datetime.strptime(text, STAMP).replace(tzinfo=dt.UTC).strftime(SHOWN)
    except ValueError:
        return text  # as older versions wrote it


def drop(file: Path, slug: str, learner: str, folder: Path, due: DueDate | None = None) -> receipt.Receipt:
    """Hand in without an exchange: put the file into a folder, named as nbgrader names it.

    Args:
        file: to hand in.
        learner: who.
        folder: the drop folder.
        due: when it is due; None if nobody said.

    Raises:
        CourseError: it cannot be written.
    """
    now = dt.datetime.now(dt.UTC)
    earlier = []
    for place in sorted(folder.glob(f"{learner}+{slug}+*")) if folder.is_dir() else []:
        if (place / file.name).is_file():
            before = place / file.name
            earlier.append(receipt.Earlier(_read_time(place), before.read_bytes(), before.stat().st_mtime))
    earlier.sort(key=lambda each: each.time)
    made = receipt.receipt(slug, file, now.strftime(SHOWN), earlier, due=due, now=now)
    if made.sha256 is None:
        raise CourseError(f"{file} is not there: nothing to hand in")
    place = folder / f"{learner}+{slug}+{now.strftime(STAMP)}+{os.urandom(6).hex()}"
    # Whoever collects meanwhile must see the whole or nothing.
    draft = folder / f".{place.name}.part"
    try:
        draft.mkdir(parents=True)
        (draft / file.name).write_bytes(file.read_bytes())
        draft.rename(place)
    except OSError as error:
        raise CourseError(
            f"{folder} cannot be written ({error.strerror}): ask your instructor for the folder"
        ) from error
    return made
