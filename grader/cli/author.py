"""``grader verify`` proves the course; ``grader.checks.trace`` shows one run of one plan, for writing checks."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from grader.authoring.proof import Proof, prove
from grader.checks.collect import BrokenChecks, Check, checks_of
from grader.checks.runs import run_of
from grader.cli.options import backend_option, course_of, jobs_option
from grader.cli.wrong import read
from grader.course import BACKENDS, CourseError, Module
from grader.display import show
from grader.display.trace_text import timeline
from grader.judging.judge import SELF_CHECK_KEY, course_key
from grader.judging.pool import fork_server
from grader.judging.run_check import Replay, replay
from grader.judging.session import Session
from grader.judging.submission import examine


@click.command()
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option(
    "--whole", is_flag=True, help="Prove also that wrong solutions fail nothing else: takes three times as long."
)
@click.option(
    "--needs", is_flag=True, help="List the checks: how many wrong solutions fail each, and how many only it."
)
@jobs_option
@click.pass_context
def verify(context: click.Context, modules: tuple[str, ...], whole: bool, needs: bool, jobs: int | None) -> int:
    """Prove the course: solutions pass, wrong ones fail where they say, every check fails one of them."""
    course = course_of(context)
    console = show.console()
    columns = (TextColumn("proving"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=show.console(sys.stderr), transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        bar = progress.add_task("proving", total=None)
        proofs = list(
            prove(
                course,
                modules,
                whole=whole,
                jobs=jobs,
                begun=lambda count: progress.update(bar, total=count),
                done=lambda: progress.advance(bar),
            )
        )
    if not proofs:
        raise CourseError(f"{course.root} has no modules: a module is a folder course/<slug> with a module.toml")
    console.print(proofs_table(proofs))
    for proof in proofs if needs else ():
        console.print(f"\n{proof.module}")
        console.print(needs_table(proof))
    for line in problems(proofs):
        console.print(f"\n{show.clean(line)}", soft_wrap=True)
    return 1 if any(proof.findings for proof in proofs) else 0


def problems(proofs: list[Proof]) -> list[str]:
    """One line per problem; what is wrong with many files in the same way is said once."""
    places: dict[str, list[str]] = {}
    for finding in (finding for proof in proofs for finding in proof.findings):
        places.setdefault(finding.text, []).append(finding.where)
    lines = []
    for text, where in places.items():
        more = f" and {len(where) - 1} more" if len(where) > 1 else ""
        lines.append(f"{where[0]}{more}: {text}")
    return lines


def proofs_table(proofs: list[Proof]) -> Table:
    """A line per module."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("module")
    for name in ("right files", "wrong files", "checks", "needed", "findings"):
        table.add_column(name, justify="right")
    for proof in proofs:
        count = Text(str(len(proof.findings)), "red" if proof.findings else "green")
        needed = len({each.id for each in proof.needs if each.needed})
        counts = (proof.files - proof.wrong, proof.wrong, proof.checks, needed)
        table.add_row(proof.module, *map(str, counts), count)
    return table


def needs_table(proof: Proof) -> Table:
    """A line per check: how many wrong files fail it, and how many fail nothing else in the clause that they break."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for name in ("check", "kind", "clause"):
        table.add_column(name)
    for name in ("fail it", "need it"):
        table.add_column(name, justify="right")
    for each in proof.needs:
        style = "dim" if not each.needed else ""
        table.add_row(each.id, each.kind, each.clause, str(each.failed), str(each.needed), style=style)
    return table


@click.command()
@click.argument("module")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--check", "name", help="The check whose plan is played; the first one if not given.")
@backend_option
@click.option("--seed", help="The run to play, as a failure shows it; the failing one, or the first, if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the trace as JSON.")
@click.pass_context
def trace(
    context: click.Context,
    module: str,
    file: Path,
    name: str | None,
    backend: str | None,
    seed: str | None,
    as_json: bool,
) -> int:
    """Show one run of FILE under the plan of one check, as text and picture."""
    course = course_of(context)
    found = course.module(module)
    check = check_called(found, name)
    data, sha256 = read(found, file)
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
    if as_json:
        print(json.dumps(seen.trace.data))
    else:
        print_seen(check, seen)
    return 0 if seen.failure is None else 1


def print_seen(check: Check, seen: Replay) -> None:
    """Print what a check saw: the verdict, then the picture."""
    if seen.failure is None:
        click.secho(f"✓ {check.id}: {check.title}", fg="green")
        click.echo("the first of its runs:")
    else:
        click.secho(f"✗ {check.id}: {check.title}", fg="red")
        click.echo(show.clean(str(seen.failure)))
    click.echo(timeline(seen.trace))


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
