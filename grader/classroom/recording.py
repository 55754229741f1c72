"""Writing into nbgrader's book: one grade per aspect, and the cells that they belong to.

Blank stays blank: what could not be checked has no automatic score and waits for a person. It never takes the place
of a score that is there.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Grade, Gradebook, MissingEntry, SubmittedNotebook

from grader.classroom.assignment import ANSWER, notebook
from grader.course import Module
from grader.course.safe_files import write_private
from grader.judging.report import Report

RECORD = ".{}.recorded"
"""Beside a learner's reports: what was written into the book about a submission, see `Recorded`."""
HISTORY = ".{}.history"
"""Beside a learner's reports: a line of JSON for each hand-in that was scored."""


@dataclass(frozen=True)
class Recorded:
    """What was written about one submission, kept beside its report: the next time it tells what has changed.

    Args:
        file: the hash of the file that the grades are for, or why there is none; None if nothing was written yet.
        flags: of the report.
        kept: aspects whose older score stayed because the new verdict is blank.
        waits: those of them that a person had scored, and that wait for a person for no other reason.
    """

    file: str | None = None
    flags: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Recorded:
        """Read what was written; nothing if there is no such file. Older versions wrote the hash alone."""
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return cls()
        try:
            plain = json.loads(text)
            return cls(plain["file"], tuple(plain["flags"]), tuple(plain["kept"]), tuple(plain["waits"]))
        except (ValueError, KeyError, TypeError):
            return cls(text)

    def write(self, path: Path) -> None:
        """Write it, whole or not at all."""
        write_private(path, json.dumps(asdict(self)))


def write_grades(
    book: Gradebook,
    learner: str,
    slug: str,
    points: Mapping[str, int | None],
    *,
    file: str = "",
    flags: tuple[str, ...] = (),
    before: Recorded = Recorded(),
) -> Recorded:
    """Write the automatic scores of one submission.

    A score given by hand stays. It is marked for review when the automatic score moved or the file is a new one. Flags
    become formgrader's flag, which a person takes off after reading; it comes back with another file or other reasons.

    Args:
        points: aspect → points, None where it could not be checked.
        file: the hash of the file, or why there is none.
        flags: why a person should read it.
        before: what was written the last time.
    """
    submitted = book.find_submission_notebook(slug, slug, learner)
    new_file = before.file is not None and before.file != file
    kept, waits = [], []
    for grade in submitted.grades:
        old, now = grade.auto_score, points.get(grade.name, 0 if not grade.max_score else None)
        if now is None and old is not None:
            kept.append(grade.name)
            if grade.manual_score is not None and (not grade.needs_manual_grade or grade.name in before.waits):
                waits.append(grade.name)
            grade.needs_manual_grade = True
            continue
        now = None if now is None else min(float(now), grade.max_score)
        grade.auto_score = now
        if grade.manual_score is None:
            grade.needs_manual_grade = now is None
        elif now != old or new_file:
            grade.needs_manual_grade = True
        elif grade.name in before.waits:
            grade.needs_manual_grade = False
    if new_file or flags != before.flags:
        submitted.flagged = bool(flags) or (submitted.flagged and not before.flags)
    book.db.commit()
    return Recorded(file, flags, tuple(kept), tuple(waits))


def remember(folder: Path, slug: str, time: object, report: Report) -> None:
    """Add a hand-in to a submission's history; the same hand-in once.

    Args:
        folder: of the learner's reports.
        slug: of the module.
        time: when it was handed in.
        report: its verdict.
    """
    failed = sorted({row.clause for row in report.checks if row.verdict == "failed"})
    entry = {
        "time": time,
        "sha256": report.sha256,
        "verdict": report.verdict,
        "points": report.points,
        "failed": failed,
    }
    past = [each for each in history(folder, slug) if each.get("time") != time]
    write_private(folder / HISTORY.format(slug), "\n".join(json.dumps(each) for each in [*past, entry]))


def history(folder: Path, slug: str) -> list[Mapping[str, Any]]:
    """What a learner handed in for a module and was scored, the oldest first."""
    try:
        lines = (folder / HISTORY.format(slug)).read_text("utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError):
        return []
    return sorted((each for each in found if isinstance(each, dict)), key=lambda each: str(each.get("time")))


def scored_learners(book: Gradebook, module: Module) -> set[str]:
    """Who has a submission of a module in the book that was scored."""
    try:
        submissions = book.find_assignment(module.slug).submissions
    except MissingEntry:
        return set()
    return {each.student.id for each in submissions if each.notebooks}


def retired_aspects(book: Gradebook, module: Module, points: Mapping[str, int]) -> list[str]:
    """Aspects that the book has cells for and the module no longer has points in."""
    try:
        known = book.find_notebook(module.slug, module.slug)
    except MissingEntry:
        return []
    return sorted({cell.name for cell in known.grade_cells} - set(points))


def update_cells(book: Gradebook, module: Module, points: Mapping[str, int]) -> list[str]:
    """Bring the cells of an assignment that has submissions up to the module's points.

    nbgrader does so for changed points when the assignment is made again; it refuses where an aspect is new, and deletes
    what was released. Here it is done beforehand, so no score is cut down to what its cell was once worth. A score by hand
    that is above what its cell is worth now waits for a person.

    Args:
        module: whose points have changed.
        points: aspect → points.

    Returns:
        What changed, in words.
    """
    try:
        known = book.find_notebook(module.slug, module.slug)
    except MissingEntry:
        return []
    if not known.submissions:
        return []
    cells = {cell.name: cell for cell in known.grade_cells}
    changes = []
    for aspect in sorted({*points, *cells}):
        worth = points.get(aspect, 0)
        if aspect not in cells:
            _add_cell(book, module, points, aspect)
            changes.append(f"{aspect} {worth}, new")
        elif (before := cells[aspect].max_score) != worth:
            cells[aspect].max_score = float(worth)
            changes.append(f"{aspect} {worth}, was {before:g}")
            for grade in cells[aspect].grades:
                if grade.manual_score is not None and grade.manual_score > worth:
                    grade.needs_manual_grade = True
    book.db.commit()
    return changes


def _add_cell(book: Gradebook, module: Module, points: Mapping[str, int], aspect: str) -> None:
    sources = {cell["metadata"]["nbgrader"]["grade_id"]: cell["source"] for cell in graded_cells(module, points)}
    cell = book.update_or_create_grade_cell(
        aspect, module.slug, module.slug, max_score=float(points[aspect]), cell_type="code"
    )
    book.update_or_create_source_cell(
        aspect, module.slug, module.slug, cell_type="code", locked=True, source=sources[aspect], checksum=None
    )
    for submitted in book.find_notebook(module.slug, module.slug).submissions:
        book.db.add(Grade(cell_id=cell.id, notebook=submitted))


def graded_cells(module: Module, points: Mapping[str, int]) -> list[dict]:  # type: ignore[type-arg]  # JSON
    """The cells of the assignment that carry points."""
    cells = notebook(module, points)["cells"]
    return [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade")]


def comment_of(submitted: SubmittedNotebook) -> str:
    """What an instructor wrote about a submission."""
    said = [each.comment for each in submitted.comments if each.name == ANSWER and each.comment]
    return "\n".join(said)


def hand_in_time(submitted: SubmittedNotebook) -> dt.datetime | None:
    """When it was handed in, in UTC."""
    moment: dt.datetime | None = submitted.assignment.timestamp
    return moment
