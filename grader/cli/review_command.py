"""``grader review``: questions that are due again, a few minutes of them."""

from __future__ import annotations

import sys

import click
from rich.markdown import Markdown

from grader.cli.options import own_course, warn
from grader.display import show
from grader.learner.recall import answer, due

AT_MOST = 10
"""Questions at a time: about five minutes."""


@click.command()
@click.pass_context
def review(context: click.Context) -> int:
    """Ask again the predictions that did not come true, and the questions of finished modules, after 1, 3, 7 and 21 days."""
    course = own_course(context)
    questions = due(course)
    console = show.console()
    if not questions:
        console.print("Nothing is due. Predictions that do not come true, and finished modules, bring questions.")
        return 0
    if not sys.stdin.isatty():
        console.print(f"{len(questions)} due: run `grader review` in a terminal.")
        return 0
    for number, each in enumerate(questions[:AT_MOST], start=1):
        console.print(f"\n{number} of {len(questions)} · {each.key}\n", style="bold")
        console.print(Markdown(each.question))
        click.prompt("\nyour answer", default="", show_default=False)
        console.print(Markdown(each.answer))
        if each.said:
            console.print(f"\nThe first time you said: {each.said}", style="dim", markup=False)
        known = click.confirm("\ndid you know it?", default=True)
        if said := answer(course.root, each.key, known=known):
            warn(said)
    console.print("\nThat is all for now." if len(questions) <= AT_MOST else "\nMore are due: `grader review` again.")
    return 0
