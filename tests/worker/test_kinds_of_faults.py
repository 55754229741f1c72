"""Errors that a script raises: classes with a meaning of their own in the subject's tools, groups, its own timeouts."""

from collections.abc import Callable

import pytest

from grader import Play, fail, fail_after, give, give_error, hang, in_group, leaves_of, token, wait

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
    "kind",
    [
        "IndexError",
        "KeyError",
        "TypeError",
        "AssertionError",
        "WouldBlock",
        "EndOfStream",
        "BrokenResourceError",
        "ClosedResourceError",
        "ExceptionGroup",
    ],
)
def test_the_same_object_arrives(playing: Callable[..., Play], kind: str) -> None:
    t = playing(SUBJECT, SCENE)(job=[wait(1), fail("E", kind)])
    assert t.call.value == [token("E")]
    assert kind in t.one("run", "a").raised.kinds


@pytest.mark.parametrize("kind", ["Fault", "Abandon", "ExceptionGroup", "ExceptionGroup of one", "BaseExceptionGroup"])
def test_leaves_are_what_the_errors_hold(playing: Callable[..., Play], kind: str) -> None:
    t = playing(SUBJECT, SCENE)(job=[fail("E", kind)])
    assert t.one("run", "a").errors == leaves_of("E", kind)


def test_a_group_has_members(playing: Callable[..., Play]) -> None:
    t = playing(SUBJECT, SCENE)(job=[fail("E", "ExceptionGroup")])
    assert t.one("run", "a").errors == ["Fault", "Fault"]


def test_a_group_of_one(playing: Callable[..., Play]) -> None:
    t = playing(SUBJECT, SCENE)(job=[fail("E", "ExceptionGroup of one")])
    assert t.call.value == [token("E")]
    assert t.one("run", "a").errors == ["ValueError"]


def test_a_group_that_is_no_exception(playing: Callable[..., Play]) -> None:
    t = playing(SUBJECT, SCENE)(job=[fail("E", "BaseExceptionGroup")])
    assert t.call.raised == "E"
    assert t.call.errors == ["Abandon"]


def test_an_error_is_given_back(playing: Callable[..., Play]) -> None:
    t = playing("async def main(job):\n    return await job()", SCENE)(job=[wait(1), give_error("E", "TimeoutError")])
    assert t.one("run", "a").how == "returned"
    assert t.call.value == token("E")


def test_a_timeout_of_its_own(playing: Callable[..., Play]) -> None:
    t = playing(SUBJECT, SCENE)(job=[fail_after(3), hang()])
    job = t.one("run", "a")
    assert (round(job.end), job.raised) == (3, "TimeoutError")
    assert job.errors == ["TimeoutError"]


def test_an_error_in_a_group_of_its_own(playing: Callable[..., Play]) -> None:
    job = playing(SUBJECT, SCENE)(job=[in_group(), fail_after(3), hang()]).one("run", "a")
    assert (round(job.end), job.raised) == (3, "ExceptionGroup")
    assert job.errors == ["TimeoutError"]


def test_a_value_out_of_a_group_and_a_timeout(playing: Callable[..., Play]) -> None:
    play = playing("async def main(job):\n    return await job()", SCENE)
    assert play(job=[in_group(), fail_after(3), wait(1), give("V")]).call.value == token("V")
    assert play(job=[in_group(), wait(1)]).call.value is None
