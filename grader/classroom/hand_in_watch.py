"""Scoring on hand-in: look for what came in, score it, make its page; again and again, until somebody stops it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.classroom import class_toml, intake, recording
from grader.classroom.desk import Desk
from grader.classroom.settings import Settings
from grader.course import CourseError, Module
from grader.judging.folder import FolderEntry, one_line

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Watch:
    """What is watched.

    Args:
        folder: of the class; its ``class.toml`` is read again at each look.
        names: of modules; all of the class if empty.
        drop: a drop folder; the exchange if None.
        jobs: how many processes.
    """

    folder: Path
    names: tuple[str, ...] = ()
    drop: Path | None = None
    jobs: int | None = None


@dataclass(frozen=True)
class Look:
    """One look.

    Args:
        time: when, for people.
        collected: hand-ins that were new.
        waiting: how many were waiting to be scored.
        oldest: seconds that the oldest of them had waited.
        scored: how many were scored.
        seconds: how long that took.
        put_off: how many wait because their learner was scored often enough for a day.
        problems: what went wrong, one line each.
    """

    time: str
    collected: int
    waiting: int
    oldest: float
    scored: int
    seconds: float
    put_off: int
    problems: tuple[str, ...]

    def text(self) -> str:
        """The line on the terminal."""
        parts = [f"{self.time}  collected {self.collected}", f"waiting {self.waiting}"]
        parts += [f"oldest {_words(self.oldest)}"] if self.waiting else []
        parts += [f"scored {self.scored} in {_words(self.seconds)}"] if self.scored else []
        parts += [f"{self.scored / self.seconds * 60:.0f} a minute"] if self.scored and self.seconds else []
        parts += [f"put off {self.put_off}: scored often enough today"] if self.put_off else []
        return ", ".join(parts)


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - two minutes


def look_once(watch: Watch) -> Look:
    """Collect, score and make pages once. What goes wrong is said and tried again at the next look."""
    desk = Desk(class_toml.read(watch.folder))
    settings = desk.settings
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    problems: list[str] = []
    collected = 0
    try:
        done = desk.collect(watch.names, watch.drop)
        collected = len(done.taken)
        # The same folder is not understood at every look: it is `class collect` that names it.
        problems += [f"{each.learner}/{each.slug}: {each.problem}" for each in done.taken if each.problem]
    except CourseError as error:
        problems.append(str(error))
    due = desk.due(watch.names)
    ready = [(module, entry) for module, entry in due if not often_enough(settings, module, entry, now)]
    oldest = min((_handed_in(settings, entry, now) for _, entry in ready), default=now)
    began = time.monotonic()
    scored = []
    if ready:
        wanted = {(entry.learner, module.slug) for module, entry in ready}
        scored = desk.autograde(
            watch.names, jobs=watch.jobs, wanted=lambda entry: (entry.learner, entry.slug) in wanted
        )
        slugs = tuple(dict.fromkeys(each.slug for each in scored if not each.problem))
        problems += [f"{each.learner}/{each.slug}: {each.problem or each.reason}" for each in scored if _is_bad(each)]
        if slugs:
            desk.feedback(slugs, say_stale=False)
    return Look(
        settings.local(now),
        collected,
        len(ready),
        (now - oldest).total_seconds(),
        sum(not each.problem for each in scored),
        time.monotonic() - began,
        len(due) - len(ready),
        tuple(map(one_line, problems)),
    )


def _is_bad(each: object) -> bool:
    return bool(getattr(each, "problem", "")) or getattr(each, "verdict", "") == "not run"


def often_enough(settings: Settings, module: Module, entry: FolderEntry, now: dt.datetime) -> bool:
    """Whether a learner's file was scored as often as the class allows in the last day; the rest waits for `score`."""
    if not settings.scored_a_day:
        return False
    past = recording.history(settings.verdicts_folder / entry.learner, module.slug)
    return sum(_time(each.get("time"), now) > now - DAY for each in past) >= settings.scored_a_day


def _handed_in(settings: Settings, entry: FolderEntry, now: dt.datetime) -> dt.datetime:
    record = intake.record(settings.submitted_folder / entry.learner / entry.slug)
    return _time(record.get("time"), now)


def _time(text: object, default: dt.datetime) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return default
    return default if found.tzinfo else min(found, default)


def watch_class(watch: Watch, every: float) -> Iterator[Look]:
    """Look again every `every` seconds; a look that cannot be done is one with a problem."""
    while True:
        yield look_once(watch)
        time.sleep(every)
