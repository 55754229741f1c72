"""The page of paths, made from ``course/course.toml`` and what each module says of itself: no list that a new module must touch."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import Course, CourseError, Module

PLACE = Path("course") / "course.toml"
PAGE = Path("course") / "paths.md"
HEAD = """\
# Paths and modules

Three ways through the course. Each has its own order and ends with three questions. Take one, or go from m01 upwards. A core
is one sitting, lesson and exercise; what a lesson calls stretch comes on top.
"""


@dataclass(frozen=True)
class Way:
    """One path.

    Args:
        title: of the path.
        outcome: what the learner can do then.
        order: slugs of modules that come first, in this order.
        quiz: questions and answers.
    """

    title: str
    outcome: str
    order: tuple[str, ...]
    quiz: tuple[tuple[str, str], ...]


def ways(course: Course) -> list[Way]:
    """The paths of a course; none if it has no ``course.toml``.

    Raises:
        CourseError: the file is wrong; the text says where, and what to do.
    """
    try:
        data = tomllib.loads((course.root / PLACE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{PLACE.as_posix()}: cannot be read ({error}): write it as TOML") from error
    return [_way(entry, number) for number, entry in enumerate(data.get("path", []), start=1)]


def _way(entry: Mapping[str, Any], number: int) -> Way:
    try:
        quiz = tuple((item["question"], item["answer"]) for item in entry.get("quiz", []))
        return Way(entry["title"], entry["outcome"], tuple(entry.get("order", ())), quiz)
    except (KeyError, TypeError, ValueError) as error:
        raise CourseError(
            f"{PLACE.as_posix()}: path {number}: {error!r}: each needs title, outcome, order, and quiz entries "
            "with question and answer"
        ) from error


def modules_of(way: Way, number: int, modules: list[Module]) -> tuple[list[Module], list[Module]]:
    """The modules of a path: those that its order names, and further ones.

    Raises:
        CourseError: the order names one that is not of this path, or puts a module before one that it requires.
    """
    mine = {module.slug: module for module in modules if number in module.paths}
    if strangers := [slug for slug in way.order if slug not in mine]:
        raise CourseError(
            f"{PLACE.as_posix()}: path {number}: order: {strangers[0]} is not a module of this path: put {number} into the "
            "paths of its module.toml, or take it out here"
        )
    first, further = [mine[slug] for slug in way.order], [mine[slug] for slug in sorted(set(mine) - set(way.order))]
    for place, module in enumerate(whole := [*first, *further]):
        if late := [other.slug for other in whole[place:] if other.slug in module.requires]:
            raise CourseError(
                f"course/{module.slug}/module.toml: requires: {late[0]} comes after it in path {number}: change the order in "
                f"{PLACE.as_posix()}, or what the module requires"
            )
    return first, further


def page(course: Course) -> str:
    """The page, as Markdown: a section per path, and a map of what needs what.

    Raises:
        CourseError: as `ways` and `modules_of`.
    """
    modules = course.modules()
    lines = [HEAD]
    for number, way in enumerate(ways(course), start=1):
        lines += _section(way, number, modules)
    lines += _map(modules)
    return "\n".join(lines)


def _section(way: Way, number: int, modules: list[Module]) -> Iterator[str]:
    first, further = modules_of(way, number, modules)
    yield f"## Path {number}: {way.title}\n"
    time = f"The numbered cores take {_clock(first)}" + (
        f", with the further ones {_clock([*first, *further])}" if further else ""
    )
    yield f"{time}. **Outcome:** {way.outcome}\n"
    if before := _outside(first, first):
        yield f"**Before this path:** {', '.join(before)}.\n"
    if before := [name for name in _outside(further, [*first, *further]) if name not in before]:
        yield f"**Before the further ones:** {', '.join(before)}.\n"
    yield "| | module | level | core | what you can do then |\n| --- | --- | --- | --- | --- |"
    for place, module in enumerate(first, start=1):
        yield _row(str(place), module)
    for module in further:
        yield _row("further", module)
    yield "\nThree questions at the end of the path:\n" if len(way.quiz) == 3 else ""  # noqa: PLR2004 - as the text says
    for place, (question, answer) in enumerate(way.quiz, start=1):
        yield f"**{place}.** {question}\n\n<details><summary>Answer</summary>\n\n{answer}\n\n</details>\n"


def _clock(modules: list[Module]) -> str:
    """The sum of their cores, to five minutes."""
    hours, minutes = divmod(5 * round(sum(module.core_minutes for module in modules) / 5), 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes))


def _outside(modules: list[Module], path: list[Module]) -> list[str]:
    """Short names of what the modules need and the path does not have."""
    inside = {module.slug for module in path}
    return sorted({slug.partition("_")[0] for module in modules for slug in module.requires if slug not in inside})


def _row(place: str, module: Module) -> str:
    link = f"[{module.short} {module.title}]({module.slug}/lesson.md)"
    return f"| {place} | {link} | {module.level} | {module.core_minutes} min | {module.outcome} |"


def _map(modules: list[Module]) -> Iterator[str]:
    yield "## What needs what\n"
    yield "An arrow leads from a module to those that build on it.\n"
    yield "```mermaid\nflowchart LR"
    for module in modules:
        yield f'    {module.short}["{module.short} {module.title}"]'
    for module in modules:
        for slug in module.requires:
            yield f"    {slug.partition('_')[0]} --> {module.short}"
    yield "```\n"
    yield "| module | needs |\n| --- | --- |"
    for module in modules:
        needs = ", ".join(slug.partition("_")[0] for slug in module.requires) or "the [start page](start_here.md)"
        yield f"| {module.short} {module.title} | {needs} |"
    yield ""
