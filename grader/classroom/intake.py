"""The one intake: what a learner handed in, however it came, becomes plain files that nobody needs to fear.

Only the module's one ``.py`` is taken, and only if it is a regular file: no link, no pipe, no notebook, no setting, no
page. The notebook beside it is the one that was released. Nothing here raises for what a learner sent: it is written
down in ``intake.json`` and becomes a verdict.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import secrets
import shutil
import tempfile
import time as clock
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.classroom.hand_ins import SKEW, HandIn
from grader.classroom.settings import Settings
from grader.course import Module
from grader.course.safe_files import read_object
from grader.judging.batch import HALF_WRITTEN
from grader.judging.folder import FolderEntry, entry
from grader.judging.plain_files import NotAFolder, open_folder
from grader.judging.submission import MAX_BYTES

RECORD = "intake.json"
TIMESTAMP = "timestamp.txt"
SECRET = "submission_secret.txt"  # noqa: S105 - the name of nbgrader's file
STAMP = "%Y-%m-%d %H:%M:%S.%f UTC"
PLAIN_SECRET = re.compile(r"[0-9a-zA-Z_-]{16,256}")


@dataclass(frozen=True)
class Taken:
    """What the intake made of one submission.

    Args:
        time: when it was handed in, in UTC.
        sha256: of the file, None if there is none.
        problem: why there is no file, or an empty text.
    """

    learner: str
    slug: str
    time: dt.datetime
    sha256: str | None
    problem: str = ""


def take(each: HandIn, target: Path, module: Module, *, notebook: Path, arrived: str) -> Taken:
    """Take one submission in. What was at `target` is replaced as a whole or stays.

    Args:
        each: what the learner handed in. Its time is from the folder's name or the file's own: never from a file inside,
            which the learner writes.
        target: ``submitted/<learner>/<slug>``.
        module: what it was written for.
        notebook: the released notebook, planted in the place of whatever came.
        arrived: how it came, for the record.
    """
    learner, time = each.learner, each.time
    found = entry(each.root, each.place, each.file or f"{module.name}.py", learner, module.slug)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{module.slug}-"))
    try:
        shutil.copyfile(notebook, draft / f"{module.slug}.ipynb")
        if found.data is not None:
            # A file that is too large keeps one byte more than is allowed: enough to be refused for its size.
            (draft / f"{module.name}.py").write_bytes(found.data[: MAX_BYTES + 1])
        (draft / TIMESTAMP).write_text(time.strftime(STAMP), "utf-8")
        (draft / SECRET).write_text(_secret(each), "utf-8")
        record = {
            "learner": learner,
            "module": module.slug,
            "time": time.isoformat(),
            "sha256": found.sha256,
            "problem": found.missing,
            "unreadable": found.unreadable,
            "arrived": arrived,
        }
        (draft / RECORD).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        draft.chmod(0o755)
        _swap(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Taken(learner, module.slug, time, found.sha256, found.missing)


def plant(settings: Settings, learner: str, slug: str) -> None:
    """Put the released notebook beside a file that somebody has copied into ``submitted/`` by hand: nbgrader wants one.

    Raises:
        OSError: it cannot be written, or nothing was released.
    """
    target = settings.submitted_folder / learner / slug / f"{slug}.ipynb"
    if not target.exists():
        shutil.copyfile(settings.release(slug), target)


def _swap(draft: Path, target: Path) -> None:
    if os.path.lexists(target):
        old = target.with_name(f".{target.name}-old")
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        draft.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        draft.rename(target)


def _secret(each: HandIn) -> str:
    """The learner's secret, under whose hash nbgrader publishes the feedback; a new one if it is none."""
    try:
        with open_folder(each.root, each.place) as folder:
            descriptor = os.open(SECRET, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            try:
                text = os.read(descriptor, 300).decode("ascii", "replace").strip()
            finally:
                os.close(descriptor)
    except (NotAFolder, OSError):
        text = ""
    return text if PLAIN_SECRET.fullmatch(text) else secrets.token_hex(64)


def sweep(submitted: Path) -> None:
    """Remove what an intake that was killed left half made. What is younger may belong to one beside this one."""
    for pattern in ("*/.*-old", "*/.*-????????"):
        for path in submitted.glob(pattern):
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime > clock.time() - HALF_WRITTEN:
                    continue
                target = path.with_name(path.name[1:].removesuffix("-old"))
                if path.name.endswith("-old") and not target.exists():
                    path.rename(target)  # it was killed between the two steps of the exchange
                else:
                    shutil.rmtree(path)


def lacks_file(folder: Path) -> bool:
    """Whether a submission was taken in without a file."""
    return record(folder).get("sha256") is None


def recorded_time(folder: Path, now: dt.datetime) -> dt.datetime | None:
    """When a submission that was taken in had been handed in, in UTC; None if that is unknown or lies ahead."""
    try:
        time = dt.datetime.fromisoformat(str(record(folder).get("time")))
    except ValueError:
        return None
    return None if time.tzinfo or time > now + SKEW else time


def record(folder: Path) -> dict[str, Any]:
    """What the intake wrote down about a submission; empty if it did not come through the intake."""
    return read_object(folder / RECORD)


def submission(folder: Path, learner: str, module: Module) -> FolderEntry:
    """A collected submission as something to grade.

    Args:
        folder: ``submitted/<learner>/<slug>`` or its scored copy.
    """
    found = entry(folder.parent.parent, folder.parts[-2:], f"{module.name}.py", learner, module.slug)
    known = record(folder)
    if found.data is None and known.get("problem"):
        return FolderEntry(
            learner, module.slug, missing=str(known["problem"]), unreadable=bool(known.get("unreadable"))
        )
    return found
