"""One check on one backend: the only place where a check is called, and where its exceptions get their meaning.

A check that returns has passed, if it has looked at a trace. One that raises `CheckFailed` has failed the subject; `NotRun`
says that there is no verdict. What anything else means, `grader.judging.blame` decides.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.checks.collect import Check
from grader.checks.play import Play
from grader.checks.rule import CheckFailed, NotRun
from grader.checks.trace import Trace
from grader.course import CourseError
from grader.judging.blame import Reference, verdict_on
from grader.judging.failure import plain_run_of
from grader.judging.session import Session


@dataclass(frozen=True)
class Replay:
    """A run of a check, to be shown.

    Args:
        trace: of the run that failed, or of the first.
        failure: why the check failed, or None.
    """

    trace: Trace
    failure: CheckFailed | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a check: it passed, or one of the first two says why not.

    Args:
        failure: the subject does not do what the clause says.
        not_run: there is no verdict.
        trace: of the run that failed, or of the first; None if nothing was played.
        plans: how many plans were played.
    """

    failure: CheckFailed | None = None
    not_run: NotRun | None = None
    trace: Trace | None = None
    plans: int = 0


def run_check(
    check: Check,
    session: Session,
    backend: str,
    key: bytes,
    reference: Reference | None = None,
    *,
    only: Mapping[str, Any] | None = None,
    observe: bool = False,
) -> Outcome:
    """Run a check on one backend.

    Args:
        check: which one.
        session: with the file loaded.
        backend: ``asyncio`` or ``trio``.
        key: the course's.
        reference: tells whether the check breaks without the subject, if it can be told.
        only: play this run alone, see `grader.checks.runs`.
        observe: look closely at the learner's code meanwhile.
    """
    drawn = plan_key(key, session.submission.sha256, check.id)
    play = Play(session, backend=backend, key=drawn, only=only, observe=observe)
    try:
        carry_out(check.function, play, reference)
    except CheckFailed as failure:
        return Outcome(failure, None, play.first if failure.trace is None else Trace(failure.trace), play.searches)
    except NotRun as reason:
        return Outcome(None, reason, play.first, play.searches)
    finally:
        session.settle()
    return Outcome(None, None, play.first, play.searches)


def carry_out(
    function: Callable[[Play], Any],
    play: Play,
    reference: Reference | None = None,
    *,
    let_through: tuple[type[Exception], ...] = (),
) -> None:
    """Call a check, and give what it raises its meaning.

    Args:
        function: of the check.
        play: what it plays with.
        reference: as for `run_check`.
        let_through: exceptions that say nothing about a check, such as those by which a debugger leaves.

    Raises:
        CheckFailed: the subject does not do what the clause says.
        NotRun: there is no verdict.
    """
    verdicts: tuple[type[Exception], ...] = (CheckFailed, NotRun, *let_through)
    try:
        function(play)
    except verdicts:
        raise
    except Exception as error:
        raise verdict_on(error, function, play, reference) from error
    if not play.runs:
        raise NotRun("the check looked at no trace: it proves nothing")


def replay(
    check: Check, session: Session, backend: str, key: bytes, *, only: Mapping[str, Any] | None = None
) -> Replay:
    """Run a check to show a run of it.

    Raises:
        CourseError: there is nothing to show, in one line.
    """
    with Reference(session.module, session.forks) as reference:
        outcome = run_check(check, session, backend, key, reference, only=only)
    if outcome.not_run is not None:
        raise CourseError(f"{check.id} was not run: {outcome.not_run}") from outcome.not_run
    if outcome.trace is None:
        raise CourseError(f"{check.id} failed without a run: {outcome.failure}")
    return Replay(outcome.trace, outcome.failure)


def closer_look(check: Check, session: Session, key: bytes, seen: Replay) -> Replay:
    """Play the run that was seen once more, and look at each of its steps.

    Raises:
        CourseError: there is nothing to show, in one line.
    """
    with Reference(session.module, session.forks) as reference:
        only = plain_run_of(seen.trace.data)
        outcome = run_check(check, session, seen.trace.backend, key, reference, only=only, observe=True)
    if outcome.trace is None:
        raise CourseError(f"{check.id}: the run could not be played once more")
    return Replay(outcome.trace, outcome.failure)


def plan_key(key: bytes, sha256: str | None, check: str) -> bytes:
    """What the plans of a check are drawn from, for one file."""
    return hmac.new(key, f"{sha256}:{check}".encode(), hashlib.sha256).digest()
