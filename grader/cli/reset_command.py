"""``grader reset``: a learner's file back to the stub."""

from __future__ import annotations

import click

from grader.cli.options import own_course
from grader.learner import stub_reset


@click.command()
@click.argument("module")
@click.pass_context
def reset(context: click.Context, module: str) -> int:
    """Put your file of MODULE back to the stub. Yours is kept as a backup."""
    found = own_course(context).module(module)
    name = found.stub.relative_to(found.root)
    backup = stub_reset.reset(found)
    print(f"{name} is the stub again" + (f"; yours is kept as {backup}" if backup else ": nothing of yours was in it"))
    return 0
