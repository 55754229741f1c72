"""Making a class: a folder with ``class.toml``, a roster and nbgrader's three lines of settings."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from grader.classroom import class_toml, upkeep
from grader.classroom.config import CONFIG_FILE, CONFIG_TEXT
from grader.classroom.settings import FILE, Settings
from grader.course import Course, CourseError
from grader.course.key import COURSE_KEY

ROSTER = "roster.csv"
ROSTER_HEAD = "id,last_name,first_name,email\n"
TOML = """\
# What this class sets, outside the course's content. docs/instructor.md says more.
name = "{name}"
course = "{course}"      # the checkout with the hidden checks
timezone = "UTC"         # of the dates below, such as "Europe/Berlin"
roster = "roster.csv"    # columns: id, last_name, first_name, email, and what your learning-management system wants
exchange = "exchange"    # a folder that every learner's account can reach
core_only = false        # true: stretch clauses earn no points
# db_url = ""            # a PostgreSQL gradebook: "postgresql+psycopg://…"; SQLite in this folder if left out
# check_owner = true     # false if accounts have other names than learners
# hidden_titles = true   # false: pages do not say the sentences of hidden checks
# unsafe_no_sandbox = false   # true: score without walls where the machine has none

# [late]
# percent_per_day = 10   # of the points earned, for each day begun
# at_most = 50
# grace_minutes = 15

{modules}
# [[extension]]
# learner = "ada"
# module = "m01"
# days = 3

# [lms]
# id_column = "SIS User ID"
# id_from = "id"         # a column of the roster
# module_column = "{{title}}"
# missing_is_zero = false

# [watch]
# scored_a_day = 0       # how many files of a learner and module `watch` scores in a day; 0: all
"""
MODULE = """\
[modules.{slug}]
# due = 2026-12-01T23:59:00
# solutions = 2026-12-08T00:00:00   # from then on feedback shows the reference solution
# weight = 10                       # what it counts in the table for the learning-management system
# core_only = true

"""


def create(folder: Path, name: str, course: Course, slugs: list[str]) -> Settings:
    """Make a class.

    Args:
        folder: new or empty.
        course: whose modules are used.
        slugs: the modules to begin with.

    Raises:
        CourseError: there is something already, or the name will not do.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CourseError(f"{folder} is there already: name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    modules = "".join(MODULE.format(slug=slug) for slug in slugs)
    place = os.path.relpath(course.root, folder.resolve())
    (folder / FILE).write_text(TOML.format(name=name, course=place, modules=modules), "utf-8")
    (folder / ROSTER).write_text(ROSTER_HEAD, "utf-8")
    (folder / CONFIG_FILE).write_text(CONFIG_TEXT, "utf-8")
    upkeep.make_private(folder)
    return class_toml.read(folder)


def make_key(course: Course) -> Path | None:
    """Make the course's secret, from which the plans of hidden checks are drawn and with which reports are sealed.

    Returns:
        The file if it is new; None if there is one.

    Raises:
        CourseError: it cannot be written.
    """
    path = course.root / COURSE_KEY
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return None
    except OSError as error:
        raise CourseError(
            f"{path} cannot be written ({error.strerror}): without it everybody with this engine knows the plans of the "
            "hidden checks; make the file yourself, with a long random text in it"
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{secrets.token_hex(32)}\n")
    return path
