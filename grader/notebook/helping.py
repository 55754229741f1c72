"""`hint`, `solution`, `reset` in a cell: what the terminal's commands of these names do."""

from __future__ import annotations

from grader.course import CourseError, Module
from grader.course.other_ways import other_ways
from grader.display import show
from grader.learner import progress, stub_reset
from grader.learner.gate import gate_of
from grader.learner.selfcheck import present_belief
from grader.lesson.hints import HINT_COUNT, hints_of, next_hint
from grader.notebook.cards import own_course


class Page:
    """A text: Markdown in a notebook, plain elsewhere.

    Args:
        text: of it.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return self.text


def hint(name: str, *, again: bool = False) -> Page:
    """Show the next hint of a module; the first one begins with what your file's failure is about.

    Args:
        name: of the module, such as ``m05``.
        again: show the hint that you opened last, and open none.

    Raises:
        CourseError: there is no such module, or it has no hints, or none is open yet.
    """
    module = own_course().module(name)
    opened = progress.read(module.root).of(module.slug).hints
    hints_of(module)  # complains if there are none
    if again and not opened:
        raise CourseError(f"no hint of {module.slug} is open yet: leave out again=True")
    before = opened - 1 if again else opened
    shown = next_hint(module, before, present_belief(module) if not before else None)
    if shown is None:
        return Page(f"All {HINT_COUNT} hints are open: `hint({module.short!r}, again=True)` shows the last one.")
    title, text = shown
    said = "" if again else progress.reach(module.root, module.slug, hints=before + 1)
    return Page("\n\n".join(filter(None, [f"**{title} of {HINT_COUNT}**", text, said])))


def reset(name: str) -> Page:
    """Put your file of a module back to the stub; yours is kept as a backup.

    Raises:
        CourseError: there is no such module, or no stub to put back.
    """
    module = own_course().module(name)
    backup = stub_reset.reset(module)
    kept = f"; yours is kept as {backup}" if backup else ": nothing of yours was in it"
    return Page(f"{module.stub.relative_to(module.root).as_posix()} is the stub again{kept}")


def solution(name: str, *, answer: str = "") -> Page:
    """Show the reference solution of a module, once your file passes its core; or after three hints and a question.

    Args:
        name: of the module.
        answer: your answer to the question, which opens it before you pass; the module then counts as seen.

    Raises:
        CourseError: there is no such module; or your file does not pass, and it has no hints.
    """
    module = own_course().module(name)
    gate, why = gate_of(module, f"hint({module.short!r})")
    if gate == "closed":
        return Page(why)
    if gate != "question":
        return Page(_solution(module))
    if not answer.strip():
        question = hints_of(module)["Question"].partition("<details>")[0].strip()
        return Page(f"{question}\n\nAnswer in your own words: `solution({module.short!r}, answer='…')`.")
    said = progress.reach(module.root, module.slug, "seen")
    return Page("\n\n".join(filter(None, [_solution(module), said])))


def _solution(module: Module) -> str:
    text = module.solution.read_text(encoding="utf-8").rstrip()
    ways = [f"- `{path.relative_to(module.root).as_posix()}`: {show.clean(said)}" for path, said in other_ways(module)]
    others = ["**Other right ways**\n\n" + "\n".join(ways)] if ways else []
    return "\n\n".join([f"```python\n{text}\n```", *others])
