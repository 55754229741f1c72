"""``grader solution``: the reference solution, for learners who have passed, or have tried."""

from __future__ import annotations

import re

import click
from rich.markdown import Markdown
from rich.syntax import Syntax

from grader.cli.options import own_course, warn
from grader.course import CourseError, Module
from grader.course.other_ways import other_ways
from grader.display import show
from grader.learner import progress
from grader.learner.gate import gate_of
from grader.lesson.hints import hints_of


@click.command()
@click.argument("module")
@click.option("--answer", help="Your answer to the question, if you cannot be asked.")
@click.pass_context
def solution(context: click.Context, module: str, answer: str | None) -> int:
    """Show the reference solution of MODULE, once your file passes its core checks.

    It opens without that after three hints and a question: the module then counts as seen, not as done. Your file is
    left as it is.
    """
    found = own_course(context).module(module)
    gate, why = gate_of(found, f"grader hint {found.short}")
    if gate == "closed":
        print(why)
        return 1
    if gate == "question":
        return ask_question(found, answer)
    show_solution(found)
    if gate == "passed":
        show_others(found)
        show_question(found)
    return 0


def ask_question(module: Module, answer: str | None) -> int:
    """Ask the question, and show the solution after an answer."""
    question, _ = question_of(module)
    console = show.console()
    if answer is None:
        console.print(Markdown(question))
        try:
            answer = click.prompt("\nYour answer, in your own words", default="", show_default=False)
        except click.Abort:
            answer = ""
    if not (answer or "").strip():
        print(f"No answer, so it stays closed. Ask again, or give one: grader solution {module.short} --answer '…'")
        return 1
    if said := progress.reach(module.root, module.slug, "seen"):
        warn(said)
    show_solution(module)
    show_question(module)
    return 0


def show_solution(module: Module) -> None:
    """Print the reference; the learner's file stays as it is."""
    console = show.console()
    console.print(
        f"{module.solution.relative_to(module.root)} (your file stays as it is)\n", style="bold", soft_wrap=True
    )
    text = module.solution.read_text(encoding="utf-8").rstrip()
    if console.is_terminal:
        console.print(Syntax(text, "python", theme="ansi_dark", background_color="default", word_wrap=True))
    else:
        print(text)


def show_others(module: Module) -> None:
    """Name up to three other right ways, each with the sentence on how it is built; nothing where there are none."""
    if not (ways := other_ways(module)):
        return
    console = show.console()
    console.print("\nOther right ways:", style="bold")
    for path, sentence in ways:
        console.print(f"  {path.relative_to(module.root).as_posix()}\n    {sentence}", soft_wrap=True)


def show_question(module: Module) -> None:
    """Print the question with its answer, if the module has one."""
    try:
        question, answer = question_of(module)
    except CourseError:
        return
    console = show.console()
    console.print()
    console.print(Markdown(question))
    console.print()
    console.print(Markdown(f"**Answer.** {answer}"))


def question_of(module: Module) -> tuple[str, str]:
    """The question of a module and its folded answer.

    Raises:
        CourseError: there is none.
    """
    text = hints_of(module)["Question"]
    question, _, rest = text.partition("<details>")
    answer = re.sub(r"<summary>.*?</summary>|</?details>", "", rest)
    return question.strip(), answer.strip()
