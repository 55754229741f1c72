"""What a learner should be asked again: predictions that did not come true, and the questions of finished modules.

A question comes back after 1, 3, 7 and 21 days, as long as it is answered; one that is not answered begins again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader.course import Course, CourseError, Module
from grader.learner import progress
from grader.learner.progress import Recall, read, stamp_of
from grader.lesson.hints import hints_of
from grader.lesson.parts import Lesson
from grader.lesson.predictions import predictions_of, question_and_answer
from grader.lesson.source import read as read_lesson

DAYS = (1, 3, 7, 21)
QUESTION = "question"
"""The key of a module's own question, which is in its hints."""


@dataclass(frozen=True)
class DueQuestion:
    """A question to ask now.

    Args:
        key: of its entry in the progress.
        said: what the learner predicted the first time; empty for a module's own question.
    """

    key: str
    question: str
    answer: str
    said: str = ""


def note_prediction(
    root: Path, slug: str, cell: str, said: str, *, came_true: bool | None = None, now: datetime | None = None
) -> str:
    """Keep a prediction, or how it turned out.

    Args:
        cell: the id of the cell that answers it.
        said: the prediction; empty if only the outcome is known.
        came_true: the outcome; None if it is not known yet.
        now: the time; the clock's if not given.

    Returns:
        One line for the learner if it could not be kept; else empty.
    """
    key = f"{slug}/{cell}"
    known = read(root).recalls.get(key, Recall())
    due = "" if came_true is not False else _due(0, now)
    entry = Recall(said or known.said, known.came_true if came_true is None else came_true, 0, due)
    return progress.note_recall(root, key, entry, now=now)


def answer(root: Path, key: str, *, known: bool, now: datetime | None = None) -> str:
    """Note whether a question was answered, and when it comes again.

    Returns:
        One line for the learner if it could not be kept; else empty.
    """
    entry = read(root).recalls.get(key, Recall())
    step = entry.step + 1 if known else 0
    due = _due(step, now) if step < len(DAYS) else ""
    return progress.note_recall(root, key, Recall(entry.said, entry.came_true, step, due), now=now)


def due(course: Course, *, now: datetime | None = None) -> list[DueQuestion]:
    """The questions to ask now, in the order of the modules."""
    known, time = read(course.root), stamp_of(now or datetime.now(UTC))
    found: list[DueQuestion] = []
    for slug in ["start_here", *course.slugs]:
        mine = {key.partition("/")[2]: entry for key, entry in known.recalls.items() if key.startswith(f"{slug}/")}
        found += _missed_predictions(course, slug, mine, time)
        if slug in course.slugs:
            found += _own_question(course.module(slug), mine, known.of(slug).when, time)
    return found


def due_line(course: Course) -> str:
    """A line that says how many questions are due; empty if none is."""
    count = len(due(course))
    return f"{count} question{'' if count == 1 else 's'} to review: grader review" if count else ""


def _missed_predictions(course: Course, slug: str, mine: Mapping[str, Recall], time: str) -> Iterator[DueQuestion]:
    waiting = {cell: entry for cell, entry in mine.items() if cell != QUESTION and entry.due and entry.due <= time}
    lesson = _lesson(course, slug) if waiting else None
    for each in predictions_of(lesson) if lesson else ():
        if each.id in waiting:
            yield DueQuestion(f"{slug}/{each.id}", each.question, each.answer, waiting[each.id].said)


def _own_question(
    module: Module, mine: Mapping[str, Recall], when: Mapping[str, str], time: str
) -> Iterator[DueQuestion]:
    passed = when.get("core") or when.get("all")
    entry = mine.get(QUESTION)
    at = entry.due if entry else passed and _due(0, datetime.fromisoformat(passed))
    if not at or at > time:
        return
    try:
        yield DueQuestion(f"{module.slug}/{QUESTION}", *question_and_answer(hints_of(module)["Question"]))
    except CourseError:
        return


def _lesson(course: Course, slug: str) -> Lesson | None:
    path = course.module(slug).lesson if slug in course.slugs else course.root / "course" / f"{slug}.md"
    try:
        return read_lesson(path, course.root)
    except CourseError:
        return None


def _due(step: int, now: datetime | None) -> str:
    return stamp_of((now or datetime.now(UTC)) + timedelta(days=DAYS[step]))
