"""Plays small subjects in small scenes through the real worker, without walls."""

from __future__ import annotations

import functools
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grader import Play
from grader.judging.searches import Traces, play_search
from grader.sandbox import ForkServer, Link

#: A scene for subjects that are a test of their own: it calls `main` with the plan, as one actor.
ONE_CALL = """
import types

async def scene(subject, world, **plan):
    words = types.SimpleNamespace(note=world.note, job=world.job, threads_take=world.threads_take)
    async def go():
        await world.call("main", subject.main, words, **plan)
        await world.after()
    await world.actors({"caller": [["go"]]}, {"go": go})
"""


class Direct:
    """The shortest session: one child, loaded once, replaced after a run that could not be cleaned up."""

    def __init__(self, forks: ForkServer, source: str, scene: str) -> None:
        self.forks, self.source, self.scene = forks, source, scene
        self.link: Link | None = None
        self.busy = False

    def play(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Play a request."""
        return play_search(request["search"], functools.partial(self._play_runs, request))

    def _play_runs(self, request: dict[str, Any], runs: list[dict[str, Any]]) -> Traces:
        if not runs:
            return
        link = self._ready()
        link.send({**request, "runs": runs})
        self.busy = True
        while True:
            message = link.receive(time.monotonic() + 30)
            if "reach" in message:
                continue
            if "done" in message:
                self.busy = False
                if message["discard"]:
                    self.close()
                return
            yield message["trace"]

    def _ready(self) -> Link:
        if self.busy:
            self.close()
        if self.link is None:
            self.link = self.forks.child()
            self.link.send({"op": "load", "name": "subject", "source": self.source, "scene": self.scene, "names": {}})
            answer = self.link.receive(time.monotonic() + 30)
            assert answer == {"loaded": True}, answer
        return self.link

    def close(self) -> None:
        """Let the child go."""
        if self.link is not None:
            self.link.close()
        self.link, self.busy = None, False


@pytest.fixture(scope="session")
def forks() -> Iterator[ForkServer]:
    """One fork server for all worker tests."""
    with ForkServer(walls=False) as server:
        yield server


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each of the two backends."""
    return str(request.param)


@pytest.fixture
def playing(forks: ForkServer, backend: str) -> Iterator[Callable[..., Play]]:
    """Return a function that makes a `Play` for a subject's source (and a scene's)."""
    sessions: list[Direct] = []

    def make(source: str, scene: str = ONE_CALL) -> Play:
        sessions.append(Direct(forks, textwrap.dedent(source), textwrap.dedent(scene)))
        return Play(sessions[-1], backend=backend)

    yield make
    for session in sessions:
        session.close()
