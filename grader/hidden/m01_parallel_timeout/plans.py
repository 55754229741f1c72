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
ENDED = "Every job has ended when the call ends, also when it is cancelled from outside."
NOT_LOST = "A cancellation from outside is not lost: a call that returns all the same leaves the caller cancelled."


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
            if any(right for _, right in pairs) and not any(
                right for entry, right in pairs if entry == TIMED_OUT != right
            ):
                part = "A job that returns `None` or something empty has that as its entry, and not `TIMED_OUT`."
        elif any(entry != TIMED_OUT == right for entry, right in pairs):
            part = "A job that runs out of time has the entry `TIMED_OUT`."
        elif seen != wanted:
            part = "Each entry of the list is what the job in its place returned."
        if len(t.names("run")) < len(wanted):
            part = "All jobs are started, not only some of them."
    elif isinstance(seen, list):
        part = "The list has one entry for each job, whatever the jobs are called and however they end."
    t.expect("the list", seen, wanted, part=part)


def expect_called_unless_cancelled(t: Trace, *names: str) -> None:
    """Those jobs were called, in the run of a sweep that is undisturbed."""
    if not t.notes("cancel"):
        t.expect_begun(*names)


def expect_error_leaves(t: Trace, part: str = "") -> None:
    """The job `bad` was called; if jobs raised, an error of theirs has left the call, and none ran on after the first.

    Args:
        t: the run.
        part: the part of the check's sentence that says that the error leaves the call.
    """
    t.expect_begun("bad")
    bad = [job for job in t.all("run") if job.raised]
    names = " or ".join(repr(job.raised) for job in bad)
    left = not bad or any(error in t.call.errors for job in bad for error in job.errors)
    t.expect_that("the call", left, f"{t.call.ending}, where {names}, which a job raised, should leave it", part=part)
    first = min([job.end for job in bad if job.end is not None], default=math.inf)
    for job in t.all("run"):
        if job.end is not None and job.end > first + 0.5:
            part = "When a job raises, the others are cancelled at once."
            t.expect(f"when the job {job.who} was cancelled", job.cancelled_at, at_most(first + 0.5), part=part)


def expect_ends_by_cancellation(t: Trace, *, at: float, part: str = "") -> None:
    """The call, and every job before it, ended by the cancellation from outside, at that time; `part` says by what."""
    t.expect_all_ended(part=ENDED)
    seen = f"the call {t.call.ending} at {t.call.end:g}"
    t.expect_that("cancelled from outside", t.call.is_cancelled, seen, part=part)
    part = "A cancellation from outside takes effect at once: the call ends when the jobs have cleaned up."
    t.expect("when the call ended", t.call.end, near(at), part=part)


def expect_cancellation_goes_on(t: Trace, *, cleanup_takes: float) -> None:
    """If the caller was cancelled and a job cut off, the call ended by that, and no later than the cleanup."""
    t.expect_all_ended(part=ENDED)
    for cancelled in t.notes("cancel"):
        part = "A cancellation from outside takes effect at once: the call ends when the jobs have cleaned up."
        t.expect("when the call ended", t.call.end, at_most(cancelled["t"] + cleanup_takes), part=part)
        cut = [job.who for job in t.all("run") if job.how == "cancelled"]
        if t.call.how == "returned":
            seen = f"a list all the same, though it cut off {', '.join(cut)}"
            part = "A call whose jobs were cancelled from outside returns no list."
            t.expect_that("cancelled from outside", not cut, seen, part=part)
            part = "A cancellation from outside is not the timeout: no job has the entry `TIMED_OUT` for it."
            t.expect("entries that say TIMED_OUT", entries_of(t).count(TIMED_OUT), 0, part=part)
            t.expect("how the caller's next checkpoint ended", t.one("after").how, "cancelled", part=NOT_LOST)
        else:
            part = "Cancelled from outside, the call ends cancelled, and not by an error."
            t.expect_that("cancelled from outside", t.call.is_cancelled, f"the call {t.call.ending}", part=part)
