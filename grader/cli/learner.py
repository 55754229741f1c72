"""``grader check``: the public checks, on the learner's own files."""

from __future__ import annotations

import click

from grader import show
from grader.cli.options import backend_option, course_of
from grader.collect import Kind
from grader.course import BACKENDS, CourseError
from grader.selfcheck import Checked, self_check


@click.command()
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@backend_option
@click.option("--hidden", is_flag=True, help="Run the hidden checks too, where the course has them (self-paced).")
@click.option("--watch", is_flag=True, help="Check again whenever a file is saved.")
@click.pass_context
def check(context: click.Context, modules: tuple[str, ...], backend: str | None, hidden: bool, watch: bool) -> int:
    """Run the public checks on your own files; without MODULE, on all that you have started."""
    if watch:
        raise click.UsageError("--watch is not available yet: run the command again after saving")
    course = course_of(context)
    wanted = course.modules(modules)
    if not wanted:
        raise CourseError(f"{course.root} has no modules: a module is a folder course/<slug> with a module.toml")
    backends = (backend,) if backend else BACKENDS
    kinds: tuple[Kind, ...] = ("public", "hidden") if hidden else ("public",)
    passed = [
        shown(self_check(module, kind=kind, backends=backends))
        for module in wanted
        for kind in kinds
        if kind == "public" or module.hidden_checks.is_file()
    ]
    return 0 if all(passed) else 1


def shown(checked: Checked) -> bool:
    """Print the line or card of one module, tell whether it passed."""
    console = show.console()
    if checked.report is None:
        console.print(checked.next_step, style="dim", soft_wrap=True)
    else:
        for part in show.card(checked.report, points=False, texts=True):
            console.print(part)
        console.print()
    if checked.said:
        click.echo(f"grader: {checked.said}", err=True)
    return checked.passed
