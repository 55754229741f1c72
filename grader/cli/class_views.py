"""``grader class``: looking at a class, mending it, and scoring as it comes: `status`, `report`, `explain`, `doctor`, `lab`, `watch`."""

from __future__ import annotations

import importlib.util
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich import box
from rich.table import Table

from grader.cli.class_options import EVERY_LEARNER, desk_of, drop_option, folder_option, modules_argument
from grader.cli.options import jobs_option, warn
from grader.course import CourseError
from grader.course.safe_files import write_private
from grader.display import show
from grader.judging.folder import one_line
from grader.learner.extras import install

if TYPE_CHECKING:
    from grader.classroom.table import GradeLine


@click.command()
@modules_argument
@folder_option
@click.option("--all", "everybody", is_flag=True, help="A line for each submission, however many there are.")
def status(modules: tuple[str, ...], folder: Path | None, everybody: bool) -> int:
    """Say how far the class is, and what state each submission is in: scored, stale, waiting for a person."""
    desk = desk_of(folder)
    found = desk.standing()
    wanted = {module.slug for module in desk.settings.modules(modules)}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("module")
    for name in ("released", "collected", "scored", "stale", "need a person", "feedback"):
        table.add_column(name, justify="right")
    for each in found.counts:
        if each.slug in wanted:
            counts = (each.collected, each.scored, each.stale, each.review, each.feedback)
            table.add_row(each.slug.partition("_")[0], "yes" if each.released else "no", *map(str, counts))
    show.console().print(table)
    lines = [line for line in found.lines if line.handed_in and line.slug in wanted]
    shown = [line for line in lines if (line.learner, line.slug) in found.stale or line.review or not line.verdict]
    if everybody or len(lines) <= EVERY_LEARNER:
        shown = lines
    for line in shown:
        print(one_line(standing_line(line, stale=(line.learner, line.slug) in found.stale)))
        if line.cause:
            print(f"    {one_line(line.cause)}")
    if len(shown) < len(lines):
        print(f"{len(lines) - len(shown)} more submissions are scored and wait for nobody: --all shows them")
    for learner, slug in sorted(found.stale - {(line.learner, line.slug) for line in lines}):
        if slug in wanted:
            print(f"{one_line(learner)} {slug}: collected, not scored yet")
    return 0


@click.command()
@folder_option
@click.option("--mend", is_flag=True, help="Bring a damaged or lost gradebook back from backup and verdicts.")
def doctor(folder: Path | None, mend: bool) -> int:
    """Say what is wrong with the class and its gradebook. Exit 1 if something is."""
    desk = desk_of(folder)
    from grader.classroom import health

    if mend:
        for line in health.mend(desk):
            print(one_line(line))
    troubles = list(health.find_trouble(desk))
    for trouble in troubles:
        print(f"{one_line(trouble.what)}\n    to do: {trouble.remedy}")
    if not troubles:
        print("nothing is wrong")
    return 1 if troubles else 0


@click.command()
@folder_option
@click.option("--no-browser", is_flag=True, help="Open no browser, only print the address.")
@click.option("--port", type=click.IntRange(1, 65535), help="JupyterLab's port; a free one if not given.")
@click.option("--allow-root", is_flag=True, help="Let the superuser run it, as in a container.")
def lab(folder: Path | None, no_browser: bool, port: int | None, allow_root: bool) -> int:
    """Open JupyterLab with formgrader, in the class's folder wherever you are: in another folder formgrader is empty."""
    place = desk_of(folder).settings.folder
    if importlib.util.find_spec("jupyterlab") is None:
        raise CourseError(f"JupyterLab is not installed: {install('lab')}")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={place}"]
    command += ["--no-browser"] if no_browser else []
    command += ["--allow-root"] if allow_root else []
    command += [f"--port={port}"] if port is not None else []
    command.append("--LabApp.default_url=/formgrader")
    sys.stdout.flush()
    os.chdir(place)
    os.execv(command[0], command)


@click.command()
@modules_argument
@folder_option
@drop_option
@jobs_option
@click.option("--every", type=click.FloatRange(min=1), default=30, show_default=True, help="Seconds between two looks.")
@click.option("--once", is_flag=True, help="Look once, for use in a system timer.")
def watch(
    modules: tuple[str, ...], folder: Path | None, drop: Path | None, jobs: int | None, every: float, once: bool
) -> int:
    """Score what is handed in as it comes, and release its page. Ctrl-C stops it; nothing is lost."""
    place = desk_of(folder).settings.folder
    from grader.classroom import hand_in_watch

    found = hand_in_watch.Watch(place, modules, drop, jobs)
    code = 0
    for look in [hand_in_watch.look_once(found)] if once else hand_in_watch.watch_class(found, every):
        for problem in look.problems:
            warn(problem)
        print(look.text(), flush=True)
        code = 3 if look.problems else 0
    return code


@click.command()
@folder_option
@click.option("--to", type=click.Path(path_type=Path), help="Where; the class's folder if not given.")
@click.option("--without-names", is_flag=True, help="Number the learners instead: a page to show around.")
def report(folder: Path | None, to: Path | None, without_names: bool) -> int:
    """Write report.html, the class at a glance, and its tables: what fails most, who is stuck, equal files."""
    desk = desk_of(folder)
    from grader.classroom import overview, overview_page

    settings = desk.settings
    place = to or settings.folder
    views = overview.look_at(settings, desk.standing().lines)
    made = settings.local(datetime.now(UTC).replace(tzinfo=None))
    path = place / "report.html"
    write_private(path, overview_page.page(settings, views, made=made, names=not without_names))
    print(path)
    if not without_names:
        for each in overview.write_csvs(views, place):
            print(each)
    return 0


@click.command()
@click.argument("learner")
@click.argument("module")
@folder_option
def explain(learner: str, module: str, folder: Path | None) -> int:
    """Explain one score: where each point went, and what else changed it."""
    desk = desk_of(folder)
    from grader.classroom import overview

    (found,) = desk.settings.modules((module,))
    lines = [line for line in desk.standing().lines if (line.learner, line.slug) == (learner, found.slug)]
    if not lines:
        raise CourseError(f"nobody is called {learner} in this class: `grader class status --all` names everybody")
    for said in overview.explain(desk.settings, found, lines[0]):
        print(one_line(said))
    return 0


def standing_line(line: GradeLine, *, stale: bool) -> str:
    """Where one submission is, in a line."""
    from grader.classroom.table import cell

    if not line.verdict:
        said = "collected, not scored yet"
    else:
        said = f"{line.verdict}, {cell(line.score) or '?'} of {cell(line.max_points)}"
        said += f", late: -{cell(line.penalty)}" if line.penalty else ""
        said += f", by hand: {', '.join(line.by_hand)}" if line.by_hand else ""
        said += ", stale: score it again" if stale else ""
        said += f", needs a person: {', '.join(line.review)}" if line.review else ""
        said += "".join(f"; {flag}" for flag in line.flags)
    return f"{line.learner} {line.slug}: handed in {line.handed_in}: {said}"
