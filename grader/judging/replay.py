"""Run one check and keep the trace that matters: the failing one, else the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grader.checks.collect import Check
from grader.checks.play import Play
from grader.checks.rule import CheckFailed, NotRun
from grader.checks.trace import Trace
from grader.course import CourseError
from grader.judging.blame import Reference, carry_out
from grader.judging.judge import plan_key
from grader.judging.session import Session


@dataclass(frozen=True)
class Seen:
    """What a check saw.

    Args:
        trace: of the run that failed, or of the first.
        failure: why the check failed, or None.
    """

    trace: Trace
    failure: CheckFailed | None = None


class FirstKept:
    """A session that keeps the first trace which passes through it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.first: dict[str, Any] | None = None

    def play(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """As `grader.judging.session.Session.play`."""
        for trace in self.session.play(request):
            self.first = self.first or trace
            yield trace


def replay(check: Check, session: Session, backend: str, key: bytes, *, only: dict[str, Any] | None = None) -> Seen:
    """Run a check on one backend.

    Args:
        check: which one.
        session: with the file loaded.
        backend: ``asyncio`` or ``trio``.
        key: the course's.
        only: play this run alone, see `grader.checks.runs`.

    Raises:
        CourseError: the check could not be run, in one line.
    """
    kept = FirstKept(session)
    play = Play(kept, backend=backend, key=plan_key(key, session.submission.sha256, check.id), only=only)
    reference = Reference(session.module, session.forks)
    failure = None
    try:
        carry_out(check.function, play, reference)
    except CheckFailed as error:
        failure = error
    except NotRun as error:
        raise CourseError(f"{check.id} was not run: {error}") from error
    finally:
        session.settle()
        reference.close()
    if failure is not None and failure.trace is not None:
        return Seen(Trace(failure.trace), failure)
    if kept.first is None:
        raise CourseError(f"{check.id} failed without a run: {failure}")
    return Seen(Trace(kept.first), failure)
