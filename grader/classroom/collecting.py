"""Collecting: from nbgrader's exchange or from a drop folder, through the one intake."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc

from grader.classroom import class_toml, intake
from grader.classroom.settings import LEARNER, Settings
from grader.course import CourseError, Module
from grader.display import show

if sys.platform != "win32":
    import pwd

BACKDATED = dt.timedelta(minutes=10)
"""A folder that changed so much later than its name says is worth a look."""


@dataclass(frozen=True)
class HandIn:
    """One folder that a learner handed in: whose, where, when (UTC)."""

    learner: str
    place: Path
    time: dt.datetime


@dataclass(frozen=True)
class Collected:
    """What collecting did: what was taken in, and a line for each thing that was not."""

    taken: tuple[intake.Taken, ...]
    notes: tuple[str, ...]


def inbound(folder: Path, slug: str) -> tuple[list[HandIn], list[str]]:
    """What lies in a folder of hand-ins ``<learner>+<slug>+<time>+<random>``, as nbgrader's exchange has them.

    Args:
        folder: the exchange's ``inbound``, or a drop folder.
        slug: of the module.

    Returns:
        The hand-ins of that module, and a line for each folder that looks like one and is not.
    """
    found, notes = [], []
    for place in sorted(folder.iterdir()):
        parts = place.name.split("+")
        if slug not in parts[1:]:
            continue
        said = show.clean(place.name)
        if len(parts) not in (3, 4) or parts[1] != slug or not LEARNER.fullmatch(parts[0]):
            notes.append(f"{said} is not named as nbgrader names a submission: left out")
            continue
        try:
            time = parse_utc(parts[2])
        except (ValueError, OverflowError):
            notes.append(f"{said} has no time in its name: left out")
            continue
        if place.is_symlink() or not place.is_dir():
            notes.append(f"{said} is a link or not a folder: left out")
            continue
        found.append(HandIn(parts[0], place, time))
    return found, notes


def plain(folder: Path, module: Module) -> list[HandIn]:
    """What lies in a folder ``<learner>/<slug>/<name>.py``; the time is the file's own."""
    found = []
    for learner in sorted(folder.iterdir()):
        place = learner / module.slug
        if not LEARNER.fullmatch(learner.name) or learner.is_symlink() or place.is_symlink() or not place.is_dir():
            continue
        file = place / f"{module.name}.py"
        moment = (file if os.path.lexists(file) else place).lstat().st_mtime
        found.append(HandIn(learner.name, place, dt.datetime.fromtimestamp(moment, dt.UTC).replace(tzinfo=None)))
    return found


def choose(hand_ins: Iterable[HandIn], due: dt.datetime | None = None) -> list[HandIn]:
    """The newest hand-in of each learner; with `due`, the newest that is not late, if there is one."""
    newest: dict[str, HandIn] = {}
    for each in sorted(hand_ins, key=lambda each: each.time):
        older = newest.get(each.learner)
        if older is None or due is None or each.time <= due or older.time > due:
            newest[each.learner] = each
    return list(newest.values())


def owner_problem(hand_in: HandIn) -> str | None:
    """Why a hand-in does not belong to the learner it names, or None.

    The account that collects may hand in for anybody: that is the instructor's, or the one that all share.
    """
    if sys.platform == "win32":
        return None
    uid = hand_in.place.lstat().st_uid
    if uid == os.getuid():
        return None
    try:
        owner = pwd.getpwuid(uid).pw_name
    except KeyError:
        owner = f"account {uid}"
    if owner == hand_in.learner:
        return None
    return (
        f"{show.clean(hand_in.place.name)} says {hand_in.learner} but belongs to {show.clean(owner)}: left out "
        "(if your accounts have other names than your learners, set check_owner = false in class.toml)"
    )


def split_by_owner(hand_ins: Iterable[HandIn]) -> tuple[list[HandIn], list[str]]:
    """Those that belong to their learners, and a line for each that does not.

    To be asked before the newest is chosen: somebody else's folder must not stand in for a learner's own.
    """
    found, notes = [], []
    for each in hand_ins:
        if problem := owner_problem(each):
            notes.append(problem)
        else:
            found.append(each)
    return found, notes


def take_in(
    settings: Settings,
    module: Module,
    hand_ins: Iterable[HandIn],
    *,
    arrived: str,
    update: bool = True,
) -> Collected:
    """Take hand-ins into ``submitted``, each through the intake.

    Args:
        settings: of the class.
        module: that they are for.
        hand_ins: one a learner.
        arrived: ``exchange`` or ``drop``, for the record.
        update: whether a newer one replaces what was collected before.

    Raises:
        CourseError: the module was not released, so there is no notebook to plant.
    """
    notebook = settings.release(module.slug)
    if not notebook.is_file():
        raise CourseError(f"{module.slug} is not released yet: run `grader class release {module.slug}`")
    taken, notes = [], []
    for each in hand_ins:
        if settings.roster and each.learner not in settings.roster:
            notes.append(f"{each.learner} is not on the roster: taken in all the same")
        target = settings.submitted_folder / each.learner / module.slug
        before = intake.record(target).get("time")
        if target.is_dir() and (not update or (before and before >= each.time.isoformat())):
            continue
        changed = dt.datetime.fromtimestamp(each.place.lstat().st_ctime, dt.UTC).replace(tzinfo=None)
        if arrived == "exchange" and changed - each.time > BACKDATED:
            when = settings.local(changed)
            notes.append(
                f"{each.learner}: the folder says {settings.local(each.time)} but changed at {when}: look at it"
            )
        try:
            taken.append(
                intake.take(
                    each.place,
                    target,
                    module,
                    learner=each.learner,
                    time=each.time,
                    notebook=notebook,
                    arrived=arrived,
                )
            )
        except OSError as error:
            notes.append(f"{each.learner}: not taken in ({error.strerror or error}): look at {each.place}")
    return Collected(tuple(taken), tuple(notes))


def from_drop(settings: Settings, module: Module, folder: Path) -> Collected:
    """Collect from a folder that learners or a learning-management system filled.

    Args:
        settings: of the class.
        module: to collect.
        folder: holds ``<learner>/<slug>/<name>.py``, or folders as `grader hand-in --to` makes them.

    Raises:
        CourseError: it is not a folder.
    """
    if not folder.is_dir():
        raise CourseError(f"{folder} is not a folder: give the one that holds <learner>/<module>/<file>.py")
    named, notes = inbound(folder, module.slug)
    chosen = choose([*named, *plain(folder, module)])
    done = take_in(settings, module, chosen, arrived="drop")
    return Collected(done.taken, (*notes, *done.notes))


class Collect(ExchangeCollect):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's collect, through the intake. One bad folder never stops the others."""

    def init_src(self) -> None:
        """Find what there is to collect."""
        if self.coursedir.course_id == "":
            self.fail("No course id specified. Re-run with --course flag.")
        self.inbound_path = str(Path(self.root, self.coursedir.course_id, "inbound"))
        if not Path(self.inbound_path).is_dir():
            self.fail(f"Course not found: {self.inbound_path}")
        self.class_ = class_toml.read(Path(self.coursedir.root))
        self.module = self.class_.course.module(self.coursedir.assignment_id)
        found, notes = inbound(Path(self.inbound_path), self.module.slug)
        wanted = self.coursedir.student_id
        found = [each for each in found if wanted in ("", "*", each.learner)]
        if self.check_owner:
            found, foreign = split_by_owner(found)
            notes += foreign
        for note in notes:
            self.log.warning(note)
        self.src_records = choose(found, self._due() if self.before_duedate else None)

    def _due(self) -> dt.datetime | None:
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as book:
            try:
                due: dt.datetime | None = book.find_assignment(self.module.slug).duedate
            except MissingEntry:
                return None
            return due

    def copy_files(self) -> None:
        """Take each in."""
        done = take_in(
            self.class_,
            self.module,
            self.src_records,
            arrived="exchange",
            update=self.update or self.before_duedate,
        )
        for note in done.notes:
            self.log.warning(note)
        for each in done.taken:
            said = f": {each.problem}" if each.problem else ""
            self.log.info("Collected %s %s%s", each.learner, each.slug, said)
        if not self.src_records:
            self.log.warning("No submissions of '%s' to collect", self.module.slug)
