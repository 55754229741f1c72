"""Due dates and extensions: what ``class.toml`` says goes into the book, and the late penalty follows from it.

A date in ``class.toml`` wins. One that was set in formgrader or with nbgrader stays where ``class.toml`` has none; one that
``class.toml`` had and no longer has is taken back. A record of what was set tells them apart.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.plugins import LateSubmissionPlugin

from grader.classroom import class_toml
from grader.classroom.settings import Settings
from grader.course.safe_files import read_object, write_private

RECORD = ".dates.json"
"""In the class's folder: ``<slug>`` → due date, ``<slug>/<learner>`` → seconds of extension, as they were set last."""


def apply_dates(book: Gradebook, settings: Settings, slugs: Iterable[str], learner: str | None = None) -> list[str]:
    """Bring due dates and extensions into the book, for all that was handed in.

    Args:
        slugs: of the modules.
        learner: whose extensions; everybody's if None.

    Returns:
        A line for each date that has changed.
    """
    path = settings.folder / RECORD
    record = read_object(path)
    before, notes = dict(record), []
    people = [] if learner else book.students  # read at once, and kept while they are asked for one by one
    for slug in slugs:
        try:
            assignment = book.find_assignment(slug)
        except MissingEntry:
            continue
        notes += _apply_due(settings, assignment, slug, record)
        for submission in _submissions(book, assignment, learner):
            notes += _apply_extension(settings, submission, slug, record)
    del people
    book.db.commit()
    if record != before:
        write_private(path, json.dumps(record, indent=1, sort_keys=True))
    return notes


def _submissions(book: Gradebook, assignment: Any, learner: str | None) -> Iterable[Any]:
    if learner is None:
        return list(assignment.submissions)
    try:
        return [book.find_submission(assignment.name, learner)]
    except MissingEntry:
        return []


def _apply_due(settings: Settings, assignment: Any, slug: str, record: dict[str, Any]) -> list[str]:
    due, old = settings.use(slug).due, assignment.duedate
    if due is None:
        known = record.pop(slug, None)
        if known is None or old is None or old.isoformat() != known:
            return []
    else:
        record[slug] = due.isoformat()
    if due == old:
        return []
    assignment.duedate = due
    said = f"due {settings.local(due)}" if due else "no due date any more"
    return [f"{slug}: {said}{f', was {settings.local(old)}' if old else ''}"]


def _apply_extension(settings: Settings, submission: Any, slug: str, record: dict[str, Any]) -> list[str]:
    learner = submission.student.id
    key = f"{slug}/{learner}"
    more, old = settings.extensions.get((learner, slug)), submission.extension
    if more is None and submission.assignment.duedate is not None:
        known = record.pop(key, None)
        if known is None or old is None or old.total_seconds() != known:
            return []
    elif more is not None:
        record[key] = more.total_seconds()
    if submission.assignment.duedate is None:
        more = None  # nbgrader cannot add it to a date that is not there
        record.pop(key, None)
    if (more or dt.timedelta()) == (old or dt.timedelta()):
        return []
    submission.extension = more
    return [f"{learner}/{slug}: {f'{more} more time' if more else 'no extension any more'}"]


def unknown_learners(settings: Settings, known: Iterable[str]) -> list[str]:
    """Learners of extensions whom neither roster nor book knows: a name that is misspelt helps nobody.

    Args:
        known: learners in the book.
    """
    people = {*settings.roster, *known}
    return sorted({learner for learner, _ in settings.extensions} - people)


class LatePenalty(LateSubmissionPlugin):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's late penalty, as ``class.toml`` says."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Give the points to take off, or None.

        Args:
            student_id: whose; all are treated alike.
            score: what the notebook earned, in points.
            total_seconds_late: after due date and extension.
        """
        del student_id
        converter = self.parent.parent.parent  # plugin → preprocessor → exporter → converter
        settings = class_toml.read(Path(converter.coursedir.root))
        return settings.late.penalty(score, total_seconds_late) or None


def settle(settings: Settings, submitted: SubmittedNotebook) -> float:
    """Work the late penalty out again: a score given by hand has moved what it is a share of.

    Returns:
        The penalty in points.
    """
    late = submitted.assignment.total_seconds_late
    penalty = min(settings.late.penalty(submitted.score, late), submitted.score) if late > 0 else 0.0
    if (submitted.late_submission_penalty or 0.0) != penalty:
        submitted.late_submission_penalty = penalty or None
    return penalty
