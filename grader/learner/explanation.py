"""`grader explain`: a failure on a page of plain text, and in a form to give to an assistant or a teacher.

Both are made from the public checks and the learner's own file: nothing of hidden checks or of the reference is in them.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

from grader.checks.collect import checks_of
from grader.course import CourseError, Module
from grader.display import show
from grader.display.report_card import STEP_THROUGH
from grader.display.story import Story, standing, story_of
from grader.display.trace_text import timeline
from grader.judging.report import Report
from grader.learner.selfcheck import SelfCheck, first_failure
from grader.learner.stub_reset import untouched_stub

WIDTH = 78
LABELS = {
    "happened": "What happened",
    "look at": "Looked at",
    "expected": "Expected",
    "seen": "Seen",
    "it said": "The exception said",
    "only on": "Only on",
    "when": "What came from outside",
    "order": "The order it takes",
    "compare": "Beside a run that passes",
}
RULES = """\
You help somebody who learns structured concurrency in Python with anyio. They have written the file below, and an automatic check
of it fails. Help them to find the fault themselves:

- Do not write code for them: no corrected file, no corrected line, no part of a solution, not even if they ask for it.
- Say first, in one or two sentences, what the failure below means. Then ask one question that leads them to the line, and wait.
- One step at a time. If they are stuck, explain the concept with an example that is not this exercise.
- Keep to what is written here. You do not know the other checks of this exercise; do not guess what they want.
"""


def explanation(checked: SelfCheck) -> str:
    """The failure on a page of plain text; one line if there is none."""
    report = checked.report
    if report is None:
        return checked.next_step
    if report.verdict == "passed":
        return f"{report.module}: all of its public checks pass; there is nothing to explain."
    return "\n\n".join(_page(checked, report))


def _page(checked: SelfCheck, report: Report) -> Iterator[str]:
    module = checked.module
    yield f"{report.module}: {standing(report)}"
    story = story_of(report, module, texts=True)
    if story is None:
        yield fill(show.clean(report.reason or "It could not be checked."))
        return
    yield from failure(story)
    if story.step[0]:
        yield f"What to read\n{indent(f'the lesson of {module.short}, step “{story.step[0]}” ({lesson_of(module)})')}"
    seen = first_failure(checked)
    if seen is not None and seen[1] is not None and seen[1].spans:
        yield f"The run that shows it\n\n{timeline(seen[1])}"
    if story.command:
        yield f"To see it again\n\n  {story.command}\n\n{indent(STEP_THROUGH)}"
    yield f"Stuck? `grader hint {module.short}` opens one hint at a time."


def failure(story: Story) -> Iterator[str]:
    """The parts of a failure, each with its heading."""
    headline = fill(show.clean(story.headline))
    code = f"\n\n  line {story.line}:  {show.clean(story.code)}" if story.code else ""
    yield f"Why it fails\n{indent(headline)}{code}"
    if story.check:
        yield f"The check that shows it\n{indent(show.clean(story.check))}"
    yield "\n".join(f"{LABELS[label]}\n{indent(show.clean(text))}" for label, text in story.facts if label in LABELS)
    if story.belief:
        yield f"What many believe who write this, and what is not so\n{indent(f'“{story.belief}”')}"


def lesson_of(module: Module) -> str:
    """Where a module's lesson is, from the root of the course."""
    return module.notebook.relative_to(module.root).as_posix()


def fill(text: str) -> str:
    """A text of lines that fit into a terminal."""
    return textwrap.fill(text, WIDTH, break_long_words=False)


def indent(text: str) -> str:
    """The same under a heading."""
    return textwrap.indent(textwrap.fill(" ".join(text.split()), WIDTH - 2, break_long_words=False), "  ")


def prompt(checked: SelfCheck) -> str:
    """The failure for an assistant or a teacher, with the rule that the learner writes the code.

    It holds the exercise, the learner's own file and the failing public check; no other check and no solution.
    """
    module, report = checked.module, checked.report
    story = story_of(report, module, texts=True) if report is not None else None
    parts = [RULES.strip(), f"# The exercise: {module.title}\n\n{exercise_of(module)}"]
    if report is not None and story is not None:
        parts.append("# The failure\n\n" + "\n\n".join(failure(story)))
        if story.step[0]:
            parts.append(f"The course treats this in the step “{story.step[0]}” of the lesson.")
    elif report is not None:
        parts.append(f"# The failure\n\n{report.reason or standing(report)}")
    parts.append(f"# The learner's file, {module.stub.name}\n\n```python\n{own_text(module)}\n```")
    return "\n\n".join(parts)


def exercise_of(module: Module) -> str:
    """What the exercise asks for: the text at the top of its stub, and the sentences of its public checks."""
    try:
        told = ast.get_docstring(ast.parse(untouched_stub(module).decode("utf-8"))) or ""
    except (OSError, SyntaxError, ValueError, CourseError):
        told = ""  # the public checks say what the exercise wants, too
    sentences = dict.fromkeys(f"- {check.title}" for check in checks_of(module, "public"))
    return "\n\n".join(filter(None, [told, "What its public checks say:\n" + "\n".join(sentences)]))


def own_text(module: Module) -> str:
    """The learner's file."""
    return module.stub.read_text(encoding="utf-8-sig", errors="replace").rstrip()
