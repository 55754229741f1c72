"""``grader hint``, ``solution``, ``reset``, ``progress``: what helps a learner on."""

from __future__ import annotations

import re

import click
from rich.markdown import Markdown
from rich.syntax import Syntax

from grader.cli.options import own_course
from grader.course import CourseError, Module
from grader.display import show
from grader.learner import progress as progress_file
from grader.learner.pristine import reset as put_back
from grader.learner.selfcheck import core_passed
from grader.learner.standing import place, standings, table
from grader.lesson.hints import HINTS, hints_of, next_hint

LAST = len(HINTS) - 1
"""How many hints there are."""


@click.command()
@click.argument("module")
@click.option("--again", is_flag=True, help="Show the hint that you opened last, and open none.")
@click.pass_context
def hint(context: click.Context, module: str, again: bool) -> int:
    """Show the next hint of MODULE: first the concept, then the direction, then almost the code."""
    found = own_course(context).module(module)
    opened = progress_file.read(found.root).of(found.slug).hints
    hints_of(found)  # complains if there are none
    if again and not opened:
        raise CourseError(f"no hint of {found.slug} is open yet: leave out --again")
    shown = next_hint(found, opened - 1 if again else opened)
    if shown is None:
        print(f"All {LAST} hints are open. `grader hint {found.short} --again` shows the last one; {_then(found)}")
        return 0
    title, text = shown
    number = opened if again else opened + 1
    said = "" if again else progress_file.reach(found.root, found.slug, hints=number)
    console = show.console()
    console.print(f"{title} of {LAST}\n", style="bold")
    console.print(Markdown(text))
    left = LAST - number
    console.print(
        f"\n{left} more hint{'' if left == 1 else 's'}." if left else f"\nThat was the last; {_then(found)}",
        style="dim",
    )
    told(said)
    return 0


def _then(module: Module) -> str:
    if not module.solution.is_file():
        return "the solution comes with your feedback."
    return f"`grader solution {module.short}` opens after one question."


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
    if not found.solution.is_file():
        print(f"{found.slug}: the solution is not in this bundle, it comes with your released feedback")
        return 1
    entry = progress_file.read(found.root).of(found.slug)
    passes, why = (False, "") if "seen" in entry.when else core_passed(found)
    if passes:
        show_solution(found)
        show_question(found)
        return 0
    if "seen" in entry.when:
        show_solution(found)
        return 0
    hints_of(found)  # complains if there are none: then only passing opens it
    if entry.hints < LAST:
        print(
            f"{found.slug}: not open yet, {why}. It opens when all your checks pass, or after {LAST} hints and a question: "
            f"`grader hint {found.short}` ({entry.hints} of {LAST} opened)"
        )
        return 1
    return asked(found, answer)


def asked(module: Module, answer: str | None) -> int:
    """Ask the question; whoever answers it sees the solution."""
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
    told(progress_file.reach(module.root, module.slug, "seen"))
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


@click.command()
@click.argument("module")
@click.pass_context
def reset(context: click.Context, module: str) -> int:
    """Put your file of MODULE back to the stub. Yours is kept as a backup."""
    found = own_course(context).module(module)
    name = found.stub.relative_to(found.root)
    backup = put_back(found)
    print(f"{name} is the stub again" + (f"; yours is kept as {backup}" if backup else ": nothing of yours was in it"))
    return 0


@click.command()
@click.pass_context
def progress(context: click.Context) -> int:
    """Show how far you are in every module."""
    course = own_course(context)
    lines, said = standings(course)
    if not lines:
        raise CourseError(f"{course.root} has no modules: a module is a folder course/<slug> with a module.toml")
    console = show.console()
    console.print(table(lines))
    console.print(f"\n{place(course.root)}", style="dim", soft_wrap=True)
    told(said)
    return 0


def told(said: str) -> None:
    """Say a line about the progress file, if there is one."""
    if said:
        click.echo(f"grader: {said}", err=True)
