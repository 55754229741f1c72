"""``grader class``: what an instructor types, from a new class to the table of points."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich import box
from rich.table import Table
from rich.text import Text

from grader.cli import class_views
from grader.cli.class_options import EVERY_LEARNER, desk_of, drop_option, folder_option, modules_argument
from grader.cli.options import course_of, executor_at, jobs_option, scheduler_option, warn
from grader.cli.pace import Pace
from grader.course import ASPECTS, CourseError
from grader.display import show
from grader.judging.folder import name_some, one_line

if TYPE_CHECKING:
    from grader.classroom.counts import Scored
    from grader.classroom.desk import Desk
    from grader.classroom.table import GradeLine


@click.group("class")
def class_() -> None:
    """Release, collect and score a class with nbgrader."""


@class_.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="nbgrader's course id; the folder's name if not given.")
@click.option("--module", "modules", multiple=True, help="A module to use; all if not given. May be repeated.")
@click.pass_context
def new(context: click.Context, folder: Path, name: str | None, modules: tuple[str, ...]) -> int:
    """Make a class in a new FOLDER: class.toml, a roster, nbgrader's settings."""
    from grader.classroom import new_class

    course = course_of(context)
    slugs = [course.slug(each) for each in modules] or course.slugs
    if folder.resolve().is_relative_to(course.root.resolve()):
        raise CourseError(
            f"{folder} would lie in the checkout, and grades would be one `git add` away: name a folder beside it, "
            f"such as {Path('..') / folder.name}"
        )
    settings = new_class.create(folder, name or folder.resolve().name, course, slugs)
    try:
        if key := new_class.make_key(course):
            print(f"{key}: made, the course's secret; nobody else should have it")
    except CourseError as error:
        warn(str(error))
    print(f"{settings.folder}: fill in class.toml and roster.csv, then: cd {folder} && grader class release")
    return 0


@class_.command()
@modules_argument
@folder_option
def release(modules: tuple[str, ...], folder: Path | None) -> int:
    """Make the assignments and put them on the exchange. Run it again after a change."""
    desk = desk_of(folder)
    for slug in desk.release(modules):
        print(f"released {slug}")
    print(f"exchange: {desk.settings.exchange}")
    return 0


@class_.command()
@modules_argument
@folder_option
@drop_option
def collect(modules: tuple[str, ...], folder: Path | None, drop: Path | None) -> int:
    """Collect the newest submissions."""
    collect_and_report(desk_of(folder), modules, drop)
    return 0


def collect_and_report(desk: Desk, modules: tuple[str, ...], drop: Path | None) -> None:
    """Collect, and say what came and what did not."""
    done = desk.collect(modules, drop)
    for note in done.notes:
        warn(one_line(note))
    for each in done.taken:
        if each.problem:
            warn(f"{each.learner}/{each.slug}: {one_line(each.problem)}")
    out = sum(note.endswith("left out") for note in done.notes)
    print(f"collected {len(done.taken)} new submissions" + (f"; {out} things were left out, see above" if out else ""))


@class_.command()
@modules_argument
@folder_option
@click.option("--learner", help="Only this one.")
@click.option("--force", is_flag=True, help="Record everything again, not only what is new or stale.")
@jobs_option
@scheduler_option
def autograde(
    modules: tuple[str, ...],
    folder: Path | None,
    learner: str | None,
    force: bool,
    jobs: int | None,
    scheduler: str | None,
) -> int:
    """Score what is new or stale (newer file, changed checks, not run before). Exit 3 if something was not run."""
    desk = desk_of(folder)
    with executor_at(scheduler, desk.settings.course) as executor:
        return score_and_report(desk, modules, learner, jobs, force=force, executor=executor)


def score_and_report(
    desk: Desk,
    modules: tuple[str, ...],
    learner: str | None,
    jobs: int | None,
    *,
    force: bool = False,
    executor: Executor | None = None,
) -> int:
    """Score with a bar, say what was not run; the exit code."""
    found = with_progress(desk, modules, learner, jobs, force=force, executor=executor)
    for said, names in group_lines(found).items():
        warn(f"{names}: {one_line(said)}")
    written = sum(not each.problem for each in found)
    blank = sum(each.verdict == "not run" and not each.problem for each in found)
    for line in moved_lines(found):
        print(one_line(line))
    print(
        f"scored {written - blank} submissions"
        + (f"; {blank} were not run" if blank else "")
        + (f"; {len(found) - written} could not be written into the gradebook" if written < len(found) else "")
    )
    return 3 if blank or written < len(found) else 0


def moved_lines(found: Iterable[Scored]) -> list[str]:
    """What happened to files that had been scored before: checks, points or versions have changed meanwhile."""
    again = [each for each in found if each.before is not None and not each.problem]
    if not again:
        return []
    moved = [each for each in again if each.points != each.before]
    changes = [
        f"{each.learner}/{each.slug} {each.before} → {'?' if each.points is None else each.points}" for each in moved
    ]
    said = f"scored again with the same file: {len(again)}; "
    return [said + (f"of these {len(moved)} earn other points" if moved else "all earn the same points"), *changes]


def group_lines(found: Iterable[Scored]) -> dict[str, str]:
    """What went wrong or is worth a look → whom it is about; the same thing is said once."""
    names: dict[str, list[str]] = {}
    for each in found:
        who = f"{each.learner}/{each.slug}"
        if each.problem:
            names.setdefault(each.problem.replace(f" {each.slug} {each.learner}", ""), []).append(who)
        elif each.verdict == "not run":
            names.setdefault(f"not run, a person must look: {each.reason}", []).append(who)
        if each.warning:
            names.setdefault(each.warning, []).append(who)
        for flag in each.flags:
            names.setdefault(f"a person should read the file: {flag}", []).append(who)
    return {said: name_some(who) for said, who in names.items()}


def with_progress(
    desk: Desk,
    modules: tuple[str, ...] = (),
    learner: str | None = None,
    jobs: int | None = None,
    *,
    force: bool = False,
    executor: Executor | None = None,
) -> list[Scored]:
    """Score; rate and time left are shown. Ctrl-C keeps what is done."""
    with Pace("scoring") as pace:
        return desk.autograde(
            modules,
            learner=learner,
            force=force,
            jobs=jobs,
            executor=executor,
            begun=pace.begin,
            done=lambda _: pace.step(),
        )


@class_.command()
@modules_argument
@folder_option
@click.option("--no-release", is_flag=True, help="Only make the pages; learners cannot fetch them yet.")
def feedback(modules: tuple[str, ...], folder: Path | None, no_release: bool) -> int:
    """Make the feedback pages and put them on the exchange."""
    desk = desk_of(folder)
    pages = desk.feedback(modules, publish=not no_release)
    print(f"{pages} pages in {desk.settings.folder / 'feedback'}{'' if no_release else ', released'}")
    return 0


@class_.command()
@folder_option
@click.option("--to", type=click.Path(path_type=Path), help="Where; the class's folder if not given.")
def grades(folder: Path | None, to: Path | None) -> int:
    """Write grades.csv (a column per aspect) and grades_lms.csv (a column per module). Blank: could not be checked."""
    aspects, lms, lines = desk_of(folder).tables(to)
    print_lines(lines)
    print(f"{aspects}\n{lms}")
    return 0


@class_.command()
@modules_argument
@folder_option
@drop_option
@jobs_option
@scheduler_option
def score(
    modules: tuple[str, ...], folder: Path | None, drop: Path | None, jobs: int | None, scheduler: str | None
) -> int:
    """Collect, autograde and write the grades in one go. Feedback waits until you have looked."""
    desk = desk_of(folder)
    collect_and_report(desk, modules, drop)
    with executor_at(scheduler, desk.settings.course) as executor:
        code = score_and_report(desk, modules, None, jobs, executor=executor)
    aspects, lms, lines = desk.tables()
    print_lines(lines)
    print(f"{aspects}\n{lms}\nnext: look at what needs a person in formgrader, then `grader class feedback`")
    return code


def print_lines(lines: Iterable[GradeLine]) -> None:
    """A line per submission, if they are few; else one per module."""
    from grader.classroom.table import cell

    handed_in = [line for line in lines if line.handed_in]
    if not handed_in or len(handed_in) > EVERY_LEARNER:
        print(f"{len(handed_in)} submissions")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, expand=True)
    table.add_column("learner", no_wrap=True, overflow="ellipsis", ratio=1)
    for name in ("module", "verdict"):
        table.add_column(name, no_wrap=True)
    for name in (*ASPECTS, "late", "score"):
        table.add_column(name, justify="right")
    for line in handed_in:
        aspects = line.aspects or {}
        cells = ["" if name not in aspects else cell(aspects[name]) or "?" for name in ASPECTS]
        late = f"-{cell(line.penalty)}" if line.penalty else ""
        verdict = show.tick(line.verdict) if line.verdict else Text("to do")
        table.add_row(line.learner, line.slug.partition("_")[0], verdict, *cells, late, cell(line.score) or "?")
    show.console().print(table)


for command in (
    class_views.status,
    class_views.report,
    class_views.explain,
    class_views.watch,
    class_views.doctor,
    class_views.lab,
):
    class_.add_command(command)
