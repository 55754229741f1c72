"""``grader grade``: the hidden checks, on one file or on a folder of submissions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import click
from rich.text import Text

from grader.cli.options import (
    course_of,
    executor_at,
    isolation,
    jobs_option,
    json_option,
    read_program,
    scheduler_option,
    unsafe_option,
    warn,
)
from grader.cli.pace import Pace
from grader.course import Course
from grader.course.key import course_key
from grader.display import report_card, show
from grader.display.exports import FORMS, NoResult, export
from grader.judging.batch import Graded, Shelf, grade_all
from grader.judging.folder import Folder, one_line, scan, take_shard
from grader.judging.judge import How
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
@scheduler_option
@jobs_option
@json_option
@unsafe_option
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(FORMS)),
    help="Print one FILE's report in the form that this platform reads.",
)
@click.option("--shard", help="With --all: only part I of N, such as 2/8; together they are the whole folder.")
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
    form: str | None,
    shard: str | None,
    strict_flags: bool,
) -> int:
    """Run the hidden checks on one FILE, or on a folder of submissions.

    One file: exit 0 passed, 1 failed, 3 not run, 2 bad usage. A folder: exit 0 when every submission has a report;
    run it again to continue where it was interrupted.
    """
    if folder is not None:
        if module or file:
            raise click.UsageError("give either MODULE FILE or --all FOLDER, not both")
        course = course_of(context)
        if strict_flags:
            raise click.UsageError("--strict-flags belongs to one FILE: with --all, read `flags` in the reports")
        if form:
            raise click.UsageError("--format belongs to one FILE")
        part = parse_shard(shard) if shard else (1, 1)
        return _grade_folder(
            course, folder, reports, isolation(unsafe=unsafe), jobs, as_json=as_json, part=part, scheduler=scheduler
        )
    if module is None or file is None:
        raise click.UsageError("give MODULE and FILE, such as: grader grade m01 parallel_timeout.py")
    if reports or jobs or shard or scheduler:
        raise click.UsageError("--reports, --jobs, --shard and --scheduler belong to --all FOLDER")
    if form and as_json:
        raise click.UsageError("give either --json or --format, not both")
    course = course_of(context)
    return _grade_file(
        course, module, file, isolation(unsafe=unsafe), form or ("json" if as_json else ""), strict=strict_flags
    )


def parse_shard(text: str) -> tuple[int, int]:
    """Part and number of parts.

    Raises:
        UsageError: it is not a part of a whole.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    number, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= count:
        raise click.UsageError("--shard is a part and the number of parts, such as 2/8")
    return number, count


def _grade_file(course: Course, module: str, file: Path, level: Level, form: str, *, strict: bool) -> int:
    found = course.module(module)
    data, sha256 = read_program(found, file)
    report = run(GradingTask(found, data, sha256, level, how=How(key=course_key(course.root))))
    if form == "json":
        print(report.json())
    elif form:
        try:
            print(export(report, form, os.environ))
        except NoResult as error:
            warn(str(error))
            return EXIT["not run"]
    else:
        console = show.console()
        for part in report_card.card(report, module=found, file=file.as_posix()):
            console.print(part)
        for flag in report.flags:
            console.print(Text(f"look at it: {show.clean(flag)}", "yellow"))
        console.print(f"isolation: {report.isolation}, {report.seconds:.1f} s", style="dim")
    return EXIT["not run"] if strict and report.flags else EXIT[report.verdict]


def _grade_folder(
    course: Course,
    folder: Path,
    reports: Path | None,
    level: Level,
    jobs: int | None,
    *,
    as_json: bool,
    part: tuple[int, int],
    scheduler: str | None,
) -> int:
    place = reports or folder.absolute().with_name(f"{folder.absolute().name}-reports")
    found = scan(folder, course, place)
    take_shard(found, *part)
    for note in found.notes:
        warn(note)
    graded = []
    with executor_at(scheduler, course) as executor:
        for each in _with_progress(course, found, Shelf(place, course_key(course.root)), level, jobs, executor):
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


def _with_progress(
    course: Course, found: Folder, shelf: Shelf, level: Level, jobs: int | None, executor: Executor | None
) -> Iterator[Graded]:
    """Grade; rate and time left go to standard error, so that output can be piped. Ctrl-C keeps what is done."""
    with Pace("grading") as pace:
        how = How(key=course_key(course.root))

        def begin(count: int) -> None:
            pace.begin(count)
            for note in shelf.notes():
                warn(note)

        for each in grade_all(course, found, shelf, level=level, how=how, executor=executor, jobs=jobs, begun=begin):
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
