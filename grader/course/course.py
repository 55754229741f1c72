"""The course: where its root is, and which modules there are. No list says it: the folders do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.course.module_toml import read_module
from grader.course.modules import CourseError, Module


class Course:
    """The modules under one root.

    Args:
        root: the folder that holds ``exercises`` and ``course``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """The course around a folder: the folder itself or the nearest one above it.

        Args:
            start: where to begin; the working folder if not given.

        Raises:
            CourseError: no folder from there upwards holds a course.
        """
        begin = (start or Path.cwd()).resolve()
        for folder in (begin, *begin.parents):
            if is_root(folder):
                return cls(folder)
        raise CourseError(
            f"no course in {begin} or above it: go to the folder that holds exercises/ and course/, or name it with --root"
        )

    @property
    def slugs(self) -> list[str]:
        """The slugs of all modules, sorted."""
        return sorted(path.parent.name for path in (self.root / "course").glob("*/module.toml"))

    def slug(self, name: str) -> str:
        """The slug that a person means by a slug, its short form (``m01``), its name or a path of its folder.

        Raises:
            CourseError: nothing, or more than one module, is called so; or it is a file that the module would not read.
        """
        path = Path(name)
        if path.suffix and path.is_file() and not self._holds(path):
            raise CourseError(
                f"{name} is not an exercise of {self.root}: copy it over the file under exercises/, and name the module"
            )
        wanted = path.name if "/" in name else name
        wanted = wanted.removesuffix(".py")
        slugs = self.slugs
        if wanted in slugs:
            return wanted
        found = [slug for slug in slugs if wanted in slug.split("_", 1)]
        if len(found) == 1:
            return found[0]
        if found:
            raise CourseError(f"{name!r} may mean {' or '.join(found)}: give the whole name")
        known = ", ".join(slugs) or "none yet"
        raise CourseError(f"no module {name!r} in {self.root}: the modules are {known}")

    def _holds(self, path: Path) -> bool:
        """Whether a file lies in the folder of an exercise or of a lesson."""
        return path.resolve().parent.parent in ((self.root / place).resolve() for place in ("exercises", "course"))

    def module(self, name: str) -> Module:
        """One module, read from its ``module.toml``.

        Raises:
            CourseError: there is none of that name, or its ``module.toml`` is wrong.
        """
        return read_module(self.root, self.slug(name))

    def modules(self, names: tuple[str, ...] | list[str] = ()) -> list[Module]:
        """The named modules, or all of them in the order of their slugs."""
        return [self.module(name) for name in (names or self.slugs)]

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules())


def is_root(folder: Path) -> bool:
    """Whether a folder is the root of a course."""
    return (folder / "exercises").is_dir() and (folder / "course").is_dir()
