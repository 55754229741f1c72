"""Checks for your own use: run them with ``pytest exercises/m06_file_handle_tracking``. Others count, but ask the same.

A plan gives tasks their scripts: `track("alder")` tracks the resource of that name, `live()` asks what is live,
`wait(2)` sleeps two virtual seconds, `watch("w", …)` and `open_tracked("alder", "r", …)` are blocks with a body.
"""

from typing import Any

from grader import Play, RarePart, Trace, Trial, at_most, check, fail, near, verb, wait

track, untrack, live, watch = verb("track"), verb("untrack"), verb("live"), verb("watch")
open_tracked, read, read_all, drop = verb("open_tracked"), verb("read"), verb("read_all"), verb("drop")
write, close, jam, empty_the_list = verb("write"), verb("close"), verb("jam"), verb("empty_the_list")
track_elsewhere, prepare = verb("track_elsewhere"), verb("prepare")

START = 2
FILES = {name: f"text of {name}" for name in ("alder", "birch", "cedar", "dogwood", "elder")}


def alone(play: Play, *steps: Any, **more: Any) -> Trial:
    """One task that plays the steps."""
    return play(actors={"caller": [wait(START), *steps]}, **more)


def names(t: Trace, who: str = "caller") -> list[list[Any]]:
    """The names that each `live()` gave."""
    return [[leak["name"] for leak in found] for found in lists(t, who)]


def lists(t: Trace, who: str = "caller") -> list[list[Any]]:
    """What each `live()` gave; it must be a list of `Leak`s."""
    given = [span.value for span in t.all("live", who)]
    for value in given:
        fits = isinstance(value, list) and all(isinstance(leak, dict) and "name" in leak for leak in value)
        t.expect_that("what `live()` gives", fits, f"{value!r}, which is not a list of `Leak`s")
    return given


def opened(t: Trace) -> Trace:
    """A file must have been opened: else there is nothing to look at."""
    t.expect_that("files that were opened", bool(t.notes("open", "file")), "none")
    return t


@check("R1", misconception="newest-first", step="tell-them-apart")
def test_live(play: Play) -> None:
    """`live()` lists what is tracked and not yet untracked, oldest first, with the time at which it was tracked."""
    t = alone(play, track("birch"), wait(1), track("alder"), wait(1), live(), untrack("birch"), live())
    part = "`live()` lists what is tracked and not yet untracked."
    if names(t) == [["alder", "birch"], ["alder"]]:
        part = "`live()` lists the oldest first."
    t.expect("names", names(t), [["birch", "alder"], ["alder"]], part=part)
    times = [leak["opened_at"] for leak in lists(t)[0]]
    part = "`opened_at` is the time at which the resource was tracked."
    t.expect("times", times, [near(START), near(START + 1)], unit="s", part=part)
    again = [track("birch"), track("alder"), untrack("birch"), track("birch")]
    part = "What is untracked and tracked again is the newest in the list of `live()`."
    t = alone(play, *again, live())
    t.expect("names, when birch was tracked again", names(t), [["alder", "birch"]], part=part)
    part = "`live()` gives a list of its own: whoever empties it changes nothing in the tracker."
    t = alone(play, *again, empty_the_list(), live())
    t.expect("names, when somebody emptied the list that `live()` gave", names(t), [["alder", "birch"]], part=part)


@check("R1", misconception="name-is-the-resource", step="tell-them-apart")
def test_same_name(play: Play) -> None:
    """Several resources may have one name: all are listed, and untracking one leaves the other."""
    t = alone(play, track("alder", "tree"), track("birch", "tree"), live(), untrack("alder"), live())
    t.expect("names", names(t), [["tree", "tree"], ["tree"]])


@check("R1", misconception="one-tracker-for-all", step="tell-them-apart")
def test_two_trackers(play: Play) -> None:
    """A tracker lists what was tracked with it, by any task, and nothing that another tracker knows."""
    actors = {"other": [wait(1), track("alder"), track_elsewhere("birch")], "caller": [wait(START), live()]}
    t = play(actors=actors)
    t.expect("names", names(t), [["alder"]])


@check("R2", misconception="equal-is-the-same", step="tell-them-apart")
def test_identity(play: Play) -> None:
    """Equal resources are two resources, also if they cannot be hashed; what is not tracked cannot be untracked."""
    parts = {
        "same": "Equal resources are two resources: untracking one leaves the other.",
        "unhashable": "A resource that cannot be hashed is tracked like any other.",
        "empty": "A resource that is empty, and so counts as false, is tracked like any other.",
    }
    for kind, part in parts.items():
        steps = [track("alder"), wait(1), track("birch"), untrack("alder"), live(), untrack("alder"), track("birch")]
        t = alone(play, *steps, live(), kinds={"alder": kind, "birch": kind})
        t.expect("names after alder was untracked", names(t), [["birch"], ["birch"]], part=part)
        raised = [span.raised for span in t.all("untrack")]
        t.expect("raised by the first `untrack`", raised[:1], [None], part=part)
        again = "To untrack what is not tracked raises `ValueError`."
        t.expect("raised by `untrack` of what was untracked before", raised[1:], ["ValueError"], part=again)
        raised = [span.raised for span in t.all("track")]
        t.expect("raised by the first two `track`", raised[:2], [None, None], part=part)
        again = "To track what is tracked already raises `ValueError`."
        t.expect("raised by `track` of what is tracked already", raised[2:], ["ValueError"], part=again)
        steps = [track("alder", "tree"), track("birch", "tree"), untrack("alder"), untrack("birch")]
        t = alone(play, *steps, kinds={"alder": kind, "birch": kind})
        raised = [span.raised for span in t.all("untrack")]
        t.expect("raised by `untrack` of two that have one name", raised, [None, None], part=part)


@check("R3", misconception="collected-is-closed", step="keep-none-alive", core=False)
def test_collected(play: Play) -> None:
    """The tracker keeps no resource alive, and still lists one that was garbage-collected."""
    t = alone(play, track("alder"), wait(1), drop("alder"), live())
    kept = t.of("caller")[drop("alder")].value
    t.expect_that("a resource that nobody else holds", kept is False, "the tracker keeps it alive")
    t.expect("names", names(t), [["alder"]])


@check("R4", misconception="all-that-is-live", step="answer-for-a-block")
def test_watch(play: Play) -> None:
    """A block that leaves open what it tracked raises `LeakError` with the names; what was live before is not meant."""
    t = alone(play, track("alder"), wait(1), watch("w", wait(1), track("birch")), wait(1), watch("v", wait(1)))
    raised = [span.raised for span in t.all("watch")]
    part = "A block that leaves open what it tracked raises `LeakError`."
    if raised == ["LeakError", "LeakError"]:
        part = "What was tracked before the block does not count: the block raises nothing for it."
    t.expect("raised by each block", raised, ["LeakError", None], part=part)
    text = "".join(str(note["value"]) for note in t.notes("leaks"))
    named = [name for name in ("alder", "birch") if name in text]
    part = "What was tracked before the block is not named in the error."
    if "birch" not in named:
        part = "The name of what was left open is in the text of the error."
    t.expect("named in the error", named, ["birch"], part=part)


@check("R4", misconception="first-leak-is-enough", step="answer-for-a-block")
def test_names_each_leak(play: Play) -> None:
    """The error names all that was left open in the block, by whatever task."""
    actors = {
        "caller": [wait(START), watch("w", wait(0.5), track("alder"), track("birch"), wait(3))],
        "other": [wait(START + 1), track("cedar"), track("dogwood"), wait(9), track("elder")],
    }
    t = play(actors=actors, kinds={"alder": "empty"})
    t.expect("raised by the block", t.one("watch").raised, "LeakError")
    text = "".join(str(note["value"]) for note in t.notes("leaks"))
    named = [name for name in FILES if name in text]
    part = "The error names all that was left open in the block, not only some of it."
    if named == ["alder", "birch"]:
        part = "The error also names what another task tracked during the block and left open."
    t.expect("named in the error", named, ["alder", "birch", "cedar", "dogwood"], part=part)


@check("R4", misconception="counting-is-enough", step="answer-for-a-block")
def test_known_before(play: Play) -> None:
    """A block answers for what was tracked in it, also if its name, an equal resource or itself was tracked before."""
    block = watch("w", wait(1), untrack("alder"), wait(1), track("birch"))
    t = alone(play, track("alder"), wait(1), block)
    part = "A block answers for what was tracked in it, also if as much was untracked: how many are live does not say."
    happened = (
        "before the block `alder` was tracked; in the block it was untracked, and `birch` was tracked and left open"
    )
    t.expect("raised by the block", t.one("watch").raised, "LeakError", happened=happened, part=part)
    for kind, new, said, known in (
        ("plain", track("birch", "fir"), "`birch` was tracked under the name that alder had", "its name was known"),
        ("same", track("birch", "fir"), "`birch`, which equals it, was tracked", "an equal resource was tracked"),
        ("plain", track("alder", "fir"), "`alder` was tracked again", "that very resource was tracked"),
    ):
        sentence = f"A block answers for what was tracked in it, also if {known} before the block."
        part = RarePart(sentence) if "very" in known else sentence
        happened = f"before the block `alder` was tracked; in the block it was untracked, then {said} and left open"
        block = watch("w", wait(1), untrack("alder"), wait(1), new)
        t = alone(play, track("alder", "fir"), wait(1), block, kinds={"alder": kind, "birch": kind})
        t.expect("raised by the block", t.one("watch").raised, "LeakError", happened=happened, part=part)


@check("R4", misconception="watch-begins-when-called", step="answer-for-a-block")
def test_begins_at_with(play: Play) -> None:
    """The block begins at `with`: what was tracked after the call of `watch`, and before that, was live before."""
    t = alone(play, prepare("w"), wait(1), track("alder"), wait(1), watch("w", wait(1)))
    t.expect("raised by the block", t.one("watch").raised, None)


@check("R4", misconception="one-block-at-a-time", step="answer-for-a-block")
def test_blocks_of_two_tasks(play: Play) -> None:
    """Blocks of two tasks that overlap each answer for what was tracked while they ran."""
    actors = {
        "caller": [wait(START), watch("w", wait(4))],
        "other": [wait(START + 2), watch("v", wait(4))],
        "third": [wait(START + 3), track("alder")],
    }
    t = play(actors=actors)
    t.expect("raised by each block", [span.raised for span in t.all("watch")], ["LeakError", "LeakError"])


@check("R4", misconception="error-of-mine-comes-first", step="answer-for-a-block")
def test_own_exception(play: Play) -> None:
    """If the body raises, its own exception leaves the block."""
    t = alone(play, watch("w", track("alder"), wait(1), fail("E")))
    t.expect("what leaves the block", t.one("watch").raised, "E")


@check("R5", misconception="code-after-yield-runs", step="close-however-it-ends")
def test_open_tracked(play: Play) -> None:
    """`open_tracked` lists the file by its path while it is open, and gives it to the body."""
    for ending in ([], [fail("E")]):
        steps = open_tracked("alder", "r", read("alder"), live(), *ending)
        t = alone(play, steps, live(), files=FILES, relative=not ending)
        part = "`open_tracked` gives the open file to the body."
        reading = t.of("caller")[read("alder")]
        t.expect_that("reading from what the body gets", reading.how == "returned", f"it {reading.ending}", part=part)
        t.expect("the text that the body reads", reading.value, FILES["alder"], part=part)
        part = "`open_tracked` lists the file by its path while it is open."
        t.expect("names in the block", names(t)[:1], [["path of alder"]], part=part)
        part = (
            "When a block of `open_tracked` has ended, also by an error of the body, the file is not listed any more."
        )
        t.expect("names after the block", names(t)[1:], [[]], part=part)
        if ending:
            part = "An error of the body leaves the block of `open_tracked`."
            t.expect("what leaves the block", t.call.raised, "E", part=part)
    part = "`open_tracked` opens the file in the mode that it was given."
    t = alone(play, open_tracked("alder", "rb", read("alder"), close("alder")), live(), files=FILES)
    t.expect("text in mode rb", t.of("caller")[read("alder")].value, repr(FILES["alder"].encode()), part=part)
    part = "A file that the body has closed itself is not listed after the block."
    t.expect("names after the block", names(t), [[]], part=part)


@check("R5", misconception="opened-means-tracked", step="close-however-it-ends")
def test_not_opened(play: Play) -> None:
    """A file that cannot be opened is not tracked, and the error leaves."""
    t = alone(play, open_tracked("yew", "r", wait(1)), live(), files=FILES)
    t.expect("names", names(t), [[]])
    seen = f"{t.call.ending}, where FileNotFoundError should leave it"
    t.expect_that("open_tracked", "FileNotFoundError" in t.call.errors, seen)


@check("R5", misconception="name-is-the-resource", step="close-however-it-ends")
def test_one_file_opened_twice(play: Play) -> None:
    """A file that is open twice is listed twice, and closing one leaves the other."""
    inner = open_tracked("alder", "r", live())
    t = alone(play, open_tracked("alder", "r", inner, live()), live(), files=FILES)
    t.expect("names", names(t), [["path of alder", "path of alder"], ["path of alder"], []])


@check("R5", misconception="cleanup-cannot-fail", step="close-however-it-ends")
def test_closing_fails(play: Play) -> None:
    """If closing the file fails, its error leaves the block, and the file is no longer listed."""
    t = alone(play, open_tracked("alder", "w", write("alder", "new"), jam("alder"), wait(1)), live(), files=FILES)
    t.expect("names", names(t), [[]])
    block = t.one("open_tracked")
    seen = f"{block.ending}, where the OSError of closing should leave it"
    t.expect_that("open_tracked", "OSError" in block.errors, seen)


@check("R5", misconception="await-in-finally", step="close-however-it-ends")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled at any moment, also while opening or closing, the file is closed and no longer listed."""
    actors = {"caller": [wait(START), open_tracked("alder", "r", wait(1))], "eye": [wait(START + 20), live()]}
    for t in play(actors=actors, files=FILES, seconds={"alder": [1, 1, 1]}).cancelled("caller"):
        part = "Cancelled at any moment, also while opening or closing, the file is no longer listed."
        t.expect("names", names(t, "eye"), [[]], part=part)
        files = [[note["value"] for note in t.notes(what, "file")] for what in ("open", "close")]
        part = "Cancelled at any moment, also while opening or closing, the file is closed."
        t.expect("files closed, as they were opened", files[1], files[0], part=part)


@check("R6", misconception="await-in-finally", step="close-however-it-ends")
def test_closed(play: Play) -> None:
    """The file is closed when the block has ended, also in a task that is cancelled."""
    plain = alone(play, open_tracked("alder", "r", wait(1)), files=FILES)
    cancelled = alone(play, open_tracked("alder", "r", wait(30)), files=FILES).cancel("caller", at=START + 5)
    for t in (plain, cancelled):
        t.expect("files closed", [note["value"] for note in t.notes("close", "file")], ["alder"])
    cancelled.expect("the body was cancelled at", cancelled.one("open_tracked").cancelled_at, near(START + 5))


@check("R7", misconception="batches-are-parallel", step="limit-what-is-open", core=False)
def test_read_all(play: Play) -> None:
    """`read_all` gives the texts in the order of the paths, and keeps just `limit` files open while that many wait."""
    seconds = {name: [0, time, 0] for name, time in zip(FILES, (4, 1, 2.5, 1.7, 3.1), strict=True)}
    for t in alone(play, read_all(list(FILES), 2), live(), files=FILES, seconds=seconds).orders(4):
        part = "`read_all` gives the texts in the order of the paths."
        t.expect("texts", t.call.value, list(FILES.values()), part=part)
        changes = [(n["order"], 1) for n in t.notes("open", "file")] + [
            (n["order"], -1) for n in t.notes("close", "file")
        ]
        now = [sum(change for order, change in changes if order <= moment) for moment, _ in changes]
        most = max(now, default=0)
        part = "`read_all` has at most `limit` files open at once."
        t.expect("most files that were open at once", most, at_most(2), part=part)
        part = "`read_all` has `limit` files open at once while that many wait to be read."
        t.expect("most files that were open at once", most, 2, part=part)
        t.expect("names afterwards", names(t), [[]], part="When `read_all` has ended, no file of it is listed.")


@check("R7", misconception="limit-checks-itself", step="limit-what-is-open", core=False)
def test_bad_limit(play: Play) -> None:
    """A `limit` below 1 is a `ValueError`."""
    t = alone(play, read_all(list(FILES), 0), files=FILES)
    t.expect("raised", t.call.raised, "ValueError")


@check("G1", misconception="asyncio-is-everywhere", step="close-however-it-ends")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""

    def run(on: Play) -> Trial:
        return alone(on, open_tracked("alder", "r", live()), live(), files=FILES)

    opened(play.expect_portable("names inside and after", run, names, [["path of alder"], []]))


@check("G2", misconception="collector-closes", step="close-however-it-ends")
def test_nothing_left(play: Play) -> None:
    """When a block has ended, by return or by an error, no file and no task of it is left."""
    for ending in ([], [fail("E")]):
        opened(alone(play, open_tracked("alder", "r", wait(1), *ending), files=FILES)).expect_nothing_left()


@check("G3", misconception="errors-are-mine-to-handle", step="close-however-it-ends")
def test_cancelled(play: Play) -> None:
    """A block that is cancelled from outside ends cancelled, also if something was left open in it."""
    for block in (open_tracked("alder", "r", wait(30)), watch("w", track("birch"), wait(30))):
        t = alone(play, block, files=FILES).cancel("caller", at=START + 5)
        if block[0] == "open_tracked":
            opened(t)
        more = ", also if something was left open in it" if block[0] == "watch" else ""
        part = f"A block of `{block[0]}` that is cancelled from outside is left by that{more}."
        t.expect_that("cancelled from outside", t.call.how == "cancelled", f"{t.call.what} {t.call.ending}", part=part)


@check("G4", misconception="blocking-is-short", step="close-however-it-ends")
def test_never_blocks(play: Play) -> None:
    """Opening and closing a file does not block the event loop."""
    t = opened(alone(play, open_tracked("alder", "r", wait(1)), files=FILES))
    t.expect_not_blocked()
    part = "A file is closed in a worker thread, as `await file.aclose()` does it: `close` blocks the event loop."
    for closed in t.notes("close", "file")[:1]:
        by_thread = any(note["order"] > closed["order"] for note in t.notes("thread"))  # it tells afterwards
        t.expect_that("closing the file", by_thread, "it was closed in the event loop's own thread", part=part)


@check("G5", misconception="catch-everything", step="answer-for-a-block")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is not an `Exception` leaves a block like any other."""
    for block in (
        open_tracked("alder", "r", fail("stop", "Abandon")),
        watch("w", track("birch"), fail("stop", "Abandon")),
    ):
        t = alone(play, block, files=FILES)
        if block[0] == "open_tracked":
            opened(t)
        seen = f"{t.call.ending}, where `stop`, which the body raised, should leave it"
        t.expect_that(t.call.what, "stop" in t.call.errors, seen)
        if block[0] == "open_tracked":
            t.expect("files closed", [note["value"] for note in t.notes("close", "file")], ["alder"])
