"""``grader dispute``: one file about one clause, for the instructor."""

from __future__ import annotations

import json
from pathlib import Path

import click

from grader.cli.options import backend_option, own_course
from grader.course.safe_files import write_private
from grader.display import show
from grader.judging.pool import fork_server
from grader.learner import dispute as disputes


@click.command()
@click.argument("clause")
@click.option("--because", default="", help="Why you think that your code is right, in your words.")
@click.option("--seed", help="The seed that the feedback page or the check shows.")
@backend_option
@click.option("--to", type=click.Path(path_type=Path), help="The file to write; dispute-CLAUSE.json if not given.")
@click.pass_context
def dispute(
    context: click.Context, clause: str, because: str, seed: str | None, backend: str | None, to: Path | None
) -> int:
    """Write one file about CLAUSE, such as m05.R3, to hand to your instructor: your code, seed, trace, versions."""
    module, name = disputes.clause_of(own_course(context), clause)
    path = to or Path(f"dispute-{module.short}.{name}.json")
    steps = path.with_suffix(".html" if path.suffix != ".html" else ".steps.html")
    forks = fork_server(None, walls=False)
    plain = disputes.dispute(module, name, forks, because=because, seed=seed, backend=backend, steps=steps)
    write_private(path.absolute(), json.dumps(plain, indent=1))
    print(f"{path}: send it to your instructor; it holds your file and what a run of it did, nothing else")
    if plain["said"]:
        print(show.clean(f"it shows: {plain['said']}"))
    if plain["trace"]:
        print(f"{steps}: the same run, to step through in a browser")
    return 0
