"""Collecting: what was handed in, found on nbgrader's exchange or in a drop folder, goes through the one intake.

The desk, ``nbgrader collect`` and formgrader's button call the same function.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange.default import ExchangeCollect

from grader.classroom import class_toml, hand_ins, intake, origin
from grader.classroom.settings import Settings
from grader.course import CourseError, Module


@dataclass(frozen=True)
class Collected:
    """What collecting did.

    Args:
        taken: what was taken in.
        notes: a line for each thing that was left out or is worth a look.
        seen: how many hand-ins there were to choose from.
    """

    taken: tuple[intake.Taken, ...]
    notes: tuple[str, ...]
    seen: int = 0


@dataclass(frozen=True)
class Source:
    """Where to collect from, and what counts.

    Args:
        drop: a drop folder; the exchange if None.
        learner: only this one; everybody if empty.
        update: whether a newer one replaces what was collected before.
        due: slug → due date: the newest that is not late counts; without one the newest.
        check_owner: whether a hand-in must belong to its learner's account; as the class says if None.
    """

    drop: Path | None = None
    learner: str = ""
    update: bool = True
    due: Mapping[str, dt.datetime | None] | None = None
    check_owner: bool | None = None


def collect(settings: Settings, modules: Sequence[Module], source: Source) -> Collected:
    """Collect: find, leave out what is not the learner's own, choose the newest of each, take it in.

    Args:
        modules: to collect.
        source: from where.

    Raises:
        CourseError: the drop folder cannot be listed, or a module was not released.
    """
    if source.drop is not None:
        search = hand_ins.search_drop(settings, modules, source.drop)
    else:
        inbound = settings.exchange / settings.name / "inbound"
        if not inbound.is_dir():
            return Collected((), (f"{inbound} is not there: nothing was handed in over the exchange yet",))
        search = hand_ins.search_exchange(settings, modules, inbound)
    origin.find_files(search)
    owner = settings.check_owner if source.check_owner is None else source.check_owner
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    origin.check_origin(search, owner=owner, named_by_learner=source.drop is None, now=now)
    intake.sweep(settings.submitted_folder)
    chosen: list[hand_ins.HandIn] = []
    for module in modules:
        due = source.due.get(module.slug) if source.due else None
        chosen += hand_ins.choose((each for each in search.found if each.slug == module.slug), due)
    wanted = [each for each in chosen if source.learner in ("", "*", each.learner)]
    taken, notes = _take_in(settings, wanted, source, now)
    return Collected(tuple(taken), (*search.notes, *notes), len(search.found))


def _take_in(
    settings: Settings, wanted: Iterable[hand_ins.HandIn], source: Source, now: dt.datetime
) -> tuple[list[intake.Taken], list[str]]:
    """Take hand-ins into ``submitted``, each through the intake; one that fails stops nobody."""
    taken: list[intake.Taken] = []
    notes: list[str] = []
    strangers: set[str] = set()
    for each in wanted:
        module = settings.course.module(each.slug)
        notebook = settings.release(module.slug)
        if not notebook.is_file():
            raise CourseError(f"{module.slug} is not released yet: run `grader class release {module.slug}`")
        target = settings.submitted_folder / each.learner / module.slug
        before = intake.recorded_time(target, now)
        # Taken in while it was still being copied? Then it had no file, and has one now.
        half = before == each.time and intake.lacks_file(target) and hand_ins.has_file(each, module)
        if target.is_dir() and (not source.update or (before and before >= each.time)) and not half:
            continue
        if settings.roster and each.learner not in settings.roster:
            strangers.add(each.learner)
        notes += each.notes
        arrived = "exchange" if source.drop is None else "drop"
        try:
            taken.append(intake.take(each, target, module, notebook=notebook, arrived=arrived))
        except OSError as error:
            why = error.strerror or str(error)
            notes.append(f"{each.learner}: not taken in ({why}): look at {each.root / each.name}, then collect again")
    if strangers:
        notes.append(f"not on the roster, taken in all the same: {', '.join(sorted(strangers))}")
    return taken, notes


class Collect(ExchangeCollect):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's collect, by `collect`. One bad folder never stops the others."""

    def init_src(self) -> None:
        """See what there is to collect from."""
        if self.coursedir.course_id == "":
            self.fail("No course id specified. Re-run with --course flag.")
        self.inbound_path = str(Path(self.root, self.coursedir.course_id, "inbound"))
        if not Path(self.inbound_path).is_dir():
            self.fail(f"Course not found: {self.inbound_path}")

    def copy_files(self) -> None:
        """Take each in."""
        settings = class_toml.read(Path(self.coursedir.root))
        module = settings.course.module(self.coursedir.assignment_id)
        due = {module.slug: self._due(module.slug)} if self.before_duedate else None
        source = Source(
            learner=self.coursedir.student_id,
            update=self.update or self.before_duedate,
            due=due,
            check_owner=self.check_owner,
        )
        done = collect(settings, [module], source)
        for note in done.notes:
            self.log.warning(note)
        for each in done.taken:
            said = f": {each.problem}" if each.problem else ""
            self.log.info("Collected %s %s%s", each.learner, each.slug, said)
        if not done.seen:
            self.log.warning("No submissions of '%s' to collect", module.slug)

    def _due(self, slug: str) -> Any:
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as book:
            try:
                return book.find_assignment(slug).duedate
            except MissingEntry:
                return None
