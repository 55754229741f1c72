"""The loop of one confined child: takes a file and plans, sends traces."""

from __future__ import annotations

import gc
import sys
import warnings
from typing import Any

from ..scene.module_state import HIDDEN
from ..scene.subject import Problem, Subject
from ..watch import probes, reach
from .alarm import Alarm
from .channel import Channel
from .player import RunPlayer
from .seal import note_code, seal

#: Objects that may pile up before the garbage collector looks for cycles: more than a whole grading leaves, about 50 MB,
#: which end with the process. With the interpreter's own number (700) it looks several times a run, finds little, and takes
#: a tenth of the time; with 100,000 it looks two or three times a grading, and freeing what it finds takes as much again.
GARBAGE = 500_000

#: Name of the worker's package in a child; where it runs in the judge's own process it has another one, and stays.
CONFINED = "grader_worker"


def prepare() -> None:
    """Do once, in the process that all children are forked from, what each of them needs."""
    probes.install()
    note_code()
    gc.set_threshold(GARBAGE)
    warnings.simplefilter("always")


def serve(channel: Channel) -> None:
    """Answer requests until the judge hangs up."""
    hide_worker()
    judge = _Judge(channel)
    alarm = Alarm(lambda trace: channel.send({"trace": trace}))
    alarm.start()
    reach.watch(lambda what, line: channel.send({"reach": [what, line]}))
    session: RunPlayer | None = None
    loaded: dict[str, RunPlayer] = {}
    while (message := judge.next()) is not None and message["op"] != "quit":
        if message["op"] == "load":
            reach.watch_file(f"{message['name']}.py")
            session = _load(message, channel, alarm, loaded)
        elif message["op"] == "play" and session is not None:
            judge.play(session, message)
        elif message["op"] == "seal":
            channel.send({"seal": seal(message["word"])})


def hide_worker() -> None:
    """Take the worker out of the modules that were imported: nothing that a file finds by chance there, or by a loop over them."""
    package, _, _ = __name__.partition(".")
    if package == CONFINED:
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            HIDDEN[name] = sys.modules.pop(name)
        launched_by = vars(sys.modules["__main__"])
        for name in [name for name in launched_by if not name.startswith("__")]:
            del launched_by[name]


def _load(message: dict[str, Any], channel: Channel, alarm: Alarm, loaded: dict[str, RunPlayer]) -> RunPlayer | None:
    """Load a file, or take it as it was left when another one was loaded after it.

    Args:
        message: from the judge.
        channel: takes the answer.
        alarm: watches that loading ends.
        loaded: text → what was loaded before.
    """
    session = loaded.get(message["source"])
    if session is None:
        try:
            subject = Subject(message["name"], message["source"], message["names"])
            with alarm.loading(
                subject.file, lambda problem: channel.send({"loaded": False, "problem": problem.plain()})
            ):
                subject.check_names(subject.load())
        except Problem as problem:
            channel.send({"loaded": False, "problem": problem.plain()})
            return None
        session = loaded[message["source"]] = RunPlayer(subject, message["scene"], alarm=alarm)
    else:
        session.subject.show()
    channel.send({"loaded": True})
    return session


class _Judge:
    """What the judge asks for, one thing after the other."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._kept: dict[str, Any] | None = None  # came while plans were played, and is not a plan
        self._traces = 0
        self._stop = False

    def next(self) -> dict[str, Any] | None:
        """Return the next message; None when the judge is gone."""
        kept, self._kept = self._kept, None
        return kept or self._channel.receive()

    def play(self, session: RunPlayer, message: dict[str, Any]) -> None:
        """Play a plan and those that follow at once."""
        self._traces, self._stop = 0, False
        session.play(message, self._emit, self._is_stopped, lambda: self._next_plan(session))

    def _emit(self, trace: dict[str, Any]) -> None:
        self._traces += 1
        self._channel.send({"trace": trace})

    def _is_stopped(self) -> bool:
        if not self._stop and self._channel.poll():
            word = self._channel.receive()
            self._stop = word is None or word["op"] in ("stop", "quit")
        return self._stop

    def _next_plan(self, session: RunPlayer) -> dict[str, Any] | None:
        self._channel.send({"done": self._traces, "discard": session.dirty})
        if session.dirty:
            return None
        message = self._channel.receive()
        while message is not None and message["op"] == "stop":  # came too late
            message = self._channel.receive()
        if message is None or message["op"] != "play":
            self._kept = message
            return None
        self._traces, self._stop = 0, False
        return message
