"""The receipt: what a learner has in hand after handing in: time, hash of the file, and what the public checks say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.course import CourseError, Module
from grader.display import show
from grader.judging.judge import How
from grader.judging.pool import GradingTask, run
from grader.judging.submission import read
from grader.learner.due import DueDate


@dataclass(frozen=True)
class Earlier:
    """A hand-in of before: when (UTC, as nbgrader writes it), and the file's bytes and time of change."""

    time: str
    data: bytes
    changed: float


@dataclass(frozen=True)
class Receipt:
    """What is told after handing in.

    Args:
        time: when, in UTC.
        sha256: of the file, None if there is none.
        warnings: the same file again, an older one, none at all; or too late.
        due: when it is due, for people; empty if nobody said.
    """

    slug: str
    time: str
    sha256: str | None
    warnings: tuple[str, ...] = ()
    due: str = ""

    def text(self, public: str = "") -> str:
        """The receipt as lines.

        Args:
            public: what the public checks say.
        """
        lines = [f"handed in  {self.slug}", f"time       {self.time}", f"sha256     {self.sha256 or 'no file'}"]
        lines += [f"due        {self.due}"] if self.due else []
        lines += [f"public     {public}"] if public else []
        return "\n".join([*lines, *(f"warning    {warning}" for warning in self.warnings)]) + "\n"


def receipt(
    slug: str,
    file: Path,
    time: str,
    earlier: Iterable[Earlier],
    *,
    due: DueDate | None = None,
    now: datetime | None = None,
) -> Receipt:
    """Make out a receipt, with a warning if the file is not new.

    Args:
        file: what is handed in.
        time: when, in UTC.
        earlier: what the same learner handed in before, oldest first.
        due: when it is due; None if nobody said.
        now: the time to compare with; the clock's if not given.
    """
    when = due.text() if due else ""
    late = due.late_by(now or datetime.now(UTC)) if due else ""
    too_late = (f"this is {late} after it was due; more time that was agreed with you counts",) if late else ()
    if not file.is_file():
        return Receipt(slug, time, None, (f"there is no {file.name} here: nothing can be scored", *too_late), when)
    data = file.read_bytes()
    before = list(earlier)
    warnings = []
    same = [each for each in before if each.data == data]
    if same and same[-1] is before[-1]:
        warnings.append(f"this is the same file as you handed in at {same[-1].time}")
    elif same:
        warnings.append(f"this is the file of {same[-1].time}; a newer one of {before[-1].time} is replaced by it")
    elif before and file.stat().st_mtime < before[-1].changed:
        warnings.append(f"this file was last changed before the one you handed in at {before[-1].time}")
    return Receipt(slug, time, hashlib.sha256(data).hexdigest(), (*warnings, *too_late), when)


def public_result(module: Module, file: Path) -> str:
    """What the public checks say about a file, in one line.

    Args:
        module: of the file.
        file: what is handed in.
    """
    try:
        data, sha256 = read(file)
    except CourseError as error:
        return str(error)
    report = run(GradingTask(module, data, sha256, walls=False, how=How("public")))
    counts = ", ".join(f"{report.count(verdict)} {verdict}" for verdict in ("passed", "failed", "not run"))
    return show.clean(f"{report.verdict}: {report.reason or counts}")
