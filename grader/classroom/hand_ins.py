"""What lies in a folder of hand-ins: on nbgrader's exchange, or in a drop folder in whatever form it was filled.

Each entry is understood or named; nothing is left out without a word. Nothing is read here, and no link is followed.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.utils import parse_utc

from grader.classroom.settings import LEARNER, Person, Settings
from grader.course import CourseError, Module
from grader.judging.folder import LITTER, one_line
from grader.judging.plain_files import NotAFolder, kind_in, open_folder

SKEW = dt.timedelta(minutes=10)
"""Clocks may differ by so much: a name that is further ahead, or a folder that changed so much later, is worth a look."""

MOODLE = re.compile(r"(?P<name>[^_]+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)")
CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<id>\d+)_\d+_(?P<file>.+\.py)")
COPY = re.compile(r"(?P<stem>.+?)(?:-\d+| ?\(\d+\))?\.py")
"""A file's name as a browser or Canvas numbers it when it comes again: ``deadline-1.py``, ``deadline (2).py``."""


@dataclass(frozen=True)
class HandIn:
    """One thing that a learner handed in.

    Args:
        learner: whose, by what it is named.
        root: the folder that was searched.
        place: the folders in it that lead to the file; with none the file lies in `root`.
        time: when, in UTC.
        file: the file's name; the module's own if empty.
        notes: what is worth a look if it is taken, one line each.
    """

    learner: str
    slug: str
    root: Path
    place: tuple[str, ...]
    time: dt.datetime
    file: str = ""
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return one_line("/".join((*self.place, self.file) if self.file else self.place))


@dataclass
class Search:
    """What was found in one folder.

    Args:
        modules: that are collected.
        root: the folder.
        found: hand-ins for these modules.
        notes: a line for each thing that was left out or is worth a look.
    """

    settings: Settings
    modules: Sequence[Module]
    root: Path
    found: list[HandIn] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def leave_out(self, name: str, why: str) -> None:
        """Name a thing that is not taken."""
        self.notes.append(f"{one_line(name)} {why}: left out")

    def module(self, name: str) -> Module | None:
        """The module that a name means, if it is collected now; one that the class does not use is named."""
        slug = self.settings.course.slug(name)
        if slug not in self.settings.uses:
            raise CourseError(f"is for {slug}, which this class does not use")
        return next((module for module in self.modules if module.slug == slug), None)

    def by_file(self, file: str) -> Module | None:
        """The module whose file is called so, or the only one that is collected."""
        match = COPY.fullmatch(file)
        stem = match["stem"] if match else ""
        for module in self.modules:
            if module.name == stem:
                return module
        return self.modules[0] if len(self.modules) == 1 and file.endswith(".py") else None

    def add(self, learner: str, module: Module, place: tuple[str, ...], time: dt.datetime, file: str = "") -> None:
        """Add a hand-in."""
        own = "" if file == f"{module.name}.py" else file
        self.found.append(HandIn(learner, module.slug, self.root, place, time, own))


def search_exchange(settings: Settings, modules: Sequence[Module], inbound: Path) -> Search:
    """What lies in nbgrader's ``inbound``: folders ``<learner>+<slug>+<time>+<random>``.

    Args:
        modules: to collect.
        inbound: the folder.
    """
    search = Search(settings, modules, inbound)
    for name in _names(inbound):
        _nbgrader(search, name)
    return search


def search_drop(settings: Settings, modules: Sequence[Module], folder: Path) -> Search:
    """What lies in a drop folder, whoever filled it.

    Understood are folders as `grader hand-in --to` makes them, ``<learner>/<module>/<file>.py`` and
    ``<learner>/<file>.py``, and what Moodle and Canvas pack into the archive of all submissions.

    Args:
        modules: to collect.
        folder: the drop folder.

    Raises:
        CourseError: it cannot be listed.
    """
    search = Search(settings, modules, folder)
    if not folder.is_dir():
        raise CourseError(f"{folder} is not a folder: give the one that holds <learner>/<module>/<file>.py")
    for name in _names(folder):
        if name in LITTER:
            continue
        if name.startswith(".") and name.endswith(".part"):
            if _change_time(folder, (name,)) < dt.datetime.now(dt.UTC).replace(tzinfo=None) - SKEW:
                search.leave_out(name, "was never handed in completely")
        elif "+" in name:
            _nbgrader(search, name)
        elif (match := MOODLE.fullmatch(name)) or (match := CANVAS.fullmatch(name)):
            _archive(search, name, match)
        else:
            _learner(search, name)
    return search


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise CourseError(f"{folder} cannot be listed ({(error.strerror or 'error').lower()})") from error


def _nbgrader(search: Search, name: str) -> None:
    parts = name.split("+")
    if len(parts) not in (3, 4) or not LEARNER.fullmatch(parts[0]):
        return search.leave_out(name, "is not named as nbgrader names a submission")
    try:
        module = search.module(parts[1])
    except CourseError as error:
        said = str(error) if str(error).startswith("is for") else f"is for {one_line(parts[1])}, which is not a module"
        return search.leave_out(name, said)
    if module is None:
        return None
    try:
        time = parse_utc(parts[2])
    except (ValueError, OverflowError):
        return search.leave_out(name, "has no time in its name")
    with open_folder(search.root) as root:
        if kind_in(root, name) != "folder":
            return search.leave_out(name, "is a link or not a folder")
    return search.add(parts[0], module, (name,), time)


def _learner(search: Search, name: str) -> None:
    """A folder that is named after a learner."""
    if not LEARNER.fullmatch(name):
        return search.leave_out(name, "is not understood: expected <learner>/<module>/<file>.py")
    try:
        with open_folder(search.root, [name]) as folder:
            inside = [(each, kind_in(folder, each)) for each in sorted(os.listdir(folder))]  # noqa: PTH208
    except NotAFolder:
        return search.leave_out(name, "is not understood: expected a folder <learner>/<module>/<file>.py")
    except OSError as error:
        return search.leave_out(name, f"cannot be listed ({(error.strerror or 'error').lower()})")
    inside = [(each, kind) for each, kind in inside if each not in LITTER]
    if not inside:
        return search.leave_out(name, "is empty")
    for each, kind in inside:
        place: tuple[str, ...] = (name, each)
        try:
            if kind == "file" and each.endswith(".py"):
                module, place, file = search.by_file(each), (name,), each
                if module is None:
                    search.module(COPY.sub(r"\g<stem>", each))  # named if it is of no module at all
            else:
                module, file = search.module(each), ""
        except CourseError as error:
            said = str(error) if str(error).startswith("is for") else "is not a module's folder or file"
            search.leave_out(f"{name}/{each}", said)
            continue
        if module is not None:
            search.add(name, module, place, _change_time(search.root, (*place, file or f"{module.name}.py")), file)
    return None


def _archive(search: Search, name: str, match: re.Match[str]) -> None:
    """A folder or file of the archive that Moodle or Canvas makes of all submissions."""
    learner = _person(search.settings.roster.values(), match["name"], match["id"])
    if learner is None:
        return search.leave_out(
            name, f"is not of anybody on the roster: write {match['name']!r} into a column `lms_name` of the roster"
        )
    with open_folder(search.root) as root:
        kind = kind_in(root, name)
    if kind == "file":
        module = search.by_file(match["file"])
        if module is None:
            return search.leave_out(name, "says no module that is collected: name the module in the command")
        return search.add(learner, module, (), _change_time(search.root, (name,)), name)
    try:
        with open_folder(search.root, [name]) as folder:
            files = sorted(each for each in os.listdir(folder) if each.endswith(".py"))  # noqa: PTH208
    except (NotAFolder, OSError):
        return search.leave_out(name, "is a link or not a folder")
    known = [(each, module) for each in files if (module := search.by_file(each)) is not None]
    if not known:
        return search.leave_out(name, "holds no file of a module that is collected: name the module in the command")
    for file, module in known:
        search.add(learner, module, (name,), _change_time(search.root, (name, file)), file)
    return None


def _person(roster: Iterable[Person], name: str, number: str) -> str | None:
    """Whom a learning-management system means: by the column `lms_name` or `lms_id`, or by first and last name."""
    wanted = _letters(name)
    found = set()
    for person in roster:
        first, last = person.column("first_name"), person.column("last_name")
        names = {_letters(each) for each in (person.column("lms_name"), first + last, last + first) if each}
        if wanted in names or number == person.column("lms_id"):
            found.add(person.id)
    return found.pop() if len(found) == 1 else None


def _letters(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _change_time(root: Path, names: tuple[str, ...]) -> dt.datetime:
    """When a file was last changed, in UTC; of the innermost folder that is there if it is not."""
    for length in range(len(names), 0, -1):
        try:
            with open_folder(root, names[: length - 1]) as folder:
                info = os.stat(names[length - 1], dir_fd=folder, follow_symlinks=False)
        except (NotAFolder, OSError):
            continue
        return dt.datetime.fromtimestamp(info.st_mtime, dt.UTC).replace(tzinfo=None)
    return dt.datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC, which nbgrader leaves unsaid


def has_file(each: HandIn, module: Module) -> bool:
    """Whether the file is there, as a plain file."""
    try:
        with open_folder(each.root, each.place) as folder:
            return kind_in(folder, each.file or f"{module.name}.py") == "file"
    except (NotAFolder, OSError):
        return False


def choose(hand_ins: Iterable[HandIn], due: dt.datetime | None = None) -> list[HandIn]:
    """The newest hand-in of each learner; with `due`, the newest that is not late, if there is one."""
    newest: dict[tuple[str, str], HandIn] = {}
    for each in sorted(hand_ins, key=lambda each: each.time):
        older = newest.get((each.learner, each.slug))
        if older is None or due is None or each.time <= due or older.time > due:
            newest[each.learner, each.slug] = each
    return list(newest.values())
