"""What is wrong with a class, in words, and what can be mended: `grader class doctor`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.classroom import intake, recording, upkeep, verdicts
from grader.classroom.desk import Desk
from grader.course import CourseError
from grader.course.key import SELF_CHECK_KEY, course_key
from grader.judging.folder import name_some
from grader.sandbox import level


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong.

    Args:
        what: in a sentence.
        remedy: what to do.
        book: whether `mend` can help.
    """

    what: str
    remedy: str
    book: bool = False


def find_trouble(desk: Desk) -> Iterator[Trouble]:
    """Look through a class. Nothing is changed."""
    settings = desk.settings
    if course_key(settings.course.root) == SELF_CHECK_KEY:
        yield Trouble(
            "the course has no secret: everybody with this engine knows the plans of the hidden checks",
            'python -c "import secrets; print(secrets.token_hex(32))" > .course_key, in the checkout',
        )
    if level() == "none" and not settings.unsafe_no_sandbox:
        yield Trouble("this machine offers no walls: nothing will be scored", "grader doctor says what is missing")
    yield from _book_trouble(desk)


def _book_trouble(desk: Desk) -> Iterator[Trouble]:
    settings = desk.settings
    remedy = "grader class doctor --mend"
    book = settings.book_file
    if book is not None and book.is_file() and (wrong := list(upkeep.damage(book))):
        yield Trouble(f"{book} is damaged: {wrong[0]}", remedy, book=True)
        return
    if upkeep.is_lost(settings):
        what = "knows no submission" if book is not None and book.is_file() else "is not there"
        yield Trouble(f"{book} {what}, but submissions were scored", remedy, book=True)
        return
    if book is not None and not book.is_file():
        return
    try:
        lost = sorted(_not_in_book(desk))
    except CourseError as error:
        yield Trouble(str(error), "see that the database is running and reachable")
        return
    if lost:
        yield Trouble(f"scored, but not in the gradebook: {name_some(lost)}", remedy, book=True)


def _not_in_book(desk: Desk) -> Iterator[str]:
    """Submissions that were scored and that the book does not know."""
    with desk.book() as book:
        for module in desk.settings.modules():
            scored = [
                entry.learner
                for entry in verdicts.collected_entries(desk.settings, module)
                if verdicts.verdict_in_notebook(desk.settings, entry.learner, module.slug)
            ]
            known = recording.scored_learners(book, module)
            yield from (f"{learner}/{module.slug}" for learner in scored if learner not in known)


def mend(desk: Desk) -> Iterator[str]:
    """Bring a damaged or lost book back: the newest backup that is whole, then all verdicts once more.

    Returns:
        A line for each thing that was done.
    """
    settings = desk.settings
    troubles = [trouble for trouble in _book_trouble(desk) if trouble.book]
    if not troubles:
        return
    book = settings.book_file
    replaced = book is not None and (not book.is_file() or bool(list(upkeep.damage(book))) or upkeep.is_lost(settings))
    if book is not None and replaced:
        yield _restore(desk, book)
    desk.release()
    yield "released again, so that the gradebook knows every assignment"
    _forget_records(desk, everything=replaced)
    scored = desk.autograde(force=True)
    failed = [f"{each.learner}/{each.slug}: {each.problem}" for each in scored if each.problem]
    yield f"{len(scored) - len(failed)} submissions recorded from their kept verdicts"
    yield from failed


def _forget_records(desk: Desk, *, everything: bool) -> None:
    """Forget what was written into the book that is lost.

    A flag is then set again, and a score by hand that the backup has for an older file waits for a person.

    Args:
        everything: also about submissions that this book knows: it is an older one.
    """
    settings = desk.settings
    with desk.book() as book:
        for module in settings.modules():
            times = {each.student.id: each.timestamp for each in book.find_assignment(module.slug).submissions}
            for entry in verdicts.collected_entries(settings, module):
                known = times.get(entry.learner)
                if known is not None and not everything:
                    continue
                taken = intake.record(settings.submitted_folder / entry.learner / module.slug).get("time")
                file = "an older file" if known is not None and known.isoformat() != taken else None
                path = settings.verdicts_folder / entry.learner / recording.RECORD.format(module.slug)
                if path.is_file():
                    recording.Recorded(file).write(path)


def _restore(desk: Desk, book: Path) -> str:
    if book.exists():
        now = dt.datetime.now(dt.UTC)
        book.rename(book.with_name(f"{book.stem}-damaged-{now:%Y-%m-%dT%H%M%S}{book.suffix}"))
    backup = upkeep.newest_backup(desk.settings)
    if backup is None:
        return "there is no backup: scores and comments by hand are lost"
    book.write_bytes(backup.read_bytes())
    book.chmod(0o600)
    return f"taken from {backup.name}: scores and comments by hand since then are lost"
