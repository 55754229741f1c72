"""Hidden checks of m12: bad arguments, and the rules of every exercise."""

from __future__ import annotations

from collections.abc import Iterator

from grader import (
    Play,
    Trace,
    at_most,
    at_once,
    awaitable,
    check,
    cleanup,
    fail,
    give,
    leaves_of,
    on_cancel,
    token,
    wait,
)

from .plans import (
    WORK,
    busy,
    each,
    expect_all_ended,
    expect_cut,
    expect_received,
    expect_results,
    expect_work,
    failed_at,
    first,
    gather,
    in_some_order,
    inside,
    jobs,
    left_at,
    many,
    out,
    over,
    pairs,
    receive,
    received,
)


# -- R7: bad arguments -----------------------------------------------------------------------------------------------
def refusals(play: Play) -> Iterator[tuple[str, Trace]]:
    """Calls with arguments that must be refused, each after what is wrong with them."""
    for workers in (0, -play.pick(1, 9)):
        yield "`workers` below 1", out(play, jobs(play, 3), workers=workers).accepting("deadlock")
        yield "`workers` below 1", gather(play, jobs(play, 3), workers=workers).accepting("deadlock")
        empty = gather(play, [], workers=workers).accepting("deadlock")
        yield "`workers` below 1, also for an empty source,", empty
    yield "`buffer` below 0", out(play, jobs(play, 3), workers=2, buffer=-play.pick(1, 9)).accepting("deadlock")


@check("R7", misconception="zero-only", step="one-source-for-all")
def test_bad_arguments(play: Play) -> None:
    """`workers` below 1, or `buffer` below 0, raises a `ValueError`."""
    for words, t in refusals(play):
        part = f"{words} raises a `ValueError`."
        t.expect_that("a ValueError", "ValueError" in t.call.errors, f"{t.call.what} {t.call.ending}", part=part)


@check("G8", misconception="refused-too-late", step="one-source-for-all")
def test_refused_before_anything_starts(play: Play) -> None:
    """Bad arguments are refused before anything starts: no work begins, and the `ValueError` is not in a group."""
    for words, t in refusals(play):
        part = "Bad arguments are refused before any work begins."
        t.expect("items whose work began", [entry["value"] for entry in t.notes("called")], [], part=part)
        if t.call.what == "fan_out":  # `fan_in` may take the whole source at once
            part = "Bad arguments are refused before an item is taken from the source."
            t.expect("items taken from the source", [entry["value"] for entry in t.notes("taken")], [], part=part)
        part = f"{words} raises a `ValueError`."
        if "ValueError" in t.call.errors:
            part = "The `ValueError` for bad arguments is not in a group."
        t.expect_that("a bare ValueError", t.call.raised == "ValueError", f"{t.call.what} {t.call.ending}", part=part)
        part = "Bad arguments are refused before the body begins."
        t.expect("times that the body began", len(t.notes("leaves")), 0, part=part)


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="hand-on-as-they-finish")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""
    items = [["a", [wait(3), give("A")]], ["b", [wait(1), give("B")]], ["c", [wait(1), give("C")]]]
    by_out = [[(token(i), token(i.upper())) for i in "bca"], "returned"]
    by_in = [[token("A"), token("B"), token("C")], "returned"]
    for call, wanted in ((out, by_out), (gather, by_in)):
        t = play.expect_portable(
            "what it gave, and how it ended",
            lambda on, call=call: call(on, items).accepting("deadlock"),
            lambda t: [received(t) if t.call.what == "fan_out" else t.call.value, t.call.how],
            wanted,
        )
        expect_work(t)


@check("G2", misconception="streams-close-themselves", step="leave-early")
def test_nothing_left_behind(play: Play) -> None:
    """When a block or `fan_in` ends, with the last result or with an error, no task and no stream is left."""
    good, bad = jobs(play, 5), [*jobs(play, 2), ["bad", [wait(2), fail("E")]], *many(3, wait(1))]
    for workers, items in ((1, good), (3, bad), (8, good)):
        for call in (out, gather):
            t = call(play, items, workers=workers)
            expect_work(t)
            t.expect_nothing_left()


@check("G2", misconception="streams-close-themselves", step="leave-early", core=False)
def test_nothing_left_when_cancelled(play: Play) -> None:
    """When a block or `fan_in` is cancelled, at whatever moment, no task and no stream is left."""
    items = [["a", [wait(1)]], ["b", [cleanup(wait(1)), wait(2)]], ["c", [wait(3)]]]
    for call, limit in ((out, 6), (gather, 4)):
        for t in call(play, items, workers=2).cancelled("caller", limit=limit):
            if not t.notes("cancel"):
                expect_work(t)
            t.expect_nothing_left()


@check("G3", misconception="cancellation-is-an-end", step="leave-early")
def test_cancelled_from_outside(play: Play) -> None:
    """Cancelled from outside, `fan_out` and `fan_in` cancel all worker calls at once, and end cancelled themselves."""
    items = [["a", [wait(1)]], ["b", [wait(60)]], ["c", [cleanup(wait(2)), wait(60)]], *many(3, wait(60))]
    consumers = ([each()], [receive(), busy(wait(60))], [inside(each())])
    trials = [out(play, items, *consumer, workers=3).cancel("caller", at=2.5) for consumer in consumers]
    trials += [gather(play, items, workers=3).cancel("caller", at=2.5)]
    trials += [call(play, items, workers=2).within("caller", 2.5) for call in (out, gather)]
    for t in trials:
        expect_work(t)
        expect_cut(t, 2.5, f"When {t.call.what} is cancelled from outside,")
        t.expect_cancelled(part=f"When {t.call.what} is cancelled from outside, it ends cancelled itself.")
        part = f"When {t.call.what} is cancelled from outside, it ends when the cancelled worker calls have cleaned up."
        t.expect(f"{t.call.what} ended at", t.call.end, over(t, 2.5), part=part)


@check("G3", misconception="shield-everything", step="leave-early")
def test_cancellation_passes_at_every_step(play: Play) -> None:
    """Cancelled from outside at any moment, the call ends at once and does not go on."""
    items = [["a", [wait(1)]], ["b", [wait(2.3)]], ["c", [wait(1.1)]]]
    trials = (out(play, items, each(busy(wait(1.6))), workers=2), gather(play, items, workers=2))
    for trial, limit in zip(trials, (11, 6), strict=True):
        for t in trial.cancelled("caller", limit=limit):
            if not t.notes("cancel"):
                expect_work(t)
            t.expect_cancellation_passes(jobs="work")
            for entry in t.notes("cancel"):
                part = "Cancelled from outside at any moment, the call ends at once."
                t.expect(f"{t.call.what} ended at", t.call.end, at_most(entry["t"] + 0.05), part=part)


@check("G4", misconception="blocking-is-short", step="slow-consumer")
def test_never_blocks(play: Play) -> None:
    """Nothing blocks the event loop, neither while workers wait for the consumer nor while it waits for them."""
    items = [*jobs(play, 5), *many(5, wait(1))]
    trials = [out(play, items, each(busy(wait(0.7))), workers=3), gather(play, items, workers=3)]
    for t in trials:
        expect_work(t)
        t.expect_not_blocked()
    t = out(play, items, first(2), workers=3, buffer=2)
    expect_received(t, 2)
    t.expect_not_blocked()


@check("G5", misconception="catch-everything", step="one-fails-all-end")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is not an `Exception` leaves the call, be it raised by a worker, the source or the consumer, and nothing is left."""
    for kind in (*play.interrupts, "BaseExceptionGroup"):
        items = [["a", [wait(1)]], ["b", [wait(2), fail("stop", kind)]], ["c", [wait(60)]]]
        trials = [("a worker", call(play, items, workers=2)) for call in (out, gather)]
        plan = {"source_fails": [2, "stop", kind]}
        trials += [("the source", call(play, many(3, wait(1)), **plan)) for call in (out, gather)]
        trials += [("the consumer", out(play, WORK, first(1), ["fail", "stop", kind], workers=3))]
        for who, t in trials:
            left = leaves_of("stop", kind)[0] in t.call.errors
            part = f"{kind}, which is not an `Exception`, leaves the call when {who} raises it."
            t.expect_that("the call", left, f"{t.call.what} {t.call.ending}, where {kind} should leave it", part=part)
            moment = failed_at(t)
            after = f"When {who} raises {kind}, which is not an `Exception`,"
            expect_cut(t, left_at(t) if moment is None else moment, after)
            expect_all_ended(t, f"When {kind}, which is not an `Exception`, has left the call,")


@check("G5", misconception="catch-everything", step="one-fails-all-end")
def test_interrupts_pass_beside_errors(play: Play) -> None:
    """An exception that is not an `Exception` leaves the call, also if another worker then raises an error as it is cancelled."""
    items = [["a", [on_cancel(fail("E")), wait(60)]], ["b", [wait(2), fail("stop", "Abandon")]], ["c", [wait(60)]]]
    for call in (out, gather):
        t = call(play, items, workers=2)
        t.expect_that("`stop` should leave the call", "stop" in t.call.errors, f"{t.call.what} {t.call.ending}")


@check("G6", misconception="look-again-and-again", step="slow-consumer")
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: waiting forty times as long takes no more wake-ups."""

    def play_at(scale: float) -> list[Trace]:
        items = [[f"i{number}", [wait(scale * (1 + number / 7))]] for number in range(6)]
        trials: list[Trace] = [
            out(play, items, workers=2),
            out(play, items, each(busy(wait(3 * scale))), workers=2),
            gather(play, items, workers=2),
        ]
        for t in trials:
            expect_work(t)
        return trials

    for quick, slow in zip(play_at(1.0), play_at(40.0), strict=True):
        slow.expect("wake-ups when all takes forty times as long", slow.steps, at_most(quick.steps + 20))


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
    """A `worker` that raises when it is called, before anything is awaited, has failed too: its error leaves the call."""
    items = [["a", [wait(9)]], ["b", [at_once(), fail("E")]], ["c", [wait(1)]]]
    for call in (out, gather):
        t = call(play, items, workers=2, plain=True)
        t.expect_that("the error", "E" in t.call.errors, f"{t.call.what} {t.call.ending}, where E should leave it")
