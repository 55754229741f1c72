"""What the hidden checks of m13 share: plans, and what is read from a trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader import Play, Trace, Trial, fail, give, near, verb, wait

START = 53.7
NEVER = float("inf")
look, move = verb("look"), verb("move")
Jobs = Mapping[str, Sequence[Any]]


# -- calls -----------------------------------------------------------------------------------------------------------
def pool(play: Play, jobs: Jobs, *, workers: int = 10, ends: float | None = 10, **plan: Any) -> Trial:
    """A pool called at `START` with a deadline `ends` seconds later (None: infinite).

    Args:
        play: what plays.
        jobs: name of a job → its script.
        workers: how many.
        ends: the pool's own deadline (s after `START`).
        plan: as for the scene; times in `deadlines` and `enclosing` are seconds after `START`.
    """
    if "deadlines" in plan:
        plan["deadlines"] = {name: START + moment for name, moment in plan["deadlines"].items()}
    plan["enclosing"] = [START + moment for moment in plan.get("enclosing", ())]
    return play(start=START, jobs=jobs, workers=workers, deadline=None if ends is None else START + ends, **plan)


def takes(seconds: float) -> list[Any]:
    """A job that takes that long and gives a value."""
    return [wait(seconds), give("V")]


# -- what is read from them ------------------------------------------------------------------------------------------
def expect_at(t: Trace, what: str, moment: float | None, wanted: Any, *, part: str = "") -> None:
    """Expect that something happened at that time, in seconds after the call."""
    t.expect(f"counted from the call, {what} at", since(moment), wanted, part=part)


def since(moment: Any) -> Any:
    """A time in seconds after the call; anything else as it is."""
    return moment - START if type(moment) in (int, float) else moment


def expect_some_run(t: Trace, part: str = "Jobs that have time enough are called.") -> None:
    """Expect that a job was called at all: else a check of what follows proves nothing."""
    t.expect_that("jobs that were called", bool(t.all("run")), "none", part=part)


def expect_called_with(t: Trace, name: str, end: float, part: str = "") -> None:
    """Expect that the job was called with that end (s after `START`), a point in time."""
    what = f"the `end` that {name} was called with, where `run_pool` was called at {START} s"
    args = t.of(name).args
    if len(args) == 1 and type(args[0]) in (int, float):
        if args[0] == near(end):
            part = "A job's `end` is a point in time, not a number of seconds from the call."
        elif not part and args[0] > START + end:
            part = "A job's end is the sooner of its own deadline and the pool's end: it is never later."
    t.expect(what, args, [near(START + end)], part=part)


def report(t: Trace, who: str = "caller") -> list[Any]:
    """Name, status, value and error of each outcome, in the order of the report."""
    call = t.first([call for call in t.calls("run_pool") if call.who == who], "the call", "was never made")
    t.expect_that("the report", call.value is not None, "`run_pool` returned None")
    rows = t.first(t.notes("report", who), "the report", "is not there")["value"]
    t.expect_that("the report", isinstance(rows, list), str(rows))
    strange = [row[0] for row in rows if not isinstance(row[0], str)]
    t.expect_that("the keys of the report", not strange, f"not names of jobs: {strange}")
    return list(rows)


def outcomes(t: Trace, who: str = "caller") -> dict[str, Any]:
    """Status, value and error of each outcome, by name."""
    return {str(name): rest for name, *rest in report(t, who)}


def status(t: Trace, *names: str) -> dict[str, Any]:
    """What happened to these jobs."""
    found = outcomes(t)
    return {name: found[name][0] if name in found else "no outcome" for name in names}


def expect_status(t: Trace, *, part: str = "", **wanted: str) -> None:
    """Expect just these outcomes of these jobs; those of others do not matter. `part` is what is wrong if not."""
    t.expect("outcomes", status(t, *wanted), wanted, part=part)


CUT_OFF = "A job cut off at its end is `TIMED_OUT`."


def expect_late(t: Trace, *names: str) -> None:
    """Expect that these jobs, which were cut off at their end, are `TIMED_OUT`."""
    expect_status(t, part=CUT_OFF, **dict.fromkeys(names, "TIMED_OUT"))


def refusals(play: Play) -> Iterator[tuple[str, Trial]]:
    """Calls with arguments that must be refused, each after the sentence that says so."""
    some = {"a": takes(1), "b": [wait(1), fail("E")]}
    bad: list[dict[str, Any]] = [{"workers": 0}, {"workers": -3}, {"margin": -1}, {"margin": -0.001, "enclosing": [5]}]
    for options in [*bad, {"workers": 0, "ends": -1}]:
        yield f"`{'workers < 1' if 'workers' in options else 'margin < 0'}` raises", pool(play, some, **options)
    for options in bad[1:3]:
        name = "workers < 1" if "workers" in options else "margin < 0"
        yield f"`{name}`, also without jobs, raises", pool(play, {}, **options)
