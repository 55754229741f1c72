"""A new module: four folders that say what is still to be written. `grader verify` is red until they are filled."""

from __future__ import annotations

import re
from pathlib import Path

from grader.course import Course, CourseError

WANTED = re.compile(r"m\d\d_[a-z][a-z0-9]*(_[a-z0-9]+)*")

TOML = """\
title = "TODO: a title"
level = "beginner"          # beginner, intermediate, advanced
minutes = [20, 30]
core_minutes = 25
paths = [1]
outcome = "TODO: You can …"
requires = []
file = "{name}"

[names]                     # what a submission defines: async, function, class, context, value
{name} = "async"

[clauses]                   # whole numbers, 100 in all, core at least 70
R1 = {{ aspect = "result", core = 50, stretch = 0 }}
R2 = {{ aspect = "timeout", core = 20, stretch = 20 }}
G3 = {{ aspect = "timeout", core = 10, stretch = 0 }}

[misconceptions]
todo = "TODO: the wrong idea, in one sentence"

[steps]
todo = "TODO: the title of a lesson's step"
"""
LESSON = """\
# TODO: a title

TODO: what the learner can do afterwards, and why it matters.
"""
HINTS = """\
# Hints

1. TODO: a question that leads on.
2. TODO: the idea.
3. TODO: almost the code.
"""
STUB = '''\
"""TODO: what is wanted, clause by clause.

R1. TODO
R2. TODO
"""

from __future__ import annotations


async def {name}(value: int) -> int:
    """TODO: one sentence.

    Args:
        value: TODO.
    """
    raise NotImplementedError  # TODO: write it
'''
SCENE = '''\
"""TODO: the world that {name} plays in."""


async def scene(subject, world, *, value):
    async def go():
        await world.call("{name}", subject.{name}, value)
        await world.after()

    await world.actors({{"caller": [["go"]]}}, {{"go": go}})
'''
CHECKS = '''\
from grader import check


@check("R1", misconception="todo", step="todo")
def test_value(play):
    """TODO: the sentence that the learner reads."""
    t = play(value=7)
    t.expect("the value", t.call.value, 7)
'''
WRONG = '''\
"""TODO: what the learner thought.

Breaks: R1
"""


async def {name}(value: int) -> int:
    """TODO: a realistic wrong file that R1's check must catch."""
    raise NotImplementedError
'''


def scaffold(course: Course, slug: str) -> list[Path]:
    """Make the folders of a new module.

    Args:
        course: that it belongs to.
        slug: such as ``m14_second_try``.

    Returns:
        The files, relative to the course's root.

    Raises:
        CourseError: the slug will not do, or something of that name is there.
    """
    if not WANTED.fullmatch(slug):
        raise CourseError(f"{slug!r} is no slug: write m and two digits, _ and a name, such as m14_second_try")
    short, _, name = slug.partition("_")
    places = {place: course.root / place / slug for place in ("course", "exercises", "solutions", "grader/hidden")}
    taken = [place for place in places.values() if place.exists()]
    taken += [course.root / "course" / other for other in course.slugs if other.partition("_")[0] == short]
    if taken:
        raise CourseError(f"{taken[0].relative_to(course.root)} is there already: take another slug")
    texts = {
        places["course"] / "module.toml": TOML,
        places["course"] / "lesson.md": LESSON,
        places["course"] / "hints.md": HINTS,
        places["exercises"] / f"{name}.py": STUB,
        places["exercises"] / "scene.py": SCENE,
        places["exercises"] / f"test_{name}.py": CHECKS,
        places["grader/hidden"] / f"test_{name}.py": CHECKS,
        places["solutions"] / f"{name}.py": STUB,
        places["solutions"] / "wrong" / "todo.py": WRONG,
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(name=name) if "{" in text else text, encoding="utf-8")
    return [path.relative_to(course.root) for path in texts]
