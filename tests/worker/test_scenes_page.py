"""`docs/scenes.md` says what a scene may use, and the scenes and the check on it work."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import CheckFailed, Play, fail, wait
from grader.checks import words
from grader.worker.scene.world import World

Playing = Callable[..., Play]

PAGE = Path(__file__).parents[2] / "docs/scenes.md"
TEXT = PAGE.read_text(encoding="utf-8")
ONE_TRY, SEVERAL_TRIES, CHECK, OWN_ERROR = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)

RIGHT = """
import anyio

async def retry_within(func, *, budget):
    with anyio.fail_after(budget):
        while True:
            try:
                return await func()
            except Exception:
                pass
"""
ONCE = "async def retry_within(func, *, budget):\n    return await func()\n"


def test_every_word_of_the_world_is_on_the_page() -> None:
    rows = re.findall(r"^\| (`.*?) \|", TEXT, flags=re.MULTILINE)
    named = set(re.findall(r"`(\w+)", " ".join(rows)))
    public = {name for name in vars(World) if not name.startswith("_")}
    assert public <= named, public - named


def test_every_step_is_on_the_page() -> None:
    named = set(re.findall(r"`(\w+)", TEXT))
    for word, made in inspect.getmembers(words, inspect.isfunction):
        if made.__annotations__.get("return") == "Step":
            assert word in named, word


@pytest.mark.parametrize("scene", [ONE_TRY, SEVERAL_TRIES])
def test_the_scenes_run(playing: Playing, scene: str) -> None:
    t = playing(ONCE, scene)(tries=[[wait(2), fail("E1")]], budget=3)
    assert [(call.what, call.who, call.raised) for call in t.calls()] == [("retry_within", "caller", "E1")]
    assert t.one("after", "caller").how == "returned"


def test_a_job_raises_an_error_of_the_submissions_own(playing: Playing) -> None:
    scene = (
        SEVERAL_TRIES.replace('world.job("func", script)', 'failing(subject, world, script, "E1")') + "\n\n" + OWN_ERROR
    )
    t = playing("class RetryableError(Exception):\n    pass\n\n\n" + ONCE, scene)(tries=[[wait(2)]], budget=3)
    assert (t.call.raised, t.one("run", "func").how) == ("E1", "returned")
    assert t.call.raised == "RetryableError"


def test_the_check_passes_a_right_file_and_fails_a_wrong_one(playing: Playing) -> None:
    space: dict[str, Callable[[Play], None]] = {}
    exec(CHECK, space)
    space["test_the_second_try"](playing(RIGHT, SEVERAL_TRIES))
    with pytest.raises(CheckFailed, match="raised E1 at line 2, where it should return"):
        space["test_the_second_try"](playing(ONCE, SEVERAL_TRIES))
