"""``grader new``: the folders of a new module."""

from __future__ import annotations

import click

from grader.authoring.scaffold import scaffold
from grader.cli.options import course_of


@click.command()
@click.argument("slug")
@click.pass_context
def new(context: click.Context, slug: str) -> int:
    """Make the four folders of a new module SLUG, such as m14_second_try. `grader verify` names what is to be written."""
    for path in scaffold(course_of(context), slug):
        print(path)
    print(f"next: fill in what says TODO, and run `grader verify {slug}` until it is green")
    return 0
