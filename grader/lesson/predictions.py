"""The questions of a lesson that begin with **Predict:**, each with the cell that answers it and its folded answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.lesson.minutes import PREDICT
from grader.lesson.parts import Cell, Lesson, Puzzle, Text

ANSWER = re.compile(r"<details><summary>Answer</summary>(.*?)</details>", re.DOTALL)


@dataclass(frozen=True)
class Prediction:
    """A question that is asked before a cell runs.

    Args:
        question: what is asked, as Markdown.
        answer: what is so; empty if the lesson folds none.
    """

    id: str
    question: str
    answer: str


def predictions_of(lesson: Lesson) -> list[Prediction]:
    """The predictions that a lesson asks for, in order."""
    found: list[Prediction] = []
    question, cell, after = "", "", ""
    for part in [*lesson.parts, None]:
        if isinstance(part, Text):
            before, mark, asked = part.text.rpartition(PREDICT)
            after += before if mark else part.text
            question = asked.strip() if mark else question
        elif part is None or isinstance(part, Cell | Puzzle):
            if cell:
                found[-1] = Prediction(cell, found[-1].question, _answer(after))
            cell, after = "", ""
            if question and part is not None:
                found.append(Prediction(part.id, question, ""))
                cell, question = part.id, ""
    return found


def question_and_answer(text: str) -> tuple[str, str]:
    """A question whose answer is folded under it, in its two parts."""
    return ANSWER.sub("", text).strip(), _answer(text)


def _answer(text: str) -> str:
    match = ANSWER.search(text)
    return match[1].strip() if match else ""
