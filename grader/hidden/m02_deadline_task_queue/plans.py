"""What the hidden checks of m02 share: plans, and what is read from a trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from grader import Play, Trace, Trial, token, wait

BOTH = ("drain_until", "drain_or_fail")
START = 137.31
AFTER = "s after the call"
LONG = 500.0
"""An estimate that fits nowhere."""
Tasks = Mapping[str, Sequence[Any]]
Failed = Mapping[str, str | None] | None


# -- calls -----------------------------------------------------------------------------------------------------------
def drained(play: Play, function: str, tasks: Tasks, *, ends: float = 10, **more: Any) -> Trial:
    """A call at `START` with a deadline `ends` seconds later."""
    plan = {"functions": [function], "begin": [wait(START)], **more}
    return play(tasks=tasks, deadline=START + ends, **plan)


def both(
    play: Play, tasks: Tasks, *, cancelled: float | None = None, within: float | None = None, **more: Any
) -> Iterator[Trace]:
    """The calls of both functions, as two traces of one run, each with a queue of its own.

    Args:
        play: what plays.
        tasks: what each queue holds.
        cancelled: when both callers are cancelled from outside (s after `START`).
        within: when a deadline around both callers expires (s after `START`).
        more: as for `drained`.
    """
    trial = drained(play, "", tasks, functions=BOTH, **more)
    for function in BOTH:
        trial = trial if cancelled is None else trial.cancel(function, at=START + cancelled)
        trial = trial if within is None else trial.within(function, START + within)
    for function in BOTH:
        actor = trial.of(function).span
        raw = zip(trial.spans, trial.data["spans"], strict=True)
        spans = [{**data, "who": _caller(data, function)} for span, data in raw if span.inside(actor)]
        notes = [{**note, "who": _caller(note, function)} for note in trial.data["notes"] if note["who"] == function]
        yield Trace({**trial.data, "spans": spans, "notes": notes})


def _caller(entry: Mapping[str, Any], function: str) -> str:
    return "caller" if entry["who"] == function else str(entry["who"])


# -- what is read from them ------------------------------------------------------------------------------------------
def after(moment: float | None) -> float | str:
    """Seconds after the call, as feedback has them."""
    return "never" if moment is None else moment - START


def expect_timeout_error(t: Trace) -> None:
    """Expect that the first call raised a `TimeoutError` that is not in a group."""
    seen = f"{t.call.ending}, where it should raise a bare `TimeoutError`"
    part = "When the deadline interrupts a task, `drain_or_fail` raises a bare `TimeoutError`."
    if t.call.raised is not None and t.call.raised.is_group:
        part = "The `TimeoutError` of `drain_or_fail` is a bare one, not one in a group."
    elif t.call.how == "returned":
        part = "`drain_or_fail` raises `TimeoutError` if time left tasks in the queue."
        if not queue_of(t):
            part = "The tasks that were not done are not lost: they are still in the queue."
    t.expect_that(t.call.name, t.call.raised == "TimeoutError", seen, part=part)


def report_of(t: Trace, number: int = 0) -> tuple[list[Any], dict[Any, Any]]:
    """What a call reports: ``done``, sorted, and ``failed``, sorted by name. No clause orders them."""
    call = t.first(t.calls()[number:], "the call", "was never made")
    own = [run for run in t.all("run") if is_failure(run) and run.raised in call.errors]
    part = "The error of a task does not leave the call: the task is in `failed`, and the next one runs."
    t.expect_that(call.name, not own, f"{call.ending}, where it should return a `Report`", part=part)
    report = call.value
    fields = getattr(report, "fields", {})
    done, failed = fields.get("done"), fields.get("failed")
    fits = isinstance(done, list) and isinstance(failed, dict)
    t.expect_that("what the call returned", fits, f"{report!r}, which is not a `Report`")
    return sorted(done or (), key=repr), dict(sorted((failed or {}).items(), key=repr))


def queue_of(t: Trace) -> list[Any]:
    """The tasks in the queue after the first call."""
    notes = t.notes("queue")
    t.expect_that("the call", bool(notes), "was never made")
    return list(notes[0]["value"])


def expect_report(t: Trace, done: Sequence[str], failed: Failed = None, number: int = 0) -> None:
    """Expect a report of those tasks: names in ``done``, and in ``failed`` task → the error that it raised, if given."""
    seen_done, seen_failed = report_of(t, number)
    part = wrong_done(t, seen_done, done, seen_failed)
    t.expect("done, in the report", seen_done, sorted(done), part=part)
    part = wrong_failed(t, seen_failed, failed or {})
    t.expect("tasks in `failed`, in the report", list(seen_failed), sorted(failed or ()), part=part)
    errors = {name: token(error) for name, error in (failed or {}).items() if error is not None}
    part = "A task that raised is in `failed` with the very exception that it raised."
    t.expect("failed, in the report", {name: seen_failed[name] for name in errors}, errors, part=part)


def is_failure(run: Any) -> bool:
    """Whether a task raised an `Exception`."""
    return run.raised is not None and "Exception" in run.raised.kinds


def names_that_ended(t: Trace, names: Iterable[Any], how: str) -> list[Any]:
    """The runs of those tasks that ended so."""
    return [run for run in t.all("run") if run.who in names and run.how == how]


def wrong_done(t: Trace, seen: Sequence[Any], done: Sequence[str], failed: Mapping[Any, Any]) -> str:
    """What is wrong with ``done`` of a report, as a sentence; empty if nothing is, or nobody can say."""
    if not all(type(name) is str for name in seen):
        return ""
    missing, others = set(done) - set(seen), set(seen) - set(done)
    if len(set(seen)) < len(seen):
        return "A report has no task twice: it says what its own call did."
    if names_that_ended(t, others, "raised"):
        return "A task that raised is in `failed` alone, not in `done`."
    if names_that_ended(t, others, "cancelled"):
        return "A task that was interrupted is not in `done`."
    if others:
        return "A report says what its own call did: nothing of another call."
    if late := names_that_ended(t, missing, "returned"):
        if any(run.cancelled_at is not None for run in late):
            return "A task that finishes although the deadline interrupted it is done."
        return "Each task that finished, whatever it returned, is in `done`."
    return ""


def wrong_failed(t: Trace, seen: Mapping[Any, Any], failed: Mapping[str, Any]) -> str:
    """What is wrong with the tasks in ``failed`` of a report, as a sentence; empty if nothing is, or nobody can say."""
    missing, others = set(failed) - set(seen), set(seen) - set(failed)
    if names_that_ended(t, others, "cancelled"):
        return "A task that was interrupted has not failed: it is not in `failed`."
    if names_that_ended(t, others, "returned"):
        return "A task that finished is in `done`, not in `failed`."
    if others:
        return "A report says what its own call did: nothing of another call."
    if lost := names_that_ended(t, missing, "raised"):
        if any(run.cancelled_at is not None for run in lost):
            return "A task that raises an error when the deadline cancels it has failed with that error."
        if all("TimeoutError" in run.raised.kinds for run in lost):
            return "A task that raises a `TimeoutError` of its own is in `failed` like any other that raised."
        return "A task that raised is in `failed`, under its name."
    return ""


def expect_settled(t: Trace, done: Sequence[str], failed: Failed = None) -> None:
    """Expect that just those tasks are settled, and out of the queue. Whether the hard function may raise is R6's."""
    loud = t.call.what == "drain_or_fail" and t.call.raised == "TimeoutError" and t.call.raised.token is None
    if not loud:
        expect_report(t, done, failed)
    left = [name for name in queue_of(t) if name in {*done, *(failed or ())}]
    part = "A task that has ended, done or failed, is no longer in the queue."
    t.expect("of the tasks that ended, still in the queue", left, [], part=part)


def expect_started(t: Trace, names: Sequence[str], part: str = "") -> None:
    """Expect that those tasks, and no others, were started, in that order; `part` is said if nothing plainer is wrong."""
    seen, last = t.names("run"), t.all("run")[-1:]
    if len(set(seen)) < len(seen):
        part = "A task that has ended, done or failed, is not run again."
    elif sorted(seen) == sorted(names):
        part = "Tasks run in the order of the queue."
    elif set(seen) < set(names) and any(is_failure(run) for run in last):
        part = "When a task has raised, the next one runs."
        if any("TimeoutError" in run.raised.kinds for run in last):
            part = "A task that raises a `TimeoutError` of its own has failed like any other, and the next one runs."
    t.expect("tasks as they were started", seen, list(names), part=part)


def expect_begun_unless_cancelled(t: Trace, *names: str) -> None:
    """Expect that those tasks were started, in the run of a sweep that is undisturbed."""
    if not t.notes("cancel"):
        t.expect_begun(*names)
