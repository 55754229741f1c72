"""Errors that a script raises: classes with a meaning of their own in the subject's tools, and groups."""

from collections.abc import Callable

import pytest

from grader import Play, fail, token, wait

SCENE = """
async def scene(subject, world, *, job):
    made = world.job("a", job)

    async def go():
        await world.call("main", subject.main, made)

    await world.actors({"caller": [["go"]]}, {"go": go})
"""
SUBJECT = """
async def main(job):
    try:
        await job()
    except Exception as error:
        return [error]
"""


@pytest.mark.parametrize(
    "kind", ["IndexError", "EndOfStream", "BrokenResourceError", "ClosedResourceError", "ExceptionGroup"]
)
def test_the_same_object_arrives(playing: Callable[..., Play], kind: str) -> None:
    t = playing(SUBJECT, SCENE)(job=[wait(1), fail("E", kind)])
    assert t.call.value == [token("E")]
    assert kind in t.one("run", "a").raised.kinds


def test_a_group_has_members(playing: Callable[..., Play]) -> None:
    t = playing(SUBJECT, SCENE)(job=[fail("E", "ExceptionGroup")])
    assert t.one("run", "a").errors == ["Fault", "Fault"]
