"""``grader demo``: a whole class from release to table of points, on the course's own files."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click
from rich.text import Text

from grader import sandbox
from grader.classroom import demo_class
from grader.cli.class_command import print_lines, with_progress
from grader.cli.options import course_of, jobs_option
from grader.course import CourseError
from grader.display import show
from grader.learner.extras import install

CLASS = "demo"


@click.command()
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Make the class in this new folder instead of a temporary one."
)
@jobs_option
@click.pass_context
def demo(context: click.Context, keep: Path | None, jobs: int | None) -> int:
    """Play a class of four: release, hand in, collect, autograde, gradebook, feedback, CSV.

    One learner is right, one right on asyncio only, one hangs, one crashes at import.
    """
    try:
        from grader.classroom import class_toml, hand_in, new_class
        from grader.classroom import desk as desks
    except ModuleNotFoundError as error:
        raise CourseError(f"{error.name} is not installed: {install('class')}") from error
    began = time.monotonic()
    course = course_of(context)
    module = demo_class.module_for(course)
    if keep is not None and keep.exists():
        raise CourseError(f"{keep} is there already: name a new folder")
    folder = (keep or Path(tempfile.mkdtemp(prefix="grader-demo-"))).resolve()
    console = show.console()
    console.print(f"{module.title} ({module.slug}): a class of four", style="bold")

    def step(text: str) -> None:
        line = Text().append(f"{time.monotonic() - began:4.0f} s  ", "dim")
        console.print(line.append(text, "default"))

    settings = new_class.create(folder, CLASS, course, [module.slug])
    if sandbox.level() == "none":  # these are the course's own files
        toml = settings.folder / "class.toml"
        toml.write_text("unsafe_no_sandbox = true\n" + toml.read_text("utf-8"), "utf-8")
        settings = class_toml.read(folder)
    desk = desks.Desk(settings)
    desk.release()
    step("released: the assignment is on the exchange")
    source = module.solution.read_text(encoding="utf-8")
    for each in demo_class.LEARNERS:
        place = folder / "learners" / each.name
        account = hand_in.Account(each.name, CLASS, settings.exchange, place, place / ".cache")
        account.fetch(module.slug)
        (place / module.slug / f"{module.name}.py").write_text(each.edit(source), "utf-8")
        account.submit(module.slug)
        step(f"{each.name} fetched it and handed in: {each.about}")
    collected = desk.collect()
    step(f"collected {len(collected.taken)} submissions")
    scored = with_progress(desk, jobs=jobs)
    step(f"autograded {len(scored)} on asyncio and trio, isolation: {sandbox.level()}")
    pages = desk.feedback()
    step(f"made and released {pages} feedback pages")
    aspects, lms, lines = desk.tables()
    step("wrote the tables\n")
    print_lines(lines)
    console.print(
        f"\nbook:      {folder / 'gradebook.db'}\nfeedback:  {folder / 'feedback'}\n"
        f"grades:    {aspects}\n           {lms}\n{time.monotonic() - began:.0f} s",
        soft_wrap=True,
    )
    return 0 if len(scored) == len(demo_class.LEARNERS) and not any(each.problem for each in scored) else 3
