"""Hidden checks of m12: as many as the workers, and back-pressure."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from grader import Play, Trace, Trial, at_most, check, near, wait

from .plans import (
    Items,
    busy,
    each,
    expect_received,
    expect_work,
    gather,
    jobs,
    last_end,
    many,
    out,
    patient,
    receive,
    too_late,
)


def moments(t: Trace) -> list[float]:
    """Points in time between all beginnings and ends of work."""
    edges = sorted({edge for work in t.all("work") for edge in (work.start, work.end) if edge is not None})
    return [(low + high) / 2 for low, high in itertools.pairwise(edges) if high - low > 0.02]


def expect_all_busy(t: Trace, workers: int) -> None:
    """Expect that at each moment as many calls run as the workers allow, or as many as are left."""
    calls = t.all("work")
    for moment in moments(t):
        left = [work for work in calls if work.end is None or work.end > moment]
        running = [work for work in left if work.start <= moment]
        t.expect(f"worker calls at {moment:.2f} s", len(running), min(workers, len(left)))


def expect_never_more(t: Trace, workers: int) -> None:
    """Expect that never more than so many calls of the worker were made and had not ended."""
    events = [(entry["order"], 1) for entry in t.notes("called")]
    events += [(work.finished, -1) for work in t.all("work") if work.finished is not None]
    now = most = 0
    for _, change in sorted(events):
        now += change
        most = max(most, now)
    begun = t.most_open("work") <= workers  # the calls that were made and not begun are too many
    part = "`worker` is called only when one of the workers is free, not for several items beforehand." if begun else ""
    t.expect("worker calls at once", most, at_most(workers), part=part)


def expect_back_pressure(t: Trace, workers: int, buffer: int) -> None:
    """Expect that never more items are taken and not yet received than the bound allows.

    What was handed over counts as received when the consumer's task had a chance to run: at the end of an instant.
    """
    bound = 2 * workers + 2 * buffer + 1
    events = sorted(
        [(entry["order"], entry["t"], 1) for entry in t.notes("taken")]
        + [(entry["order"], entry["t"], -1) for entry in t.notes("received")]
    )
    most = now = 0
    for number, (_, moment, change) in enumerate(events, 1):
        now += change
        instant_ends = number == len(events) or events[number][1] > moment + 1e-6
        most = max(most, now if instant_ends else now - 1)
    t.expect("items taken from the source and not yet received", most, at_most(bound))


# -- R2: as many as the workers --------------------------------------------------------------------------------------
@check("R2", misconception="a-task-for-each-item", step="one-source-for-all")
def test_never_more_than_workers(play: Play) -> None:
    """Never more than `workers` worker calls run at once."""
    for workers in (1, 4):
        items = jobs(play, 9)
        for trial in (out(play, items, workers=workers), gather(play, items, workers=workers, plain=True)):
            t = trial.accepting("deadlock")
            expect_work(t)
            expect_never_more(t, workers)
    t = out(play, many(9, wait(0.5)), each(busy(wait(4))), workers=2, buffer=3).accepting("deadlock")
    expect_work(t)
    expect_never_more(t, 2)


@check("R2", misconception="batches", step="one-source-for-all")
def test_all_workers_busy(play: Play) -> None:
    """While items are left, `workers` of them are worked on, if the consumer keeps up."""
    for workers, buffer in ((1, None), (2, None), (6, 2)):
        items = [["slow", [wait(20)]], *jobs(play, 7)]
        expect_all_busy(out(play, items, workers=workers, buffer=buffer).accepting("deadlock"), workers)
    expect_as_many_as(play.pick(104, 120), lambda items, workers: out(play, items, workers=workers))
    expect_short_ends_in_time(out(play, many(30, wait(0.01)), workers=3).accepting("deadlock"))


def expect_as_many_as(workers: int, call: Callable[[Items, int], Trial]) -> None:
    """Expect that so many calls run at once when there is an item for each of them, however many that is."""
    t = call(many(workers, wait(5)), workers).accepting("deadlock")
    part = "As many worker calls run at once as `workers` says, also if that is a hundred or more."
    t.expect("worker calls at once", t.most_open("work"), workers, part=part)


@check("R2", misconception="fair-shares", step="one-source-for-all")
def test_all_workers_busy_in_fan_in(play: Play) -> None:
    """While items are left, `fan_in` works on `workers` of them."""
    for workers in (2, 6):
        items = [["slow", [wait(20)]], *jobs(play, 7)]
        expect_all_busy(gather(play, items, workers=workers).accepting("deadlock"), workers)
    expect_as_many_as(play.pick(104, 120), lambda items, workers: gather(play, items, workers=workers))
    expect_short_ends_in_time(gather(play, many(30, wait(0.01)), workers=3).accepting("deadlock"))


def expect_short_ends_in_time(t: Trace) -> None:
    """Expect that 30 pieces of work of 0.01 s take three workers 0.1 s: none of them is idle between two."""
    words = "the last of 30 pieces of work of 0.01 s, by three workers, ended at"
    part = "A worker begins at once, and takes the next item as soon as it is free." if last_end(t) > 0.1 else ""
    t.expect(words, last_end(t), near(0.1, within=0.004), part=part)


@check("R2", misconception="state-of-all-calls", step="one-source-for-all", wide=True)
def test_calls_at_the_same_time(play: Play) -> None:
    """Two calls at the same time have `workers` worker calls each: they do not share them."""
    for call in (out, gather):
        t = call(play, many(3, wait(2)), workers=1, callers=["caller", "second"]).accepting("deadlock")
        t.expect("worker calls at once, of two calls with one worker each", t.most_open("work"), 2)


# -- R3: back-pressure -----------------------------------------------------------------------------------------------
@check("R3", misconception="take-all-first", step="slow-consumer")
def test_stopped_consumer_stops_the_source(play: Play) -> None:
    """A consumer that stops receiving stops the source: it is not taken as a whole."""
    for number in (2, 0):
        t = out(play, many(60, wait(1)), *[receive()] * number, busy(wait(50)), workers=2).accepting("deadlock")
        expect_received(t, number)
        t.expect("items taken from the source, of 60", len(t.notes("taken")), at_most(30), part=too_late(t))


@check("R3", misconception="a-bit-more-buffer", step="body-stops-receiving", core=False)
def test_bound_when_the_consumer_stops(play: Play) -> None:
    """When the consumer does not receive, at most `2 * workers + 2 * buffer + 1` items are taken and not yet received."""
    for workers, buffer, number in ((1, 0, 0), (2, 0, 3), (5, 0, 0), (1, 3, 2), (3, 2, 0), (5, 4, 0)):
        consumer = [*[receive()] * number, busy(wait(50))]
        trial = out(play, many(30, wait(play.pick(1, 3))), *consumer, workers=workers, buffer=buffer)
        t = trial.accepting("deadlock")
        expect_received(t, number)
        expect_back_pressure(t, workers, buffer)


@check("R3", misconception="asking-is-receiving", step="body-stops-receiving", core=False)
def test_bound_when_receives_are_given_up(play: Play) -> None:
    """A `receive` that is given up makes no room: at most `2 * workers + 2 * buffer + 1` items are taken by then."""
    for workers, buffer in ((1, 0), (2, 1)):
        consumer = [*[patient(1)] * 12, busy(wait(300))]
        t = out(play, many(40, wait(20)), *consumer, workers=workers, buffer=buffer).accepting("deadlock")
        expect_work(t)
        expect_back_pressure(t, workers, buffer)


@check("R3", misconception="unbounded-between", step="body-stops-receiving", core=False)
def test_bound_at_any_time(play: Play) -> None:
    """At any time at most `2 * workers + 2 * buffer + 1` items are taken from the source and not yet received."""
    for workers, buffer, work in ((1, 0, [wait(0.3)]), (2, 1, [])):
        for consumer in (each(), each(busy(wait(0.7)))):
            t = out(play, many(12, *work), consumer, workers=workers, buffer=buffer).accepting("deadlock")
            expect_received(t, 12)
            expect_back_pressure(t, workers, buffer)
