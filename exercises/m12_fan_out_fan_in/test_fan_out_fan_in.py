"""Checks for your own use: run them with ``pytest exercises/m12_fan_out_fan_in``. Others count, but ask the same.

A plan gives each item a script: `wait(2)` works two virtual seconds, `give("A")` returns, `fail("E")` raises. The
consumer has a script too: `each()` goes through all results, `first(2)` breaks after two, `busy(…)` does other things.
"""

from typing import Any

from grader import (
    Play,
    SentencePart,
    Trial,
    at_least,
    at_most,
    at_once,
    awaitable,
    cancel,
    check,
    checkpoint,
    fail,
    give,
    give_error,
    hang,
    near,
    on_cancel,
    token,
    verb,
    wait,
)

each, first, receive, patient = verb("each"), verb("first"), verb("receive"), verb("patient")
busy, close = verb("busy"), verb("close")

THREE = [["a", [wait(3), give("A")]], ["b", [wait(1), give("B")]], ["c", [wait(1.5), give("C")]]]


def many(count: int) -> list[list[Any]]:
    """Items that take a second each."""
    return [[f"i{number}", [wait(1), give(f"I{number}")]] for number in range(count)]


def fan_out(play: Play, items: list[list[Any]], *consumer: Any, **plan: Any) -> Trial:
    """A block in which the consumer goes through all results, or does what is given."""
    return play(**{"items": items, "workers": 2, "consumer": consumer or (each(),), **plan})


def fan_in(play: Play, items: list[list[Any]], **plan: Any) -> Trial:
    """A call of `fan_in`."""
    return play(**{"items": items, "workers": 2, "function": "fan_in", **plan})


def expect_received(t: Trial) -> None:
    """Fail unless the consumer received a pair, of an item that was worked on."""
    came = [entry["value"] for entry in t.notes("received")]
    done = sum(work.how == "returned" for work in t.all("work"))
    pairs = sum(isinstance(pair, tuple) and len(pair) == 2 for pair in came)
    part = "A consumer that asks for a result receives one."
    t.expect("how many pairs were received", pairs, at_least(1), part=part)
    t.expect_that("pairs received", done >= 1, f"{pairs}, though the worker finished no item", part=part)


def cut_short(t: Trial) -> str:
    """What is wrong if the iteration ended while there was still work to do; empty if it did not."""
    ends = [entry["t"] for entry in t.notes("end")]
    early = ends and any(work.how == "cancelled" or (work.end or 0) > ends[0] for work in t.all("work"))
    return "The iteration ends after the last result, not while workers are still working." if early else ""


def too_late(t: Trial) -> str:
    """What is wrong if the first result came only when all the work was done; empty if it came sooner."""
    came = [entry["t"] for entry in t.notes("received")]
    starts = [work.start for work in t.all("work")]
    late = came and starts and max(starts) > min(starts) and all(work.start < came[0] for work in t.all("work"))
    return (
        "The body gets a result while other items are still worked on, not when all the work is done." if late else ""
    )


def expect_work(t: Trial) -> None:
    """Fail unless the worker was called at all."""
    part = "The worker is called for the items of the source."
    t.expect_that("worker calls", bool(t.all("work")), "there was none", part=part)


@check("R1", misconception="results-come-in-order", step="hand-on-as-they-finish")
def test_pairs(play: Play) -> None:
    """The body gets each item with its result, once, in the order in which the work finishes."""
    t = fan_out(play, THREE, workers=3).accepting("deadlock")
    part = "Each item of the source is worked on once, by one of the workers."
    t.expect("calls of the worker for three items", len(t.names("work")), at_most(3), part=part)
    pairs = [(token("b"), token("B")), (token("c"), token("C")), (token("a"), token("A"))]
    received = [entry["value"] for entry in t.notes("received")]
    if len(t.names("work")) == 3 and t.most_open("work") == 1:
        part = SentencePart("As many worker calls run at once as `workers` says.", step="one-source-for-all")
        t.expect("worker calls at once, of three items with three workers", 1, 3, part=part)
    if received and not any(isinstance(each, tuple) for each in received):
        part = "The body gets pairs, `(item, result)`, and not the results alone."
        t.expect("pairs received", received, pairs, part=part)
    early = bool(t.notes("end")) and len(received) < len(pairs) == len(t.names("work"))
    part = "The iteration ends only when the last worker is done: no result is lost." if early else cut_short(t)
    t.expect("pairs received", received, pairs, part=part)


@check("R1", misconception="results-come-in-order", step="one-source-for-all")
def test_fan_in(play: Play) -> None:
    """`fan_in` returns the results in the order of the source."""
    t = fan_in(play, THREE).accepting("deadlock")
    t.expect("the list", t.call.value, [token("A"), token("B"), token("C")])
    t = fan_in(play, many(12)).accepting("deadlock")
    t.expect("the list for twelve items", t.call.value, [token(f"I{number}") for number in range(12)])


@check("R1", misconception="item-as-key", step="one-source-for-all")
def test_same_item_twice(play: Play) -> None:
    """An item that is in the source twice is worked on twice, and has two results."""
    items = [["a", [wait(1), give("A")]], ["a", [wait(2), give("B")]]]
    t = fan_out(play, items, workers=1).accepting("deadlock")
    pairs = [(token("a"), token("A")), (token("a"), token("B"))]
    t.expect("pairs received", [entry["value"] for entry in t.notes("received")], pairs)
    t = fan_in(play, items, workers=1).accepting("deadlock")
    t.expect("the results of `fan_in`", sorted(t.call.value_as(list), key=repr), [token("A"), token("B")])


@check("R1", misconception="item-is-one-argument", step="one-source-for-all")
def test_tuples(play: Play) -> None:
    """An item may be a tuple, which `worker` gets as it is, and so may a result."""
    items = [["a", [wait(1), give("A")]], ["b", [wait(2), give("B")]]]
    t = fan_out(play, items, tuples=["a"]).accepting("deadlock")
    pairs = [((token("a"), 1), (token("A"), 2)), (token("b"), token("B"))]
    t.expect("pairs received", [entry["value"] for entry in t.notes("received")], pairs)
    t = fan_in(play, items, tuples=["a"]).accepting("deadlock")
    t.expect("the list of `fan_in`", t.call.value, [(token("A"), 2), token("B")])


@check("R1", misconception="given-up-is-lost", step="hand-on-as-they-finish")
def test_given_up_receive(play: Play) -> None:
    """A consumer that gives up a `receive` and asks again gets each result once."""
    steps: list[list[Any]] = [[], [checkpoint()], [checkpoint()] * 2]
    for more in steps:  # `b` cancels the `receive` at 2 s, when the result of `a` comes, or a moment later
        items = [["a", [wait(2), give("A")]], ["b", [wait(2), *more, cancel("patient"), wait(1), give("B")]]]
        t = fan_out(play, items, patient(0.5), patient(50), each()).accepting("deadlock")
        pairs = [(token("a"), token("A")), (token("b"), token("B"))]
        t.expect("pairs received", [entry["value"] for entry in t.notes("received")], pairs)


@check("R1", misconception="state-of-all-calls", step="one-source-for-all", wide=True)
def test_calls_beside_each_other(play: Play) -> None:
    """Two calls that overlap do not affect each other: each gives its own results."""
    callers = {"caller": [0, "a"], "second": [1, "b", "c"]}
    t = fan_out(play, THREE, workers=1, callers=callers).accepting("deadlock")
    pairs = [entry["value"] for entry in t.notes("received") if entry["who"] == "consumer of second"]
    t.expect(
        "pairs received of the second call",
        sorted(pairs, key=repr),
        [(token("b"), token("B")), (token("c"), token("C"))],
    )
    t = fan_in(play, THREE, workers=1, callers=callers).accepting("deadlock")
    for who, wanted in (("caller", [token("A")]), ("second", [token("B"), token("C")])):
        t.expect(f"the list of `fan_in` for the {who}", t.one("fan_in", who).value, wanted)


@check("R1", misconception="none-is-no-item", step="hand-on-as-they-finish")
def test_any_item_any_result(play: Play) -> None:
    """Items and results such as `None`, 0, a list, or an exception that is returned are like any other."""
    results = {"a": give(None), "b": give(0), "c": give("C"), "d": give_error("E")}
    items = [[name, [wait(1 + n), result]] for n, (name, result) in enumerate(results.items())]
    values = {"a": None, "b": 0, "c": [1]}
    t = fan_out(play, items, values=values, workers=4).accepting("deadlock")
    pairs = [(None, None), (0, 0), (token("c"), token("C")), (token("d"), token("E"))]
    t.expect("pairs received", [entry["value"] for entry in t.notes("received")], pairs)
    t = fan_in(play, items, values=values).accepting("deadlock")
    sentence = "An exception that a worker returns, and does not raise, is a result like any other."
    part = SentencePart(sentence, misconception="exceptions-are-raised", step="hand-on-as-they-finish")
    t.expect_that("`fan_in`", "E" not in t.call.errors, f"{t.call.ending}, where it should return", part=part)
    t.expect("the list of `fan_in`", t.call.value, [None, 0, token("C"), token("E")])


@check("R2", misconception="a-task-for-each-item", step="one-source-for-all")
def test_workers(play: Play) -> None:
    """As many worker calls run at once as `workers` says, and never more."""
    for trial in (fan_out(play, many(7), workers=3), fan_in(play, many(7), workers=3)):
        t = trial.accepting("deadlock")
        t.expect("worker calls at once", t.most_open("work"), 3)
    t = fan_in(play, many(7), workers=3, plain=True).accepting("deadlock")
    called = [entry for entry in t.notes("called") if entry["t"] < 1]
    part = "`worker` is called only when one of the workers is free, not for several items beforehand."
    t.expect("calls of `worker` before one of them has ended", len(called), 3, part=part if len(called) > 3 else "")


@check("R2", misconception="batches", step="one-source-for-all")
def test_all_workers_busy(play: Play) -> None:
    """When a worker call ends, the next one starts at that moment."""
    for trial in (fan_out(play, THREE), fan_in(play, THREE)):
        t = trial.accepting("deadlock")
        ends = [work.end for work in t.all("work") if work.end is not None]
        starts = sorted(work.start for work in t.all("work"))
        t.expect("worker calls start at", starts, [near(0), near(0), *map(near, sorted(ends)[:1])])


@check("R2", misconception="state-of-all-calls", step="one-source-for-all", wide=True)
def test_workers_of_two_calls(play: Play) -> None:
    """Two calls at the same time have `workers` worker calls each: they do not share them."""
    for call in (fan_out, fan_in):
        t = call(play, many(3), workers=1, callers=["caller", "second"]).accepting("deadlock")
        t.expect("worker calls at once, of two calls with one worker each", t.most_open("work"), 2)


@check("R3", misconception="take-all-first", step="slow-consumer")
def test_source_stops(play: Play) -> None:
    """A consumer that stops receiving stops the source: it is not taken as a whole."""
    t = fan_out(play, many(60), receive(), busy(wait(500))).accepting("deadlock")
    expect_received(t)
    t.expect("items taken from the source, of 60", len(t.notes("taken")), at_most(30), part=too_late(t))


@check("R3", misconception="a-bit-more-buffer", step="body-stops-receiving", core=False)
def test_bound(play: Play) -> None:
    """At most `2 * workers + 2 * buffer + 1` items are taken from the source and not yet received."""
    t = fan_out(play, many(60), receive(), busy(wait(50)), workers=2, buffer=1).accepting("deadlock")
    expect_received(t)
    t.expect("items taken from the source, one of them received", len(t.notes("taken")), at_most(7 + 1))


WAITS_ON = "After the last result the iteration ends by itself. Here it waits for another one, as it does while a sending end is open."


@check("R4", misconception="receiver-sees-the-end", step="close-to-end")
def test_end(play: Play) -> None:
    """After the last result the iteration ends by itself, for an empty source at once."""
    for items, part in ((THREE, WAITS_ON), ([], "For an empty source the iteration ends at once.")):
        t = fan_out(play, items).naming(part)
        if items:
            expect_received(t)
        t.expect("ends of the iteration", len(t.notes("end")), 1)
    t = fan_out(play, THREE, each(busy(wait(5))))
    expect_received(t)
    part = "After the last result the iteration ends by itself, also for a slow consumer."
    if not t.notes("end") and any(span.how == "cancelled" for span in t.all("busy")):
        sentence = (
            "When the last worker is done, only the iteration ends: the body, which still works, is not cancelled."
        )
        part = SentencePart(sentence, misconception="end-of-work-is-end-of-block", step="close-to-end")
    t.expect("ends of the iteration, for a slow consumer", len(t.notes("end")), 1, part=part)


@check("R5", misconception="failure-is-a-result", step="one-fails-all-end")
def test_error(play: Play) -> None:
    """When a worker raises, the other workers are cancelled, and the error leaves the block."""
    t = fan_out(play, [["a", [wait(3), give("A")]], ["b", [wait(2), fail("E")]]]).accepting("deadlock")
    part = "The error of a worker leaves the block: it is not caught and forgotten."
    t.expect_that("the error", t.call.how != "returned", f"{t.call.what} returned", part=part)
    t = fan_out(play, [["a", [hang()]], ["b", [wait(2), fail("E")]]]).accepting("deadlock")
    leaves = "E" in t.call.errors  # then it is the class of the error that makes the difference
    for kind in ("KeyError", "EndOfStream", "BrokenResourceError", "TimeoutError"):
        for call in (fan_out, fan_in):
            part = f"When a worker raises `{kind}`, like any other error, the other workers are cancelled, and it leaves the block."
            t = call(play, [["a", [hang()]], ["b", [wait(2), fail("E", kind)]]]).naming(part if leaves else "")
            part = "" if leaves else "When a worker raises, the error leaves the block, whatever its class."
            t.expect_that("the error", "E" in t.call.errors, f"{t.call.what} {t.call.ending}", part=part)
            part = "When a worker raises, the other worker calls are cancelled at once."
            t.expect("the work on a was cancelled at", t.of("a").cancelled_at, near(2, within=0.05), part=part)


@check("R5", misconception="source-cannot-fail", step="one-fails-all-end")
def test_error_of_the_source(play: Play) -> None:
    """When the source raises as it is asked for an item, the error leaves the block."""
    t = fan_out(play, many(3), source_fails=[2, "E", "Fault"])
    t.expect_that("the error", "E" in t.call.errors, f"the block {t.call.ending}")


@check("R5", misconception="loop-sees-the-error", step="one-fails-all-end", core=False)
def test_error_while_the_consumer_is_busy(play: Play) -> None:
    """When a worker raises, the error leaves the block at once, also if the consumer waits for something else."""
    t = fan_out(
        play, [["a", [hang()]], ["b", [wait(2), fail("E")]], ["c", [wait(1)]]], receive(), busy(hang()), workers=3
    )
    t.expect_that("the error", "E" in t.call.errors, f"the block {t.call.ending}")


@check("R6", misconception="break-stops-the-workers", step="leave-early")
def test_break(play: Play) -> None:
    """When the body breaks out of the loop, workers are cancelled, streams are closed, and the block ends at once."""
    t = fan_out(play, [["a", [wait(1), give("A")]], ["b", [wait(90)]], ["c", [wait(9)]]], first(1), workers=3)
    expect_received(t)
    part = "When the body breaks out of the loop, the worker calls that run are cancelled, and the block ends at once."
    t.expect("the block ended at", t.call.end, near(1, within=0.05), part=part)
    part = "When the body breaks out of the loop, no stream is left open."
    t.expect("left open", t.call.left, {}, part=part)
    t = fan_out(play, [["a", [wait(1), give("A")]], ["b", [on_cancel(wait(1), give("B")), hang()]]], first(1))
    part = "A worker that returns a result although it is cancelled causes no error."
    t.expect("the block, when a worker that is cancelled returns all the same", t.call.ending, "returned", part=part)


@check("R6", misconception="broken-is-an-error", step="body-stops-receiving", core=False)
def test_close(play: Play) -> None:
    """When the body closes the stream and stays in the block, the block ends without an error."""
    t = fan_out(play, many(6), receive(), close(), busy(wait(5)))
    expect_received(t)
    t.expect("the block", t.call.ending, "returned")


@check("R7", misconception="zero-only", step="one-source-for-all")
def test_bad_arguments(play: Play) -> None:
    """`workers` below 1, or `buffer` below 0, raises a `ValueError`."""
    refused = [fan_out(play, THREE, workers=0), fan_out(play, THREE, buffer=-1)]
    for trial in (*refused, fan_in(play, THREE, workers=0), fan_in(play, [], workers=0)):
        t = trial.accepting("deadlock")
        t.expect_that("a ValueError", "ValueError" in t.call.errors, f"{t.call.what} {t.call.ending}")


@check("G1", misconception="asyncio-is-everywhere", step="hand-on-as-they-finish")
def test_both_backends(play: Play) -> None:
    """The file works on asyncio and on trio."""
    for t in (fan_out(play, THREE), fan_in(play, THREE)):
        expect_work(t)
        t.expect(t.call.what, t.call.ending, "returned")


@check("G2", misconception="streams-close-themselves", step="leave-early")
def test_nothing_left_behind(play: Play) -> None:
    """When the block has ended, no task and no stream is left."""
    t = fan_out(play, THREE)
    expect_work(t)
    t.expect_nothing_left()


@check("G3", misconception="cancellation-is-an-end", step="leave-early")
def test_cancelled_from_outside(play: Play) -> None:
    """Cancelled from outside, `fan_out` and `fan_in` end cancelled, at once."""
    for trial in (fan_out(play, THREE), fan_in(play, THREE)):
        t = trial.cancel("caller", at=2)
        expect_work(t)
        t.expect_that("cancelled from outside", t.call.how == "cancelled", f"{t.call.what} {t.call.ending}")
        part = "Cancelled from outside, the call ends at once."
        t.expect(f"{t.call.what} ended at", t.call.end, near(2), part=part)


@check("G4", misconception="blocking-is-short", step="slow-consumer")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop."""
    t = fan_out(play, many(6), each(busy(wait(2))))
    expect_work(t)
    t.expect_not_blocked()


NAMED = {
    "Abandon": "",
    "SystemExit": ", here a `SystemExit`,",
    "KeyboardInterrupt": ", here a `KeyboardInterrupt`,",
}


@check("G5", misconception="catch-everything", step="one-fails-all-end")
def test_interrupts_pass(play: Play) -> None:
    """An exception of a worker that is not an `Exception` leaves the block too."""
    for kind in play.interrupts:
        part = f"An exception of a worker that is not an `Exception`{NAMED[kind]} leaves the block too."
        t = fan_out(play, [["a", [hang()]], ["b", [wait(2), fail("stop", kind)]]]).naming(part)
        t.expect_that("`stop` should leave the block", "stop" in t.call.errors, f"it {t.call.ending}")
        part = "When an exception that is not an `Exception` leaves the block, no stream is left open."
        t.expect("left open", t.call.left, {}, part=part)
        part = f"An exception of the body that is not an `Exception`{NAMED[kind]} ends the workers and leaves the block too."
        t = fan_out(play, [["a", [wait(1), give("A")]], ["b", [hang()]]], first(1), ["fail", "stop", kind]).naming(part)
        t.expect_that("`stop` of the body should leave the block", "stop" in t.call.errors, f"it {t.call.ending}")


@check("G6", misconception="look-again-and-again", step="slow-consumer")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: waiting for a slow consumer takes no more wake-ups than for a quick one."""
    t = fan_out(play, many(6), each(busy(wait(60))))
    expect_work(t)
    t.expect("wake-ups", t.steps, at_most(400))


@check("G8", misconception="refused-too-late", step="one-source-for-all")
def test_refused_at_once(play: Play) -> None:
    """Bad arguments are refused before an item is taken from the source."""
    t = fan_out(play, THREE, workers=0).accepting("deadlock")
    t.expect_that("a bare ValueError", t.call.raised == "ValueError", f"fan_out {t.call.ending}")
    t.expect("items taken from the source", [entry["value"] for entry in t.notes("taken")], [])


@check("G9", misconception="worker-is-a-coroutine-function", step="one-source-for-all")
def test_any_callable(play: Play) -> None:
    """`worker` may be any callable that returns an awaitable."""
    t = fan_in(play, [["a", [awaitable(), wait(1), give("A")]], ["b", [wait(2), give("B")]]], plain=True)
    t.expect("the list", t.call.value, [token("A"), token("B")])
    t = fan_out(play, [["a", [at_once(), fail("E")]]], plain=True)
    part = "A worker that raises when it is called, before anything is awaited, has failed too."
    t.expect_that("an error as the worker is called", "E" in t.call.errors, f"fan_out {t.call.ending}", part=part)
