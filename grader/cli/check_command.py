"""``grader check``: the public checks, on the learner's own files."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import click
from rich.text import Text

from grader.checks.collect import Kind
from grader.cli.options import backend_option, own_course, warn
from grader.course import BACKENDS, CourseError, Module
from grader.display import report_card, show
from grader.learner.own_tests import run_own_tests
from grader.learner.selfcheck import SelfCheck, card, first_failure, self_check
from grader.learner.watching import saves


@click.command()
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@backend_option
@click.option("--hidden", is_flag=True, help="Run the hidden checks too, where the course has them (self-paced).")
@click.option("--all", "every", is_flag=True, help="List every check, also those that pass.")
@click.option("--watch", is_flag=True, help="Check again whenever a file is saved.")
@click.pass_context
def check(
    context: click.Context, modules: tuple[str, ...], backend: str | None, hidden: bool, every: bool, watch: bool
) -> int:
    """Run the public checks on your own files; without MODULE, on all that you have started."""
    course = own_course(context)
    wanted = course.modules(modules)
    if not wanted:
        raise CourseError(f"{course.root} has no modules: a module is a folder course/<slug> with a module.toml")
    backends = (backend,) if backend else BACKENDS
    kinds: tuple[Kind, ...] = ("public", "hidden") if hidden else ("public",)
    if watch:
        return watch_files(wanted, kinds, backends)
    if hidden:
        for module in wanted:
            if not module.hidden_checks:
                warn(f"{module.slug} has no hidden checks here: these are the public ones")
    passed = []
    for module in wanted:
        found = list(check_kinds(module, kinds, backends))
        passed += [print_result(each, every=every) for each in found]
        if found[0].report is not None:
            passed.append(print_own_tests(module))
    return 0 if all(passed) else 1


def check_kinds(module: Module, kinds: Sequence[Kind], backends: Sequence[str]) -> Iterator[SelfCheck]:
    """Run the checks of each kind that the module has here."""
    for kind in kinds:
        if kind == "public" or module.hidden_checks:
            yield self_check(module, kind=kind, backends=backends)


def print_own_tests(module: Module) -> bool:
    """Run the tests that the learner has written and print what became of them; whether none failed."""
    ran = run_own_tests(module)
    for line in () if ran is None else ran.lines():
        show.console().print(show.clean(line), style="red" if ran and not ran.has_passed else "green", soft_wrap=True)
    return ran is None or ran.has_passed


def print_result(checked: SelfCheck, *, every: bool = False) -> bool:
    """Print the line or card of one module; whether it passed."""
    console = show.console()
    if checked.report is None:
        console.print(checked.next_step, style="dim", soft_wrap=True)
    else:
        for part in card(checked, first_failure(checked), every=every):
            console.print(part, soft_wrap=isinstance(part, str))
        console.print()
    if checked.said:
        warn(checked.said)
    return checked.has_passed


def watch_files(modules: Sequence[Module], kinds: Sequence[Kind], backends: Sequence[str]) -> int:
    """Check once, then again after each save, until Ctrl-C. Exit 0 if all that was checked last passes."""
    passes: dict[str, bool] = {}
    saved = saves(modules)  # knows the files as they are before they are checked
    try:
        for module in modules:
            passes[module.slug] = check_and_say(module, kinds, backends)
        names = modules[0].stub.name if len(modules) == 1 else f"{len(modules)} files"
        click.secho(f"watching {names}: save to check again, Ctrl-C ends", dim=True)
        for module in saved:
            passes[module.slug] = check_and_say(module, kinds, backends)
    except KeyboardInterrupt:
        click.echo()
    return 0 if len(passes) == len(modules) and all(passes.values()) else 1


def check_and_say(module: Module, kinds: Sequence[Kind], backends: Sequence[str]) -> bool:
    """Check a file, say in one line how it is, then what failed first; whether it passed."""
    began, console = time.monotonic(), show.console()
    try:
        found = list(check_kinds(module, kinds, backends))
    except CourseError as error:  # the file is unreadable just now: the next save may mend that
        console.print(f"{time.strftime('%H:%M:%S')}  {show.clean(str(error))}", style="yellow", soft_wrap=True)
        return False
    for each in found:
        line = Text().append(time.strftime("%H:%M:%S  "), "dim")  # as style of the whole it would dim the verdict too
        line.append_text(summary(each, time.monotonic() - began))
        console.print(line, soft_wrap=True)
        for part in () if each.report is None else report_card.first_words(each.report, module=each.module):
            console.print(part)
        if each.said:
            warn(each.said)
    passed = found[0].report is None or print_own_tests(module)
    return all(each.has_passed for each in found) and passed


def summary(each: SelfCheck, seconds: float) -> Text:
    """One line about a check of a file."""
    if each.report is None:
        return Text(each.next_step, "dim")
    report = each.report
    line = Text(f"{report.module}  ", "bold")
    line.append_text(report_card.standing_text(report))
    line.append(("  hidden checks" if each.how.kind == "hidden" else "") + f"  {seconds:.1f} s", "dim")
    return line
