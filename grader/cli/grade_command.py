"""``grader grade``: the hidden checks, on one file or on a folder of submissions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from rich.text import Text

from grader.cli.options import (
    course_of,
    isolation,
    jobs_option,
    json_option,
    read_program,
    unsafe_option,
    warn,
)
from grader.cli.pace import Pace
from grader.course import Course
from grader.display import show
from grader.judging.batch import Graded, Shelf, grade_all
from grader.judging.folder import Folder, one_line, scan
from grader.judging.judge import How, course_key
from grader.judging.pool import GradingTask, run
from grader.sandbox import Level

EXIT = {"passed": 0, "failed": 1, "not run": 3}
EVERY_LEARNER = 40
"""More submissions than this are not listed one by one: the reports hold them all."""


@click.command()
@click.argument("module", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--all", "folder", type=click.Path(path_type=Path), help="Grade FOLDER/<learner>/<module>/<file>.py, in parallel."
)
@click.option("--reports", type=click.Path(path_type=Path), help="Where reports are kept; FOLDER-reports if not given.")
@click.option("--scheduler", help="The address of a Dask scheduler to grade on.")
@jobs_option
@json_option
@unsafe_option
@click.option("--strict-flags", is_flag=True, help="Exit 3 if a person should look at the file, see SECURITY.md.")
@click.pass_context
def grade(
    context: click.Context,
    module: str | None,
    file: Path | None,
    folder: Path | None,
    reports: Path | None,
    scheduler: str | None,
    jobs: int | None,
    as_json: bool,
    unsafe: bool,
    strict_flags: bool,
) -> int:
    """Run the hidden checks on one FILE, or on a folder of submissions.

    One file: exit 0 passed, 1 failed, 3 not run, 2 bad usage. A folder: exit 0 when every submission has a report;
    run it again to go on where it was broken off.
    """
    if scheduler is not None:
        raise click.UsageError("--scheduler is not available yet: leave it out to grade on this machine")
    if folder is not None:
        if module or file:
            raise click.UsageError("give either MODULE FILE or --all FOLDER, not both")
        course = course_of(context)
        if strict_flags:
            raise click.UsageError("--strict-flags belongs to one FILE: with --all, read `flags` in the reports")
        return _grade_folder(course, folder, reports, isolation(unsafe=unsafe), jobs, as_json=as_json)
    if module is None or file is None:
        raise click.UsageError("give MODULE and FILE, such as: grader grade m01 parallel_timeout.py")
    if reports or jobs:
        raise click.UsageError("--reports and --jobs belong to --all FOLDER")
    course = course_of(context)
    return _grade_file(course, module, file, isolation(unsafe=unsafe), as_json=as_json, strict=strict_flags)


def _grade_file(course: Course, module: str, file: Path, level: Level, *, as_json: bool, strict: bool) -> int:
    found = course.module(module)
    data, sha256 = read_program(found, file)
    report = run(GradingTask(found, data, sha256, level, how=How(key=course_key(course.root))))
    if as_json:
        print(report.json())
    else:
        console = show.console()
        for part in show.card(report):
            console.print(part)
        for flag in report.flags:
            console.print(Text(f"look at it: {show.clean(flag)}", "yellow"))
        console.print(f"isolation: {report.isolation}, {report.seconds:.1f} s", style="dim")
    return EXIT["not run"] if strict and report.flags else EXIT[report.verdict]


def _grade_folder(
    course: Course, folder: Path, reports: Path | None, level: Level, jobs: int | None, *, as_json: bool
) -> int:
    place = reports or folder.absolute().with_name(f"{folder.absolute().name}-reports")
    found = scan(folder, course, place)
    for note in found.notes:
        warn(note)
    graded = []
    for each in _with_progress(course, found, Shelf(place, course_key(course.root)), level, jobs):
        graded.append(each)
        if as_json:
            print(each.report.json(learner=each.entry.learner), flush=True)
    if not as_json:
        summary(graded, place)
    elif not graded:
        warn(f"no submission in {folder}")
    lost = [each for each in graded if each.problem]
    for each in lost:
        warn(f"{one_line(each.entry.learner)}/{each.entry.slug}: {each.problem}")
    return 0 if len(graded) == len(found.entries) and not lost else EXIT["not run"]


def _with_progress(course: Course, found: Folder, shelf: Shelf, level: Level, jobs: int | None) -> Iterator[Graded]:
    """Grade; rate and time left go to standard error, so that output can be piped. Ctrl-C keeps what is done."""
    with Pace("grading") as pace:
        how = How(key=course_key(course.root))

        def begin(count: int) -> None:
            pace.begin(count)
            for note in shelf.notes():
                warn(note)

        for each in grade_all(course, found, shelf, level=level, how=how, jobs=jobs, begun=begin):
            if not each.kept and each.entry.data is not None:
                pace.step()
            yield each


def summary(graded: list[Graded], place: Path) -> None:
    """Print the tables of a folder: a line per submission if they are few, one per module, and what was not run."""
    console = show.console()
    graded = sorted(graded, key=lambda each: (each.entry.learner, each.entry.slug))
    if not graded:
        console.print("no submission found")
        return
    if len(graded) <= EVERY_LEARNER:
        console.print(show.learners_table([(each.entry.learner, each.report) for each in graded]))
        console.print()
    console.print("Mean share of the points of each aspect:")
    console.print(show.modules_table(each.report for each in graded))
    for each in graded:
        if each.report.reason:
            line = f"{each.entry.learner}/{each.entry.slug} {each.report.verdict}: {each.report.reason}"
            console.print(one_line(line), style=show.STYLES[each.report.verdict])
        for flag in each.report.flags:
            line = f"look at {each.entry.learner}/{each.entry.slug}: {flag}"
            console.print(Text(one_line(line), "yellow"))
    kept = sum(each.kept for each in graded)
    console.print(f"\n{len(graded)} reports in {place}" + (f", {kept} of them from before" if kept else ""))
