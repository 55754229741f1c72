"""What the commands of ``grader class`` share: options, and the desk of the class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.course import CourseError
from grader.learner.extras import install

if TYPE_CHECKING:
    from grader.classroom.desk import Desk

EVERY_LEARNER = 40
modules_argument = click.argument("modules", nargs=-1, metavar="[MODULE]...")
folder_option = click.option(
    "--in",
    "folder",
    type=click.Path(path_type=Path),
    help="The class's folder, if the working folder is not in it.",
)
drop_option = click.option(
    "--drop",
    type=click.Path(path_type=Path),
    help="Collect from FOLDER/<learner>/<module>/<file>.py, not the exchange.",
)


def desk_of(folder: Path | None) -> Desk:
    """The desk of the class around a folder.

    Raises:
        CourseError: there is no class, or nbgrader is not installed.
    """
    try:
        from grader.classroom import class_toml, desk
    except ModuleNotFoundError as error:
        raise CourseError(f"{error.name} is not installed: {install('class')}") from error
    return desk.Desk(class_toml.find(folder))
