"""Hidden checks of m12: every item once, every result once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from grader import Play, Trace, cancel, check, checkpoint, fail, give, give_error, hang, token, wait

from .plans import (
    busy,
    each,
    expect_results,
    first,
    gather,
    in_some_order,
    jobs,
    out,
    pairs,
    patient,
    receive,
    received,
)


def expect_order_of_finishing(t: Trace) -> None:
    """Expect that what was received came in the order in which the work had finished."""
    ends = {work.who: work.end for work in t.all("work")}
    names = [repr(pair[0]) for pair in received(t) if isinstance(pair, tuple) and pair]
    part = "Each item that was worked on gives one result: none is lost, and none comes twice."
    t.expect("how many pairs were received", len(names), max(1, len(ends)), part=part)
    moments = [ends.get(name) or 0.0 for name in names]
    fits = all(before <= after + 1e-6 for before, after in itertools.pairwise(moments))
    finished = sorted((name for name in names if name in ends), key=lambda name: ends[name] or 0.0)
    seen = f"{', '.join(names)}, though their work finished in the order {', '.join(finished)}"
    part = "Results come in the order in which the work finishes."
    t.expect_that("items as received", fits, seen, part=part)


# -- R1: every item once, every result once --------------------------------------------------------------------------
@check("R1", misconception="each-worker-its-own-loop", step="one-source-for-all")
def test_each_item_once(play: Play) -> None:
    """Each item of the source is worked on once, whether the source can be gone through again or not."""
    for workers, once in ((1, True), (3, False), (8, True)):
        items = jobs(play, 6)
        for call in (out, gather):
            t = call(play, items, workers=workers, once=once).accepting("deadlock")
            again = t.names("work").count("stranger")  # so the scene calls what it has no script for any more
            part = "Each item of the source is worked on once, by one of the workers."
            t.expect("worker calls for an item that had been worked on already", again, 0, part=part)
            part = "Each item of the source is worked on: none is left out." if len(t.names("work")) < 6 else ""
            t.expect("items worked on", sorted(t.names("work")), sorted(name for name, _ in items), part=part)


@check("R1", misconception="slow-is-gone", step="hand-on-as-they-finish")
def test_each_result_once(play: Play) -> None:
    """Each result is delivered once, as a pair of the item and its result."""
    for workers, buffer in ((1, None), (3, 1), (8, 4)):
        items = jobs(play, 6)
        expect_results(out(play, items, workers=workers, buffer=buffer, once=True).accepting("deadlock"), pairs(items))


@check("R1", misconception="results-come-in-order", step="hand-on-as-they-finish")
def test_order_of_finishing(play: Play) -> None:
    """Results come in the order in which the work finishes."""
    for workers in (2, 6):
        expect_order_of_finishing(out(play, jobs(play, 6), workers=workers).accepting("deadlock"))
    slow_first = [["a", [wait(9), give("A")]], ["b", [wait(1), give("B")]], ["c", [wait(2), give("C")]]]
    expect_order_of_finishing(out(play, slow_first, workers=3).accepting("deadlock"))


@check("R1", misconception="results-come-in-order", step="one-source-for-all")
def test_fan_in_keeps_the_order(play: Play) -> None:
    """`fan_in` returns a list of the results in the order of the source."""
    for workers, once, count in ((1, False, 6), (3, True, 12), (8, False, 6)):
        items = jobs(play, count)
        t = gather(play, items, workers=workers, once=once).accepting("deadlock")
        wanted, part = [result for _, result in pairs(items)], ""
        if once and t.call.how == "returned" and t.call.value == []:
            part = (
                "A source may be one that can be gone through only once, such as a generator: afterwards it is empty."
            )
        t.expect("the list", t.call.value, wanted, part=part)


@check("R1", misconception="slow-is-gone", step="slow-consumer")
def test_slow_consumer(play: Play) -> None:
    """A consumer that is slow gets each result once, in the order in which the work finished."""
    for workers, buffer, late in ((1, 0, 0), (2, 0, 0), (3, 0, 9), (3, 2, 9), (2, 0, 20_000)):
        items = jobs(play, 7)
        pause = play.draw(1, low=3)[0]
        trial = out(play, items, busy(wait(late)), each(busy(wait(pause))), workers=workers, buffer=buffer)
        t = trial.accepting("deadlock")
        expect_results(t, pairs(items), "A consumer that is slow gets each result once: none is lost or comes twice.")
        expect_order_of_finishing(t)


@check("R1", misconception="given-up-is-lost", step="hand-on-as-they-finish")
def test_given_up_receive(play: Play) -> None:
    """A consumer that gives up a `receive` and asks again gets each result once."""
    items = jobs(play, 5, low=3)
    for workers in (1, 3):
        consumer = [step for time in play.draw(4) for step in (patient(time), receive())]
        t = out(play, items, *consumer, each(), workers=workers).accepting("deadlock")
        expect_results(t, pairs(items))
        expect_order_of_finishing(t)


@check("R1", misconception="given-up-is-lost", step="hand-on-as-they-finish")
def test_given_up_as_the_result_comes(play: Play) -> None:
    """A `receive` that is given up at the very moment at which a result comes does not lose it."""
    for steps in range(3):
        stop = [wait(2), *[checkpoint()] * steps, cancel("patient"), wait(1), give("B")]
        items = [["a", [wait(2), give("A")]], ["b", stop], ["c", [wait(2), give("C")]]]
        for t in out(play, items, patient(50), each(), workers=2).accepting("deadlock").orders(6):
            expect_results(t, pairs(items))


@check("R1", misconception="none-is-no-item", step="close-to-end")
def test_any_item_any_result(play: Play) -> None:
    """Items and results may be anything: `None`, 0, `False`, empty, equal to each other, or not hashable."""
    values = {"n": None, "z": 0, "f": False, "t": "", "l": [1], "m": [1], "d": {}}
    results = {"n": 7, "z": None, "f": 0, "t": False, "l": [], "m": "M", "d": None}
    wanted = {"n": None, "z": 0, "f": False, "t": "", "l": token("l"), "m": token("m"), "d": token("d")}
    names = play.shuffled(list(values))
    items = [
        [name, [wait(time), *([] if results[name] is None else [give(results[name])])]]
        for name, time in zip(names, play.draw(len(names)), strict=True)
    ]
    expected = [(wanted[name], [] if name == "l" else results[name]) for name in names]
    expected = [(item, token("M") if result == "M" else result) for item, result in expected]
    t = out(play, items, workers=3, values=values).accepting("deadlock")
    part = "" if "n" in t.names("work") else "An item may be anything, also `None`: it is worked on like any other."
    if len(t.names("work")) == len(names) > len(received(t)):
        part = "A result may be anything, also `None`, 0 or something empty: it is delivered like any other."
    expect_results(t, expected, part)
    t = gather(play, items, workers=3, values=values).accepting("deadlock")
    t.expect("the results", in_some_order(t.call.value_as(list)), in_some_order([result for _, result in expected]))


@check("R1", misconception="item-is-one-argument", step="one-source-for-all")
def test_tuples(play: Play) -> None:
    """An item may be a tuple, which `worker` gets as it is, and so may a result."""
    items = jobs(play, 4)
    names = [name for name, _ in items[:3]]

    def item_of(name: str) -> Any:
        return (token(name), 1) if name in names else token(name)

    def result_of(name: str) -> Any:
        return (token(name.upper()), 2) if name in names else token(name.upper())

    t = out(play, items, tuples=names).accepting("deadlock")
    longer = any(isinstance(pair, tuple) and len(pair) != 2 for pair in received(t))
    part = "A result may be a tuple: it is delivered as it is, as the second of a pair." if longer else ""
    expect_results(t, [(item_of(name), result_of(name)) for name, _ in items], part)
    t = gather(play, items, tuples=names).accepting("deadlock")
    t.expect("the list", t.call.value, [result_of(name) for name, _ in items])


@check("R1", misconception="exceptions-are-raised", step="hand-on-as-they-finish")
def test_exceptions_as_results(play: Play) -> None:
    """An exception that a worker returns, and does not raise, is a result like any other."""
    items = [["a", [wait(2), give_error("E", "ValueError")]], ["b", [wait(1), give("B")]]]
    t = out(play, items).accepting("deadlock")
    t.expect("pairs received", received(t), [(token("b"), token("B")), (token("a"), token("E"))])
    t = gather(play, items).accepting("deadlock")
    t.expect("the list", t.call.value, [token("E"), token("B")])


@check("R1", misconception="nothing-takes-so-long", step="hand-on-as-they-finish")
def test_work_of_any_length(play: Play) -> None:
    """Work may take hours, or hundredths of a second: each result is delivered."""
    long, short = [wait(20_000), give("A")], [wait(0.01), give("B")]
    for items in ([["a", long], ["b", short]], [["b", short], ["a", long]]):
        expect_results(out(play, items).accepting("deadlock"), pairs(items))
        t = gather(play, items).accepting("deadlock")
        t.expect("the list", t.call.value, [result for _, result in pairs(items)])


@check("R1", misconception="item-as-key", step="one-source-for-all")
def test_same_item_twice(play: Play) -> None:
    """An item that is in the source twice is worked on twice, and has two results."""
    items = [["a", [wait(2), give("A")]], ["b", [wait(1), give("B")]], ["a", [wait(3), give("B")]]]
    for workers in (1, 2):
        t = out(play, items, workers=workers).accepting("deadlock")
        wanted = [(token("a"), token("A")), (token("b"), token("B")), (token("a"), token("B"))]
        expect_results(t, wanted, twice(t))
        t = gather(play, items, workers=workers).accepting("deadlock")
        results = in_some_order(t.call.value_as(list))
        t.expect("the results", results, [token("A"), token("B"), token("B")], part=twice(t))


def twice(t: Trace) -> str:
    """What is wrong if something is wrong with an item that comes twice."""
    if t.names("work").count("a") < 2:
        return "An item that is in the source twice is worked on twice."
    return "An item that is in the source twice has two results, each from its own worker call."


def results_of(t: Trace, who: str) -> Any:
    """What the call of that caller gave: its list, or what was received in its block."""
    call = t.first([call for call in t.calls() if call.who == who], f"the call of the {who}", "never came")
    ended_well = call.how != "raised"  # type: ignore[union-attr]
    t.expect_that("no error", ended_well, f"the call of the {who} {call.ending}")  # type: ignore[union-attr]
    if call.what == "fan_in":  # type: ignore[union-attr]
        return call.value  # type: ignore[union-attr]
    consumer = "consumer" if who == "caller" else f"consumer of {who}"
    return [entry["value"] for entry in t.notes("received") if entry["who"] == consumer]


def expect_own_results(t: Trace, callers: Mapping[str, Sequence[Any]]) -> None:
    """Expect that each of the callers got the results of its own items, and each once."""
    for who, (_, *names) in callers.items():
        wanted = [(token(name), token(name.upper())) for name in names]
        seen = results_of(t, who)
        if t.call.what == "fan_in":
            t.expect(f"the list of the {who}", seen, [result for _, result in wanted])
        else:
            t.expect(f"pairs that the {who} received", in_some_order(seen), in_some_order(wanted))


@check("R1", misconception="state-of-all-calls", step="one-source-for-all", wide=True)
def test_several_calls(play: Play) -> None:
    """Calls that overlap, or follow each other, do not affect each other: each gives its own results."""
    items = [["a", [wait(5), give("A")]], ["b", [wait(2), give("B")]], ["c", [wait(3), give("C")]]]
    callers = {
        "caller": [0, "b", "a", "c"],
        "second": [2.5, "c"],
        "third": [20, "c", "a"],
        "fourth": [40, "b", "c", "a"],
    }
    for call, workers in ((out, 1), (gather, 2)):
        t = call(play, items, workers=workers, callers=callers).accepting("deadlock")
        expect_own_results(t, callers)


@check("R1", misconception="state-of-all-calls", step="leave-early", wide=True)
def test_beside_a_call_that_ends_early(play: Play) -> None:
    """A call that fails, is left early or is cancelled does not affect other calls, neither at the same time nor later."""
    items = [["a", [wait(4), give("A")]], ["b", [wait(2), give("B")]], ["bad", [wait(1), fail("E")]], ["z", [hang()]]]
    callers = {"caller": [0, "b", "a"], "third": [9, "a", "b"]}
    for call in (out, gather):
        failing = call(play, items, callers={**callers, "second": [0.5, "z", "bad"], "fourth": [5, "z", "bad"]})
        cut_off = call(play, items, callers={**callers, "second": [0.5, "z", "a"]}).cancel("second", at=1.5)
        for trial in (failing, cut_off):
            expect_own_results(trial.accepting("deadlock"), callers)
    trial = out(play, items, callers={**callers, "second": [0.5, "b", "z"]}, consumers={"second": [first(1)]})
    expect_own_results(trial.accepting("deadlock"), callers)
