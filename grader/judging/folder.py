"""A folder of submissions, as an instructor has it: ``FOLDER/<learner>/<module>/<name>.py``.

Nothing in it is trusted, and nothing is left out without a line that says so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import Course, CourseError, Module
from grader.judging.plain_files import NotAFolder, kind_in, open_folder
from grader.judging.submission import Unreadable, read

LITTER = {".DS_Store", ".ipynb_checkpoints", "Thumbs.db", "desktop.ini", "__MACOSX", "__pycache__"}
"""What file managers and notebooks leave behind: the only things that are left out without a word."""

SOME = 5
"""How many names one line lists."""


@dataclass(frozen=True)
class FolderEntry:
    """One submission of a folder.

    Args:
        learner: the name of the learner's folder.
        data: the file's bytes, None if there is no file to grade.
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
    """What was found in a folder of submissions: entries, and a line for each thing that is none."""

    entries: list[FolderEntry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def scan(folder: Path, course: Course, skip: Path | None = None) -> Folder:
    """Look through a folder of submissions. Links are never followed: they may point at anything.

    Args:
        folder: ``FOLDER``. A module's folder may have its short name (``m02``) too.
        course: whose modules are meant.
        skip: a folder in it that holds reports.

    Returns:
        What was found, with a line for each thing that was left out.

    Raises:
        CourseError: it is not a folder or cannot be read.
    """
    found = Folder()
    modules: dict[str, Module | CourseError] = {}
    for learner in _names_in(folder):
        if learner in LITTER or (skip and (folder / learner).absolute() == skip.absolute()):
            continue
        said = one_line(learner)
        if learner.startswith("."):
            found.notes.append(f"{said} begins with a dot: left out")
            continue
        try:
            with open_folder(folder, [learner]) as place:
                inside = sorted(os.listdir(place))  # noqa: PTH208 - an open folder has no path
        except NotAFolder:
            found.notes.append(f"{said} is not a learner's folder: left out")
            continue
        except OSError as error:
            found.notes.append(f"{said} cannot be listed ({(error.strerror or 'error').lower()}): left out")
            continue
        before = len(found.entries)
        seen: dict[str, str] = {}
        for name in inside:
            _look(folder, learner, name, course, modules, seen, found)
        if len(found.entries) == before:
            found.notes.append(f"{said} holds no submission: a folder such as {_example(course)} was expected")
    return found


def take_shard(found: Folder, number: int, count: int) -> None:
    """Leave only one of several parts of a folder, always the same submissions for the same numbers.

    Args:
        found: of the whole folder.
        number: which part, from 1.
        count: how many there are.
    """
    found.entries = [
        each
        for each in found.entries
        if int(hashlib.sha256(f"{each.learner}/{each.slug}".encode(errors="surrogateescape")).hexdigest(), 16) % count
        == number - 1
    ]


def one_line(name: str) -> str:
    """A name that somebody else chose, for a line of text: no line break, nothing that moves a cursor."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in name)


def name_some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - SOME
    return ", ".join(map(one_line, names[:SOME])) + (f" and {more} more" if more > 0 else "")


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise CourseError(
            f"{folder} cannot be listed ({reason}): give a folder <learner>/<module>/<file>.py"
        ) from error


def _example(course: Course) -> str:
    return f"{slugs[0]}/" if (slugs := course.slugs) else "<module>/"


def _look(
    folder: Path,
    learner: str,
    name: str,
    course: Course,
    modules: dict[str, Module | CourseError],
    seen: dict[str, str],
    found: Folder,
) -> None:
    """Add one folder inside a learner's to what was found.

    Args:
        folder: of all submissions.
        learner: whose folder it is in.
        name: of the folder.
        course: whose modules are meant.
        modules: those that were read already.
        seen: slug → name of the folder that was taken for it.
        found: to add to.
    """
    if name in LITTER:
        return
    said = f"{one_line(learner)}/{one_line(name)}"
    try:
        slug = course.slug(name)
    except CourseError:
        found.notes.append(f"{said} is not a module of this course: left out")
        return
    if slug in seen:
        found.notes.append(f"{said} is {slug} once more: left out, {seen[slug]} was taken")
        return
    seen[slug] = name
    if slug not in modules:
        try:
            modules[slug] = course.module(slug)
        except CourseError as error:
            modules[slug] = error
    module = modules[slug]
    if isinstance(module, CourseError):
        found.entries.append(FolderEntry(learner, slug, missing=str(module), unreadable=True))
        return
    found.entries.append(entry(folder, (learner, name), f"{module.name}.py", learner, slug))


def entry(root: Path, place: tuple[str, ...], file: str, learner: str, slug: str) -> FolderEntry:
    """Read one submission, or say why there is none. No link is followed inside `root`.

    Args:
        root: a folder that is not the learner's.
        place: the folders inside it that lead to the file.
        file: its name.
        learner: whose it is.
        slug: of the module.
    """

    def none(why: str, *, unreadable: bool = False) -> FolderEntry:
        return FolderEntry(learner, slug, missing=why, unreadable=unreadable)

    try:
        with open_folder(root, place) as folder:
            kind = kind_in(folder, file)
            if kind == "absent":
                return none(f"there is no {file} in {slug}: hand in the file under this name")
            if kind == "link":
                return none(f"{file} is a link: hand in the file itself")
            if kind != "file":
                return none(f"{file} is not a plain file: hand in the file itself")
            data, sha256 = read(Path(file), folder=folder)
    except NotAFolder as error:
        if error.kind == "link":
            return none(f"{slug} is a link: hand in the folder itself")
        return none(f"{slug} is not a folder: hand in a folder with {file} in it")
    except (Unreadable, OSError) as error:
        why = f"{slug} cannot be opened ({error.strerror})" if isinstance(error, OSError) else str(error)
        return none(why, unreadable=True)
    return FolderEntry(learner, slug, data, sha256)
