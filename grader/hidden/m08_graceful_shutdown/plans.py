"""What the hidden checks of m08 share: plans, and what is read from a trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader import Play, Trace, Trial, about, verb

START = 53.7
LONG = 1000.0
BOTH = ("run_until", "serve")
told = verb("told")
Scripts = Mapping[str, Sequence[Any]]
OBEDIENT = [told()]
"""Returns as soon as it is told to stop."""
CLASSES = (
    *("KeyError", "ValueError", "RuntimeError", "ConnectionError", "AssertionError"),
    *("WouldBlock", "EndOfStream", "BrokenResourceError", "ClosedResourceError"),
)
"""Errors that a host might take for something else than a failure."""


# -- calls -----------------------------------------------------------------------------------------------------------
def run(
    play: Play,
    services: Scripts,
    *,
    stop: float | None = None,
    signals: Sequence[tuple[float, str]] = (),
    **more: Any,
) -> Trial:
    """A call at `START`; times are seconds after it."""
    plan: dict[str, Any] = {"grace": 10.0, "cleanup_timeout": 6.0, **more}
    if stop is not None:
        plan["stop"] = START + stop
    if signals:
        plan["signals"] = [[START + moment, name] for moment, name in signals]
    return play(services=services, start=START, **plan)


def both(play: Play, services: Scripts, **more: Any) -> Iterator[Trial]:
    """A call of each function."""
    for function in BOTH:
        yield run(play, services, function=function, **more)


def serve(play: Play, services: Scripts, *signals: tuple[float, str], **more: Any) -> Trial:
    """A call of `serve`, with those signals (s after `START`)."""
    return run(play, services, signals=signals, function="serve", **more)


# -- what is read from them ------------------------------------------------------------------------------------------
def expect_begun(t: Trace) -> None:
    """Expect that services ran at all: a call that starts none has nothing to leave, to hide or to break."""
    t.expect_that("services", bool(t.all("run")), "none was started")


def expect_told(t: Trace, moment: float, *names: str) -> None:
    """Expect that those services were told to stop at that time (s after `START`)."""
    for name in names:
        step = t.of(name)[told()]
        t.expect_that(f"{name}, told to stop", step.how == "returned", f"it never was: its wait {step.ending}")
        t.expect(f"{name} was told to stop at", step.end, about(START + moment))


def expect_cancelled(t: Trace, moment: float, *names: str) -> None:
    """Expect that those services were cancelled at that time (s after `START`)."""
    for name in names:
        t.expect(f"{name} was cancelled at", t.one("run", name).cancelled_at, about(START + moment))


def expect_returned(t: Trace, **ends: float) -> None:
    """Expect that services returned by themselves at those times (s after `START`)."""
    for name, moment in ends.items():
        span = t.one("run", name)
        t.expect_that(f"{name}, which needs no cancellation", span.how == "returned", f"{span.what} {span.ending}")
        t.expect(f"{name} returned at", span.end, about(START + moment))


def expect_cleanups(t: Trace, names: Sequence[str]) -> None:
    """Expect the cleanups of those services, the last one's first, each begun once."""
    cleaned = t.names("cleanup")
    part = "Every service that was started is cleaned up, whatever became of it." if set(names) - set(cleaned) else ""
    t.expect("cleanups", cleaned, list(reversed(names)), part=part)


def expect_whole(t: Trace, names: Sequence[str]) -> None:
    """Expect that each of those services was cleaned up, and none of the cleanups was cut short."""
    cleaned = sorted(t.names("cleanup"))
    part = "Every service that was started is cleaned up, whatever became of it." if set(names) - set(cleaned) else ""
    t.expect("services that were cleaned up", cleaned, sorted(names), part=part)
    for span in t.all("cleanup"):
        t.expect_that(f"cleanup of {span.who}", span.how == "returned", span.ending)


def labels(errors: Sequence[Any]) -> list[str]:
    """What errors are called: the scene's by their names, others by their class."""
    return sorted(error.token or ("TimeoutError" if error == "TimeoutError" else error.kind) for error in errors)


def came(t: Trace) -> Any:
    """The moment of the cancellation from outside, as a note; None if none came while the call ran."""
    notes = [note for note in t.notes("cancel") if note["order"] < (t.call.finished or 0)]
    return notes[0] if notes else None


def running(t: Trace, note: Any) -> list[Any]:
    """The services that ran when that was noted."""
    return [s for s in t.all("run") if s.begun < note["order"] < (s.finished or note["order"] + 1)]
