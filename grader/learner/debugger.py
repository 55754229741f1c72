"""Play runs in this process, on its main thread and without watchdogs: here a debugger has a terminal.

The self-check uses it for one run at a time, when the learner's file comes to `breakpoint()`. Grading never does.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterator
from typing import Any

from grader.judging.searches import Traces, play_search
from grader.worker.process.alarm import Alarm
from grader.worker.process.player import RunPlayer
from grader.worker.scene.subject import Subject
from grader.worker.watch import probes

_NO_LIMIT = 10**12  # steps


class InProcessPlayer:
    """Plays what a check asks for, as a child of the sandbox does: a `grader.checks.play.TraceSource`.

    Args:
        name: module name of the learner's file.
        source: its text.
        scene: text of the scene's file.
    """

    def __init__(self, name: str, source: str, scene: str) -> None:
        self._name, self._source, self._scene = name, source, scene

    def play(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Play a request and yield its traces.

        Raises:
            Problem: if the file cannot be loaded.
        """
        probes.install(blocking_calls=False)  # a debugger sleeps and locks as it likes
        yield from play_search(request["search"], functools.partial(self._play_runs, request))

    def _play_runs(self, request: dict[str, Any], runs: list[dict[str, Any]]) -> Traces:
        traces: list[dict[str, Any]] = []
        session = RunPlayer(Subject(self._name, self._source, {}), self._scene, alarm=Alarm(traces.append))
        with _modules_kept(self._name):
            session.play({**request, "runs": runs, "steps": _NO_LIMIT, "debugger": False}, traces.append)
        yield from traces


@contextlib.contextmanager
def _modules_kept(name: str) -> Iterator[None]:
    before = sys.modules.get(name)
    try:
        yield
    finally:
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
