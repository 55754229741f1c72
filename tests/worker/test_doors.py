"""Doors answer the code of a scene alone, and what they raise leads nowhere."""

import operator

import pytest

from grader.worker.scene.doors import SceneWorld


class Recorder:
    def __init__(self):
        self.noted = []

    def note(self, what):
        self.noted.append(what)

    def token(self, thing, name):
        self.noted.append((thing, name))


SCENE = """\
def invalidate(self):
    self._world.note("invalidated")

def ask(world):
    return world.nothing
"""


@pytest.fixture
def names():
    found = {"__name__": "scene"}
    exec(compile(SCENE, "scene.py", "exec"), found)
    return found


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def door(names, recorder):
    return SceneWorld(recorder, names, __file__)


class Job:
    def __init__(self, world):
        self._world = world


def test_the_scene_is_answered(names, door, recorder):
    names["invalidate"](Job(door))
    assert recorder.noted == ["invalidated"]


def test_a_file_gets_nothing_by_the_code_of_the_scene(names, door, recorder):
    """A getter that is written in C has no frame: the scene seems to ask, but not for a name that is in its code."""

    class Book:
        _world = property(operator.attrgetter("inner.token"))

    book = Book()
    book.inner = door
    with pytest.raises(AttributeError) as raised:
        names["invalidate"](book)
    assert raised.value.name != "note"  # nothing was found on which it was looked for
    assert recorder.noted == []


def test_what_is_not_there_does_not_lead_to_the_world(names, door, recorder):
    with pytest.raises(AttributeError) as raised:
        names["ask"](door)
    error = raised.value
    while error is not None:
        assert getattr(error, "obj", None) is not recorder
        error = error.__context__
