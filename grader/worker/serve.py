"""The loop of one confined child: takes a file and plans, gives traces."""

from __future__ import annotations

import warnings
from typing import Any, Protocol

from . import probes
from .alarm import Alarm
from .session import Session
from .subject import Problem, Subject


class Channel(Protocol):
    """The line to the judge."""

    def receive(self) -> dict[str, Any] | None:
        """Return the next message; None when the judge is gone."""

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""

    def poll(self) -> bool:
        """Tell whether a message waits."""


def prepare() -> None:
    """Do once, in the process that all children are forked from, what each of them needs."""
    probes.install()
    warnings.simplefilter("always")


def serve(channel: Channel) -> None:
    """Answer requests until the judge hangs up."""
    alarm = Alarm(lambda trace: channel.send({"trace": trace}))
    alarm.start()
    session: Session | None = None
    while (message := channel.receive()) is not None and message["op"] != "quit":
        if message["op"] == "load":
            session = _load(message, channel, alarm)
        elif message["op"] == "play" and session is not None:
            _play(session, message, channel)


def _load(message: dict[str, Any], channel: Channel, alarm: Alarm) -> Session | None:
    try:
        subject = Subject(message["name"], message["source"], message["names"])
        with alarm.loading(subject.file, lambda problem: channel.send({"loaded": False, "problem": problem.plain()})):
            subject.check_names(subject.load())
    except Problem as problem:
        channel.send({"loaded": False, "problem": problem.plain()})
        return None
    session = Session(subject, message["scene"], alarm=alarm)
    channel.send({"loaded": True})
    return session


def _play(session: Session, message: dict[str, Any], channel: Channel) -> None:
    count = 0
    stop = False

    def stopped() -> bool:
        nonlocal stop
        if not stop and channel.poll():
            word = channel.receive()
            stop = word is None or word["op"] in ("stop", "quit")
        return stop

    def emit(trace: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        channel.send({"trace": trace})

    session.play(message, emit, stopped)
    channel.send({"done": count, "discard": session.dirty})
