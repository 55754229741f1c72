"""A run that comes to `breakpoint()` is played again in this process; in grading `breakpoint()` does nothing."""

import sys
from collections.abc import Callable

import pytest
from anyio._backends._asyncio import AsyncIOBackend
from anyio._backends._trio import TrioBackend

from grader import Play
from grader.learner.debugger import InProcessPlayer
from tests.worker.conftest import ONE_CALL

Playing = Callable[..., Play]

SUBJECT = """
import anyio
async def main(world):
    await anyio.sleep(60)
    breakpoint()
    return "done"
"""


def test_in_grading_nothing_happens(playing: Playing) -> None:
    assert playing(SUBJECT)().call.value == "done"


def test_the_run_is_played_again_here(playing: Playing, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[int] = []
    monkeypatch.setattr(sys, "breakpointhook", lambda: lines.append(sys._getframe(1).f_lineno))
    for backend in (AsyncIOBackend, TrioBackend):  # playing here makes them create locks that report: undone afterwards
        monkeypatch.setattr(backend, "create_lock", backend.create_lock)
    play = playing(SUBJECT)
    play.debugger = InProcessPlayer("subject", SUBJECT, ONE_CALL)
    t = play()
    assert t.call.value == "done"
    assert lines == [5]
    assert t.time > 59
