"""`parsons`: put shuffled lines in order, by typing their letters."""

from __future__ import annotations

from pathlib import Path

from grader.lesson.parts import Lesson, LessonError, Puzzle
from grader.lesson.puzzles import Answer, judge_answer, lines_by_letter
from grader.lesson.source import read


def parsons(name: str, answer: str = "", *, lesson: str | Path | None = None) -> None:
    """Print a Parsons problem, or what is right in an answer to it.

    Args:
        name: of the problem, as the lesson has it.
        answer: the letters of the lines, from the top; empty to see the lines.
        lesson: the lesson's Markdown file; the one beside the notebook if not given.
    """
    try:
        source, puzzle = _find(name, lesson)
    except LessonError as error:
        print(error)
        return
    if not answer.strip():
        print(_lines(puzzle, source.slug))
        return
    judgement = judge_answer(puzzle, source.slug, answer)
    print(_words(judgement))


def _find(name: str, lesson: str | Path | None) -> tuple[Lesson, Puzzle]:
    """The lesson that has the problem, and the problem.

    Raises:
        LessonError: there is none.
    """
    here = Path.cwd()
    paths = [Path(lesson)] if lesson is not None else [here / "lesson.md", *sorted(here.glob("*.md"))]
    for path in paths:
        if lesson is None and (not path.is_file() or f"{{#{name}}}" not in path.read_text(encoding="utf-8")):
            continue
        found = read(path.resolve())
        if name in found.puzzles:
            return found, found.puzzles[name]
    place = str(lesson) if lesson is not None else f"lesson.md in {here}"
    raise LessonError(
        f"no problem {name!r} in {place}: open the notebook from its own folder, or name it with lesson=…"
    )


def _lines(puzzle: Puzzle, slug: str) -> str:
    known = lines_by_letter(puzzle, slug)
    wrong = len(puzzle.distractors)
    not_needed = f" {wrong} of them {'is' if wrong == 1 else 'are'} wrong and not needed." if wrong else ""
    return "\n".join(
        [
            f"Put these lines in order, from the top.{not_needed}",
            "",
            *(f"  {letter}  {line}" for letter, line in known.items()),
            "",
            f'Type the letters: parsons("{puzzle.id}", "B A …")',
        ]
    )


def _words(answer: Answer) -> str:
    if not answer.program:
        return answer.text
    return "\n".join([answer.text, "", *(f"  {line}" for line in answer.program)])
