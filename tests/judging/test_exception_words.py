"""Exceptions in the words of the line that raised: only where the line is as the sentence says."""

import pytest

from grader.judging.exception_words import absent_key, in_words, is_plain_key
from grader.judging.learner_code import LearnerCode

NONE = "object NoneType can't be used in 'await' expression"
METHOD = "object method can't be used in 'await' expression"


@pytest.mark.parametrize(
    ("line", "text", "said"),
    [
        (
            "await conn.invalidate()",
            NONE,
            "`await` is too much in line 2: `conn.invalidate()` is not async, it gives None",
        ),
        ("await nothing", NONE, ""),
        ("await conn.rollback", METHOD, "Line 2 awaits `conn.rollback` and does not call it: `()` is missing"),
        ("await conn.rollback()", METHOD, ""),
        (
            "self.state = State.CLOSED",
            "property 'state' of 'Breaker' object has no setter",
            "Line 2 assigns to `state`, which is a property: keep the value under another name",
        ),
        ("setattr(self, name, 1)", "property 'state' of 'Breaker' object has no setter", ""),
        ("raise ValueError", "no loop", ""),
    ],
)
def test_what_a_line_does_wrong(line, text, said):
    assert in_words(LearnerCode(f"async def f():\n    {line}\n"), 2, text) == said


@pytest.mark.parametrize(
    ("line", "kind", "said"),
    [
        (
            "lock.acquire_nowait()",
            "WouldBlock",
            "Line 2 does not wait where it has to: what ends in `_nowait` raises WouldBlock instead",
        ),
        ("await take()", "WouldBlock", ""),
        (
            "handle.return_value",
            "TaskNotFinished",
            "Line 2 asks a task for its result before it has ended: that is there after the block of its task group",
        ),
        (
            "await send.send(1)",
            "ClosedResourceError",
            "Line 2 uses an end of a stream that is closed already: each task that closes one needs its own, from `clone()`",
        ),
        ("await send.clone().send(1)", "ClosedResourceError", "Line 2 uses an end of a stream that is closed already"),
    ],
)
def test_what_exceptions_of_anyio_say(line, kind, said):
    assert in_words(LearnerCode(f"async def f():\n    {line}\n"), 2, "", kind) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Each CancelScope may only be used for a single 'with' block", "a scope of its own"),
        ("This task group is not active; no new tasks can be started.", "is over, or has not begun"),
        ("'CancelScope' object does not support the asynchronous context manager protocol", "needs a plain `with`"),
        ("'TaskGroup' object does not support the context manager protocol", "needs `async with`"),
        ("'int' object does not support the asynchronous context manager protocol", ""),
        (
            "'async for' requires an object with __aiter__ method, got _AsyncGeneratorContextManager",
            "goes through a context manager",
        ),
    ],
)
def test_what_is_entered_in_the_wrong_way(text, said):
    assert said in in_words(LearnerCode("x = 1"), 1, text)
    assert bool(said) == bool(in_words(LearnerCode("x = 1"), 1, text))


def test_the_texts_are_those_of_this_python():
    """Python may word them in another way: then the sentences would be silent."""
    import anyio

    async def wrong():
        with anyio.Lock():  # type: ignore[attr-defined]
            pass

    with pytest.raises(TypeError) as caught:
        wrong().send(None)
    assert in_words(LearnerCode("x = 1"), 1, str(caught.value))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("return self._tasks[id(task)]", "`self._tasks` has no key `id(task)`"),
        ("del _tasks[name]", "`_tasks` has no key `name`"),
        ("_tasks.pop(name)", "`_tasks` has no key `name`"),
        ("_tasks.remove(name)", "`_tasks` has no key `name`"),
        ("_tasks.pop(name, None)", ""),
        ("_tasks[name] = 1", ""),
        ("return a[x] + b[y]", ""),
        ("return x", ""),
    ],
)
def test_which_key_is_not_there(line, said):
    assert absent_key(LearnerCode(f"def f():\n    {line}\n"), 2) == said


@pytest.mark.parametrize(
    ("text", "is_plain"), [("'c'", True), ("17", True), ("140234866534992", False), ("<object at 0x…>", False)]
)
def test_an_id_says_nothing_to_people(text, is_plain):
    assert is_plain_key(text) is is_plain
