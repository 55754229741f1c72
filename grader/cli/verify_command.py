"""``grader verify``: the proof of the course."""

from __future__ import annotations

import sys

import click
from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from grader.authoring.exhaustive import CHILD_LIMITS, cover
from grader.authoring.proof import Proof, prove
from grader.cli.options import course_of, jobs_option
from grader.course import Course, CourseError
from grader.display import show
from grader.sandbox import ForkServer

PLACES = 3
"""How many places of one and the same problem are named."""


@click.command()
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option(
    "--whole", is_flag=True, help="Prove also that wrong solutions fail nothing else: takes several times as long."
)
@click.option(
    "--needs", is_flag=True, help="List the checks: how many wrong solutions fail each, and how many only it."
)
@click.option(
    "--exhaustive",
    is_flag=True,
    help="Play nothing but the solutions, in all orders within two deviations from first in, first out.",
)
@jobs_option
@click.pass_context
def verify(
    context: click.Context, modules: tuple[str, ...], whole: bool, needs: bool, exhaustive: bool, jobs: int | None
) -> int:
    """Prove the course: solutions pass, wrong ones fail where they say, every check fails one of them."""
    course = course_of(context)
    if exhaustive:
        return cover_modules(course, modules)
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
                needs=needs,
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


def cover_modules(course: Course, names: tuple[str, ...]) -> int:
    """Play all orders of the solutions within two deviations, one module after the other, and print what was covered."""
    failed = False
    with ForkServer(walls=False, limits=CHILD_LIMITS) as forks:
        for slug in [course.slug(name) for name in names] or course.slugs:
            found = cover(course.module(slug), forks)
            failed = failed or bool(found.failures)
            for line in found.lines():
                click.echo(show.clean(line))
    return 1 if failed else 0


def problems(proofs: list[Proof]) -> list[str]:
    """One line per problem; what is wrong with many files in the same way is said once."""
    places: dict[str, list[str]] = {}
    for finding in (finding for proof in proofs for finding in proof.findings):
        places.setdefault(finding.text, []).append(finding.where)
    lines = []
    for text, where in places.items():
        more = f" and {len(where) - PLACES} more" if len(where) > PLACES else ""
        lines.append(f"{', '.join(where[:PLACES])}{more}: {text}")
    return lines


def proofs_table(proofs: list[Proof]) -> Table:
    """A line per module."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("module")
    needed = [len({each.id for each in proof.needs if each.needed}) for proof in proofs]
    columns = ("needed",) if any(needed) else ()
    for name in ("right files", "wrong files", "checks", *columns, "findings"):
        table.add_column(name, justify="right")
    for proof, need in zip(proofs, needed, strict=True):
        count = Text(str(len(proof.findings)), "red" if proof.findings else "green")
        counts = (proof.files - proof.wrong, proof.wrong, proof.checks, *([need] if columns else []))
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
