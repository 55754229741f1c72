"""Grade a folder of submissions: ``FOLDER/<learner>/<slug>/<name>.py``.

Every submission gets its own report, whatever the others are. Reports are kept in a folder, each written whole or not
at all, so that a run that was broken off goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import errno
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import Course, Module
from grader.course.key import SELF_CHECK_KEY
from grader.course.safe_files import write_private
from grader.judging.folder import Folder, FolderEntry, name_some
from grader.judging.judge import How, blank_report, report_without_file, stamp
from grader.judging.pool import GradingTask, run_all
from grader.judging.report import Report
from grader.sandbox import Level

NOT_RUN = ".not-run.json"
HALF_WRITTEN = 3600
"""Seconds after which a half-written file is nobody's."""


class Shelf:
    """The folder that keeps the reports: ``<reports>/<learner>/<slug>.json``.

    Each carries a seal, a hash keyed with the course's secret: a report that somebody else wrote is not believed.

    Args:
        folder: made when first written to.
        key: the course's secret.
    """

    def __init__(self, folder: Path, key: bytes = SELF_CHECK_KEY) -> None:
        self.folder = folder
        self.refused: list[str] = []
        """``learner/slug`` of the reports whose seal was not right."""
        self._key = key

    def path(self, learner: str, slug: str) -> Path:
        """Where the report of one submission lies."""
        return self.folder / learner / f"{slug}.json"

    def get(self, learner: str, slug: str) -> Report | None:
        """The kept report, or None if there is none that can be read and believed."""
        try:
            plain = json.loads(self.path(learner, slug).read_text(encoding="utf-8"))
            report = Report.from_plain(plain)
        except (OSError, ValueError):
            return None
        seal, whose = plain.pop("seal", ""), plain.pop("learner", None)
        right = whose == learner and report.module == slug and isinstance(seal, str)
        if not right or not hmac.compare_digest(seal.encode(), self._seal(learner, plain).encode()):
            self.refused = [*dict.fromkeys([*self.refused, f"{learner}/{slug}"])]
            return None
        return report

    def put(self, learner: str, report: Report) -> Path:
        """Keep a report, whole or not at all.

        One that was *not run* never takes the place of a verdict: it lies beside it, as ``<slug>.not-run.json``.
        """
        path = self.path(learner, report.module)
        text = report.json(learner=learner, seal=self._seal(learner, report.plain()))
        aside = path.with_name(f"{report.module}{NOT_RUN}")
        if report.verdict == "not run":
            older = self.get(learner, report.module)
            if older is not None and older.verdict != "not run":
                return write_private(aside, text)
        aside.unlink(missing_ok=True)
        return write_private(path, text)

    def notes(self) -> list[str]:
        """One line about the reports that were not believed, if there are any."""
        if not self.refused:
            return []
        count = f"{len(self.refused)} report{'s' if len(self.refused) > 1 else ''}"
        return [f"{count} in {self.folder} without this course's seal, made again: {name_some(self.refused)}"]

    def sweep(self) -> None:
        """Remove what a run that was killed left half written. What is younger may belong to a run beside this one."""
        for path in self.folder.glob("*/.*.part"):
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime < time.time() - HALF_WRITTEN:
                    path.unlink()

    def _seal(self, learner: str, plain: Mapping[str, Any]) -> str:
        text = json.dumps(["report", learner, plain], sort_keys=True)
        return hmac.new(self._key, text.encode(), "sha256").hexdigest()


@dataclass(frozen=True)
class Graded:
    """One submission with its report.

    Args:
        entry: the submission.
        report: its verdict.
        kept: whether the report was there before.
        problem: why the report could not be kept, or an empty text.
    """

    entry: FolderEntry
    report: Report
    kept: bool = False
    problem: str = ""


def grade_all(
    course: Course,
    found: Folder,
    shelf: Shelf,
    *,
    level: Level,
    how: How | None = None,
    executor: Executor | None = None,
    jobs: int | None = None,
    begun: Callable[[int], None] = lambda _: None,
) -> Iterator[Graded]:
    """Grade what was found in a folder, in parallel; keep each report; yield each as it is ready.

    Args:
        course: whose modules are meant.
        found: from `scan`.
        shelf: where reports are kept. A report of the same file, checks, versions and isolation is kept.
        level: isolation of all of them.
        how: limits and key.
        executor: where to grade; local processes if not given.
        jobs: how many local processes.
        begun: called with how many are left to grade, once that is known.
    """
    how = how or How()
    modules: dict[str, Module] = {}
    shelf.sweep()
    stamps: dict[str, dict[str, str | None]] = {}
    tasks: list[GradingTask] = []
    for each in found.entries:
        if each.unreadable:
            yield _keep(shelf, each, blank_report(each.slug, each.missing, level))
            continue
        if (module := modules.get(each.slug)) is None:
            module = modules[each.slug] = course.module(each.slug)
            stamps[each.slug] = stamp(module)
        if each.data is None:
            yield _keep(shelf, each, report_without_file(module, each.missing, level, how))
            continue
        older = shelf.get(each.learner, each.slug)
        if older and is_current(older, each, stamps[each.slug], level):
            yield Graded(each, older, kept=True)
        else:
            tasks.append(GradingTask(module, each.data, each.sha256, level, how=how, tag=each))
    begun(len(tasks))
    if tasks:
        for task, report in run_all(tasks, executor, jobs=min(jobs, len(tasks)) if jobs else None):
            yield _keep(shelf, task.tag, report)


def is_current(report: Report, entry: FolderEntry, stamp: dict[str, str | None], level: Level) -> bool:
    """Whether a kept report is still the verdict on this file."""
    return (
        report.verdict != "not run"
        and entry.sha256 is not None
        and report.sha256 == entry.sha256
        and dict(report.grader) == stamp
        and report.isolation == level
    )


def _keep(shelf: Shelf, entry: FolderEntry, report: Report) -> Graded:
    try:
        shelf.put(entry.learner, report)
    except OSError as error:
        why = (error.strerror or "error").lower()
        remedy = "make room on that disk" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "see what is wrong there"
        said = f"its report could not be kept in {shelf.folder} ({why}): {remedy} and run the same command again"
        return Graded(entry, report, problem=said)
    return Graded(entry, report)
