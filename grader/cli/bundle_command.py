"""``grader bundle``: what learners get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from grader.authoring import bundle as bundles
from grader.cli.options import course_of
from grader.course import CourseError
from grader.learner.extras import install


@click.command()
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option("--class", "for_class", is_flag=True, help="For a class: no hidden check and no solution inside.")
@click.option("--self-paced", is_flag=True, help="For learners on their own: hidden checks and solutions inside.")
@click.option(
    "--in",
    "folder",
    type=click.Path(path_type=Path),
    help="The class that collects: its settings for handing in go inside.",
)
@click.option(
    "--to", type=click.Path(path_type=Path), default=Path("build/bundle"), show_default=True, help="Where to write it."
)
@click.option("--wheel", type=click.Path(path_type=Path, exists=True), help="The engine's wheel; built if not given.")
@click.pass_context
def bundle(
    context: click.Context,
    modules: tuple[str, ...],
    for_class: bool,
    self_paced: bool,
    folder: Path | None,
    to: Path,
    wheel: Path | None,
) -> int:
    """Put together what learners get."""
    if for_class == self_paced:
        raise click.UsageError("say --class or --self-paced")
    if folder is not None and self_paced:
        raise click.UsageError("--in belongs to --class: nobody collects from a self-paced bundle")
    inside: dict[str, Any] = {}
    if folder is None:
        course = course_of(context)
    else:
        try:
            from grader.classroom import class_toml
            from grader.classroom.hand_in import for_bundle
        except ModuleNotFoundError as error:
            raise CourseError(f"{error.name} is not installed: {install('class')}") from error
        settings = class_toml.find(folder)
        course, modules = settings.course, tuple(module.slug for module in settings.modules(modules))
        inside = for_bundle(settings)
    found = course.modules(modules)
    if not found:
        raise CourseError(f"{course.root} has no modules: nothing to bundle")
    print(bundles.make(bundles.Bundle(course, tuple(found), wheel, self_paced, **inside), to))
    return 0
