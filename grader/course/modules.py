"""The course as its folders hold it: where the root is, which modules there are, what each promises.

There is no central list. A module is a folder ``course/<slug>`` with a ``module.toml``; the same slug names its
folders under ``exercises``, ``solutions`` and ``grader/hidden``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ASPECTS = ("result", "timeout", "shield", "leak", "ordering")
BACKENDS = ("asyncio", "trio")
KINDS = ("async", "function", "class", "context", "value")
LEVELS = ("beginner", "intermediate", "advanced")
SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CLAUSE_ID = re.compile(r"[RG][1-9][0-9]?")


class CourseError(Exception):
    """The course, or what was asked of it, is wrong. The text is one line: what, where, what to do."""


@dataclass(frozen=True)
class Clause:
    """One clause of a module's contract and what it is worth.

    Args:
        id: such as ``R3`` or ``G2``.
        aspect: one of `ASPECTS`.
        core: points earned by its core checks.
        stretch: points earned by its stretch checks.
    """

    id: str
    aspect: str
    core: int = 0
    stretch: int = 0

    @property
    def points(self) -> int:
        """All the points of this clause."""
        return self.core + self.stretch


@dataclass(frozen=True)
class Module:
    """One module: what its ``module.toml`` says and where its files are."""

    root: Path
    slug: str
    title: str
    level: str
    minutes: tuple[int, int]
    core_minutes: int
    paths: tuple[int, ...]
    outcome: str
    requires: tuple[str, ...]
    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    clauses: Mapping[str, Clause] = field(default_factory=dict)
    misconceptions: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """The short name, such as ``m01``."""
        return self.slug.partition("_")[0]

    @property
    def max_points(self) -> int:
        """The points of all clauses together."""
        return sum(clause.points for clause in self.clauses.values())

    @property
    def toml(self) -> Path:
        """Its ``module.toml``."""
        return self.root / "course" / self.slug / "module.toml"

    @property
    def stub(self) -> Path:
        """The file that the learner writes in, as the course ships it."""
        return self.root / "exercises" / self.slug / f"{self.name}.py"

    @property
    def scene(self) -> Path:
        """The world that the exercise plays in."""
        return self.root / "exercises" / self.slug / "scene.py"

    @property
    def public_checks(self) -> Path:
        """The checks that learners see."""
        return self.root / "exercises" / self.slug / f"test_{self.name}.py"

    @property
    def hidden_folder(self) -> Path:
        """Where the checks that count are, and what they share."""
        return self.root / "grader" / "hidden" / self.slug

    @property
    def hidden_checks(self) -> list[Path]:
        """The files of the checks that count, sorted; none where they are not at hand."""
        return sorted(self.hidden_folder.glob("test_*.py"))

    @property
    def hidden_files(self) -> list[Path]:
        """These and the files beside them that they import from, sorted."""
        return sorted(self.hidden_folder.glob("*.py"))

    @property
    def solution(self) -> Path:
        """The reference solution."""
        return self.root / "solutions" / self.slug / f"{self.name}.py"

    @property
    def core_solution(self) -> Path:
        """A solution of the core alone, where the reference is built for the stretch; most modules have none."""
        return self.root / "solutions" / self.slug / "core.py"

    @property
    def wrong(self) -> list[Path]:
        """The wrong solutions, sorted."""
        return sorted((self.root / "solutions" / self.slug / "wrong").glob("*.py"))

    @property
    def right(self) -> list[Path]:
        """Other right builds, sorted."""
        return sorted(self.right_folder.glob("*.py"))

    @property
    def right_folder(self) -> Path:
        """Where they are."""
        return self.root / "solutions" / self.slug / "right"


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
            CourseError: nothing, or more than one module, is called so.
        """
        wanted = Path(name).name if "/" in name else name
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


def read_module(root: Path, slug: str) -> Module:
    """Read ``course/<slug>/module.toml``.

    Raises:
        CourseError: the file is missing or wrong; the text names file, key and remedy.
    """
    path = root / "course" / slug / "module.toml"
    where = f"course/{slug}/module.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"{where}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{where}: is not TOML: {error}") from error
    keys = _Keys(where, data)
    level = keys.text("level")
    if level not in LEVELS:
        keys.wrong("level", f"write one of {', '.join(LEVELS)}")
    return Module(
        root=root,
        slug=slug,
        title=keys.text("title"),
        level=level,
        minutes=_minutes(keys),
        core_minutes=keys.whole_number("core_minutes"),
        paths=tuple(keys.whole_numbers("paths")),
        outcome=keys.text("outcome"),
        requires=tuple(keys.texts("requires")),
        name=_name(keys),
        names=_names(keys),
        clauses=_clauses(keys),
        misconceptions=keys.sentences("misconceptions"),
        steps=keys.sentences("steps"),
    )


class _Keys:
    """Typed reading of one TOML table; every complaint names file, key and remedy."""

    def __init__(self, where: str, data: Mapping[str, Any]) -> None:
        self.where = where
        self.data = data

    def error(self, key: str, remedy: str) -> CourseError:
        return CourseError(f"{self.where}: {key}: {remedy}")

    def wrong(self, key: str, remedy: str) -> None:
        raise self.error(key, remedy)

    def text(self, key: str) -> str:
        value = self.data.get(key)
        if not isinstance(value, str) or not value.strip():
            self.wrong(
                key, 'is missing: write a text, such as "…"' if value is None else "write a text that is not empty"
            )
        return str(value)

    def texts(self, key: str) -> list[str]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(key, 'write a list of texts, such as ["m01_parallel_timeout"]')
        return list(value)

    def whole_number(self, key: str) -> int:
        value = self.data.get(key)
        if not _is_whole(value):
            self.wrong(key, "write a whole number of 0 or more")
        return int(value)  # type: ignore[arg-type]  # checked the line before

    def whole_numbers(self, key: str) -> list[int]:
        value = self.data.get(key)
        if not isinstance(value, list) or not all(_is_whole(item) for item in value):
            self.wrong(key, "write a list of whole numbers, such as [1, 3]")
        return [int(item) for item in value or ()]

    def table(self, key: str) -> dict[str, Any]:
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            self.wrong(key, f"write a table: [{key}]")
        return dict(value)

    def sentences(self, key: str) -> dict[str, str]:
        table = self.table(key)
        for name, value in table.items():
            if not isinstance(value, str) or not value.strip():
                self.wrong(f"{key}.{name}", "write a sentence")
        return table


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _minutes(keys: _Keys) -> tuple[int, int]:
    match keys.whole_numbers("minutes"):
        case [low, high]:
            return low, high
    raise keys.error("minutes", "write two whole numbers, such as [20, 30]")


def _name(keys: _Keys) -> str:
    name = keys.text("file").removesuffix(".py")
    if not SLUG.fullmatch(name):
        keys.wrong("file", f"{name!r} is not a name for a Python file: use small letters, digits and _")
    return name


def _names(keys: _Keys) -> dict[str, str]:
    names = keys.table("names")
    if not names:
        keys.wrong("names", 'is missing: say what a submission defines, such as gather_within = "async"')
    for name, kind in names.items():
        if not name.isidentifier():
            keys.wrong(f"names.{name}", "is not a Python name")
        if kind not in KINDS:
            keys.wrong(f"names.{name}", f"write one of {', '.join(KINDS)}")
    return names


def _clauses(keys: _Keys) -> dict[str, Clause]:
    table = keys.table("clauses")
    if not table:
        keys.wrong("clauses", 'is missing: write a line for each, such as R1 = { aspect = "result", core = 10 }')
    clauses = {}
    for name, entry in table.items():
        where = f"clauses.{name}"
        if not CLAUSE_ID.fullmatch(name):
            keys.wrong(where, "name a clause such as R3 or G2")
        if not isinstance(entry, dict):
            keys.wrong(where, 'write { aspect = "result", core = 10, stretch = 0 }')
        inner = _Keys(f"{keys.where}: {where}", {"core": 0, "stretch": 0, **entry})
        if unknown := sorted(set(entry) - {"aspect", "core", "stretch"}):
            inner.wrong(unknown[0], "is unknown here: use aspect, core and stretch")
        if entry.get("aspect") not in ASPECTS:
            inner.wrong("aspect", f"write one of {', '.join(ASPECTS)}")
        clauses[name] = Clause(name, entry["aspect"], inner.whole_number("core"), inner.whole_number("stretch"))
    return clauses
