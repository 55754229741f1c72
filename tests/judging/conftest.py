"""Lines that change the worker from inside, appended to files that are handed in; a scene whose caller hands over a job."""

import pytest

#: Gets at the worker's names: while a file is imported, the worker's functions stand on the stack.
REACH = """
import sys as _sys
def _reach(name):
    frame = _sys._getframe()
    while name not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals[name]
if not hasattr(_sys, "_reached"):
    _sys._reached = True
    _Player = _reach("RunPlayer")
    _World = _Player._run.__globals__["World"]
"""

JOB_SCENE = '''\
"""A caller who calls `later` with a job."""


async def scene(subject, world, *, value, delay):
    ask = world.job("db", [["wait", 1.0], ["give", value]])

    async def go():
        await world.call("later", subject.later, ask, delay=delay)
        await world.after()

    await world.actors({"caller": [["go"]]}, {"go": go})
'''


@pytest.fixture
def asking(tiny):
    """The tiny module in a scene whose call gets a job, which it asks for its value."""
    module = tiny.module("m01")
    module.scene.write_text(JOB_SCENE)
    return module


@pytest.fixture(scope="session")
def forged():
    """A function that appends lines to a file; they run once, with `_Player` and `_World` at hand."""

    def append(text: str, lines: str) -> str:
        return text + REACH + "".join(f"    {line}\n" for line in lines.splitlines())

    return append
