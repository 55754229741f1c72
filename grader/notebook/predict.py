"""`predict`: a prediction before a cell runs, and afterwards whether it came true; `predictions`: how many did."""

from __future__ import annotations

from pathlib import Path

from grader.course import Course, CourseError
from grader.learner import progress
from grader.learner.recall import note_prediction
from grader.lesson.parts import Lesson
from grader.lesson.predictions import Prediction, predictions_of
from grader.lesson.source import read
from grader.notebook.cards import own_course


def predict(name: str, said: str = "", came_true: bool | None = None) -> None:  # noqa: FBT001 - learners write True or False
    """Note what you think the next cell does; after you ran it, whether that came true.

    Args:
        name: of the cell.
        said: your prediction, in a few words.
        came_true: True or False, once you have compared it with the answer.
    """
    try:
        lesson = _lesson_with(name)
        course = own_course()
    except CourseError as error:
        print(error)
        return
    known = progress.read(course.root).recalls.get(f"{lesson.slug}/{name}")
    if not said.strip() and came_true is None:
        before = f" You said: {known.said}" if known and known.said else ""
        print(f'Before you run the next cell, write what you expect: predict("{name}", "…").{before}')
        return
    if complaint := note_prediction(course.root, lesson.slug, name, said.strip(), came_true=came_true):
        print(complaint)
    elif came_true is None:
        print("Noted. Run the next cell and open the answer. Then add whether it came true:")
        print(f'predict("{name}", "{said.strip()}", True) or False.')
    else:
        print("Noted: it came true." if came_true else "Noted. `grader review` asks it again, from tomorrow on.")


def predictions() -> None:
    """Print how many predictions of this lesson came true."""
    try:
        lesson = _lesson_with(None)
        course = own_course()
    except CourseError as error:
        print(error)
        return
    print(summary(course, lesson))


def summary(course: Course, lesson: Lesson) -> str:
    """How many predictions of a lesson came true, in a line."""
    asked = predictions_of(lesson)
    known = progress.read(course.root).recalls
    outcomes = [known[key].came_true if (key := f"{lesson.slug}/{each.id}") in known else None for each in asked]
    made = sum(f"{lesson.slug}/{each.id}" in known for each in asked)
    return (
        f"{len(asked)} predictions: {made} made, {outcomes.count(True)} came true, {outcomes.count(False)} did not."
        + (" `grader review` asks those again." if False in outcomes else "")
    )


def _lesson_with(name: str | None) -> Lesson:
    """The page beside the notebook that asks for this prediction, or for any.

    Raises:
        CourseError: there is none.
    """
    here = Path.cwd()
    for path in [here / "lesson.md", *sorted(here.glob("*.md"))]:
        if not path.is_file() or (name is not None and f"{{#{name}}}" not in path.read_text(encoding="utf-8")):
            continue
        lesson = read(path.resolve())
        asked: list[Prediction] = predictions_of(lesson)
        if asked and (name is None or name in [each.id for each in asked]):
            return lesson
    what = f"no prediction {name!r}" if name else "no predictions"
    raise CourseError(f"{what} in lesson.md in {here}: open the notebook from its own folder")
