"""Whose doing it is that a check broke: it raised something that is not a verdict.

A check reads what the subject returned. If it stumbles over that, the subject has failed. If it stumbles over the reference
solution too, or over a run in which the subject was not called, the check is broken and there is no verdict.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from grader.checks.play import Play
from grader.checks.rule import CheckFailed, NotRun
from grader.checks.trace import Span, Trace
from grader.course import Module
from grader.judging.answers import TimeLimits
from grader.judging.session import Forks, Session
from grader.judging.submission import examine

MAX_SHOWN = 120
"""Characters of a value that a learner reads; the rest says no more."""


class Reference:
    """The solution of a module, in its own children, for the checks that break; nothing is started before one does.

    Args:
        module: whose solution; where that is not at hand, as in a learner's copy of a class, the question stays open.
    """

    def __init__(self, module: Module, forks: Forks) -> None:
        self.module, self.forks = module, forks
        self._session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the children."""
        if self._session is not None:
            self._session.settle()
            self._session.close()
            self._session = None

    def breaks(self, function: Callable[[Play], Any], play: Play) -> bool | None:
        """Tell whether a check breaks on the solution too, with the plans that it drew for the subject.

        Args:
            function: of the check.
            play: what it played with.

        Returns:
            None if that is unknown.
        """
        if not self.module.solution.is_file():
            return None
        if self._session is None:
            submission = examine(self.module, self.module.solution.read_bytes())
            self._session = Session(self.module, submission, self.forks, TimeLimits())
        try:
            if self._session.load() is not None:
                return None
            function(Play(self._session, backend=play.backend, key=play.key))
        except CheckFailed:
            return False
        except (NotRun, OSError):
            return None
        except Exception:  # noqa: BLE001 - this is the question
            return True
        finally:
            self._session.settle()
        return False


def verdict_on(
    error: Exception, function: Callable[[Play], Any], play: Play, reference: Reference | None = None
) -> CheckFailed | NotRun:
    """What the exception of a check means.

    Args:
        error: what it raised.
        function: of the check.
        play: what it played with.
        reference: tells whether the check breaks on the solution too.
    """
    broken = NotRun(f"the check itself broke: {broken_at(error)}")
    trace = play.reads[-1].trace if play.reads else play.last
    # Whatever a file returns, it does not make a check use a name that is not defined.
    if trace is None or type(error) is NameError or isinstance(error, ImportError):
        return broken
    breaks = reference.breaks(function, play) if reference is not None else None
    if breaks or (breaks is None and not play.called):
        return broken
    return CheckFailed(*evidence(trace, play.reads[-1] if play.reads else None), None, trace.data)


def evidence(trace: Trace, read: Span | None) -> tuple[str, str]:
    """What a check stumbled over: the call to look at, and how it ended, in words.

    Args:
        trace: the run.
        read: whose value the check read last.
    """
    calls = trace.calls()
    unforeseen = [call for call in calls if any(not error.token for error in call.errors)]
    if not calls:
        return "the run", "nothing of the file was called"
    call = unforeseen[0] if unforeseen else read if read is not None and read.is_call else calls[-1]
    started = any(span.what != "actor" and not span.is_call and span.inside(call) for span in trace.spans)
    return f"`{call.what}`", ending(call) + ("" if started or len(calls) > 1 else ", and nothing was started")


def ending(call: Span) -> str:
    """How a call ended, with what it returned."""
    if call.how != "returned":
        return call.ending
    value = repr(call.value)
    return f"returned {value if len(value) <= MAX_SHOWN else f'{value[: MAX_SHOWN - 1]}…'}"


def broken_at(error: Exception) -> str:
    """What a broken check raised and where, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    checks = [frame for frame in frames if Path(frame.filename).name.startswith("test_")]
    frame = (checks or list(frames))[-1]
    said = str(error).splitlines()[0][:200] if str(error) else ""
    return f"{type(error).__name__}: {said} ({Path(frame.filename).name}, line {frame.lineno})"
