"""What every lesson holds: its headings in their order, its steps, a puzzle, proofs, and three hints beside it.

The core comes first, up to the exercise; the steps that only the stretch needs follow it, in a section of their own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from grader.course import BACKENDS, Module
from grader.lesson.execution import Wrong, codes
from grader.lesson.hints import HINTS, beliefs_of, cut, hints_of
from grader.lesson.minutes import LONGEST, LONGEST_OF_OTHERS, PREDICT, core_minutes
from grader.lesson.notebook_file import is_stale
from grader.lesson.parts import Cell, Lesson, LessonError, Output, Puzzle, Text, Verify
from grader.lesson.voice import stilted_phrases

STRETCH = "The stretch"
SECTIONS = (
    "Warm-up",
    "The broken program",
    "The lesson",
    "Put it in order",
    "The exercise",
    "Explain and compare",
    STRETCH,
    "Bug clinic",
    "Further",
    "Where it is used",
)
OF_STRETCH = "(stretch)"
"""How the title of a step ends that the core does not need."""

STEPS = range(3, 8)
HINT_WORDS = range(20, 121)
BELIEF_WORDS = range(15, 81)
TOLERANCE = 0.1
RUNNERS = ("run", "record", "play")


def shape_faults(lesson: Lesson, module: Module | None = None) -> Iterator[Wrong]:
    """What is not as every page has it.

    Args:
        module: that it teaches; None for a page of the whole course.
    """
    if lesson.cells and is_stale(lesson):
        name = lesson.notebook.name
        yield Wrong(lesson.where, f"{name} is not what would be built from it: run `grader build`")
    yield from _cells(lesson)
    yield from _predictions(lesson)
    yield from _voice(lesson)
    if module is not None:
        yield from _head(lesson)
        yield from _time(lesson, module)
        yield from _sections(lesson, module)
        yield from _steps(lesson, module)
        yield from _backends(lesson)
        yield from _hints(module)


def _at(lesson: Lesson, line: int, text: str) -> Wrong:
    return Wrong(f"{lesson.where}:{line}", text)


def _cells(lesson: Lesson) -> Iterator[Wrong]:
    """Each cell can be run on the other backend by changing one word."""
    for cell in codes(lesson):
        for node in ast.walk(ast.parse(cell.text)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in RUNNERS:
                continue
            if not any(keyword.arg == "backend" for keyword in node.keywords):
                said = f"cell `{cell.id}`: {node.func.id}(…) names no backend: learners change that word"
                yield _at(lesson, cell.line + node.lineno - 1, said)


def _voice(lesson: Lesson) -> Iterator[Wrong]:
    for part in lesson.parts:
        if isinstance(part, Text):
            for line, said in stilted_phrases(part.text):
                yield _at(lesson, part.line + line - 1, said)


def _predictions(lesson: Lesson) -> Iterator[Wrong]:
    """A question before a cell has a folded answer after the cell, and a proof."""
    waiting: Text | None = None
    asked: tuple[Text, Cell | Puzzle] | None = None
    for part in [*lesson.parts, None]:
        if isinstance(part, Cell | Puzzle) or part is None:
            if asked is not None:
                yield _at(
                    lesson, asked[0].line, f"the question before cell `{asked[1].id}` has no folded Answer after it"
                )
            asked = (waiting, part) if waiting is not None and part is not None else None
            if waiting is not None and (part is None or lesson.verify(part.id) is None):
                said = f"cell `{part.id}` has no verify block" if part else "no cell follows"
                yield _at(lesson, waiting.line, f"the answer to {PREDICT} is not proved: {said}")
            waiting = None
        elif isinstance(part, Text):
            if asked is not None and "<summary>Answer</summary>" in part.text.partition(PREDICT)[0]:
                asked = None
            if PREDICT in part.text:
                waiting = part


def _head(lesson: Lesson) -> Iterator[Wrong]:
    titles = [part for part in lesson.headings if part.level == 1]
    if len(titles) != 1 or lesson.parts[0] is not titles[0]:
        yield _at(lesson, 1, "begins with one `# title`, and has no second one")
        return
    lines = [line for line in titles[0].text.splitlines()[1:] if line.strip()]
    if not lines or lines[0].count("·") < 2:  # noqa: PLR2004 - three things, two dots between them
        yield _at(lesson, titles[0].line, "the line after the title says: level · minutes · what it assumes")


def _time(lesson: Lesson, module: Module) -> Iterator[Wrong]:
    """The core takes as long as module.toml says, the head says it too, and it is not too long."""
    toml = module.toml.relative_to(module.root).as_posix()
    computed, declared = core_minutes(lesson, module), module.core_minutes
    if abs(computed - declared) > TOLERANCE * declared:
        yield Wrong(
            toml, f"core_minutes = {declared}, and the formula gives {computed:.0f}: write that, or cut the core"
        )
    longest = LONGEST.get(module.level, LONGEST_OF_OTHERS)
    if declared > longest:
        yield Wrong(toml, f"core_minutes = {declared}: the core of {_level(module)} takes at most {longest}")
    elif computed > longest:
        yield Wrong(
            toml,
            f"the formula gives {computed:.1f} minutes: cut the core, that of {_level(module)} takes at most {longest}",
        )
    head = lesson.headings[0].text if lesson.headings else ""
    if f"· core {declared} minutes ·" not in head:
        yield _at(lesson, 1, f"the line after the title says `· core {declared} minutes ·`, as module.toml does")


def _level(module: Module) -> str:
    return f"{'a' if module.level == 'beginner' else 'an'} {module.level} module"


def _sections(lesson: Lesson, module: Module) -> Iterator[Wrong]:
    wanted = tuple(title for title in SECTIONS if title != STRETCH or _stretch_steps(module))
    headings = [(part.level, part.title) for part in lesson.headings]
    found = tuple(title for level, title in headings if level == 2)  # noqa: PLR2004 - `##`
    for title in wanted:
        if title not in found:
            yield _at(lesson, 1, f"has no section `## {title}`")
    if not set(wanted) - set(found) and found != wanted:
        strange = [title for title in found if title not in wanted]
        said = f"`## {strange[0]}` is not one of them" if strange else f"they are {', '.join(found)}"
        yield _at(lesson, 1, f"the sections are {', '.join(wanted)}, once each and in this order: {said}")


def _stretch_steps(module: Module) -> list[str]:
    """The titles of the steps that only the stretch needs."""
    return [title for title in module.steps.values() if title.endswith(OF_STRETCH)]


def _steps(lesson: Lesson, module: Module) -> Iterator[Wrong]:
    of_stretch = _stretch_steps(module)
    of_core = [title for title in module.steps.values() if title not in of_stretch]
    steps: list[Text] = []
    for section, titles in (("The lesson", of_core), (STRETCH, of_stretch)):
        found = _under(lesson, section)
        steps += found
        if [part.title for part in found] != titles:
            wanted = ", ".join(titles)
            yield _at(lesson, 1, f"the steps under `## {section}` are those of module.toml in their order: {wanted}")
    if len(module.steps) not in STEPS:
        yield _at(lesson, 1, f"a lesson has {STEPS[0]} to {STEPS[-1]} steps")
    if [*of_core, *of_stretch] != list(module.steps.values()):
        yield _at(lesson, 1, f"a step whose title ends with {OF_STRETCH} comes after those of the core in module.toml")
    for part in steps:
        inside = _inside(lesson, part)
        if not any(isinstance(each, Cell) for each in inside):
            yield _at(lesson, part.line, f"step {part.title!r} has no cell")
        elif not any(isinstance(each, Verify | Output) for each in inside):
            yield _at(lesson, part.line, f"step {part.title!r} has neither output nor verify block")
        if not any(PREDICT in each.text for each in (part, *inside) if isinstance(each, Text)):
            yield _at(lesson, part.line, f"step {part.title!r} asks nothing: write {PREDICT} before its cell")
    if (places := [part for part in lesson.headings if part.title == "Put it in order"]) and not any(
        isinstance(each, Puzzle) for each in _inside(lesson, places[0])
    ):
        yield _at(lesson, places[0].line, "has no Parsons problem")


def _under(lesson: Lesson, section: str) -> list[Text]:
    """The `###` headings of a section."""
    inside, found = False, []
    for part in lesson.headings:
        if part.level < 3:  # noqa: PLR2004 - `###`
            inside = part.title == section
        elif inside:
            found.append(part)
    return found


def _inside(lesson: Lesson, heading: Text) -> list[object]:
    """The parts between a heading and the next one."""
    place = lesson.parts.index(heading)
    rest = lesson.parts[place + 1 :]
    end = next((n for n, part in enumerate(rest) if isinstance(part, Text) and part.level), len(rest))
    return list(rest[:end])


def _backends(lesson: Lesson) -> Iterator[Wrong]:
    """Some cell shows that the same code does something else on the other backend."""
    if not any(_shows_a_difference(part) for part in lesson.parts if isinstance(part, Output)):
        said = "no cell shows where the backends differ: run one function on both, or write a second output with backend=trio"
        yield _at(lesson, 1, said)


def _shows_a_difference(output: Output) -> bool:
    """Whether a cell printed something else on trio: lines that begin with the backend's name, or two outputs."""
    of_each = [
        [line.removeprefix(backend) for line in output.text.splitlines() if line.startswith(backend)]
        for backend in BACKENDS
    ]
    return output.backend is not None or (all(of_each) and of_each[0] != of_each[1])


def _hints(module: Module) -> Iterator[Wrong]:
    where = module.hints.relative_to(module.root).as_posix()
    try:
        found = hints_of(module)
    except LessonError as error:
        yield Wrong(where, str(error))
        return
    if "<details>" not in found["Question"]:
        yield Wrong(where, "the question has no folded answer: <details><summary>Answer</summary>…</details>")
    for line, said in stilted_phrases(module.hints.read_text(encoding="utf-8")):
        yield Wrong(f"{where}:{line}", said)
    for one, other in pairwise(HINTS[:-1]):
        if found[one] == found[other]:
            yield Wrong(where, f"{one} and {other} are the same")
    yield from _hints_for_beliefs(module, where)
    for title in HINTS[:-1]:
        if (count := len(found[title].split())) not in HINT_WORDS:
            yield Wrong(where, f"{title} has {count} words: write {HINT_WORDS[0]} to {HINT_WORDS[-1]}")


def _hints_for_beliefs(module: Module, where: str) -> Iterator[Wrong]:
    """The texts that the first hint begins with: short, and for misconceptions that the module has."""
    for belief, text in beliefs_of(module).items():
        if (count := len(text.split())) not in BELIEF_WORDS:
            yield Wrong(
                where, f"the hint for {belief} has {count} words: write {BELIEF_WORDS[0]} to {BELIEF_WORDS[-1]}"
            )
    for title, body in cut(module.hints.read_text(encoding="utf-8"), "###"):
        for belief in filter(None, title.replace(" ", "").split(",")):
            if belief not in module.misconceptions:
                yield Wrong(where, f"{belief} is not a misconception of {module.toml.name}: {body.strip()[:40]}…")
