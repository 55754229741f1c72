"""Whether the runs of a sweep are what they should be: each of them repeats the undisturbed run up to its disturbance.

A run is repeatable. So a run that is cancelled after step 7 begins as the undisturbed one does, shows the cancellation where
that one had made its seventh step, and only then may differ. A worker that skips the disturbance, puts it elsewhere or gives
the undisturbed trace again cannot show that. Of a file whose equal runs differ (`random`, the wall clock) less can be asked.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from grader.checks.rule import NotRun

Trace = Mapping[str, Any]
Event = Mapping[str, Any]

AGAIN = 8
"""How often the undisturbed run and the disturbed one are played again when they do not begin alike.

With 4, one in 300 gradings of a right file that waits a moment longer in three of ten runs found no two equal runs that differ.
"""

AT_ONCE = 1e-6
"""Virtual seconds within which a call that fails has ended: it passes one checkpoint."""

_OF_BEGIN = ("id", "parent", "who", "what", "args", "task", "subject", "start")
_OF_END = (*_OF_BEGIN, "order", "end", "how", "value", "error", "cancelled", "outside", "line")


def check_undisturbed(trace: Trace, who: str) -> None:
    """Refuse an undisturbed run whose steps do not follow from its spans.

    Args:
        trace: of the run.
        who: the actor whose steps are counted.

    Raises:
        NotRun: nobody can tell where there is something to cancel.
    """
    calls = list(_outermost_calls(trace["spans"], who))
    steps: Any = trace.get("sweep_at")
    if not _are_places(steps):
        raise NotRun("the run that counts the steps of a sweep does not say where they are")
    places = [place for place, _ in steps]
    if not len(places) == trace.get("sweep_steps") == sum(call["steps"] for call in calls):
        raise NotRun("the number of steps of a sweep is not that of its calls")
    for call in calls:
        begun, ended = call["order"]
        last = len(places) if ended is None or call.get("left", {}).get("tasks") else bisect_left(places, ended)
        if last - bisect_left(places, begun) < call["steps"]:
            raise NotRun("the steps of a sweep lie outside its calls")
        if call["end"] is not None and call["end"] - call["start"] > AT_ONCE and not call["steps"]:
            raise NotRun("a call took time and made no step")


def _are_places(steps: Any) -> bool:
    """Whether something lists places and times in order."""
    return (
        type(steps) is list
        and all(type(step) is list and list(map(type, step)) == [int, float] for step in steps)
        and steps == sorted(steps)
    )


def is_as_due(first: Trace, trace: Trace) -> bool:
    """Whether a disturbed run shows its disturbance at the due place, after the beginning of the undisturbed run.

    Args:
        first: the trace of the undisturbed run, which `check_undisturbed` has passed.
        trace: that of the disturbed one; its run is the one that is due.
    """
    if cancel := trace["cancel"]:
        before, time = first["sweep_at"][cancel["after"] - 1]
        place = before + 1
        shown = any(note["order"] == place and note["t"] == time for note in _cancellations(trace, cancel["who"]))
    else:
        call = _failing_call(trace)
        place = call["order"][0] + 1 if call else 0
        shown = call is not None
    return shown and begin_alike(first, trace, place)


def is_disturbed(trace: Trace) -> bool:
    """Whether the disturbance is there, wherever it is, or the run did not get so far: all that can be asked if runs differ."""
    if cancel := trace["cancel"]:
        return any(_cancellations(trace, cancel["who"])) or trace.get("sweep_steps", 0) < cancel["after"]
    return _failing_call(trace) is not None or len(fake_calls(trace, trace["fault"]["who"])) < trace["fault"]["call"]


def equal_runs_differ(first: Trace, undisturbed: Sequence[Trace], disturbed: Sequence[Trace]) -> bool:
    """Whether a file's equal runs differ by themselves, told from some that were played again.

    Args:
        first: the undisturbed run of the sweep.
        undisturbed: that run, played again.
        disturbed: a run which did not begin as it should, played again.
    """
    equal = [first, *undisturbed]
    if len({trace.get("sweep_steps") for trace in equal}) > 1:  # a step need not leave anything in the record
        return True
    pairs = [*combinations(equal, 2), *combinations(disturbed, 2)]
    return any(not begin_alike(one, other, math.inf) for one, other in pairs) or any(
        is_as_due(one, other) for one, other in product(equal, disturbed)
    )


def begin_alike(first: Trace, trace: Trace, place: float) -> bool:
    """Whether all that happened before a place in the order of events is the same in two runs."""
    notes = [[note for note in each["notes"] if note["order"] < place] for each in (first, trace)]
    spans = [[span for span in each["spans"] if span["order"][0] < place] for each in (first, trace)]
    return (
        notes[0] == notes[1]
        and len(spans[0]) == len(spans[1])
        and all(one == other or _are_alike(one, other, place) for one, other in zip(*spans, strict=True))
    )


def _are_alike(one: Event, other: Event, place: float) -> bool:
    """Whether two spans are alike as far as they had come; steps of tasks that a span has left behind come later."""
    over = [span["order"][1] is not None and span["order"][1] < place for span in (one, other)]
    keys = _OF_END if all(over) else _OF_BEGIN
    return over[0] == over[1] and one["order"][0] == other["order"][0] and all(one[key] == other[key] for key in keys)


def fake_calls(trace: Trace, who: str) -> list[Event]:
    """The calls of a fake in the order in which they began, without the steps that such a call makes itself.

    Args:
        trace: of a run.
        who: the fake.
    """
    of_who = {span["id"] for span in trace["spans"] if span["who"] == who}
    return [s for s in trace["spans"] if s["who"] == who and s["what"] != "actor" and s["parent"] not in of_who]


def _failing_call(trace: Trace) -> Event | None:
    """The call that was to fail, if it did, or was cut short before it could."""
    who, number = trace["fault"]["who"], trace["fault"]["call"]
    for call in fake_calls(trace, who)[number - 1 : number]:
        token = call["error"].get("token") if call["error"] else None
        cut_short = call["how"] == "cancelled" and call["end"] - call["start"] < AT_ONCE
        if token == f"fault {number} of {who}" or call["how"] == "open" or cut_short:
            return call
    return None


def _cancellations(trace: Trace, who: str) -> Iterator[Event]:
    return (note for note in trace["notes"] if note["what"] == "cancel" and note["who"] == who)


def _outermost_calls(spans: Sequence[Event], who: str) -> Iterator[Event]:
    """The calls of the subject that an actor makes, without those inside them."""
    by_id = {span["id"]: span for span in spans}
    for span in spans:
        parent = by_id.get(span["parent"])
        while span["subject"] and parent is not None and not parent["subject"]:
            if parent["what"] == "actor" and parent["who"] == who:
                yield span
                break
            parent = by_id.get(parent["parent"])
