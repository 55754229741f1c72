"""Reading ``module.toml``: every complaint names file, key and remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.course.modules import ASPECTS, Clause, CourseError, Module

KINDS = ("async", "function", "class", "context", "value")
LEVELS = ("beginner", "intermediate", "advanced")
SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CLAUSE_ID = re.compile(r"[RG][1-9][0-9]?")


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
