"""Writing into nbgrader's book: one grade per aspect, and the cells that they belong to.

Blank stays blank: what could not be checked has no automatic score and waits for a person. It never takes the place
of a score that is there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Grade, Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.plugins import LateSubmissionPlugin

from grader.classroom import class_toml
from grader.classroom.assignment import ANSWER, notebook
from grader.classroom.settings import Settings
from grader.course import Module


@dataclass(frozen=True)
class Recorded:
    """What became of one submission's grades.

    Args:
        kept: aspects whose older score stayed because the new verdict is blank.
        review: aspects that wait for a person.
    """

    kept: tuple[str, ...]
    review: tuple[str, ...]


def write_grades(
    book: Gradebook, learner: str, slug: str, points: Mapping[str, int | None], *, new_file: bool
) -> Recorded:
    """Write the automatic scores of one submission.

    A score given by hand stays. It is marked for review when the automatic score moved or the file is a new one.

    Args:
        book: nbgrader's.
        learner: whose.
        slug: of the module.
        points: aspect → points, None where it could not be checked.
        new_file: whether it is another file than the one that the grades in the book are for.
    """
    submitted = book.find_submission_notebook(slug, slug, learner)
    kept, review = [], []
    for grade in submitted.grades:
        before, now = grade.auto_score, points.get(grade.name, 0 if not grade.max_score else None)
        if now is None and before is not None:
            kept.append(grade.name)
            grade.needs_manual_grade = True
        else:
            now = None if now is None else min(float(now), grade.max_score)
            grade.auto_score = now
            if grade.manual_score is None:
                grade.needs_manual_grade = now is None
            elif now != before or new_file:
                grade.needs_manual_grade = True
        if grade.needs_manual_grade:
            review.append(grade.name)
    book.db.commit()
    return Recorded(tuple(kept), tuple(review))


def apply_dates(book: Gradebook, settings: Settings, slug: str, learner: str | None = None) -> None:
    """Bring due date and extension from ``class.toml`` into the book, where it says any.

    Args:
        book: nbgrader's.
        settings: of the class.
        slug: of the module.
        learner: whose extension; nobody's if None.
    """
    try:
        assignment = book.find_assignment(slug)
    except MissingEntry:
        return
    if (due := settings.use(slug).due) is not None:
        assignment.duedate = due
    if learner is not None and assignment.duedate is not None:
        try:
            submission = book.find_submission(slug, learner)
        except MissingEntry:
            submission = None
        if submission is not None and (more := settings.extensions.get((learner, slug))):
            submission.extension = more
    book.db.commit()


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


def retired_aspects(book: Gradebook, module: Module, points: Mapping[str, int]) -> list[str]:
    """Aspects that the book has cells for and the module no longer has points in."""
    try:
        known = book.find_notebook(module.slug, module.slug)
    except MissingEntry:
        return []
    return sorted({cell.name for cell in known.grade_cells} - set(points))


def add_missing_cells(book: Gradebook, module: Module, points: Mapping[str, int]) -> list[str]:
    """Give an assignment that has submissions the cells of aspects that are new.

    nbgrader refuses to make such an assignment, and deletes what was released. With the cells in the book beforehand
    there is nothing new for it.

    Returns:
        The aspects that were added.
    """
    try:
        known = book.find_notebook(module.slug, module.slug)
    except MissingEntry:
        return []
    new = sorted(set(points) - {cell.name for cell in known.grade_cells})
    if not new or not known.submissions:
        return []
    sources = {cell["metadata"]["nbgrader"]["grade_id"]: cell["source"] for cell in graded_cells(module, points)}
    for aspect in new:
        cell = book.update_or_create_grade_cell(
            aspect, module.slug, module.slug, max_score=float(points[aspect]), cell_type="code"
        )
        book.update_or_create_source_cell(
            aspect, module.slug, module.slug, cell_type="code", locked=True, source=sources[aspect], checksum=None
        )
        for submitted in known.submissions:
            book.db.add(Grade(cell_id=cell.id, notebook=submitted))
    book.db.commit()
    return new


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
