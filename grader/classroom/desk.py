"""The instructor's desk: release, collect, score, give feedback, write tables, all in this process.

nbgrader does the work through its own interface and the same settings that its command line and formgrader have.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI

from grader.classroom import (
    assignment,
    collecting,
    config,
    dates,
    intake,
    nbgrader_api,
    recording,
    table,
    upkeep,
    verdicts,
)
from grader.classroom.counts import ClassStanding, Scored, count_modules, feedback_pages
from grader.classroom.settings import FILE, Settings
from grader.course import CourseError, Module
from grader.course.safe_files import write_private
from grader.judging.batch import Graded
from grader.judging.folder import FolderEntry, name_some, one_line
from grader.learner.due import DATES


def say_on_stderr(line: str) -> None:
    """Tell the instructor something that is not an answer."""
    sys.stderr.write(f"grader: {one_line(line)}\n")


class Desk:
    """One class, worked on by one process at a time.

    Args:
        say: told a line for each thing that the instructor should know.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None] = say_on_stderr) -> None:
        self.settings = settings
        self.say = say
        settings.exchange.mkdir(parents=True, exist_ok=True)
        config.renew(settings.folder)
        if closed := upkeep.close_to_others(settings.folder):
            say(f"everybody on this machine could read {', '.join(closed)} in {settings.folder}: no longer")
        self._run = verdicts.ScoringRun()
        made = config.settings_of(settings, self._run)
        made.ExchangeReleaseAssignment.force = True
        with nbgrader_api.quiet():
            self.api = NbGraderAPI(config=made)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other desks of this class waiting: the book has one writer."""
        if sys.platform == "win32":
            yield
            return
        import fcntl

        with (self.settings.folder / FILE).open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.say("another `grader class` is at work in this class: waiting until it has finished")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def book(self) -> Iterator[Any]:
        """Open nbgrader's book.

        Raises:
            CourseError: it cannot be used.
        """
        if (book := self.settings.book_file) is not None and not book.is_file() and upkeep.is_lost(self.settings):
            self.say(f"{book} is not there, but submissions were scored: `grader class doctor --mend` brings it back")
        with nbgrader_api.explain(self.settings), nbgrader_api.quiet():
            with Gradebook(self.settings.db_url, self.settings.name) as book:
                yield book
            upkeep.close_to_others(self.settings.folder)  # nbgrader makes it readable for everybody

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
            with self.book() as book:
                dates.apply_dates(book, self.settings, [module.slug for module in modules])
                self._name_unknown(book)
            self._publish_dates()
        return [module.slug for module in modules]

    def _release(self, module: Module) -> None:
        settings = self.settings
        points = settings.points(module)
        with self.book() as book:
            self._update_cells(book, module)
            gone = recording.retired_aspects(book, module, points)
        assignment.write(module, settings.folder / "source", points, gone, due=settings.due_text(module.slug))
        release = settings.release(module.slug).parent
        spare = release.with_name(f".{module.slug}-before")
        if release.is_dir():
            shutil.rmtree(spare, ignore_errors=True)
            shutil.copytree(release, spare)
        try:
            nbgrader_api.call(self.api.generate_assignment, module.slug)
        except CourseError:
            if spare.is_dir():  # nbgrader has deleted it
                shutil.rmtree(release, ignore_errors=True)
                shutil.copytree(spare, release)
            raise
        finally:
            shutil.rmtree(spare, ignore_errors=True)
        with self.book() as book:
            for person in settings.roster.values():
                names = {name: person.column(name) or None for name in ("first_name", "last_name", "email")}
                book.update_or_create_student(person.id, **names)
        nbgrader_api.call(self.api.release_assignment, module.slug)

    def _publish_dates(self) -> None:
        """Put due dates where learners' commands find them: newer than those in their bundle."""
        place = self.settings.exchange / self.settings.name
        if place.is_dir():
            path = write_private(place / DATES, json.dumps(self.settings.due_dates(), indent=1))
            path.chmod(0o644)

    def _apply_dates(self, book: Gradebook, slugs: list[str]) -> None:
        notes = dates.apply_dates(book, self.settings, slugs)
        for line in notes:
            self.say(line)
        if notes:
            self._publish_dates()
        self._name_unknown(book)

    def _name_unknown(self, book: Gradebook) -> None:
        for learner in dates.unknown_learners(self.settings, [student.id for student in book.students]):
            self.say(f"class.toml has an extension for {learner}, whom neither the roster nor the gradebook knows")

    def _update_cells(self, book: Gradebook, module: Module) -> None:
        if changes := recording.update_cells(book, module, self.settings.points(module)):
            self.say(
                f"{module.slug}: points have changed in the gradebook too: {'; '.join(changes)} "
                f"(`grader class release {module.slug}` shows them to learners)"
            )

    def collect(self, names: tuple[str, ...] = (), drop: Path | None = None) -> collecting.Collected:
        """Collect the newest submissions, from the exchange or from a drop folder.

        Args:
            names: of modules; all of the class if empty.
            drop: the drop folder; the exchange if None.
        """
        with self.alone():
            return collecting.collect(self.settings, self.settings.modules(names), collecting.Source(drop))

    def autograde(
        self,
        names: tuple[str, ...] = (),
        *,
        learner: str | None = None,
        force: bool = False,
        jobs: int | None = None,
        executor: Executor | None = None,
        wanted: Callable[[FolderEntry], bool] = lambda _: True,
        begun: Callable[[int], None] = lambda _: None,
        done: Callable[[Scored], None] = lambda _: None,
    ) -> list[Scored]:
        """Score what is new or whose verdict is stale: verdicts in parallel, each recorded when it is there.

        Args:
            names: of modules; all of the class if empty.
            learner: only this one.
            force: score everything again; verdicts that are still current are kept.
            jobs: how many processes.
            executor: where to grade; processes on this machine if None.
            wanted: whether one of them is to be scored now.
            begun: told how many submissions there are to score.
            done: told what became of one of them.

        Raises:
            CourseError: the book does not know a module that something was handed in for, or nobody is called so.
        """
        with self.alone():
            verdicts.expect_collected(self.settings, self.settings.modules(names), learner)
            self._back_up()
            self._prepare_book(self.settings.modules(names))
            due = [each for each in self.due(names, learner=learner, force=force) if wanted(each[1])]
            begun(len(due))
            scored = []
            entries = [entry for _, entry in due]
            made = self._run.make(self.settings, entries, jobs=jobs, executor=executor)
            with contextlib.closing(made) as verdicts_:
                for graded in verdicts_:
                    scored.append(self._record(graded))
                    done(scored[-1])
            for line in self._run.notes:
                self.say(line)
        return sorted(scored, key=lambda each: (each.slug, each.learner))

    def _back_up(self) -> None:
        try:
            with nbgrader_api.explain(self.settings):
                upkeep.back_up(self.settings)
        except (OSError, sqlite3.Error) as error:
            self.say(f"the gradebook could not be backed up ({error}): see `grader class doctor`")

    def _prepare_book(self, modules: list[Module]) -> None:
        """Bring points and dates in the book up to date before anything is written."""
        with self.book() as book:
            for module in modules:
                slug = module.slug
                try:
                    book.find_assignment(slug)
                except MissingEntry as error:
                    if not verdicts.collected_entries(self.settings, module):
                        continue
                    raise CourseError(
                        f"the gradebook does not know {slug}: run `grader class release {slug}`, then this again "
                        "(is it a new book in the place of a lost one? Then see `grader class doctor` first)"
                    ) from error
                self._update_cells(book, module)
            self._apply_dates(book, [module.slug for module in modules])

    def due(
        self, names: tuple[str, ...] = (), *, learner: str | None = None, force: bool = False
    ) -> list[tuple[Module, FolderEntry]]:
        """What there is to score: what is new or stale, and what the book does not know."""
        modules = self.settings.modules(names)
        with self.book() as book:
            known = {
                (module.slug, learner) for module in modules for learner in recording.scored_learners(book, module)
            }
        return [
            (module, entry)
            for module in modules
            for entry in verdicts.collected_entries(self.settings, module)
            if learner in (None, entry.learner)
            if force or (module.slug, entry.learner) not in known or verdicts.is_stale(self.settings, entry, module)
        ]

    def _record(self, graded: Graded) -> Scored:
        entry, report = graded.entry, graded.report
        before = verdicts.earned_before(self.settings, entry)
        try:
            intake.plant(self.settings, entry.learner, entry.slug)
            nbgrader_api.call(self.api.autograde, entry.slug, entry.learner)
            problem = ""
        except (CourseError, OSError) as error:
            problem = str(error)
        return Scored(
            entry.learner,
            entry.slug,
            report.verdict,
            report.reason,
            problem,
            graded.problem,
            report.flags,
            points=report.points,
            before=before,
        )

    def feedback(self, names: tuple[str, ...] = (), *, publish: bool = True, say_stale: bool = True) -> int:
        """Make the feedback pages, and put them on the exchange.

        Args:
            names: of modules; all of the class if empty.
            publish: whether learners can fetch them.
            say_stale: whether to say how many are not scored as they should be.

        Returns:
            How many pages there are.

        Raises:
            CourseError: nbgrader could not.
        """
        pages = 0
        modules = self.settings.modules(names)
        with self.alone():
            with self.book() as book:
                self._apply_dates(book, [module.slug for module in modules])
            if say_stale:
                self._name_stale(modules)
            for module in modules:
                if not any(self.settings.autograded_folder.glob(f"*/{module.slug}/{module.slug}.ipynb")):
                    continue
                nbgrader_api.call(self.api.generate_feedback, module.slug)
                pages += len(feedback_pages(self.settings, module.slug))
                if publish:
                    nbgrader_api.call(self.api.release_feedback, module.slug)
        return pages

    def _name_stale(self, modules: list[Module]) -> None:
        count = len(self.due(tuple(module.slug for module in modules)))
        if count:
            self.say(f"{count} submissions are not scored yet, or not as they should be now: `grader class autograde`")

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
            modules = self.settings.modules()
            self._apply_dates(book, [module.slug for module in modules])
            self._name_stale(modules)
            found = table.write_tables(book, self.settings, aspects, lms)
        if nameless := table.without_id(found, self.settings):
            column = self.settings.lms["id_from"]
            self.say(f"{lms}: no id for {name_some(nameless)}: the roster's column {column!r} is empty for them")
        return aspects, lms, found

    def standing(self) -> ClassStanding:
        """How far the class is with each module and each submission; also while another desk scores."""
        with self.book() as book:
            self._apply_dates(book, list(self.settings.uses))
            lines = table.lines(book, self.settings)
        stale = {(entry.learner, entry.slug) for _, entry in self.due()}
        return ClassStanding(count_modules(self.settings, lines, stale), lines, frozenset(stale))
