"""``grader check``: the public checks, on the learner's own files."""

from __future__ import annotations

import click

from grader import show
from grader.cli.options import backend_option, course_of
from grader.collect import Kind
from grader.contract import examine, next_step, read
from grader.course import BACKENDS, CourseError, Module
from grader.judge import How, grade
from grader.pool import fork_server
from grader.session import Forks


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
    forks = fork_server(None, walls=False)
    passed = [_check(module, How(kind, backends), forks) for module in wanted for kind in _kinds(module, hidden=hidden)]
    return 0 if all(passed) else 1


def _kinds(module: Module, *, hidden: bool) -> tuple[Kind, ...]:
    return ("public", "hidden") if hidden and module.hidden_checks.is_file() else ("public",)


def _check(module: Module, how: How, forks: Forks) -> bool:
    """Check one module, print its line or card, tell whether it passed."""
    data, sha256 = read(module.stub)
    console = show.console()
    fault = examine(module, data).fault
    if fault is not None and fault.kind == "not started":
        console.print(next_step(module), style="dim", soft_wrap=True)
        return False
    report = grade(module, data, forks=forks, how=how, sha256=sha256)
    for part in show.card(report, points=False, texts=True):
        console.print(part)
    console.print()
    return report.verdict == "passed"
