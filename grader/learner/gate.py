"""Whether a module's reference solution is open to its learner."""

from __future__ import annotations

from typing import Literal

from grader.course import Module
from grader.learner import progress
from grader.learner.selfcheck import core_passed
from grader.lesson.hints import HINT_COUNT, hints_of

Gate = Literal["closed", "question", "seen", "passed"]


def gate_of(module: Module, hint: str) -> tuple[Gate, str]:
    """How far the solution is open, and if it is closed, why, in one sentence.

    Args:
        hint: what the learner types for a hint.

    Raises:
        CourseError: the learner's file cannot be read; or it does not pass, and the module has no hints.
    """
    if not module.solution.is_file():
        return "closed", f"{module.slug}: the solution is not in this bundle, it comes with your released feedback."
    entry = progress.read(module.root).of(module.slug)
    if "seen" in entry.when:
        return "seen", ""
    passes, why = core_passed(module)
    if passes:
        return "passed", ""
    hints_of(module)  # complains if there are none: then only passing opens it
    if entry.hints >= HINT_COUNT:
        return "question", ""
    return "closed", (
        f"{module.slug}: not open yet, {why}. It opens when all your checks pass, or after {HINT_COUNT} hints and a question: "
        f"`{hint}` ({entry.hints} of {HINT_COUNT} opened)."
    )
