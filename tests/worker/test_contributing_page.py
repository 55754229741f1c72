"""`CONTRIBUTING.md` makes a module step by step: its `module.toml` can be read, its check tells its wrong solution from a right one."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import CheckFailed, Play
from grader.course import Course, read_module
from grader.course.overrides import merge

Playing = Callable[..., Play]

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
[TOML] = re.findall(r"^```toml\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
CHECK, WRONG = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
SCENE = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/scenes.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)[1]
RIGHT = """
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")


async def retry_within(func: Callable[[], Awaitable[T]], *, budget: float) -> T:
    with anyio.fail_after(budget):
        while True:
            try:
                return await func()
            except Exception:
                pass
"""


def test_the_toml_can_be_read(tiny: Course) -> None:
    folder = tiny.root / "course/m14_retry_budget"
    folder.mkdir()
    (folder / "module.toml").write_text(TOML, encoding="utf-8")
    module = read_module(tiny.root, folder.name)
    assert sum(clause.core + clause.stretch for clause in module.clauses.values()) == 100
    assert f"{module.slug}/{module.name}.py" in TEXT


def test_the_check_tells_the_wrong_solution_from_a_right_one(playing: Playing) -> None:
    space: dict[str, Callable[[Play], None]] = {}
    exec(CHECK, space)
    judge = space["test_all_tries_share_one_limit"]
    judge(playing(RIGHT, SCENE))
    with pytest.raises(CheckFailed, match="the end of the call"):
        judge(playing(merge(RIGHT, WRONG), SCENE))
