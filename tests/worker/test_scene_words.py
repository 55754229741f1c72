"""What a scene may use beyond jobs and calls: task names, steps around steps, verbs that are calls of the subject."""

from collections.abc import Callable

import pytest

from grader import CheckFailed, Play, attempt, cancel, verb, wait, within

Playing = Callable[..., Play]

SCENE = """
import anyio

async def scene(subject, world, *, actors, names):
    verbs = {"ask": world.as_call(subject.ask)}

    async def name():
        return anyio.get_current_task().name

    async def twice(*steps):
        await world.play(steps, verbs)
        await world.play(steps, verbs)

    verbs |= {"name": name, "twice": twice}
    await world.actors(actors, verbs, names=names)
"""
ask, name, twice = verb("ask"), verb("name"), verb("twice")


def test_tasks_may_share_a_name(playing: Playing) -> None:
    t = playing("async def ask(): pass", SCENE)(actors={"a": [name()], "b": [name()], "c": [name()]}, names={"b": "a"})
    assert [t.of(who)[name()].value for who in "abc"] == ["a", "a", "c"]


def test_steps_inside_a_step_are_the_actors_own(playing: Playing) -> None:
    t = playing("async def ask(): pass", SCENE)(actors={"a": [twice(wait(2), ask())]}, names={})
    assert [round(span.start) for span in t.all("ask", "a")] == [2, 4]


def test_a_verb_that_is_a_call_of_the_subject(playing: Playing) -> None:
    subject = "async def ask(*args):\n    raise LookupError"
    t = playing(subject, SCENE)(actors={"a": [ask(1), ask(2)]}, names={})
    assert [(call.who, call.args, call.raised, call.line) for call in t.calls("ask")] == [
        ("a", [1], "LookupError", 2),
        ("a", [2], "LookupError", 2),
    ]


def test_a_verb_that_is_not_written_yet(playing: Playing) -> None:
    t = playing("async def ask():\n    raise NotImplementedError", SCENE)(actors={"a": [ask()]}, names={})
    with pytest.raises(CheckFailed, match="not written yet"):
        _ = t.call


def test_steps_that_are_given_up_or_cancelled_alone(playing: Playing) -> None:
    actors = {
        "a": [within(2, wait(5)), ask("after a timeout")],
        "b": [attempt("try", wait(5)), ask("after it was cancelled")],
        "c": [wait(3), cancel("try")],
    }
    t = playing("async def ask(*args): pass", SCENE)(actors=actors, names={})
    assert [(span.who, round(span.start)) for span in t.all("ask")] == [("a", 2), ("b", 3)]


def test_a_verb_with_the_name_of_a_step_around_others_is_refused(playing: Playing) -> None:
    scene = SCENE.replace('"name": name', '"cleanup": name')
    t = playing("async def ask(): pass", scene)(actors={"a": [ask()]}, names={})
    with pytest.raises(CheckFailed, match="every script knows a step 'cleanup'"):
        _ = t.call


CARRIED = """
import re, anyio

mine = []

def carried(error):
    text = re.sub("cancel scope [0-9a-f]+", "cancel scope", str(error))
    text = re.sub(" (by|from task) <.*?>(?=;|$)", "", text)
    return text, getattr(error, "source", None), getattr(error, "reason", None)

async def end(scope, act):
    with scope:
        try:
            act()
            await anyio.sleep_forever()
        except BaseException as error:
            mine.append(carried(error))
            raise

async def ask():
    scope = anyio.CancelScope()
    await end(scope, scope.cancel)
    await end(anyio.CancelScope(deadline=anyio.current_time() + 0.5), int)
    try:
        await anyio.sleep_forever()
    except BaseException as error:
        assert carried(error) == mine[FOUND], (carried(error), mine)
        raise
"""


@pytest.mark.parametrize("kind", [0, 1])
def test_a_cancellation_from_outside_reads_like_any_other(playing: Playing, kind: int) -> None:
    play = playing(CARRIED.replace("FOUND", str(kind)), SCENE)(actors={"a": [ask()]}, names={})
    t = play.within("a", 1) if kind else play.cancel("a", at=1)
    assert t.call.how == "cancelled", t.call.raised
    assert t.call.outside


def test_a_sweep_cancels_in_both_ways(playing: Playing) -> None:
    source = CARRIED.replace("assert carried(error) == mine[FOUND], (carried(error), mine)", "seen(carried(error))")
    before, _, after = source.rpartition("await anyio.sleep_forever()")
    source = f"{before}for _ in range(6): await anyio.sleep(1){after}"
    told = "def seen(error):\n    if 'deadline' in str(error): raise ValueError\n"
    trials = playing(told + source, SCENE)(actors={"a": [ask()]}, names={}).cancelled("a")
    assert {trial.call.how for trial in trials} >= {"cancelled", "raised"}
