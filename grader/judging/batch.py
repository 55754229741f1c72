"""Grade a folder of submissions: ``FOLDER/<learner>/<slug>/<name>.py``.

Every submission gets its own report, whatever the others are. Reports are kept in a folder, each written whole or not
at all, so that a run that was broken off goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import Course, CourseError, Module
from grader.judging.judge import How, blank_report, report_without_file, stamp
from grader.judging.pool import GradingTask, run_all
from grader.judging.report import Report
from grader.judging.submission import Unreadable, read
from grader.sandbox import Level

NOT_RUN = ".not-run.json"


@dataclass(frozen=True)
class FolderEntry:
    """One submission of a folder.

    Args:
        learner: the name of the learner's folder.
        slug: of the module.
        data: the file's bytes, None if there is no file to grade.
        sha256: of the file.
        missing: why there is none.
        unreadable: whether that is a matter of permissions and the like, so that nobody can tell what is in it.
    """

    learner: str
    slug: str
    data: bytes | None = None
    sha256: str | None = None
    missing: str = ""
    unreadable: bool = False


@dataclass
class Folder:
    """What was found in a folder of submissions: entries, and a line for each thing that is not one."""

    entries: list[FolderEntry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def scan(folder: Path, course: Course, skip: Path | None = None) -> Folder:
    """Look through a folder of submissions. Links are never followed: they may point at anything.

    Args:
        folder: ``FOLDER``.
        course: whose modules are meant.
        skip: a folder in it that holds reports.

    Raises:
        CourseError: it is not a folder or cannot be read.
    """
    found = Folder()
    modules: dict[str, Module | CourseError] = {}
    for learner in _children_of(folder):
        if learner.name.startswith(".") or (skip and learner.absolute() == skip.absolute()):
            continue
        if learner.is_symlink() or not learner.is_dir():
            found.notes.append(f"{learner.name} is not a learner's folder: left out")
            continue
        try:
            inside = _children_of(learner)
        except CourseError as error:
            found.notes.append(f"{error}: left out")
            continue
        before = len(found.entries)
        for place in inside:
            _look(place, learner.name, course, modules, found)
        if len(found.entries) == before:
            found.notes.append(f"{learner.name} holds no submission: a folder such as {_example(course)} was expected")
    return found


def _children_of(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise CourseError(
            f"{folder} cannot be listed ({reason}): give a folder <learner>/<module>/<file>.py"
        ) from error


def _example(course: Course) -> str:
    return f"{slugs[0]}/" if (slugs := course.slugs) else "<module>/"


def _look(place: Path, learner: str, course: Course, modules: dict[str, Module | CourseError], found: Folder) -> None:
    """Add one folder inside a learner's to what was found."""
    slug = place.name
    if slug.startswith("."):
        return
    if slug not in course.slugs:
        found.notes.append(f"{learner}/{slug} is not a module of this course: left out")
        return
    if slug not in modules:
        try:
            modules[slug] = course.module(slug)
        except CourseError as error:
            modules[slug] = error
    module = modules[slug]
    if isinstance(module, CourseError):
        found.entries.append(FolderEntry(learner, slug, missing=str(module), unreadable=True))
        return
    found.entries.append(entry(place / f"{module.name}.py", learner, slug))


def entry(path: Path, learner: str, slug: str) -> FolderEntry:
    """Read one submission, or say why there is none."""
    if path.parent.is_symlink():
        return FolderEntry(learner, slug, missing=f"{slug} is a link: hand in the folder itself")
    if not path.parent.is_dir():
        return FolderEntry(learner, slug, missing=f"{slug} is not a folder: hand in a folder with {path.name} in it")
    if not os.path.lexists(path):
        return FolderEntry(
            learner, slug, missing=f"there is no {path.name} in {slug}: hand in the file under this name"
        )
    if path.is_symlink():
        return FolderEntry(learner, slug, missing=f"{path.name} is a link: hand in the file itself")
    if not path.is_file():
        return FolderEntry(learner, slug, missing=f"{path.name} is not a plain file: hand in the file itself")
    try:
        data, sha256 = read(path, follow=False)
    except Unreadable as error:
        return FolderEntry(learner, slug, missing=str(error), unreadable=True)
    return FolderEntry(learner, slug, data, sha256)


class Shelf:
    """The folder that keeps the reports: ``<reports>/<learner>/<slug>.json``.

    Args:
        folder: made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, learner: str, slug: str) -> Path:
        """Where the report of one submission lies."""
        return self.folder / learner / f"{slug}.json"

    def get(self, learner: str, slug: str) -> Report | None:
        """The kept report, or None if there is none that can be read."""
        try:
            return Report.from_plain(json.loads(self.path(learner, slug).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    def put(self, learner: str, report: Report) -> Path:
        """Keep a report, whole or not at all.

        One that was *not run* never takes the place of a verdict: it lies beside it, as ``<slug>.not-run.json``.
        """
        path = self.path(learner, report.module)
        aside = path.with_name(f"{report.module}{NOT_RUN}")
        if report.verdict == "not run":
            older = self.get(learner, report.module)
            if older is not None and older.verdict != "not run":
                return write(aside, report.json(learner=learner))
        aside.unlink(missing_ok=True)
        return write(path, report.json(learner=learner))


def write(path: Path, text: str) -> Path:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


@dataclass(frozen=True)
class Graded:
    """One submission with its report; `kept` if the report was there before."""

    entry: FolderEntry
    report: Report
    kept: bool = False


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
        for task, report in run_all(tasks, executor, jobs=min(jobs or len(tasks), len(tasks)) if jobs else None):
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
    shelf.put(entry.learner, report)
    return Graded(entry, report)
