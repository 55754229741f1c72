"""Hidden checks of m06: the rules of every exercise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grader import Play, Trace, at_most, check, fail, wait

from .plans import (
    ENDINGS,
    FILE,
    MANY,
    START,
    TEXTS,
    alone,
    bad_file,
    block_of,
    expect_closed,
    expect_live,
    live,
    names,
    observed,
    opened,
    opened_files,
    path_of,
    read,
    read_all,
    texts_of,
    times,
    track,
    undisturbed,
    untrack,
    watch,
    write,
)


# -- rules for every exercise ----------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="close-however-it-ends")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""
    steps = [track("alder"), wait(1), live(), watch("w", track("birch"), wait(1)), live()]
    expect_portable(play, steps, [[["alder"], ["alder", "birch"]], ["returned", "returned", "raised"], []])
    steps = [opened("alder", "r", wait(1), read("alder"), live()), live()]
    expect_portable(play, steps, [[[path_of("alder")], []], ["returned"], []])


@check("G1", misconception="asyncio-is-everywhere", step="limit-what-is-open", core=False)
def test_read_all_on_both_backends(play: Play) -> None:
    """What `read_all` does on one of asyncio and trio, it does on the other."""
    expect_portable(play, [read_all(MANY, 2)], [[], ["returned"], [TEXTS[name] for name in MANY]])
    expect_portable(play, [read_all(["alder", "yew"], 2)], [[], ["raised"], []])


def expect_portable(play: Play, steps: Sequence[Any], wanted: Sequence[Any]) -> None:
    """Expect what is wanted of these steps if it is so on the other backend: live files, endings and texts."""
    mine = play.expect_portable(
        "what is live, how the calls ended, and the texts",
        lambda on: alone(on, *steps, files=TEXTS),
        live_and_texts,
        wanted,
    )
    if steps[0][0] in ("open_tracked", "read_all"):
        opened_files(mine)
    for call in mine.calls("track") + mine.calls("live"):
        mine.expect_that(call.what, call.how == "returned", call.ending)


def live_and_texts(t: Trace) -> list[Any]:
    """What is live at the end, how the calls ended, and what `read_all` returned."""
    endings = [call.how for call in t.calls() if call.what != "live"]
    texts = [text for call in t.all("read_all") if call.how == "returned" for text in texts_of(t, call)]
    return [names(t), endings, texts]


@check("G2", misconception="collector-closes", step="close-however-it-ends")
def test_nothing_left_behind(play: Play) -> None:
    """When a block has ended, however it ended, no task, stream, file or lock of it is left."""
    for ending in ENDINGS.values():
        opened_files(alone(play, opened("alder", "r", wait(1), *ending), files=FILE)).expect_nothing_left()
        t = alone(play, watch("w", track("birch"), wait(1), *ending))
        t.one("track")
        t.expect_nothing_left()
    for t in observed(play, opened("alder", "r", wait(1)), seconds={"alder": [1, 1, 1]}).cancelled("caller", limit=6):
        if undisturbed(t):
            opened_files(t)
        t.expect_nothing_left()


@check("G2", misconception="collector-closes", step="limit-what-is-open", core=False)
def test_read_all_leaves_nothing_behind(play: Play) -> None:
    """When `read_all` has ended, however it ended, no task, stream, file or lock of it is left."""
    opened_files(alone(play, read_all(MANY, 2), files=TEXTS, seconds=times(play)), *MANY).expect_nothing_left()
    for bad in ("yew", "rowan"):
        bad_file(play, bad, 2).expect_nothing_left()
    seconds = times(play, opening=0.3, closing=0.4)
    for t in observed(play, read_all(MANY[:3], 2), files=TEXTS, seconds=seconds).cancelled("caller", limit=8):
        t.expect_nothing_left()


@check("G3", misconception="error-of-mine-comes-first", step="answer-for-a-block")
def test_cancelled_block(play: Play) -> None:
    """A block that is cancelled from outside ends cancelled, and not by a `LeakError`."""
    for steps in ([wait(30)], [track("alder"), wait(30)]):
        trial = alone(play, watch("w", *steps))
        for t in (trial.cancel("caller", at=START + 5), trial.within("caller", START + 5)):
            t.expect_cancelled(t.one("watch", "caller"))
            for span in t.all("track"):
                t.expect_that("track", span.how == "returned", span.ending)


@check("G3", misconception="errors-are-mine-to-handle", step="close-however-it-ends")
def test_cancelled_with_an_open_file(play: Play) -> None:
    """Cancelled from outside, the block of `open_tracked` ends cancelled."""
    t = opened_files(observed(play, opened("alder", "r", wait(30))).cancel("caller", at=START + 5))
    t.expect_cancelled(t.one("open_tracked", "caller"))
    for t in observed(play, opened("alder", "r", wait(1)), seconds={"alder": [1, 1, 1]}).cancelled("caller", limit=8):
        t.expect_cancellation_passes()


@check("G3", misconception="cancellation-is-an-exception", step="limit-what-is-open", core=False)
def test_read_all_cancelled(play: Play) -> None:
    """Cancelled from outside, `read_all` opens no further file and gives no texts."""
    seconds = times(play, opening=0.3, closing=0.2)
    for moment in (0.1, 0.4):
        t = observed(play, read_all(MANY, 2), files=TEXTS, seconds=seconds).cancel("caller", at=START + moment)
        opened_files(t)
        if (t.one("read_all").end or t.time) < START + moment:
            continue  # no work of it takes time
        t.expect_cancelled(t.one("read_all", "caller"))
        late = [n["value"] for n in t.notes("open", "file") if n["t"] > START + moment + 0.01]
        t.expect("opened after the cancellation", late, [])
    for t in observed(play, read_all(MANY[:3], 2), files=TEXTS, seconds=seconds).cancelled("caller", limit=8):
        t.expect_cancellation_passes()


def expect_in_threads(t: Trace) -> None:
    """Expect that files are opened and closed in worker threads: after that the thread tells what it did."""
    opened_files(t).expect_not_blocked()
    whats = {n["order"]: n["what"] for what in ("open", "close", "thread") for n in t.notes(what)}
    for order, what in sorted(whats.items()):
        while whats.get(order) in ("open", "close"):
            order += 1  # noqa: PLW2901
        doing = {"open": "opened", "close": "closed"}.get(what)
        t.expect_that("opening and closing", order in whats, f"a file is {doing} by a call that blocks the event loop")


@check("G4", misconception="blocking-is-short", step="close-however-it-ends")
def test_files_in_threads(play: Play) -> None:
    """Opening and closing a file does not block the event loop."""
    for ending in ENDINGS.values():
        t = alone(play, opened("alder", "w", write("alder", "new"), *ending), files=FILE, seconds={"alder": [1, 1, 1]})
        expect_in_threads(t)
    t = alone(play, track("alder"), watch("w", track("birch"), wait(1)), untrack("alder"))
    t.expect("times that `track` was called", len(t.all("track")), 2)
    t.expect_not_blocked()


@check("G4", misconception="blocking-is-short", step="limit-what-is-open", core=False)
def test_reading_in_threads(play: Play) -> None:
    """Nothing that `read_all` does with a file blocks the event loop."""
    t = alone(play, read_all(MANY, 3), files=TEXTS, seconds=times(play))
    expect_in_threads(t)
    if t.call.how == "returned":
        used = sum(entry["value"][0] in ("use", "other") for entry in t.notes("thread"))
        t.expect_that("reading", used >= len(MANY), "a file is read by a call that blocks the event loop")
    bad_file(play, "yew", 2).expect_not_blocked()


@check("G5", misconception="catch-everything", step="answer-for-a-block")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is not an `Exception` leaves a block like any other: no `LeakError` takes its place."""
    for steps in ([], [track("alder"), wait(1)]):
        t = alone(play, watch("w", *steps, fail("stop", "Abandon")))
        for span in t.all("track"):
            t.expect_that("track", span.how == "returned", span.ending)
        t.expect("what leaves the block", t.one("watch").raised, "stop")


@check("G5", misconception="catch-everything", step="close-however-it-ends")
def test_interrupted_with_an_open_file(play: Play) -> None:
    """An exception that is not an `Exception` leaves the block of `open_tracked`; the file is closed and not listed."""
    t = opened_files(alone(play, opened("alder", "r", wait(1), fail("stop", "Abandon")), live(), files=FILE))
    seen = f"{block_of(t).ending}, where `stop`, which the body raised, should leave it"
    part = "An exception that is not an `Exception` leaves the block of `open_tracked`."
    t.expect_that("open_tracked", "stop" in block_of(t).errors, seen, part=part)
    expect_live(t, [], part="When the body has raised what is not an `Exception`, the file is no longer listed.")
    expect_closed(t, block_of(t), "When the body has raised what is not an `Exception`, the file is closed.")


@check("G6", misconception="look-again-and-again", step="limit-what-is-open", core=False)
def test_no_busy_waiting(play: Play) -> None:
    """Tasks sleep until something happens: waiting twenty times as long takes `read_all` no more wake-ups."""
    seconds = times(play, opening=0.3, closing=0.2)
    quick, slow = (
        alone(play, read_all(MANY, 2), files=TEXTS, seconds={n: [s * x for s in v] for n, v in seconds.items()})
        for x in (1, 20)
    )
    before, after = opened_files(quick, *MANY).call.steps, opened_files(slow, *MANY).call.steps
    slow.expect("wake-ups when all takes twenty times as long", after, at_most(before + 20))
