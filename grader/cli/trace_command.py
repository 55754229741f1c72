"""``grader trace``: one run of a check's plan, as text and picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from grader.checks.collect import BrokenChecks, Check, checks_of
from grader.checks.runs import run_of
from grader.cli.options import backend_option, course_of, read_program
from grader.course import BACKENDS, CourseError, Module
from grader.course.key import SELF_CHECK_KEY, course_key
from grader.display import show
from grader.display.trace_text import timeline
from grader.judging.pool import fork_server
from grader.judging.run_check import Replay, closer_look, replay
from grader.judging.session import Session
from grader.judging.submission import examine
from grader.learner.dispute import write_steps


@click.command()
@click.argument("module")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--check", "name", help="The check whose plan is played; the first one if not given.")
@backend_option
@click.option("--seed", help="The run to play, as a failure shows it; the failing one, or the first, if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the trace as JSON.")
@click.option(
    "--steps",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the run as a page to step through, such as run.html.",
)
@click.pass_context
def trace(
    context: click.Context,
    module: str,
    file: Path | None,
    name: str | None,
    backend: str | None,
    seed: str | None,
    as_json: bool,
    steps: Path | None,
) -> int:
    """Show one run of FILE, or of your own file, under the plan of one check, as text and picture."""
    course = course_of(context)
    found = course.module(module)
    file = file or found.stub
    check = check_called(found, name)
    data, sha256 = read_program(found, file)
    submission = examine(found, data, sha256)
    if submission.fault:
        raise CourseError(f"{file}: {submission.fault.text}")
    try:
        only = run_of(seed) if seed else None
    except ValueError as error:
        raise CourseError(str(error)) from error
    key = course_key(course.root) if check.kind == "hidden" else SELF_CHECK_KEY
    with Session(found, submission, fork_server(None, walls=False)) as session:
        if fault := session.load():
            raise CourseError(f"{file}: {fault.text}")
        seen = replay(check, session, backend or BACKENDS[0], key, only=only)
        if steps is not None:
            seen = closer_look(check, session, key, seen)
    if steps is not None:
        write_steps(steps, check, seen, submission)
    if as_json:
        print(json.dumps(seen.trace.data))
    else:
        print_seen(check, seen)
        if steps is not None:
            click.echo(f"{steps}: open it in a browser; the arrow keys go from step to step")
    return 0 if seen.failure is None else 1


def print_seen(check: Check, seen: Replay) -> None:
    """Print what a check saw: the verdict, then the picture."""
    if seen.failure is None:
        click.secho(f"✓ {check.id}: {check.title}", fg="green")
        click.echo("the first of its runs:")
    else:
        click.secho(f"✗ {check.id}: {check.title}", fg="red")
        click.echo(show.clean(str(seen.failure)))
    click.echo(timeline(seen.trace, show.width_of(sys.stdout)))


def check_called(module: Module, name: str | None) -> Check:
    """The check of a name, with or without ``test_``, public or hidden; the first public one without a name.

    Raises:
        CourseError: there is none.
    """
    known: list[Check] = []
    for kind in ("public", "hidden"):
        try:
            known += checks_of(module, kind)
        except BrokenChecks as error:
            if kind == "public" and not module.hidden_checks:
                raise CourseError(str(error)) from error
    for check in known:
        if name in (None, check.id, check.id.removeprefix("test_")):
            return check
    raise CourseError(f"no check {name!r} in {module.slug}: its checks are {', '.join(check.id for check in known)}")
