"""Handing in without an exchange: into a folder, as nbgrader would name it. Learners need nothing of nbgrader for it."""

from __future__ import annotations

import getpass
import os
import time
from pathlib import Path

from grader.classroom import receipt
from grader.course import CourseError


def own_name() -> str:
    """The name of the account that runs this."""
    return getpass.getuser()


def drop(file: Path, slug: str, learner: str, folder: Path) -> receipt.Receipt:
    """Hand in without an exchange: put the file into a folder, named as nbgrader names it.

    Args:
        file: to hand in.
        slug: of the module.
        learner: who.
        folder: the drop folder.

    Raises:
        CourseError: it cannot be written.
    """
    now = time.time()
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d} UTC"
    earlier = []
    for place in sorted(folder.glob(f"{learner}+{slug}+*")) if folder.is_dir() else []:
        if (place / file.name).is_file():
            before = place / file.name
            earlier.append(receipt.Earlier(place.name.split("+")[2], before.read_bytes(), before.stat().st_mtime))
    made = receipt.receipt(slug, file, stamp, earlier)
    if made.sha256 is None:
        raise CourseError(f"{file} is not there: nothing to hand in")
    place = folder / f"{learner}+{slug}+{stamp}+{os.urandom(6).hex()}"
    try:
        place.mkdir(parents=True)
        (place / file.name).write_bytes(file.read_bytes())
    except OSError as error:
        raise CourseError(
            f"{folder} cannot be written ({error.strerror}): ask your instructor for the folder"
        ) from error
    return made
