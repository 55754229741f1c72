"""What the hidden checks of m08 share: plans, and what is read from a trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader import Play, Trace, Trial, about, verb

START = 53.7
LONG = 1000.0
BOTH = ("run_until", "serve")
AFTER = "s after the call"
EVERY = "Every service that was started is cleaned up, however it ended."
RUNS_ON = "No cleanup begins while a service still runs."
told = verb("told")
Scripts = Mapping[str, Sequence[Any]]
OBEDIENT = [told()]
"""Returns as soon as it is asked to stop."""
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
    t.expect_that("services should be started", bool(t.all("run")), "none was")


def relative(moment: float | None) -> float | str:
    """Seconds after the call, as feedback has them."""
    return "never" if moment is None else moment - START


def expect_at(t: Trace, what: str, moment: float | None, seconds: float, *, part: str = "") -> None:
    """Expect that this happened so many seconds after the call, or a moment later."""
    t.expect(what, relative(moment), about(seconds), unit=AFTER, part=part)


def expect_asked(t: Trace, moment: float, *names: str, part: str = "") -> None:
    """Expect that those services were asked to stop at that time (s after `START`)."""
    for name in names:
        step = t.of(name)[told()]
        seen = f"its wait for that {step.ending}"
        t.expect_that(f"{name} should be asked to stop", step.how == "returned", seen, part=part)
        expect_at(t, f"{name} was asked to stop", step.end, moment, part=part)


def expect_cancelled(t: Trace, moment: float, *names: str, late: str = "") -> None:
    """Expect that those services were cancelled at that time (s after `START`); `late` is what is wrong if not so soon."""
    for name in names:
        seen = t.one("run", name).cancelled_at
        early = seen is not None and about(START + moment) != seen and seen < START + moment
        part = "A service that is asked to stop has `grace` seconds, and is not cancelled before." if early else late
        expect_at(t, f"{name} was cancelled", seen, moment, part=part)


def expect_returned(t: Trace, *, cut: str = "", **ends: float) -> None:
    """Expect that services returned by themselves at those times (s after `START`); `cut` is what is wrong if not."""
    for name, moment in ends.items():
        span = t.one("run", name)
        part = why_cut(t, span) or (cut if span.cancelled_at is not None else "")
        t.expect_that(f"{name} should return by itself", span.how == "returned", f"it {span.ending}", part=part)
        expect_at(t, f"{name} returned", span.end, moment)


def why_cut(t: Trace, span: Any) -> str:
    """What is wrong if a service was cancelled just as another one failed; empty if it was not."""
    failed = [other.end for other in t.all("run") if other.how == "raised" and other.end is not None]
    if span.cancelled_at is None or not any(moment == about(span.cancelled_at) for moment in failed):
        return ""
    return "The error of a service does not cancel the others: they are asked to stop, and have `grace` seconds."


def expect_cleanups(t: Trace, names: Sequence[str], *, missing: str = "") -> None:
    """Expect the cleanups of those services, the last one's first, each begun once.

    Args:
        t: the run.
        names: of the services.
        missing: what is wrong if one was not cleaned up, in place of the check's sentence.
    """
    cleaned = t.names("cleanup")
    part = missing if set(names) - set(cleaned) else ""
    if len(cleaned) > len(set(cleaned)):
        part = "Each service is cleaned up once."
    elif sorted(names) == sorted(cleaned):
        ended = max((span.finished or 0 for span in t.all("run")), default=0)
        early = any(span.begun < ended for span in t.all("cleanup"))
        part = RUNS_ON if early else "Cleanups run in the reverse order of the services." if missing else ""
    t.expect("cleanups, in this order", cleaned, list(reversed(names)), part=part)


def expect_whole(t: Trace, names: Sequence[str], *, missing: str = "", cut: str = "") -> None:
    """Expect that each of those services was cleaned up, and none of the cleanups was cut short.

    `missing` and `cut` are what is wrong if not, in place of the check's sentence.
    """
    cleaned = t.names("cleanup")
    part = missing if set(names) - set(cleaned) else ""
    t.expect("services that were cleaned up", sorted(cleaned), sorted(names), part=part)
    for span in t.all("cleanup"):
        words = f"the cleanup of {span.who} should run to its end"
        t.expect_that(words, span.how == "returned", f"it {span.ending}", part=cut)


def given_up_part(span: Any, limit: float) -> str:
    """What is wrong if a cleanup that hangs was not given up in time, as a sentence."""
    if span.cancelled_at is not None and span.cancelled_at < span.start + limit:
        return "Each cleanup has the whole `cleanup_timeout` for itself: it is not given up before."
    return "A cleanup that takes longer than `cleanup_timeout` is given up at that moment."


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
