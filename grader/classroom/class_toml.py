"""Reading ``class.toml`` and the roster: every complaint names file, key and remedy."""

from __future__ import annotations

import csv
import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grader.classroom.settings import FILE, LEARNER, LateRules, Person, Settings, Use
from grader.course import Course, CourseError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
KEYS = {
    "name", "course", "timezone", "roster", "exchange", "db_url", "core_only", "check_owner", "unsafe_no_sandbox",
    "late", "modules", "extension", "lms", "watch", "hidden_titles",
}  # fmt: skip


LMS_FORMS = {
    "plain": ("id", "id", "{slug}"),
    "canvas": ("SIS User ID", "sis", "{title}"),
    "moodle": ("Email address", "email", "{title}"),
}
"""Form of ``grades_lms.csv`` → heading of the id, the roster's column that fills it, heading of a module."""


def find(start: Path | None = None) -> Settings:
    """The class around a folder.

    Args:
        start: where to begin; the working folder if not given.

    Raises:
        CourseError: there is none, or its ``class.toml`` is wrong.
    """
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / FILE).is_file():
            return read(folder)
    raise CourseError(
        f"no {FILE} in {begin} or above it: go to the class's folder, or make one with `grader class new`"
    )


def read(folder: Path) -> Settings:
    """Read ``class.toml`` and the roster.

    Args:
        folder: of the class.

    Raises:
        CourseError: something is wrong; the text says where and what to do.
    """
    folder = folder.resolve()
    path = folder / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from error
    return _SettingsReader(folder, data).settings()


class _SettingsReader:
    """Typed reading of ``class.toml``; every complaint names file, key and remedy."""

    def __init__(self, folder: Path, data: dict[str, Any]) -> None:
        self.folder = folder
        self.data = data
        self.zone = ZoneInfo("UTC")

    def wrong(self, key: str, remedy: str) -> CourseError:
        return CourseError(f"{self.folder / FILE}: {key}: {remedy}")

    def take(self, table: Mapping[str, Any], key: str, kind: type | tuple[type, ...], default: Any, where: str) -> Any:
        value = table.get(key, default)
        numbers = kind == (int, float)
        if value is not default and (not isinstance(value, kind) or (numbers and isinstance(value, bool))):
            what = {str: "a text", bool: "true or false", dict: "a table", list: "a list"}
            said = "a number" if numbers else what[kind] if isinstance(kind, type) else "a value"
            raise self.wrong(f"{where}{key}", f"write {said}")
        if numbers and value is not default and value < 0:
            raise self.wrong(f"{where}{key}", "write a number of 0 or more")
        return value

    def refuse_unknown(self, table: Mapping[str, Any], names: set[str], where: str) -> None:
        if unknown := sorted(set(table) - names):
            raise self.wrong(f"{where}{unknown[0]}", f"is unknown: use {', '.join(sorted(names))}")

    def settings(self) -> Settings:
        self.refuse_unknown(self.data, KEYS, "")
        name = self.take(self.data, "name", str, "", "")
        if not NAME.fullmatch(name):
            raise self.wrong("name", "name the class with letters, digits, - and _")
        self.zone = self._zone()
        place = (self.folder / self.take(self.data, "course", str, ".", "")).resolve()
        course = Course.find(place)
        uses = self._uses(course)
        roster = self._roster()
        return Settings(
            folder=self.folder,
            name=name,
            course=course,
            uses=uses,
            roster=roster,
            exchange=(self.folder / self.take(self.data, "exchange", str, "exchange", "")).resolve(),
            db_url=self.take(self.data, "db_url", str, "", "") or f"sqlite:///{self.folder / 'gradebook.db'}",
            late=self._late(),
            extensions=self._extensions(course, uses),
            check_owner=self.take(self.data, "check_owner", bool, default=True, where=""),
            unsafe_no_sandbox=self.take(self.data, "unsafe_no_sandbox", bool, default=False, where=""),
            lms=self._lms(roster),
            scored_a_day=self._scored_a_day(),
            hidden_titles=self.take(self.data, "hidden_titles", bool, default=True, where=""),
            timezone=self.zone,
        )

    def _zone(self) -> ZoneInfo:
        name = self.take(self.data, "timezone", str, "UTC", "")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise self.wrong("timezone", f'{name!r} is unknown: write one such as "Europe/Berlin"') from error

    def _moment(self, table: Mapping[str, Any], key: str, where: str) -> dt.datetime | None:
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time(23, 59, 59))
        if not isinstance(value, dt.datetime):
            raise self.wrong(f"{where}{key}", "write a time such as 2026-12-01T23:59:00, without quotes")
        value = value if value.tzinfo else value.replace(tzinfo=self.zone)
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def _uses(self, course: Course) -> dict[str, Use]:
        table = self.take(self.data, "modules", dict, None, "")
        core_only = self.take(self.data, "core_only", bool, default=False, where="")
        if table is None:
            return {slug: Use(core_only=core_only) for slug in course.slugs}
        uses = {}
        for name, entry in table.items():
            where = f"modules.{name}."
            if not isinstance(entry, dict):
                raise self.wrong(where[:-1], "write a table: [modules.<module>]")
            self.refuse_unknown(entry, {"weight", "due", "solutions", "core_only", "lms_column"}, where)
            uses[course.slug(name)] = Use(
                self.take(entry, "weight", (int, float), None, where),
                self._moment(entry, "due", where),
                self._moment(entry, "solutions", where),
                self.take(entry, "core_only", bool, default=core_only, where=where),
                self.take(entry, "lms_column", str, "", where),
            )
        return uses

    def _scored_a_day(self) -> int:
        table = self.take(self.data, "watch", dict, {}, "")
        self.refuse_unknown(table, {"scored_a_day"}, "watch.")
        return int(self.take(table, "scored_a_day", (int, float), 0, "watch."))

    def _late(self) -> LateRules:
        table = self.take(self.data, "late", dict, {}, "")
        self.refuse_unknown(table, {"percent_per_day", "at_most", "grace_minutes"}, "late.")
        return LateRules(
            self.take(table, "percent_per_day", (int, float), 0.0, "late."),
            self.take(table, "at_most", (int, float), 100.0, "late."),
            self.take(table, "grace_minutes", (int, float), 0.0, "late."),
        )

    def _extensions(self, course: Course, uses: Mapping[str, Use]) -> dict[tuple[str, str], dt.timedelta]:
        extensions = {}
        for entry in self.take(self.data, "extension", list, [], ""):
            if not isinstance(entry, dict):
                raise self.wrong("extension", "write [[extension]] with learner, module, days or hours")
            self.refuse_unknown(entry, {"learner", "module", "days", "hours"}, "extension.")
            learner = self.take(entry, "learner", str, "", "extension.")
            slug = course.slug(self.take(entry, "module", str, "", "extension."))
            if slug not in uses or uses[slug].due is None:
                raise self.wrong("extension", f"{slug} has no due date here: nothing to extend")
            days = self.take(entry, "days", (int, float), 0, "extension.")
            hours = self.take(entry, "hours", (int, float), 0, "extension.")
            extensions[learner, slug] = dt.timedelta(days=days, hours=hours)
        return extensions

    def _lms(self, roster: Mapping[str, Person]) -> dict[str, Any]:
        table = self.take(self.data, "lms", dict, {}, "")
        self.refuse_unknown(table, {"form", "id_column", "id_from", "module_column", "missing_is_zero"}, "lms.")
        form = self.take(table, "form", str, "plain", "lms.")
        if form not in LMS_FORMS:
            raise self.wrong("lms.form", f"write one of {', '.join(LMS_FORMS)}")
        id_column, id_from, module_column = LMS_FORMS[form]
        lms = {
            "form": form,
            "id_column": self.take(table, "id_column", str, id_column, "lms."),
            "id_from": self.take(table, "id_from", str, id_from, "lms."),
            "module_column": self.take(table, "module_column", str, module_column, "lms."),
            "missing_is_zero": self.take(table, "missing_is_zero", bool, default=False, where="lms."),
        }
        try:
            lms["module_column"].format(slug="", title="", short="")
        except (KeyError, IndexError, ValueError) as error:
            raise self.wrong("lms.module_column", "use {slug}, {title} and {short} only") from error
        if roster and (wanted := lms["id_from"]) not in (columns := next(iter(roster.values())).columns):
            raise self.wrong("lms.id_from", f"the roster has no column {wanted!r}: it has {', '.join(columns)}")
        return lms

    def _roster(self) -> dict[str, Person]:
        name = self.take(self.data, "roster", str, "", "")
        if not name:
            return {}
        path = self.folder / name
        try:
            lines = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise CourseError(f"{path} cannot be read: {error}") from error
        roster: dict[str, Person] = {}
        for number, line in enumerate(lines, 2):
            columns = {key: (value or "").strip() for key, value in line.items() if isinstance(key, str)}
            id_ = columns.get("id", "")
            if not LEARNER.fullmatch(id_):
                raise CourseError(f"{path}, line {number}: write an `id` of letters, digits and . @ - _, not {id_!r}")
            if id_ in roster:
                raise CourseError(f"{path}, line {number}: {id_} is there twice")
            roster[id_] = Person(id_, columns)
        return roster
