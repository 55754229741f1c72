"""Hidden checks of m12: what `fan_out` and `fan_in` promise, whatever workers, source and consumer do."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from grader import (
    CheckFailed,
    Play,
    Span,
    Trace,
    Trial,
    at_least,
    at_most,
    at_once,
    awaitable,
    cancel,
    check,
    checkpoint,
    cleanup,
    fail,
    give,
    give_error,
    hang,
    leaves_of,
    near,
    on_cancel,
    token,
    verb,
    wait,
)

each, first, receive, patient = verb("each"), verb("first"), verb("receive"), verb("patient")
busy, close, inside = verb("busy"), verb("close"), verb("inside")

Items = Sequence[Sequence[Any]]

STREAM_ERRORS = ("EndOfStream", "BrokenResourceError", "ClosedResourceError")
#: Kinds of errors that somebody may take for his own.
KINDS = (*STREAM_ERRORS, "WouldBlock", "TimeoutError", "KeyError", "OSError", "ExceptionGroup", "ExceptionGroup of one")


# -- calls -------------------------------------------------------------------------------------------------------------
def out(play: Play, items: Items, *consumer: Any, workers: int = 2, **plan: Any) -> Trial:
    """`fan_out` over the items; the consumer goes through all results if nothing else is said."""
    return play(items=items, consumer=consumer or (each(),), workers=workers, **plan)


def gather(play: Play, items: Items, *, workers: int = 2, **plan: Any) -> Trial:
    """`fan_in` over the items."""
    return play(items=items, workers=workers, function="fan_in", **plan)


def jobs(play: Play, count: int, *, low: float = 1.0) -> list[list[Any]]:
    """Items that take different times, in random order; item ``a`` has the result ``A``."""
    names = play.shuffled([f"{chr(97 + number)}" for number in range(count)])
    return [
        [name, [wait(time), give(name.upper())]] for name, time in zip(names, play.draw(count, low=low), strict=True)
    ]


def many(count: int, *script: Any) -> list[list[Any]]:
    """Items ``i0``, ``i1`` … with the same script, and the results ``I0``, ``I1`` …."""
    return [[f"i{number}", [*script, give(f"I{number}")]] for number in range(count)]


# -- what is read from them --------------------------------------------------------------------------------------------
def received(t: Trace) -> list[Any]:
    """What the consumer received, in that order."""
    return [entry["value"] for entry in t.notes("received")]


def expect_received(t: Trace, number: int) -> None:
    """Expect that the consumer, which asked for so many pairs, received some: else a check of what follows proves nothing."""
    came = [pair for pair in received(t) if isinstance(pair, tuple) and len(pair) == 2]
    done = sum(work.how == "returned" for work in t.all("work"))
    some = min(1, number)
    t.expect("how many pairs were received", len(came), at_least(some))
    t.expect_that("pairs received", done >= some, f"{len(came)}, though the worker finished {done} items")


def pairs(items: Items) -> list[Any]:
    """What a consumer must receive, in some order: item and result."""
    return [(token(name), token(name.upper())) for name, _ in items]


def in_some_order(values: Sequence[Any]) -> list[Any]:
    """The values in an order of their own."""
    return sorted(values, key=repr)


def expect_results(t: Trace, wanted: Sequence[Any]) -> None:
    """Expect that the consumer received these pairs, in whatever order."""
    t.expect("pairs received", in_some_order(received(t)), in_some_order(wanted))


def expect_order_of_finishing(t: Trace) -> None:
    """Expect that what was received came in the order in which the work had finished."""
    ends = {work.who: work.end for work in t.all("work")}
    names = [repr(pair[0]) for pair in received(t) if isinstance(pair, tuple) and pair]
    t.expect("how many pairs were received", len(names), max(1, len(ends)))
    moments = [ends.get(name) or 0.0 for name in names]
    fits = all(before <= after + 1e-6 for before, after in itertools.pairwise(moments))
    finished = sorted((name for name in names if name in ends), key=lambda name: ends[name] or 0.0)
    t.expect_that("items as received", fits, f"{', '.join(names)}, though they finished as {', '.join(finished)}")


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
    t.expect("worker calls at once", most, at_most(workers))


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


def left_at(t: Trace) -> float:
    """When the consumer left the block."""
    return float(t.first(t.notes("leaves"), "the end of the body", "never came")["t"])  # type: ignore[arg-type]


def at(seconds: float) -> Any:
    """That moment, or a little later: who blocks or polls for a moment breaks other clauses."""
    return near(seconds, within=0.05)


def running_at(t: Trace, moment: float) -> list[Span]:
    """The worker calls that went on at that time and could not know that it had come."""
    return [
        work for work in t.all("work") if work.start <= moment + 0.05 and (work.end is None or work.end > moment + 0.05)
    ]


def expect_cut(t: Trace, moment: float) -> None:
    """Expect that the worker calls that went on at that time were cancelled then, and that none was begun later."""
    for work in running_at(t, moment):
        t.expect(f"{work.who} was cancelled at", work.cancelled_at, at(moment))
    t.expect("items begun later", [work.who for work in t.all("work") if work.start > moment + 0.1], [])


def over(t: Trace, moment: float) -> Any:
    """When all is over that went on at that time and was cancelled then: worker calls, and what the consumer did."""
    cut = [*running_at(t, moment), *(did for did in t.all("busy") if did.cancelled_at == at(moment))]
    return at(max([moment, *(span.end or 0.0 for span in cut)]))


def failed_at(t: Trace) -> float | None:
    """When a worker or the source first raised; None if none did."""
    moments = [work.end for work in t.all("work") if work.raised is not None and work.end is not None]
    return min([*moments, *(entry["t"] for entry in t.notes("breaks"))], default=None)


def expect_error(t: Trace) -> None:
    """Expect that ``E``, which a worker or the source raised, left the call, as soon as all was over."""
    t.expect_that("the error", "E" in t.call.errors, f"{t.call.what} {t.call.ending}, where E should leave it")
    t.expect(f"{t.call.what} was left at", t.call.end, over(t, failed_at(t) or 0.0))


def expect_left_quietly(t: Trace) -> None:
    """Expect that the workers were cancelled when the body was left, and that the block ended then, without an error."""
    t.expect("the block", t.call.ending, "returned")
    expect_cut(t, left_at(t))
    t.expect("the block ended at", t.call.end, over(t, left_at(t)))


def expect_all_ended(t: Trace) -> None:
    """Expect that no worker and no stream outlives the call."""
    running = [work.who for work in t.all("work") if work.finished is None or work.finished > (t.call.finished or 0)]
    t.expect("worker calls that still run after the block", running, [])
    streams = t.call.left.get("streams", [])
    t.expect("streams that are still open after the block", streams, [])


# -- R1: every item once, every result once ----------------------------------------------------------------------------
@check("R1", misconception="each-worker-its-own-loop", step="one-source-for-all")
def test_each_item_once(play: Play) -> None:
    """Each item of the source is worked on once, whether the source can be gone through again or not."""
    for workers, once in ((1, True), (3, False), (8, True)):
        items = jobs(play, 6)
        for call in (out, gather):
            t = call(play, items, workers=workers, once=once).accepting("deadlock")
            t.expect("items worked on", sorted(t.names("work")), sorted(name for name, _ in items))


@check("R1", misconception="results-come-in-order", step="hand-on-as-they-finish")
def test_order_of_finishing(play: Play) -> None:
    """Results come in the order in which the work finishes."""
    for workers in (2, 6):
        expect_order_of_finishing(out(play, jobs(play, 6), workers=workers).accepting("deadlock"))
    slow_first = [["a", [wait(9), give("A")]], ["b", [wait(1), give("B")]], ["c", [wait(2), give("C")]]]
    expect_order_of_finishing(out(play, slow_first, workers=3).accepting("deadlock"))


@check("R1", misconception="slow-is-gone", step="hand-on-as-they-finish")
def test_each_result_once(play: Play) -> None:
    """Each result is delivered once, as a pair of the item and its result."""
    for workers, buffer in ((1, None), (3, 1), (8, 4)):
        items = jobs(play, 6)
        expect_results(out(play, items, workers=workers, buffer=buffer, once=True).accepting("deadlock"), pairs(items))


@check("R1", misconception="slow-is-gone", step="slow-consumer")
def test_slow_consumer(play: Play) -> None:
    """A consumer that is slow gets each result once, in the order in which the work finished."""
    for workers, buffer, late in ((1, 0, 0), (2, 0, 0), (3, 0, 9), (3, 2, 9), (2, 0, 20_000)):
        items = jobs(play, 7)
        pause = play.draw(1, low=3)[0]
        trial = out(play, items, busy(wait(late)), each(busy(wait(pause))), workers=workers, buffer=buffer)
        t = trial.accepting("deadlock")
        expect_results(t, pairs(items))
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
    """Items and results may be anything: nothing, zero, False, empty, equal to each other, or not hashable."""
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
    expect_results(t, expected)
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
    expect_results(t, [(item_of(name), result_of(name)) for name, _ in items])
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
        expect_results(t, [(token("a"), token("A")), (token("b"), token("B")), (token("a"), token("B"))])
        t = gather(play, items, workers=workers).accepting("deadlock")
        results = in_some_order(t.call.value_as(list))
        t.expect("the results", results, [token("A"), token("B"), token("B")])


@check("R1", misconception="results-come-in-order", step="one-source-for-all")
def test_fan_in_keeps_the_order(play: Play) -> None:
    """`fan_in` returns a list of the results in the order of the source."""
    for workers, once, count in ((1, False, 6), (3, True, 12), (8, False, 6)):
        items = jobs(play, count)
        t = gather(play, items, workers=workers, once=once).accepting("deadlock")
        t.expect("the list", t.call.value, [result for _, result in pairs(items)])


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


@check("R1", misconception="state-of-all-calls", step="one-source-for-all")
def test_several_calls(play: Play) -> None:
    """Calls that overlap, or follow each other, have nothing to do with each other: each gives its own results."""
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


@check("R1", misconception="state-of-all-calls", step="leave-early")
def test_beside_a_call_that_ends_early(play: Play) -> None:
    """A call that fails, is left early or is cancelled disturbs no other, neither one beside it nor one that follows."""
    items = [["a", [wait(4), give("A")]], ["b", [wait(2), give("B")]], ["bad", [wait(1), fail("E")]], ["z", [hang()]]]
    callers = {"caller": [0, "b", "a"], "third": [9, "a", "b"]}
    for call in (out, gather):
        failing = call(play, items, callers={**callers, "second": [0.5, "z", "bad"], "fourth": [5, "z", "bad"]})
        cut_off = call(play, items, callers={**callers, "second": [0.5, "z", "a"]}).cancel("second", at=1.5)
        for trial in (failing, cut_off):
            expect_own_results(trial.accepting("deadlock"), callers)
    trial = out(play, items, callers={**callers, "second": [0.5, "b", "z"]}, consumers={"second": [first(1)]})
    expect_own_results(trial.accepting("deadlock"), callers)


# -- R2: as many as the workers ----------------------------------------------------------------------------------------
@check("R2", misconception="a-task-for-each-item", step="one-source-for-all")
def test_never_more_than_workers(play: Play) -> None:
    """Never more than `workers` worker calls run at once."""
    for workers in (1, 4):
        items = jobs(play, 9)
        for trial in (out(play, items, workers=workers), gather(play, items, workers=workers, plain=True)):
            t = trial.accepting("deadlock")
            t.one("work")
            expect_never_more(t, workers)
    t = out(play, many(9, wait(0.5)), each(busy(wait(4))), workers=2, buffer=3).accepting("deadlock")
    t.one("work")
    expect_never_more(t, 2)


@check("R2", misconception="fair-shares", step="one-source-for-all")
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
    t.expect("worker calls at once", t.most_open("work"), workers)


@check("R2", misconception="batches", step="one-source-for-all")
def test_all_workers_busy_in_fan_in(play: Play) -> None:
    """While items are left, `fan_in` works on `workers` of them."""
    for workers in (2, 6):
        items = [["slow", [wait(20)]], *jobs(play, 7)]
        expect_all_busy(gather(play, items, workers=workers).accepting("deadlock"), workers)
    expect_as_many_as(play.pick(104, 120), lambda items, workers: gather(play, items, workers=workers))
    expect_short_ends_in_time(gather(play, many(30, wait(0.01)), workers=3).accepting("deadlock"))


def expect_short_ends_in_time(t: Trace) -> None:
    """Expect that 30 pieces of work of 0.01 s take three workers 0.1 s: none of them is idle between two."""
    t.expect(
        "the last of 30 pieces of work of 0.01 s, by three workers, ended at", last_end(t), near(0.1, within=0.004)
    )


def last_end(t: Trace) -> float:
    """When the last worker call ended."""
    return max((work.end or 0.0 for work in t.all("work")), default=0.0)


@check("R2", misconception="state-of-all-calls", step="one-source-for-all")
def test_calls_at_the_same_time(play: Play) -> None:
    """Two calls at the same time have `workers` worker calls each: they do not share them."""
    for call in (out, gather):
        t = call(play, many(3, wait(2)), workers=1, callers=["caller", "second"]).accepting("deadlock")
        t.expect("worker calls at once, of two calls with one worker each", t.most_open("work"), 2)


# -- R3: back-pressure -------------------------------------------------------------------------------------------------
@check("R3", misconception="take-all-first", step="slow-consumer")
def test_stopped_consumer_stops_the_source(play: Play) -> None:
    """A consumer that stops receiving stops the source: it is not taken as a whole."""
    for number in (0, 2):
        t = out(play, many(60, wait(1)), *[receive()] * number, busy(wait(50)), workers=2).accepting("deadlock")
        expect_received(t, number)
        t.expect("items taken from the source, of 60", len(t.notes("taken")), at_most(30))


@check("R3", misconception="a-bit-more-buffer", step="slow-consumer", core=False)
def test_bound_when_the_consumer_stops(play: Play) -> None:
    """When the consumer does not receive, at most `2 * workers + 2 * buffer + 1` items are taken and not yet received."""
    for workers, buffer, number in ((1, 0, 0), (2, 0, 3), (5, 0, 0), (1, 3, 2), (3, 2, 0), (5, 4, 0)):
        consumer = [*[receive()] * number, busy(wait(50))]
        trial = out(play, many(30, wait(play.pick(1, 3))), *consumer, workers=workers, buffer=buffer)
        t = trial.accepting("deadlock")
        expect_received(t, number)
        expect_back_pressure(t, workers, buffer)


@check("R3", misconception="asking-is-receiving", step="slow-consumer", core=False)
def test_bound_when_receives_are_given_up(play: Play) -> None:
    """A `receive` that is given up makes no room: at most `2 * workers + 2 * buffer + 1` items are taken by then."""
    for workers, buffer in ((1, 0), (2, 1)):
        consumer = [*[patient(1)] * 12, busy(wait(300))]
        t = out(play, many(40, wait(20)), *consumer, workers=workers, buffer=buffer).accepting("deadlock")
        t.one("work")
        expect_back_pressure(t, workers, buffer)


@check("R3", misconception="unbounded-between", step="slow-consumer", core=False)
def test_bound_at_any_time(play: Play) -> None:
    """At any time at most `2 * workers + 2 * buffer + 1` items are taken from the source and not yet received."""
    for workers, buffer, work in ((1, 0, [wait(0.3)]), (2, 1, [])):
        for consumer in (each(), each(busy(wait(0.7)))):
            t = out(play, many(12, *work), consumer, workers=workers, buffer=buffer).accepting("deadlock")
            expect_received(t, 12)
            expect_back_pressure(t, workers, buffer)


# -- R4: the end -------------------------------------------------------------------------------------------------------
@check("R4", misconception="receiver-sees-the-end", step="close-to-end")
def test_iteration_ends(play: Play) -> None:
    """After the last result the iteration ends by itself."""
    for workers in (1, 3, 8):
        expect_iteration_ends(out(play, jobs(play, 5), workers=workers), 5)
    expect_iteration_ends(out(play, [["a", [wait(3), give("A")]]], receive(), receive(), workers=2), 1)


def expect_iteration_ends(t: Trace, number: int) -> None:
    """Expect the end of the iteration after so many pairs, soon after the last piece of work."""
    expect_received(t, number)
    end = t.first(t.notes("end"), "the end of the iteration", "never came")["t"]  # type: ignore[arg-type, index]
    t.expect("the iteration ended at", end, at_most(last_end(t) + 1))
    t.expect("the block", t.call.ending, "returned")


@check("R4", misconception="one-pill-for-all", step="close-to-end")
def test_iteration_ends_for_a_slow_consumer(play: Play) -> None:
    """The iteration ends also if the workers finished long before the consumer came to the last result."""
    for workers, buffer in ((2, 0), (8, 5)):
        t = out(play, jobs(play, 4), each(busy(wait(30))), workers=workers, buffer=buffer)
        expect_received(t, 4)
        t.first(t.notes("end"), "the end of the iteration", "never came")  # type: ignore[arg-type]
        t.expect("the block", t.call.ending, "returned")


@check("R4", misconception="end-of-work-is-end-of-block", step="close-to-end")
def test_body_goes_on_after_the_end(play: Play) -> None:
    """When the iteration has ended, the body goes on undisturbed until it leaves the block."""
    t = out(play, jobs(play, 4), each(), busy(wait(3)), workers=2)
    expect_received(t, 4)
    t.expect("what the body did after the iteration", t.one("busy").ending, "returned")
    t.expect("the block ended at", t.call.end, at(left_at(t)))


@check("R4", misconception="receiver-sees-the-end", step="close-to-end")
def test_empty_source(play: Play) -> None:
    """For an empty source the iteration ends at once, and `fan_in` returns an empty list."""
    for workers, once in ((1, True), (3, False)):
        expect_iteration_ends(out(play, [], workers=workers, once=once), 0)
        t = gather(play, [], workers=workers, once=once)
        t.expect("the list", t.call.value, [])


@check("R4", misconception="receiver-sees-the-end", step="close-to-end")
def test_fan_in_ends(play: Play) -> None:
    """`fan_in` returns when the last result is there."""
    for workers in (2, 8):
        t = gather(play, jobs(play, 5), workers=workers)
        t.expect("fan_in", t.call.ending, "returned")
        t.one("work")
        t.expect("fan_in ended at", t.call.end, at_most(last_end(t) + 1))


# -- R5: errors --------------------------------------------------------------------------------------------------------
@check("R5", misconception="failure-is-a-result", step="one-fails-all-end")
def test_worker_raises(play: Play) -> None:
    """When a worker raises, the error leaves the block, or `fan_in`."""
    bad, long = [wait(play.draw(1)[0]), fail("E")], [wait(90)]
    plans = (
        (2, [["a", long], ["b", bad], ["c", long], ["d", long]]),
        (3, [["a", bad], ["b", long]]),
        (1, [["a", [wait(1)]], ["b", bad], ["c", long]]),
        (3, [["a", bad]]),
    )
    trials = [out(play, items, workers=workers) for workers, items in plans]
    trials += [gather(play, items, workers=workers) for workers, items in plans[:3:2]]
    for t in trials:
        t.expect_that("the error", "E" in t.call.errors, f"{t.call.what} {t.call.ending}, where E should leave it")


@check("R5", misconception="errors-wait-their-turn", step="one-fails-all-end")
def test_error_cancels_the_others(play: Play) -> None:
    """When a worker raises, all other worker calls are cancelled at once, and none is begun any more."""
    items = [["a", [wait(60)]], ["b", [wait(play.draw(1)[0]), fail("E")]], *many(5, wait(60))]
    for call, workers in ((out, 1), (out, 3), (gather, 3)):
        t = call(play, items, workers=workers)
        expect_cut(t, failed_at(t) or 0.0)
        expect_error(t)


@check("R5", misconception="errors-wait-their-turn", step="one-fails-all-end")
def test_error_waits_for_cleanup(play: Play) -> None:
    """When a worker raises, the cleanup of the others has finished when the error leaves."""
    items = [["a", [cleanup(wait(4)), wait(90)]], ["b", [wait(2), fail("E")]], ["c", [wait(1)]]]
    for call in (out, gather):
        t = call(play, items, workers=3)
        expect_error(t)
        t.expect("how a ended", [work.how for work in t.all("work", "a")], ["cancelled"])


@check("R5", misconception="stream-errors-are-mine", step="one-fails-all-end")
def test_any_error_of_a_worker(play: Play) -> None:
    """Whatever `Exception` a worker raises leaves the block, also one that looks like the end of a stream."""
    for call, kind in itertools.product((out, gather), KINDS):
        t = call(play, [["a", [wait(1), give("A")]], ["b", [wait(2), fail("E", kind)]], ["c", [wait(3)]]])
        left = leaves_of("E", kind)[0] in t.call.errors
        t.expect_that("the error", left, f"{t.call.what} {t.call.ending}, where a worker raised {kind}")


@check("R5", misconception="source-cannot-fail", step="one-fails-all-end")
def test_source_raises(play: Play) -> None:
    """When the source raises as it is asked for an item, the error leaves the block, or `fan_in`."""
    for call, position in ((out, 0), (out, 2), (out, 3), (gather, 2), (gather, 3)):
        t = call(play, many(3, wait(2)), workers=2, source_fails=[position, "E", "Fault"])
        t.expect_that("the source's error", "E" in t.call.errors, f"{t.call.what} {t.call.ending}")


@check("R5", misconception="source-cannot-fail", step="one-fails-all-end")
def test_source_error_cancels_all(play: Play) -> None:
    """When the source raises, all worker calls are cancelled, and the error leaves when their cleanup has finished."""
    items = [["a", [wait(1)]], ["b", [cleanup(wait(2)), wait(90)]], ["c", [wait(5)]], ["d", [wait(60)]]]
    for call, position, workers in ((out, 2, 2), (out, 4, 2), (gather, 3, 2), (out, 4, 5)):
        t = call(play, items, workers=workers, source_fails=[position, "E", "Fault"])
        expect_cut(t, failed_at(t) or 0.0)
        expect_error(t)


@check("R5", misconception="stream-errors-are-mine", step="one-fails-all-end", core=False)
def test_any_error_of_the_source(play: Play) -> None:
    """Whatever `Exception` the source raises leaves the block, also one that looks like the end of a stream."""
    plans = [*itertools.product((out,), (2, 3), (*KINDS, "IndexError")), *itertools.product((gather,), (2,), KINDS)]
    for call, position, kind in plans:
        t = call(play, many(3, wait(1)), workers=2, source_fails=[position, "E", kind])
        left = leaves_of("E", kind)[0] in t.call.errors
        t.expect_that("the source's error", left, f"{t.call.what} {t.call.ending}, where the source raised {kind}")


#: What the consumer does when an error comes.
SITUATIONS: list[list[Any]] = [
    [busy(hang())],
    [receive(), busy(hang())],
    [receive(), receive(), busy(cleanup(wait(2)), hang())],
    [each(busy(wait(200)))],
    [each(), busy(hang())],
    [patient(400), patient(400), patient(400)],
    [inside(receive(), busy(hang()))],
]


def asks_for_all(consumer: Sequence[Any]) -> bool:
    """Whether the consumer goes through all results; else work may wait for it, and the error may not come."""
    return any(step[0] == "each" for step in consumer)


@check("R5", misconception="loop-sees-the-error", step="one-fails-all-end", core=False)
def test_error_whatever_the_consumer_does(play: Play) -> None:
    """When a worker raises, the error leaves the block at once, also if the consumer is busy or waits for ever."""
    items = [["a", [wait(1), give("A")]], ["b", [wait(5), fail("E")]], ["c", [wait(2), give("C")]], *many(9, wait(90))]
    for number, consumer in enumerate(SITUATIONS):
        t = out(play, items, *consumer, workers=3, buffer=number % 3).accepting("deadlock")
        if failed_at(t) is not None or asks_for_all(consumer):
            expect_error(t)


@check("R5", misconception="loop-sees-the-error", step="one-fails-all-end", core=False)
def test_source_error_whatever_the_consumer_does(play: Play) -> None:
    """When the source raises, the error leaves the block at once, also if the consumer is busy or waits for ever."""
    for consumer in SITUATIONS[::3]:
        trial = out(play, many(2, wait(3)), *consumer, workers=3, source_fails=[2, "E", "Fault"])
        t = trial.accepting("deadlock")
        if failed_at(t) is not None or asks_for_all(consumer):
            expect_error(t)


@check("R5", misconception="errors-wait-their-turn", step="one-fails-all-end", core=False)
def test_second_error(play: Play) -> None:
    """When a second worker raises as it is cancelled, the first error still leaves the block."""
    items = [["a", [on_cancel(fail("E2")), wait(90)]], ["b", [wait(2), fail("E")]], ["c", [cleanup(wait(1)), wait(90)]]]
    for call in (out, gather):
        expect_error(call(play, items, workers=3))


# -- R6: the consumer leaves -------------------------------------------------------------------------------------------
WORK = [
    ["a", [wait(1), give("A")]],
    ["b", [cleanup(wait(2)), wait(90)]],
    ["c", [wait(3), give("C")]],
    *many(7, wait(1.7)),
]


@check("R6", misconception="break-stops-the-workers", step="leave-early")
def test_break(play: Play) -> None:
    """When the consumer breaks out of the loop, workers are cancelled at once, and the block ends without an error."""
    for workers, number in ((1, 1), (2, 2), (4, 1)):
        t = out(play, WORK, first(number), workers=workers)
        expect_received(t, number)
        expect_left_quietly(t)


@check("R6", misconception="break-stops-the-workers", step="leave-early")
def test_leave_with_results_that_wait(play: Play) -> None:
    """When the consumer leaves while results wait for it, the block ends without an error, and nothing is left."""
    for number, buffer in ((0, 0), (0, 2), (2, 0)):
        consumer = [first(number, busy(wait(7)))] if number else [busy(wait(7))]
        t = play(items=many(12, wait(1)), consumer=consumer, workers=3, buffer=buffer)
        expect_received(t, number)
        expect_left_quietly(t)
    expect_left_quietly(play(items=many(12, wait(1)), consumer=[], workers=3, buffer=0))


@check("R6", misconception="streams-close-themselves", step="leave-early")
def test_nothing_is_left_open(play: Play) -> None:
    """When the consumer leaves early, no stream is left open, and no worker call goes on."""
    for consumer, number in (([first(1)], 1), ([busy(wait(7))], 0), ([receive(), busy(wait(7))], 1)):
        t = out(play, WORK, *consumer, workers=3)
        expect_received(t, number)
        expect_all_ended(t)


@check("R6", misconception="leave-and-forget", step="leave-early")
def test_result_after_leaving(play: Play) -> None:
    """A worker that answers its cancellation with a result disturbs nobody: the block ends without an error."""
    first_one = ["a", [wait(1), give("A")]]
    items = [first_one, ["b", [on_cancel(wait(2), give("B")), wait(90)]], ["c", [cleanup(wait(1)), wait(30)]]]
    for buffer in (0, 3):
        t = out(play, items, first(1), workers=3, buffer=buffer)
        expect_received(t, 1)
        expect_left_quietly(t)


@check("R6", misconception="broken-is-an-error", step="leave-early")
def test_break_in_any_order(play: Play) -> None:
    """Breaking out of the loop at the very moment at which other workers finish adds no error."""
    for t in out(play, many(8, wait(1)), first(2), workers=3).orders(8):
        expect_received(t, 2)
        expect_left_quietly(t)


@check("R6", misconception="block-hides-errors", step="leave-early", core=False)
def test_error_of_the_consumer(play: Play) -> None:
    """An error of the consumer's own leaves the block and is the only one; the workers are cancelled."""
    before: list[list[Any]] = [[first(1)], [receive(), busy(wait(4))], []]
    for number, kind in enumerate(("Fault", *KINDS)):
        t = out(play, WORK, *before[number % 3], ["fail", "E", kind], workers=3)
        expect_received(t, len(before[number % 3][:1]))
        inside = set(leaves_of("E", kind)) - {"E"}
        if inside:  # a group; who takes the errors out of it does no harm
            t.expect("classes of the errors that leave the block", {error.kind for error in t.call.errors}, inside)
        else:
            t.expect("errors that leave the block", t.call.errors, ["E"])
        expect_cut(t, left_at(t))
        t.expect("the block ended at", t.call.end, over(t, left_at(t)))
        expect_all_ended(t)


@check("R6", misconception="leave-and-forget", step="leave-early", core=False)
def test_error_of_the_consumer_in_any_order(play: Play) -> None:
    """An error of the consumer's own, as other workers finish at that moment, is the only one that leaves the block."""
    for t in out(play, many(8, wait(1)), first(2), ["fail", "E"], workers=3).orders(8):
        expect_received(t, 2)
        t.expect("errors that leave the block", t.call.errors, ["E"])


@check("R6", misconception="leave-and-forget", step="leave-early", core=False)
def test_cancelled_consumer(play: Play) -> None:
    """A consumer that is cancelled leaves no worker and no stream behind, and no error is added."""
    items = [["a", [wait(1), give("A")]], ["b", [cleanup(wait(1)), wait(2)]], ["c", [wait(3)]]]
    for consumer in ([receive(), busy(wait(9))], [first(1)]):
        for t in out(play, items, *consumer, workers=2).cancelled("caller", limit=7):
            if not t.notes("cancel"):
                expect_received(t, 1)
            t.expect_that("when the consumer was cancelled", t.call.how != "raised", f"the block {t.call.ending}")
            expect_all_ended(t)


@check("R6", misconception="broken-is-an-error", step="leave-early", core=False)
def test_stream_closed(play: Play) -> None:
    """A consumer that closes the stream and stays in the block leaves it without an error; nothing is left."""
    for before, workers, buffer in (([], 1, 0), ([receive()], 3, 0), ([receive(), busy(wait(2.5))], 3, 2)):
        t = out(play, WORK, *before, close(), busy(wait(4)), workers=workers, buffer=buffer)
        expect_received(t, len(before[:1]))
        t.expect("the block", t.call.ending, "returned")
        for work in t.all("work", "b"):
            t.expect("b was cancelled at", work.cancelled_at, at_most(left_at(t) + 0.05))
        expect_all_ended(t)


@check("R6", misconception="end-of-work-is-end-of-block", step="leave-early", core=False)
def test_body_goes_on_after_closing(play: Play) -> None:
    """A consumer that has closed the stream goes on undisturbed until it leaves the block: only workers are cancelled."""
    for before in ([], [receive()]):
        t = out(play, WORK, *before, close(), busy(wait(4)), workers=3)
        expect_received(t, len(before))
        t.expect("what the body did after closing", t.one("busy").ending, "returned")


@check("R6", misconception="broken-is-an-error", step="leave-early", core=False)
def test_stream_closed_by_its_own_block(play: Play) -> None:
    """A consumer may go through the results inside `async with` of the stream, and break: that adds no error."""
    plans: list[tuple[int, list[Any]]] = [
        (1, [inside(first(1)), busy(wait(5))]),
        (2, [inside(first(2))]),
        (2, [inside(receive(), receive())]),
        (0, [inside()]),
    ]
    for number, consumer in plans:
        t = out(play, WORK, *consumer, workers=3)
        expect_received(t, number)
        t.expect("the block", t.call.ending, "returned")
        expect_all_ended(t)
    t = out(play, many(4, wait(1)), inside(each()), busy(wait(1)), workers=2)
    expect_received(t, 4)
    t.expect("the block", t.call.ending, "returned")


@check("R6", misconception="broken-is-an-error", step="leave-early", core=False)
def test_result_after_closing(play: Play) -> None:
    """A worker that finishes after the stream was closed disturbs nobody: the block ends without an error."""
    first_two = [["a", [wait(1), give("A")]], ["b", [cleanup(wait(1)), wait(2)]]]
    items = [*first_two, ["c", [on_cancel(wait(1), give("C")), wait(60)]]]
    for buffer, staying in ((0, []), (0, [busy(wait(5))]), (3, [busy(wait(5))])):
        t = out(play, [*items, *many(6, wait(1))], receive(), close(), *staying, workers=3, buffer=buffer)
        expect_received(t, 1)
        t.expect("the block", t.call.ending, "returned")
        expect_all_ended(t)


@check("R6", misconception="broken-is-an-error", step="leave-early", core=False)
def test_closed_in_any_order(play: Play) -> None:
    """Closing the stream at the very moment at which workers finish adds no error."""
    for t in out(play, many(8, wait(1)), receive(), close(), busy(wait(2)), workers=3).orders(8):
        expect_received(t, 1)
        t.expect("the block", t.call.ending, "returned")
        expect_all_ended(t)


# -- R7: bad arguments -------------------------------------------------------------------------------------------------
def refused(play: Play) -> Iterator[Trace]:
    """Calls with arguments that must be refused."""
    for workers in (0, -play.pick(1, 9)):
        yield out(play, jobs(play, 3), workers=workers).accepting("deadlock")
        yield gather(play, jobs(play, 3), workers=workers).accepting("deadlock")
        yield gather(play, [], workers=workers).accepting("deadlock")
    yield out(play, jobs(play, 3), workers=2, buffer=-play.pick(1, 9)).accepting("deadlock")


@check("R7", misconception="zero-only", step="one-source-for-all")
def test_bad_arguments(play: Play) -> None:
    """`workers` below 1, or `buffer` below 0, raises a `ValueError`."""
    for t in refused(play):
        t.expect_that("a ValueError", "ValueError" in t.call.errors, f"{t.call.what} {t.call.ending}")


@check("G8", misconception="refused-too-late", step="one-source-for-all")
def test_refused_before_anything_starts(play: Play) -> None:
    """Bad arguments are refused before anything starts: no work is begun, and the `ValueError` is in no group."""
    for t in refused(play):
        t.expect("items worked on", [entry["value"] for entry in t.notes("called")], [])
        if t.call.what == "fan_out":  # `fan_in` may take the whole source at once
            t.expect("items taken", [entry["value"] for entry in t.notes("taken")], [])
        t.expect_that("a bare ValueError", t.call.raised == "ValueError", f"{t.call.what} {t.call.ending}")
        t.expect("times that the body was begun", len(t.notes("leaves")), 0)


# -- rules for every exercise ------------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="hand-on-as-they-finish")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""
    other = Play(play.session, backend="trio" if play.backend == "asyncio" else "asyncio")
    items = [["a", [wait(3), give("A")]], ["b", [wait(1), give("B")]], ["c", [wait(1), give("C")]]]
    by_out = [[(token(i), token(i.upper())) for i in "bca"], "returned"]
    by_in = [[token("A"), token("B"), token("C")], "returned"]
    for call, wanted in ((out, by_out), (gather, by_in)):
        here, there = (_seen(call(where, items)) for where in (play, other))
        t = call(play, items).accepting("deadlock")
        t.one("work")
        if there == wanted:  # what is wrong on both is for other clauses
            t.expect(f"what {t.call.what} gave, and how it ended (as on {other.backend})", here, wanted)


def _seen(t: Trace) -> list[Any]:
    try:
        return [received(t) if t.call.what == "fan_out" else t.call.value, t.call.how]
    except CheckFailed as failure:
        return [failure.sentence]


@check("G2", misconception="streams-close-themselves", step="leave-early")
def test_nothing_left_behind(play: Play) -> None:
    """When a block or `fan_in` ends, with the last result or with an error, no task and no stream is left."""
    good, bad = jobs(play, 5), [*jobs(play, 2), ["bad", [wait(2), fail("E")]], *many(3, wait(1))]
    for workers, items in ((1, good), (3, bad), (8, good)):
        for call in (out, gather):
            t = call(play, items, workers=workers)
            t.one("work")
            t.expect_nothing_left()


@check("G2", misconception="streams-close-themselves", step="leave-early", core=False)
def test_nothing_left_when_cancelled(play: Play) -> None:
    """When a block or `fan_in` is cancelled, at whatever moment, no task and no stream is left."""
    items = [["a", [wait(1)]], ["b", [cleanup(wait(1)), wait(2)]], ["c", [wait(3)]]]
    for call, limit in ((out, 6), (gather, 4)):
        for t in call(play, items, workers=2).cancelled("caller", limit=limit):
            if not t.notes("cancel"):
                t.one("work")
            t.expect_nothing_left()


@check("G3", misconception="cancellation-is-an-end", step="leave-early")
def test_cancelled_from_outside(play: Play) -> None:
    """Cancelled from outside, all worker calls are cancelled at once, and the call ends by that: no list, no end."""
    items = [["a", [wait(1)]], ["b", [wait(60)]], ["c", [cleanup(wait(2)), wait(60)]], *many(3, wait(60))]
    consumers = ([each()], [receive(), busy(wait(60))], [inside(each())])
    trials = [out(play, items, *consumer, workers=3).cancel("caller", at=2.5) for consumer in consumers]
    trials += [gather(play, items, workers=3).cancel("caller", at=2.5)]
    trials += [call(play, items, workers=2).within("caller", 2.5) for call in (out, gather)]
    for t in trials:
        t.one("work")
        expect_cut(t, 2.5)
        t.expect_that("cancelled from outside", t.call.how == "cancelled", f"{t.call.what} {t.call.ending}")
        t.expect(f"{t.call.what} ended at", t.call.end, over(t, 2.5))


@check("G3", misconception="shield-everything", step="leave-early")
def test_cancellation_passes_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment, the call does not go on, and nothing new is begun."""
    items = [["a", [wait(1)]], ["b", [wait(2.3)]], ["c", [wait(1.1)]]]
    trials = (out(play, items, each(busy(wait(1.6))), workers=2), gather(play, items, workers=2))
    for trial, limit in zip(trials, (11, 6), strict=True):
        for t in trial.cancelled("caller", limit=limit):
            if not t.notes("cancel"):
                t.one("work")
            t.expect_cancellation_passes(jobs="work")
            for entry in t.notes("cancel"):
                t.expect(f"{t.call.what} ended at", t.call.end, at_most(entry["t"] + 0.05))


@check("G4", misconception="blocking-is-short", step="slow-consumer")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop, whoever waits for whom."""
    items = [*jobs(play, 5), *many(5, wait(1))]
    trials = [out(play, items, each(busy(wait(0.7))), workers=3), gather(play, items, workers=3)]
    for t in trials:
        t.one("work")
        t.expect_not_blocked()
    t = out(play, items, first(2), workers=3, buffer=2)
    expect_received(t, 2)
    t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="one-fails-all-end")
def test_interrupts_pass(play: Play) -> None:
    """What is no `Exception` leaves the call, whoever raises it: a worker, the source, the consumer. Nothing is left behind."""
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        items = [["a", [wait(1)]], ["b", [wait(2), fail("stop", kind)]], ["c", [wait(60)]]]
        trials = [call(play, items, workers=2) for call in (out, gather)]
        trials += [call(play, many(3, wait(1)), source_fails=[2, "stop", kind]) for call in (out, gather)]
        trials += [out(play, WORK, first(1), ["fail", "stop", kind], workers=3)]
        for t in trials:
            left = leaves_of("stop", kind)[0] in t.call.errors
            t.expect_that("the call", left, f"{t.call.what} {t.call.ending}, where {kind} should leave it")
            moment = failed_at(t)
            expect_cut(t, left_at(t) if moment is None else moment)
            expect_all_ended(t)


@check("G5", misconception="catch-everything", step="one-fails-all-end")
def test_interrupts_pass_beside_errors(play: Play) -> None:
    """What is no `Exception` leaves the call also if another worker raises an error as it is cancelled for that."""
    items = [["a", [on_cancel(fail("E")), wait(60)]], ["b", [wait(2), fail("stop", "Abandon")]], ["c", [wait(60)]]]
    for call in (out, gather):
        t = call(play, items, workers=2)
        t.expect_that("`stop` should leave the call", "stop" in t.call.errors, f"{t.call.what} {t.call.ending}")


@check("G6", misconception="look-again-and-again", step="slow-consumer")
def test_no_busy_waiting(play: Play) -> None:
    """The call does not wake up more often if everything takes forty times as long."""

    def steps(scale: float) -> list[int]:
        items = [[f"i{number}", [wait(scale * (1 + number / 7))]] for number in range(6)]
        trials = [
            out(play, items, workers=2),
            out(play, items, each(busy(wait(3 * scale))), workers=2),
            gather(play, items, workers=2),
        ]
        for t in trials:
            t.one("work")
        return [t.steps for t in trials]

    quick, slow = steps(1.0), steps(40.0)
    t = out(play, [["a", [wait(1)]]], first(1))
    for before, after in zip(quick, slow, strict=True):
        t.expect("wake-ups when all takes forty times as long", after, at_most(before + 20))


@check("G9", misconception="worker-is-a-coroutine-function", step="one-source-for-all")
def test_any_callable(play: Play) -> None:
    """`worker` may be any callable that returns an awaitable, also one without a name."""
    items = [["a", [awaitable(), wait(2), give("A")]], ["b", [wait(1), give("B")]], ["c", [awaitable(), give("C")]]]
    for workers in (1, 3):
        expect_results(out(play, items, workers=workers, plain=True).accepting("deadlock"), pairs(items))
        t = gather(play, items, workers=workers, plain=True).accepting("deadlock")
        t.expect("the results", in_some_order(t.call.value_as(list)), [token("A"), token("B"), token("C")])


@check("G9", misconception="worker-is-a-coroutine-function", step="one-fails-all-end")
def test_raises_at_once(play: Play) -> None:
    """A `worker` that raises as it is called has failed like one that raises later: the error leaves the call."""
    items = [["a", [wait(9)]], ["b", [at_once(), fail("E")]], ["c", [wait(1)]]]
    for call in (out, gather):
        t = call(play, items, workers=2, plain=True)
        t.expect_that("the error", "E" in t.call.errors, f"{t.call.what} {t.call.ending}")
