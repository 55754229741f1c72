"""The learner's side of nbgrader: fetch, hand in with a receipt, fetch feedback."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeFetchAssignment, ExchangeSubmit
from nbgrader.utils import notebook_hash
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from grader.classroom import receipt
from grader.classroom.dropping import own_name
from grader.classroom.intake import SECRET, TIMESTAMP
from grader.classroom.nbgrader_api import quiet, why
from grader.classroom.settings import Settings
from grader.course import Course, CourseError
from grader.course.versions import TESTS
from grader.learner.class_score import note_hand_in
from grader.learner.due import due_of

RECEIPT = "receipt.txt"
CONFIG_TEXT = """\
# Made by `grader bundle --class`: how this course is handed in.
from grader.classroom.hand_in import settings_of
get_config().merge(settings_of({course!r}, {exchange!r}, {folder!r}))
"""


def for_bundle(settings: Settings) -> dict[str, Any]:
    """What a class puts into the bundle of its learners, by the names that `grader.authoring.bundle.Bundle` has."""
    course, exchange = settings.name, str(settings.exchange)
    return {
        "hand_in": lambda folder: CONFIG_TEXT.format(course=course, exchange=exchange, folder=folder),
        "dates": settings.due_dates(),
        "due": {slug: settings.due_text(slug) for slug in settings.uses},
        "core_only": frozenset(slug for slug, use in settings.uses.items() if use.core_only),
    }


@dataclass(frozen=True)
class Account:
    """One learner's nbgrader.

    Args:
        id: the learner; None for the account that runs this.
        course: the class's name.
        exchange: its folder.
        folder: that holds ``<slug>/``.
        cache: where nbgrader remembers what was handed in; its own place if None.
    """

    id: str | None
    course: str
    exchange: Path
    folder: Path
    cache: Path | None = None

    def _config(self) -> Config:
        config = settings_of(self.course, str(self.exchange), str(self.folder))
        if self.cache is not None:
            config.Exchange.cache = str(self.cache)
        if self.id is not None:
            config.CourseDirectory.student_id = self.id
        return config

    def fetch(self, slug: str) -> None:
        """Fetch an assignment.

        Raises:
            CourseError: there is none, or it is there already.
        """
        self._do(slug, ExchangeFetchAssignment)

    def submit(self, slug: str) -> str:
        """Hand in. Returns the receipt.

        Raises:
            CourseError: it did not work.
        """
        self._do(slug, Submit)
        return (self.folder / slug / RECEIPT).read_text("utf-8")

    def fetch_feedback(self, slug: str) -> list[Path]:
        """Fetch the feedback pages of an assignment.

        Raises:
            CourseError: it did not work.
        """
        with quiet():
            api = NbGraderAPI(config=self._config())
            result = api.fetch_feedback(slug, self.id or "*")
        if not result["success"]:
            raise CourseError(f"{slug}: no feedback could be fetched: {why(result)}")
        return sorted((self.folder / slug / "feedback").glob("*/*.html"))

    def _do(self, slug: str, step: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self._config()
        coursedir = CourseDirectory(config=config)
        coursedir.assignment_id = slug
        with quiet():
            api = NbGraderAPI(config=config)
            action = step(coursedir=coursedir, authenticator=api.authenticator, config=config)
            try:
                action.start()
            except Exception as error:
                raise CourseError(f"{slug}: {' '.join(str(error).split())}") from error


def account_of(root: Path, learner: str | None = None) -> Account:
    """The learner's nbgrader, as the bundle at `root` sets it up.

    Raises:
        CourseError: the bundle says nothing about handing in.
    """
    path = root / "nbgrader_config.py"
    if not path.is_file():
        raise CourseError(f"{path} is missing: ask your instructor how to hand in, or use --to FOLDER")
    config = PyFileConfigLoader(path.name, str(root)).load_config()
    return Account(
        learner or own_name(),
        str(config.CourseDirectory.course_id),
        Path(str(config.Exchange.root)),
        root / "exercises",
        Path(str(config.Exchange.cache)) if "cache" in config.Exchange else None,
    )


def settings_of(course: str, exchange: str, folder: str) -> Config:
    """Make nbgrader's settings for a learner.

    Args:
        course: the class's name.
        exchange: its folder.
        folder: where assignments lie, relative to where JupyterLab starts.
    """
    config = Config()
    config.CourseDirectory.course_id = course
    config.Exchange.root = exchange
    config.Exchange.assignment_dir = folder
    config.ExchangeFactory.submit = Submit
    return config


class Submit(ExchangeSubmit):  # type: ignore[misc]  # nbgrader has no types
    """nbgrader's submit, with a receipt beside the file and in the log."""

    def copy_files(self) -> None:
        """Hand in, then make out the receipt. Public checks come last: they never keep a file from being handed in."""
        folder = Path(self.src_path)
        slug = self.coursedir.assignment_id
        file = work_of(folder, slug)
        when = due_of(root_of(folder), slug)
        made = receipt.receipt(slug, file, self.timestamp, self._earlier(slug, file.name), due=when)
        super().copy_files()
        self._note(root_of(folder), slug, made.sha256)
        text = made.text(public(slug, file) if made.sha256 else "")
        (folder / RECEIPT).write_text(text, "utf-8")
        for warning in made.warnings:
            self.log.warning("%s", warning)
        self.log.info("%s", text)

    def _note(self, root: Path, slug: str, sha256: str | None) -> None:
        """Remember under which name the class will publish the page: `grader progress` looks for it."""
        cached = Path(self.cache_path) / "+".join(self.assignment_filename.split("+")[:3])
        secret = (cached / SECRET).read_text("utf-8")
        page = f"{notebook_hash(secret=secret, notebook_id=slug)}.html"
        note_hand_in(root, slug, time=self.timestamp, sha256=sha256, page=page)

    def _earlier(self, slug: str, name: str) -> list[receipt.Earlier]:
        found = []
        for place in sorted(Path(self.cache_path).glob(f"*+{slug}+*")):
            file = place / name
            if place.name.startswith(self.assignment_filename.partition("+")[0] + "+") and file.is_file():
                told = place / TIMESTAMP
                when = told.read_text("utf-8") if told.is_file() else place.name.split("+")[2]
                found.append(receipt.Earlier(when, file.read_bytes(), file.stat().st_mtime))
        return found


def root_of(folder: Path) -> Path:
    """The learner's course, that an assignment's folder lies in: two folders up, by the form of a bundle."""
    return folder.absolute().parent.parent


def work_of(folder: Path, slug: str) -> Path:
    """The learner's own file in an assignment's folder, told from the scene and the checks beside it."""
    file = folder / f"{slug.partition('_')[2]}.py"
    if file.is_file():
        return file
    others = ("scene.py", TESTS)
    files = [path for path in folder.glob("*.py") if path.name not in others and not path.name.startswith("test_")]
    return files[0] if len(files) == 1 else file


def public(slug: str, file: Path) -> str:
    """What the public checks say, if the course is around."""
    try:
        module = Course.find(file.parent).module(slug)
    except CourseError:
        return ""
    return receipt.public_result(module, file)
