"""What the hidden checks of m01 share: plans, and what is read from a trace.

The caller calls at 100 s. Where time is not what a check looks at, the timeout is `LONG`: nothing runs out of time.
"""

from __future__ import annotations

import math

from grader import SentencePart, Trace, at_most, near, token

A, B, C, D = (token(name) for name in "ABCD")
TIMED_OUT = token("TIMED_OUT")
START = 100
LONG = 1000


# -- what several checks look at -------------------------------------------------------------------------------------
def entries_of(t: Trace) -> list:
    """Return the entries that the call returned; none if it raised, or returned something else than a list."""
    value = t.call.value if t.call.how == "returned" else []
    return list(value) if isinstance(value, list | tuple) else []


def expect_list(t: Trace, wanted: list) -> None:
    """The call gave this list; of a list with other entries the failure says what is wrong with it."""
    seen, part = t.call.value, ""
    if isinstance(seen, list) and len(seen) == len(wanted):
        pairs = list(zip(seen, wanted, strict=True))
        if any("TaskHandle" in repr(entry) for entry in seen):
            part = "The list holds what the jobs returned, not the handles of their tasks."
        elif sorted(seen, key=repr) == sorted(wanted, key=repr):
            part = "The list is in the order of the jobs, whoever finishes first or runs out of time."
        elif any(entry == TIMED_OUT != right for entry, right in pairs):
            part = "A job that ends within its timeout has what it returned as its entry, and not `TIMED_OUT`."
            part = SentencePart(part, misconception="relative-deadline", step="bound-the-wait")
        elif any(entry != TIMED_OUT == right for entry, right in pairs):
            part = "A job that runs out of time has the entry `TIMED_OUT`."
    t.expect("the list", seen, wanted, part=part)


def expect_called_unless_cancelled(t: Trace, *names: str) -> None:
    """Those jobs were called, in the run of a sweep that is undisturbed."""
    if not t.notes("cancel"):
        t.expect_begun(*names)


def expect_error_leaves(t: Trace) -> None:
    """The job `bad` was called; if jobs raised, an error of theirs has left the call, and none ran on after the first."""
    t.expect_begun("bad")
    bad = [job for job in t.all("run") if job.raised]
    names = " or ".join(repr(job.raised) for job in bad)
    left = not bad or any(error in t.call.errors for job in bad for error in job.errors)
    t.expect_that("the call", left, f"{t.call.ending}, where {names}, which a job raised, should leave it")
    first = min([job.end for job in bad if job.end is not None], default=math.inf)
    for job in t.all("run"):
        if job.end is not None and job.end > first + 0.5:
            part = "When a job raises, the others are cancelled at once."
            t.expect(f"when the job {job.who} was cancelled", job.cancelled_at, at_most(first + 0.5), part=part)


def expect_ends_by_cancellation(t: Trace, *, at: float) -> None:
    """The call, and every job before it, ended by the cancellation from outside, at that time."""
    t.expect_all_ended()
    t.expect_that("cancelled from outside", t.call.is_cancelled, f"the call {t.call.ending} at {t.call.end:g}")
    t.expect("when the call ended", t.call.end, near(at))


def expect_cancellation_goes_on(t: Trace, *, cleanup_takes: float) -> None:
    """If the caller was cancelled and a job cut off, the call ended by that, and no later than the cleanup."""
    t.expect_all_ended()
    for cancelled in t.notes("cancel"):
        t.expect("when the call ended", t.call.end, at_most(cancelled["t"] + cleanup_takes))
        cut = [job.who for job in t.all("run") if job.how == "cancelled"]
        if t.call.how == "returned":
            t.expect_that("cancelled from outside", not cut, f"a list all the same, though it cut off {', '.join(cut)}")
            t.expect("entries that say TIMED_OUT", entries_of(t).count(TIMED_OUT), 0)
            t.expect("how the caller's next checkpoint ended", t.one("after").how, "cancelled")
        else:
            t.expect_that("cancelled from outside", t.call.is_cancelled, f"the call {t.call.ending}")
