"""``grader explain``: why your file fails, on a page; or in a form to give to an assistant or a teacher."""

from __future__ import annotations

import click

from grader.cli.options import backend_option, own_course
from grader.course import BACKENDS
from grader.learner.explanation import explanation, prompt
from grader.learner.selfcheck import self_check


@click.command()
@click.argument("module")
@backend_option
@click.option(
    "--prompt",
    "as_prompt",
    is_flag=True,
    help="As a text to give to an assistant or a teacher: it asks for questions, not for code.",
)
@click.pass_context
def explain(context: click.Context, module: str, backend: str | None, as_prompt: bool) -> int:
    """Say why your file of MODULE fails: the cause, the smallest run that shows it, what to read."""
    found = own_course(context).module(module)
    checked = self_check(found, backends=(backend,) if backend else BACKENDS, keep=False)
    click.echo(prompt(checked) if as_prompt else explanation(checked))
    return 0 if checked.has_passed else 1
