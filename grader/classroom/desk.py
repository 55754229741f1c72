"""The instructor's desk: release, collect, score, give feedback, write tables, all in this process.

nbgrader does the work through its own interface and the same settings that its command line and formgrader have.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI

from grader.classroom import assignment, collecting, config, intake, recording, table, verdicts
from grader.classroom.settings import FILE, Settings
from grader.course import CourseError, Module
from grader.judging.batch import FolderEntry


@dataclass(frozen=True)
class Scored:
    """What scoring did with one submission: its verdict, and a line if nbgrader could not record it."""

    learner: str
    slug: str
    verdict: str
    reason: str | None = None
    problem: str = ""


@dataclass(frozen=True)
class ModuleCounts:
    """How far a class is with one module: counts of submissions."""

    slug: str
    released: bool
    collected: int
    scored: int
    stale: int
    review: int
    feedback: int


class Desk:
    """One class, worked on by one process at a time.

    Args:
        settings: of the class.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.exchange.mkdir(parents=True, exist_ok=True)
        config.renew(settings.folder)
        made = config.settings_of(settings)
        made.ExchangeReleaseAssignment.force = True
        with quiet():
            self.api = NbGraderAPI(config=made)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other desks of this class waiting: the book has one writer."""
        if sys.platform == "win32":
            yield
            return
        import fcntl

        with (self.settings.folder / FILE).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def book(self) -> Any:
        """Open nbgrader's book, as a context manager."""
        return Gradebook(self.settings.db_url, self.settings.name)

    def release(self, names: tuple[str, ...] = ()) -> list[str]:
        """Make the assignments and put them on the exchange; again is fine, also when submissions are there.

        Args:
            names: of modules; all of the class if empty.

        Returns:
            The slugs.

        Raises:
            CourseError: nbgrader refused; what was released before is still there.
        """
        modules = self.settings.modules(names)
        with self.alone():
            for module in modules:
                self._release(module)
        return [module.slug for module in modules]

    def _release(self, module: Module) -> None:
        settings = self.settings
        points = settings.points(module)
        with self.book() as book:
            recording.add_missing_cells(book, module, points)
            gone = recording.retired_aspects(book, module, points)
        assignment.write(module, settings.folder / "source", points, gone)
        release = settings.release(module.slug).parent
        spare = release.with_name(f".{module.slug}-before")
        if release.is_dir():
            shutil.rmtree(spare, ignore_errors=True)
            shutil.copytree(release, spare)
        try:
            self._call(self.api.generate_assignment, module.slug)
        except CourseError:
            if spare.is_dir():  # nbgrader has deleted it
                shutil.rmtree(release, ignore_errors=True)
                shutil.copytree(spare, release)
            raise
        finally:
            shutil.rmtree(spare, ignore_errors=True)
        with self.book() as book:
            recording.apply_dates(book, settings, module.slug)
            for person in settings.roster.values():
                names = {name: person.column(name) or None for name in ("first_name", "last_name", "email")}
                book.update_or_create_student(person.id, **names)
        self._call(self.api.release_assignment, module.slug)

    def collect(self, names: tuple[str, ...] = (), drop: Path | None = None) -> collecting.Collected:
        """Collect the newest submissions, from the exchange or from a drop folder.

        Args:
            names: of modules; all of the class if empty.
            drop: the drop folder; the exchange if None.
        """
        taken: list[intake.Taken] = []
        notes: list[str] = []
        with self.alone():
            for module in self.settings.modules(names):
                done = self._collect(module, drop)
                taken += done.taken
                notes += done.notes
        return collecting.Collected(tuple(taken), tuple(notes))

    def _collect(self, module: Module, drop: Path | None) -> collecting.Collected:
        if drop is not None:
            return collecting.from_drop(self.settings, module, drop)
        inbound = self.settings.exchange / self.settings.name / "inbound"
        if not inbound.is_dir():
            return collecting.Collected((), ())
        found, notes = collecting.inbound(inbound, module.slug)
        if self.settings.check_owner:
            found, foreign = collecting.split_by_owner(found)
            notes += foreign
        done = collecting.take_in(self.settings, module, collecting.choose(found), arrived="exchange")
        return collecting.Collected(done.taken, (*notes, *done.notes))

    def autograde(
        self,
        names: tuple[str, ...] = (),
        *,
        learner: str | None = None,
        force: bool = False,
        jobs: int | None = None,
        begun: Callable[[int], None] = lambda _: None,
        done: Callable[[], None] = lambda: None,
    ) -> list[Scored]:
        """Score what is new or whose verdict is stale: verdicts in parallel, then recorded one after the other.

        Args:
            names: of modules; all of the class if empty.
            learner: only this one.
            force: score everything again; verdicts that are still current are kept.
            jobs: how many processes.
            begun: told how many submissions there are to score.
            done: told when one of them is recorded.
        """
        with self.alone():
            due = self.due(names, learner=learner, force=force)
            begun(len(due))
            scored = []
            for graded in list(verdicts.make(self.settings, [entry for _, entry in due], jobs=jobs)):
                scored.append(self._record(graded.entry, graded.report.verdict, graded.report.reason))
                done()
        return sorted(scored, key=lambda each: (each.slug, each.learner))

    def due(
        self, names: tuple[str, ...] = (), *, learner: str | None = None, force: bool = False
    ) -> list[tuple[Module, FolderEntry]]:
        """What there is to score."""
        return [
            (module, entry)
            for module in self.settings.modules(names)
            for entry in verdicts.collected_entries(self.settings, module)
            if learner in (None, entry.learner)
            if force or verdicts.is_stale(self.settings, entry, module)
        ]

    def _record(self, entry: FolderEntry, verdict: str, reason: str | None) -> Scored:
        try:
            self._call(self.api.autograde, entry.slug, entry.learner)
        except CourseError as error:
            return Scored(entry.learner, entry.slug, verdict, reason, str(error))
        return Scored(entry.learner, entry.slug, verdict, reason)

    def feedback(self, names: tuple[str, ...] = (), *, publish: bool = True) -> int:
        """Make the feedback pages, and put them on the exchange.

        Args:
            names: of modules; all of the class if empty.
            publish: whether learners can fetch them.

        Returns:
            How many pages there are.

        Raises:
            CourseError: nbgrader could not.
        """
        pages = 0
        with self.alone():
            for module in self.settings.modules(names):
                if not any(self.settings.autograded_folder.glob(f"*/{module.slug}/{module.slug}.ipynb")):
                    continue
                self._call(self.api.generate_feedback, module.slug)
                pages += len(self.pages(module.slug))
                if publish:
                    self._call(self.api.release_feedback, module.slug)
        return pages

    def pages(self, slug: str) -> list[Path]:
        """The feedback pages of a module."""
        return sorted((self.settings.folder / "feedback").glob(f"*/{slug}/{slug}.html"))

    def tables(self, folder: Path | None = None) -> tuple[Path, Path, list[table.GradeLine]]:
        """Write ``grades.csv`` (a line per submission, a column per aspect) and ``grades_lms.csv``.

        Args:
            folder: where; the class's folder if None.

        Returns:
            Both paths, and the lines.
        """
        place = folder or self.settings.folder
        aspects, lms = place / "grades.csv", place / "grades_lms.csv"
        with self.alone(), self.book() as book:
            return aspects, lms, table.write_tables(book, self.settings, aspects, lms)

    def counts(self) -> list[ModuleCounts]:
        """How far the class is with each module."""
        found = []
        with self.book() as book:
            lines = table.lines(book, self.settings)
        for module in self.settings.modules():
            entries = verdicts.collected_entries(self.settings, module)
            found.append(
                ModuleCounts(
                    slug=module.slug,
                    released=self.settings.release(module.slug).is_file(),
                    collected=len(entries),
                    scored=sum(line.verdict != "" for line in lines if line.slug == module.slug),
                    stale=sum(verdicts.is_stale(self.settings, entry, module) for entry in entries),
                    review=sum(bool(line.review) for line in lines if line.slug == module.slug),
                    feedback=len(self.pages(module.slug)),
                )
            )
        return found

    def _call(self, action: Callable[..., dict[str, Any]], *args: str) -> None:
        with quiet():
            result = action(*args)
        if not result["success"]:
            raise CourseError(f"nbgrader could not {action.__name__} {' '.join(args)}: {why(result)}")


def why(result: dict[str, Any]) -> str:
    """The line of nbgrader's log that says what went wrong."""
    lines = str(result.get("log", "")).splitlines() + str(result.get("error", "")).splitlines()
    errors = [line for line in lines if "Error" in line or line.startswith("[ERROR]")]
    told = [line for line in errors if "Traceback" not in line and "There was an error processing" not in line]
    return (told or errors or lines or ["it does not say why"])[-1].removeprefix("[ERROR] ").strip()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep nbgrader's log and warnings off the terminal; what matters in them is told in our own words."""
    logger = logging.getLogger("traitlets")
    before, logger.propagate = logger.propagate, False
    handlers, logger.handlers = logger.handlers, [logging.NullHandler()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.propagate, logger.handlers = before, handlers
