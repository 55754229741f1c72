"""``grader hint``: one hint after the other."""

from __future__ import annotations

import re
import textwrap

import click
from rich.markdown import Markdown
from rich.text import Text

from grader.cli.options import own_course, warn
from grader.course import CourseError, Module
from grader.display import show
from grader.learner import progress
from grader.learner.selfcheck import present_belief
from grader.lesson.hints import HINT_COUNT, hints_of, next_hint

FENCED = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)


@click.command()
@click.argument("module")
@click.option("--again", is_flag=True, help="Show the hint that you opened last, and open no new one.")
@click.pass_context
def hint(context: click.Context, module: str, again: bool) -> int:
    """Show the next hint of MODULE: first the concept, then the direction, then almost the code."""
    found = own_course(context).module(module)
    opened = progress.read(found.root).of(found.slug).hints
    hints_of(found)  # complains if there are none
    if again and not opened:
        raise CourseError(f"no hint of {found.slug} is open yet: leave out --again")
    before = opened - 1 if again else opened
    shown = next_hint(found, before, present_belief(found) if not before else None)
    if shown is None:
        print(
            f"All {HINT_COUNT} hints are open. `grader hint {found.short} --again` shows the last one; {_then(found)}"
        )
        return 0
    title, text = shown
    number = opened if again else opened + 1
    said = "" if again else progress.reach(found.root, found.slug, hints=number)
    console = show.console()
    console.print(f"{title} of {HINT_COUNT}\n", style="bold")
    for part in FENCED.split(text):
        if part.startswith("```"):  # code is not wrapped: a comment's second line would be no Python
            code = "\n".join(part.splitlines()[1:-1])
            console.print(Text(textwrap.indent(code, "    ") + "\n"), soft_wrap=True)
        elif part.strip():
            console.print(Markdown(part))
    left = HINT_COUNT - number
    console.print(
        f"\n{left} more hint{'' if left == 1 else 's'}." if left else f"\nThat was the last; {_then(found)}",
        style="dim",
    )
    if said:
        warn(said)
    return 0


def _then(module: Module) -> str:
    if not module.solution.is_file():
        return "the solution comes with your feedback."
    return f"`grader solution {module.short}` opens after one question."
