"""What a class sets, outside the content: ``class.toml`` and the roster."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from grader.classroom.aspects import worth
from grader.course import Course, CourseError, Module
from grader.learner import due

FILE = "class.toml"
LEARNER = re.compile(r"[^\W_][\w.@-]{0,63}")
"""What a learner may be called: the name becomes a folder, so it holds no slash and does not begin with a dot."""


@dataclass(frozen=True)
class LateRules:
    """What a late submission costs.

    Args:
        percent_per_day: of the points earned, for each day begun.
        at_most: percent in all.
        grace_minutes: so much later is not late.
    """

    percent_per_day: float = 0.0
    at_most: float = 100.0
    grace_minutes: float = 0.0

    def penalty(self, score: float, seconds_late: float) -> float:
        """The points taken off `score` (points) for being `seconds_late` seconds late."""
        return round(score * self._percent(seconds_late) / 100, 2)

    def words(self, seconds_late: float) -> str:
        """Why it costs what it costs, such as ``2 days begun, 20 %``; empty if it costs nothing."""
        if not (percent := self._percent(seconds_late)):
            return ""
        days = self._days(seconds_late)
        most = ", the most that is taken off" if percent < self.percent_per_day * days else ""
        return f"{days:g} day{'s' if days > 1 else ''} begun, {percent:g} %{most}"

    def _days(self, seconds_late: float) -> float:
        return -(-seconds_late // 86400)

    def _percent(self, seconds_late: float) -> float:
        if seconds_late <= self.grace_minutes * 60:
            return 0.0
        return min(self.percent_per_day * self._days(seconds_late), self.at_most, 100.0)


@dataclass(frozen=True)
class Use:
    """How a class uses one module.

    Args:
        weight: what it counts in the file for the learning-management system; its points if None.
        due: when it is due, in UTC.
        solutions: from when on feedback shows the reference solution, in UTC; never if None.
        core_only: whether stretch clauses earn no points.
        lms_column: heading of its column in the file for the learning-management system; made from the title if empty.
    """

    weight: float | None = None
    due: dt.datetime | None = None
    solutions: dt.datetime | None = None
    core_only: bool = False
    lms_column: str = ""


@dataclass(frozen=True)
class Person:
    """A line of the roster: the learner's id, and the other columns as they are."""

    id: str
    columns: Mapping[str, str] = field(default_factory=dict)

    def column(self, *names: str) -> str:
        """The first of these columns that says something."""
        return next((self.columns[name] for name in names if self.columns.get(name)), "")


@dataclass(frozen=True)
class Settings:
    """One class.

    Args:
        folder: that holds ``class.toml``.
        name: of the class, nbgrader's course id.
        course: whose modules are used.
        uses: slug → how it is used, in the order of ``class.toml``.
        roster: learner → person; empty if the class keeps none.
        exchange: the folder through which nbgrader hands out and collects.
        db_url: of the book.
        late: what a late submission costs.
        extensions: (learner, slug) → how much longer it has.
        check_owner: whether a submission must belong to the account of its learner.
        unsafe_no_sandbox: whether to grade where the machine offers no walls.
        lms: how the file for the learning-management system looks.
        scored_a_day: how many hand-ins of a learner and module `grader class watch` scores in a day; 0: all.
        hidden_titles: whether pages show the sentences of hidden checks.
        timezone: in which dates are written and shown.
    """

    folder: Path
    name: str
    course: Course
    uses: Mapping[str, Use]
    roster: Mapping[str, Person]
    exchange: Path
    db_url: str
    late: LateRules = field(default_factory=LateRules)
    extensions: Mapping[tuple[str, str], dt.timedelta] = field(default_factory=dict)
    check_owner: bool = True
    unsafe_no_sandbox: bool = False
    lms: Mapping[str, Any] = field(default_factory=dict)
    scored_a_day: int = 0
    hidden_titles: bool = True
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def modules(self, names: tuple[str, ...] = ()) -> list[Module]:
        """The named modules, or all that the class uses.

        Raises:
            CourseError: the class does not use one of them.
        """
        slugs = [self.course.slug(name) for name in names] or list(self.uses)
        for slug in slugs:
            if slug not in self.uses:
                raise CourseError(f"{slug} is not used: add [modules.{slug}] to {self.folder / FILE}")
        return [self.course.module(slug) for slug in slugs]

    def use(self, slug: str) -> Use:
        """How a module is used."""
        return self.uses.get(slug, Use())

    def points(self, module: Module) -> dict[str, int]:
        """Aspect → points, for the aspects that this class gives points for."""
        return worth(module, core_only=self.use(module.slug).core_only)

    @property
    def book_file(self) -> Path | None:
        """The file of the book; None if it is not a file."""
        place = self.db_url.removeprefix("sqlite:///")
        return None if place == self.db_url else (self.folder / place)

    @property
    def submitted_folder(self) -> Path:
        """What was collected: ``submitted/<learner>/<slug>/<name>.py``."""
        return self.folder / "submitted"

    @property
    def autograded_folder(self) -> Path:
        """What was scored."""
        return self.folder / "autograded"

    @property
    def verdicts_folder(self) -> Path:
        """The kept reports."""
        return self.folder / "verdicts"

    def release(self, slug: str) -> Path:
        """The notebook that learners get."""
        return self.folder / "release" / slug / f"{slug}.ipynb"

    def due_dates(self) -> dict[str, Any]:
        """When each module is due, as learners' commands read it."""
        dates = {slug: use.due for slug, use in self.uses.items()}
        return due.plain(self.name, self.exchange, str(self.timezone), dates, check_owner=self.check_owner)

    def due_text(self, slug: str) -> str:
        """When a module is due, for people; empty if it is not."""
        return self.local(self.use(slug).due)

    def local(self, moment: dt.datetime | None) -> str:
        """A time in UTC, for people: in the class's timezone, to the minute."""
        if moment is None:
            return ""
        return moment.replace(tzinfo=dt.UTC).astimezone(self.timezone).strftime("%Y-%m-%d %H:%M %Z")
