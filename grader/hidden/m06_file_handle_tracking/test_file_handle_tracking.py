"""Hidden checks of m06: what `LeakTracker`, `open_tracked` and `read_all` promise."""

from collections.abc import Mapping, Sequence
from typing import Any

from grader import (
    CheckFailed,
    Play,
    Trace,
    Trial,
    at_most,
    cancel,
    check,
    fail,
    near,
    note,
    verb,
    wait,
)

track, untrack, live, drop, reuse = (verb(word) for word in ("track", "untrack", "live", "drop", "reuse"))
watch, prepare = verb("watch"), verb("prepare")
opened, read, write, jam = (verb(word) for word in ("open_tracked", "read", "write", "jam"))
contents, read_all, close = verb("contents"), verb("read_all"), verb("close")
track_elsewhere, empty_the_list = verb("track_elsewhere"), verb("empty_the_list")

START = 3.7
LATE = 500.0
"""When everything else is over."""
TREES = ["alder", "birch", "cedar", "dogwood", "elder", "fir"]
TEXTS = {name: f"text of {name}" for name in TREES}
FILE = {"alder": "text of alder"}
MANY = TREES[:5]
ENDINGS = {"returns": [wait(1)], "raises": [wait(1), fail("E1")], "raises at once": [fail("E2", "RuntimeError")]}


# -- runs --------------------------------------------------------------------------------------------------------------
def alone(play: Play, *steps: Any, **more: Any) -> Trial:
    """One task that plays the steps."""
    return play(actors={"caller": [wait(START), *steps]}, **more)


def observed(play: Play, *steps: Any, **more: Any) -> Trial:
    """One task that plays the steps, and another that looks at what is live when all is over."""
    plan = {"files": FILE, **more}
    return play(actors={"caller": [wait(START), *steps], "observer": [wait(LATE), live()]}, **plan)


# -- what is read from them --------------------------------------------------------------------------------------------
def lists(t: Trace, who: str = "caller") -> list[list[Mapping[str, Any]]]:
    """What each `live()` gave, as dicts of ``name`` and ``opened_at``."""
    found = []
    for span in t.all("live", who):
        value = span.value
        fits = isinstance(value, list) and all(isinstance(entry, dict) and "name" in entry for entry in value)
        t.expect_that("what `live()` gives", fits, f"{value!r}, which is no list of `Leak`s")
        found.append(value)
    return found


def names(t: Trace, who: str = "caller") -> list[list[Any]]:
    """The names that each `live()` gave."""
    return [[entry["name"] for entry in found] for found in lists(t, who)]


def expect_live(t: Trace, *wanted: Sequence[str], who: str = "caller") -> None:
    """Expect those names of each `live()`, one after the other."""
    t.expect("live", names(t, who), [list(found) for found in wanted])


def expect_leaks(t: Trace, *wanted: str, others: Sequence[str] = (), who: str = "caller") -> None:
    """Expect a `LeakError` out of the first `watch` of that actor, with those names and none of the others.

    Without wanted names no error is expected.
    """
    block = t.one("watch", who)
    if not wanted:
        t.expect_that("a block that left nothing open", block.how == "returned", f"it {block.ending}")
        return
    t.expect_that(f"LeakError wanted, for {', '.join(wanted)}", block.raised == "LeakError", f"it {block.ending}")
    text = "".join(str(entry["value"]) for entry in t.notes("leaks", who)[:1])
    t.expect("named in the error", [name for name in wanted if name in text], list(wanted))
    t.expect("named in the error, but not left open by the block", [name for name in others if name in text], [])


def path_of(name: str) -> str:
    """How the scene tells the path of a file."""
    return f"path of {name}"


def block_of(t: Trace) -> Any:
    """The first `open_tracked` block of the caller."""
    return t.one("open_tracked", "caller")


def texts_of(t: Trace, call: Any) -> list[Any]:
    """The texts that a `read_all` gave; what is not a list of them fails the subject."""
    value = call.value
    t.expect_that("what `read_all` gives", isinstance(value, list), f"{value!r}, which is not a list")
    return list(value)


def opened_files(t: Trace, *names: str) -> Trace:
    """Fail the subject unless those files were opened, or any file if none is named: else there is nothing to look at."""
    seen = {entry["value"] for entry in t.notes("open", "file")}
    t.expect_that("files that were opened", bool(seen), "none")
    t.expect("files that were never opened", [name for name in names if name not in seen], [])
    return t


def undisturbed(t: Trace) -> bool:
    """Whether nobody was cancelled."""
    return not t.notes("cancel")


def expect_closed(t: Trace, before: Any) -> None:
    """Expect that each file that was opened was closed by the time that span ended, and not by the collector."""
    if undisturbed(t):
        opened_files(t)
    expect_closed_if_opened(t, before)


def expect_closed_if_opened(t: Trace, before: Any) -> None:
    """Expect the same, and not that any file was opened."""
    opens, closes = (t.notes(what, "file") for what in ("open", "close"))
    for name in dict.fromkeys(entry["value"] for entry in opens):
        count = sum(entry["value"] == name for entry in opens)
        closed = sum(entry["value"] == name and entry["order"] < before.finished for entry in closes)
        t.expect_that(
            f"{name} closed when {before.what} had ended",
            closed == count,
            "it was not" if count == 1 else "not each time",
        )


def expect_untracked(t: Trace) -> None:
    """Expect that nothing is live when all is over."""
    expect_live(t, [], who="observer")


# -- R1: what is live --------------------------------------------------------------------------------------------------
@check("R1", misconception="clock-of-the-wall", step="tell-them-apart")
def test_name_and_time(play: Play) -> None:
    """`live()` lists what is tracked, with its name and the time at which it was tracked, oldest first."""
    order = play.shuffled(TREES[:4])
    steps: list[Any] = []
    wanted, now = [], START
    for name, pause in zip(order, play.draw(4), strict=True):
        wanted.append({"name": name, "opened_at": near(now)})
        steps += [track(name), wait(pause)]
        now += pause
    t = alone(play, *steps, live(), wait(2), live())
    for found in lists(t):
        t.expect("names, oldest first", [entry["name"] for entry in found], order)
        t.expect("name and time", found, wanted)


@check("R1", misconception="newest-first", step="tell-them-apart")
def test_untracked_is_gone(play: Play) -> None:
    """What was untracked is no longer listed; the others stay, in their order."""
    a, b, c, d = play.shuffled(TREES[:4])
    steps = [live()]
    for name in (a, b, c, d):
        steps += [track(name), wait(1)]
    t = alone(play, *steps, untrack(b), live(), wait(1), untrack(a), untrack(d), live(), untrack(c), live())
    expect_live(t, [], [a, c, d], [c], [])


@check("R1", misconception="looked-up-when-asked", step="tell-them-apart")
def test_tracked_again(play: Play) -> None:
    """What was untracked and is tracked again is the newest, with its new name and time."""
    t = alone(
        play, track("alder"), wait(1), track("birch"), wait(1), untrack("alder"), wait(1), track("alder", "fir"), live()
    )
    wanted = [{"name": "birch", "opened_at": near(START + 1)}, {"name": "fir", "opened_at": near(START + 3)}]
    t.expect("name and time", lists(t)[0], wanted)


@check("R1", misconception="name-is-the-resource", step="tell-them-apart")
def test_same_name(play: Play) -> None:
    """Several resources may have one name: all are listed, and untracking one leaves just the others."""
    steps = [track("alder", "tree"), wait(1), track("birch", "tree"), wait(1), track("cedar", "tree"), wait(1)]
    t = alone(play, *steps, live(), untrack("birch"), live(), untrack("alder"), untrack("cedar"), live())
    expect_live(t, ["tree"] * 3, ["tree"] * 2, [])
    t.expect("tracked at", [entry["opened_at"] for entry in lists(t)[1]], [near(START), near(START + 2)])
    t = alone(play, track("alder", "tree"), track("birch", "tree"), live(), untrack("alder"), live())
    expect_live(t, ["tree"] * 2, ["tree"])


@check("R1", misconception="truth-is-presence", step="tell-them-apart")
def test_empty_resource(play: Play) -> None:
    """A resource that is false in a condition, such as an empty buffer, is listed and untracked like any other."""
    kinds = dict.fromkeys(("alder", "birch"), "empty")
    t = alone(play, track("alder"), wait(1), track("birch"), live(), untrack("alder"), live(), kinds=kinds)
    expect_live(t, ["alder", "birch"], ["birch"])


@check("R1", misconception="only-my-task", step="tell-them-apart")
def test_all_tasks_see_the_same(play: Play) -> None:
    """What one task tracked, every task finds in the list and may untrack."""
    actors = {
        "caller": [wait(1), track("alder"), wait(2), track("cedar"), wait(2), live()],
        "other": [wait(2), track("birch"), wait(2), live(), untrack("alder")],
    }
    t = play(actors=actors)
    expect_live(t, ["alder", "birch", "cedar"], who="other")
    expect_live(t, ["birch", "cedar"])


@check("R1", misconception="one-tracker-for-all", step="tell-them-apart")
def test_two_trackers(play: Play) -> None:
    """A tracker lists what was tracked with it, and nothing that another tracker knows."""
    t = alone(play, track("alder"), track_elsewhere("birch"), live(), track("birch"), untrack("alder"), live())
    expect_live(t, ["alder"], ["birch"])


@check("R1", misconception="the-list-is-mine", step="tell-them-apart")
def test_list_changed_by_the_caller(play: Play) -> None:
    """Whoever empties the list that `live()` gave takes nothing off the tracker."""
    t = alone(play, track("alder"), wait(1), track("birch"), empty_the_list(), live(), untrack("alder"), live())
    expect_live(t, ["alder", "birch"], ["birch"])


# -- R2: by identity ---------------------------------------------------------------------------------------------------
@check("R2", misconception="equal-is-the-same", step="tell-them-apart")
def test_equal_resources(play: Play) -> None:
    """Two resources that are equal, hashable or not, are two resources: each is tracked and untracked for itself."""
    for kind in ("same", "unhashable"):
        first, second = play.shuffled(["alder", "birch"])
        steps = [track("alder"), wait(1), track("birch"), live(), untrack(first), live(), untrack(second), live()]
        t = alone(play, *steps, kinds=dict.fromkeys(("alder", "birch"), kind))
        t.expect("live", names(t), [["alder", "birch"], [second], []])
        for step in (track("birch"), untrack(first)):
            seen = t.of("caller")[step]
            t.expect_that(f"{seen.what} of a resource equal to another", seen.how == "returned", f"it {seen.ending}")
        both = [track("alder", "tree"), track("birch", "tree"), untrack("birch"), untrack("alder"), live()]
        t = alone(play, *both, kinds=dict.fromkeys(TREES, kind))
        seen = [span.raised for span in t.all("untrack")]
        t.expect("raised by `untrack` of two equal ones of one name", seen, [None, None])
        expect_live(t, [])


@check("R2", misconception="unknown-is-harmless", step="tell-them-apart")
def test_untrack_unknown(play: Play) -> None:
    """Untracking what is not tracked, never or no longer, raises `ValueError` and changes nothing."""
    t = alone(
        play, track("alder"), wait(1), track("birch"), untrack("cedar"), untrack("birch"), untrack("birch"), live()
    )
    seen = [span.raised for span in t.all("untrack")]
    t.expect("raised by each `untrack`", seen, ["ValueError", None, "ValueError"])
    expect_live(t, ["alder"])
    for kind in ("same", "unhashable"):
        t = alone(play, track("alder"), untrack("birch"), live(), kinds=dict.fromkeys(("alder", "birch"), kind))
        seen = [span.raised for span in t.all("untrack")]
        t.expect("raised when only an equal resource is tracked", seen, ["ValueError"])
        expect_live(t, ["alder"])


@check("R2", misconception="unknown-is-harmless", step="tell-them-apart")
def test_track_twice(play: Play) -> None:
    """Tracking what is tracked already raises `ValueError`, also under another name, and changes nothing."""
    for kind in ("plain", "same", "unhashable", "empty"):
        for again in (track("alder"), track("alder", "fir")):
            t = alone(play, track("alder"), wait(1), again, live(), untrack("alder"), live(), kinds={"alder": kind})
            t.expect("raised by each `track`", [span.raised for span in t.all("track")], [None, "ValueError"])
            first, second = lists(t)
            t.expect("live", first, [{"name": "alder", "opened_at": near(START)}])
            t.expect("live after `untrack`", second, [])


# -- R3: what was collected --------------------------------------------------------------------------------------------
@check("R3", misconception="tracker-owns-it", step="keep-none-alive", core=False)
def test_not_kept_alive(play: Play) -> None:
    """The tracker keeps no resource alive: neither while it is tracked, nor after that."""
    for kind in ("plain", "same", "unhashable"):
        plans = (
            [track("alder"), track("alder"), track("birch"), untrack("birch"), live()],
            [track("alder"), live(), untrack("alder")],
        )
        for steps in plans:
            t = alone(play, *steps, wait(1), drop("alder"), kinds={"alder": kind})
            for span in t.all("track", "caller")[:1]:
                t.expect_that("track", span.how == "returned", f"it {span.ending}")
            kept = t.of("caller")[drop("alder")].value
            t.expect_that("a resource that nobody else holds", kept is False, "the tracker keeps it alive")
            if kind == "plain":
                t.expect_that("a resource that was tracked", "alder" in names(t)[0], "is not listed")


@check("R3", misconception="tracker-owns-it", step="keep-none-alive", core=False)
def test_not_kept_alive_by_a_block(play: Play) -> None:
    """A block that is watched keeps no resource alive either."""
    t = alone(play, track("alder"), wait(1), watch("w", track("birch"), live(), drop("alder"), drop("birch")))
    expect_live(t, ["alder", "birch"])
    for name in ("alder", "birch"):
        kept = t.of("caller")[drop(name)].value
        t.expect_that("a resource that nobody else holds", kept is False, "the tracker keeps it alive")


@check("R3", misconception="collected-is-closed", step="keep-none-alive", core=False)
def test_collected_is_listed(play: Play) -> None:
    """A resource that was garbage-collected without `untrack` is still listed, in its place: it leaked."""
    for kind in ("plain", "same", "unhashable"):
        a, b, c, d = play.shuffled(TREES[:4])
        steps = [step for name in (a, b, c, d) for step in (track(name), wait(1))]
        steps += [drop(c), drop(b), wait(1), live(), untrack(d), live()]
        t = alone(play, *steps, kinds=dict.fromkeys((a, b, c, d), kind))
        t.expect("live", names(t), [[a, b, c, d], [a, b, c]])
        wanted = [{"name": name, "opened_at": near(START + after)} for after, name in enumerate((a, b, c, d))]
        t.expect("name and time", lists(t)[0], wanted)


@check("R3", misconception="collected-is-leaked", step="keep-none-alive", core=False)
def test_untracked_and_then_collected(play: Play) -> None:
    """What was untracked has not leaked: it is not listed when it is garbage-collected after that."""
    t = alone(play, track("birch"), track("alder"), wait(1), untrack("alder"), wait(1), drop("alder"), wait(1), live())
    expect_live(t, ["birch"])
    again = [track("alder"), wait(1), untrack("alder"), wait(1)]
    t = alone(play, *again, *again, track("alder"), wait(1), drop("alder"), wait(1), live())
    expect_live(t, ["alder"])
    t = alone(play, watch("w", wait(1), track("alder"), wait(1), untrack("alder"), wait(1), drop("alder"), wait(1)))
    expect_leaks(t)


@check("R3", misconception="collected-is-closed", step="keep-none-alive", core=False)
def test_collected_in_a_block(play: Play) -> None:
    """What was tracked in a block and garbage-collected there was left open by the block."""
    t = alone(play, track("birch"), wait(1), watch("w", wait(1), track("alder"), wait(1), drop("alder"), drop("birch")))
    expect_leaks(t, "alder", others=["birch"])


@check("R3", misconception="id-is-identity", step="keep-none-alive", core=False)
def test_address_used_again(play: Play) -> None:
    """A new resource at the address of a collected one is another resource; the old one stays listed."""
    gone = [track("alder"), wait(1), drop("alder"), wait(1), reuse("birch", "alder"), wait(1)]
    t = alone(play, *gone, untrack("birch"), track("birch"), live(), untrack("birch"), live())
    kept = t.of("caller")[drop("alder")].value
    t.expect_that("a resource that nobody else holds", kept is False, "the tracker keeps it alive")
    if not t.of("caller")[reuse("birch", "alder")].value:
        return  # this Python did not give that address away again
    t.expect("live before", t.of("caller")[track("alder")].raised, None)
    first, last = t.all("untrack")
    t.expect("raised by `untrack` of the new one, which is not tracked", first.raised, "ValueError")
    t.expect("raised by `track` of the new one", t.of("caller")[track("birch")].raised, None)
    t.expect("raised by `untrack` of the new one, which is tracked", last.raised, None)
    expect_live(t, ["alder", "birch"], ["alder"])


@check("R3", misconception="id-is-identity", step="keep-none-alive", core=False)
def test_address_used_again_in_a_block(play: Play) -> None:
    """In a block, a new resource at the address of one that was live before counts as new."""
    for before in ([drop("alder"), wait(1)], []):
        within = [reuse("birch", "alder"), wait(1), track("birch"), wait(1)]
        inside = within if before else [drop("alder"), wait(1), *within]
        t = alone(play, track("alder"), wait(1), *before, watch("w", wait(1), *inside))
        if t.of("caller")[reuse("birch", "alder")].value:
            expect_leaks(t, "birch", others=["alder"])


# -- R4: a block answers for what it leaves open -----------------------------------------------------------------------
@check("R4", misconception="first-leak-is-enough", step="answer-for-a-block")
def test_names_each_leak(play: Play) -> None:
    """A block that leaves something open raises `LeakError`, which names each thing left open, and no other."""
    a, b, c, d = play.shuffled(TREES[:4])
    steps = [wait(1), track(a), wait(1), track(b), wait(1), track(c), wait(1), untrack(b), track(d), wait(1)]
    expect_leaks(alone(play, watch("w", *steps)), a, c, d, others=[b])
    expect_leaks(alone(play, watch("w", *[step for name in TREES for step in (wait(1), track(name))])), *TREES)
    expect_leaks(alone(play, watch("w", wait(1), track("alder", "the fir"))), "the fir", others=["alder"])
    expect_leaks(alone(play, watch("w", wait(1), track("alder"), wait(1), untrack("alder"))))
    expect_leaks(alone(play, watch("w")))


@check("R4", misconception="all-that-is-live", step="answer-for-a-block")
def test_live_before(play: Play) -> None:
    """What was live before the block does not count, whatever becomes of it."""
    before = [track("alder"), wait(1), track("birch"), wait(1)]
    expect_leaks(alone(play, *before, watch("w", wait(1))))
    expect_leaks(alone(play, *before, watch("w", wait(1), track("cedar"), wait(1), untrack("cedar"), untrack("alder"))))
    t = alone(play, *before, watch("w", wait(1), track("cedar"), wait(1)))
    expect_leaks(t, "cedar", others=["alder", "birch"])


@check("R4", misconception="counting-is-enough", step="answer-for-a-block")
def test_one_closed_for_one_opened(play: Play) -> None:
    """A block that opens one thing and closes another, older one leaves something open."""
    before = [track("alder"), wait(1), track("birch"), wait(1)]
    steps = [wait(1), track("cedar"), wait(1), untrack("birch"), wait(1)]
    expect_leaks(alone(play, *before, watch("w", *steps)), "cedar", others=["alder", "birch"])
    steps = [wait(1), track("cedar"), wait(1), track("dogwood"), wait(1), untrack("alder"), untrack("birch")]
    expect_leaks(alone(play, *before, watch("w", *steps)), "cedar", "dogwood", others=["alder", "birch"])


@check("R4", misconception="name-is-the-resource", step="answer-for-a-block")
def test_known_name_or_resource(play: Play) -> None:
    """What is tracked in the block counts, also if its name, or the resource itself, was known before."""
    t = alone(play, track("alder", "fir"), wait(1), watch("w", wait(1), track("birch", "fir"), wait(1)))
    expect_leaks(t, "fir")
    again = [wait(1), untrack("alder"), wait(1), track("alder"), wait(1)]
    expect_leaks(alone(play, track("alder"), wait(1), track("birch"), wait(1), watch("w", *again)), "alder")
    for kind in ("same", "unhashable"):
        kinds = dict.fromkeys(("alder", "birch"), kind)
        t = alone(play, track("alder"), wait(1), watch("w", wait(1), track("birch"), wait(1)), kinds=kinds)
        expect_leaks(t, "birch", others=["alder"])
        again = [wait(1), track("birch", "fir"), wait(1)]
        expect_leaks(alone(play, track("alder", "fir"), wait(1), watch("w", *again), kinds=kinds), "fir")
        again = [wait(1), track("birch", "fir"), wait(1), untrack("alder")]
        expect_leaks(alone(play, track("alder", "fir"), wait(1), watch("w", *again), kinds=kinds), "fir")


@check("R4", misconception="truth-is-presence", step="answer-for-a-block")
def test_false_leaks_count(play: Play) -> None:
    """What a block leaves open counts also if it is false in a condition, or if its name is empty."""
    t = alone(play, watch("w", wait(1), track("alder"), wait(1), track("birch")), kinds={"alder": "empty"})
    expect_leaks(t, "alder", "birch")
    t = alone(play, track("alder"), wait(1), watch("w", wait(1), untrack("alder")), kinds={"alder": "empty"})
    expect_leaks(t)
    block = alone(play, watch("w", wait(1), track("alder", ""), wait(1))).one("watch")
    t.expect_that(
        "LeakError wanted, for a resource with an empty name", block.raised == "LeakError", f"it {block.ending}"
    )


@check("R4", misconception="only-my-task", step="answer-for-a-block")
def test_other_tasks(play: Play) -> None:
    """What any task tracks while the block runs counts; any task may untrack it."""
    actors = {
        "caller": [wait(1), watch("w", wait(6))],
        "other": [wait(2), track("alder"), wait(1), track("birch"), wait(1), untrack("alder"), wait(9), track("cedar")],
    }
    expect_leaks(play(actors=actors), "birch", others=["alder", "cedar"])
    actors = {
        "caller": [wait(1), watch("w", wait(1), track("alder"), wait(6))],
        "other": [wait(4), untrack("alder")],
    }
    expect_leaks(play(actors=actors))


@check("R4", misconception="watch-begins-when-called", step="answer-for-a-block")
def test_begins_at_with(play: Play) -> None:
    """The block begins at `with`: what is tracked between the call of `watch` and `with` was live before."""
    t = alone(play, prepare("w"), wait(1), track("alder"), wait(1), watch("w", wait(1)))
    expect_leaks(t)
    t = alone(
        play,
        track("alder"),
        wait(1),
        prepare("w"),
        wait(1),
        untrack("alder"),
        wait(1),
        watch("w", wait(1), track("birch")),
    )
    expect_leaks(t, "birch", others=["alder"])


@check("R4", misconception="error-of-mine-comes-first", step="answer-for-a-block")
def test_own_exception(play: Play) -> None:
    """If the body raises, its own exception leaves the block, whether something was left open or not."""
    left, closed = [track("alder"), wait(1)], [track("alder"), wait(1), untrack("alder")]
    for kind, steps in (
        ("Fault", left),
        ("Fault", closed),
        ("RuntimeError", left),
        ("TimeoutError", left),
        ("OSError", []),
    ):
        t = alone(play, watch("w", wait(1), *steps, fail("E1", kind)))
        t.expect("what leaves the block", t.one("watch").raised, "E1")


@check("R4", misconception="one-block-at-a-time", step="answer-for-a-block")
def test_nested_blocks(play: Play) -> None:
    """A block inside another answers for itself, and the outer one for what was left open in both."""
    a, b, c = play.shuffled(TREES[:3])
    inner = watch("inner", wait(1), track(b), wait(1))
    t = alone(
        play, track("fir"), wait(1), watch("outer", wait(1), track(a), wait(1), inner, wait(1), track(c), wait(1))
    )
    t.expect("blocks that were entered", len(t.all("watch")), 2)
    outer, nested = t.all("watch")
    t.expect_that("the inner block", nested.raised == "LeakError", f"it {nested.ending}")
    t.expect_that("the outer block", outer.raised == "LeakError", f"it {outer.ending}")
    texts = [str(entry["value"]) for entry in t.notes("leaks")]
    t.expect("how many errors were instances of the file's `LeakError`", len(texts), 2)
    t.expect("named by the inner", [name for name in (a, b, c) if name in texts[0]], [b])
    t.expect("named by the outer", [name for name in (a, b, c, "fir") if name in texts[1]], [a, b, c])


@check("R4", misconception="one-block-at-a-time", step="answer-for-a-block")
def test_blocks_of_two_tasks(play: Play) -> None:
    """Blocks of two tasks that overlap each answer for what was tracked while they ran."""
    actors = {
        "caller": [wait(1), watch("w", wait(4))],
        "other": [wait(3), watch("v", wait(4))],
        "third": [
            wait(2),
            track("alder"),
            wait(2),
            track("birch"),
            wait(2),
            untrack("birch"),
            wait(9),
            untrack("alder"),
        ],
    }
    t = play(actors=actors)
    expect_leaks(t, "alder", "birch")
    expect_leaks(t, who="other")
    actors["third"] = [wait(2), track("alder"), wait(4), track("birch"), wait(0.5), untrack("alder")]
    t = play(actors=actors)
    expect_leaks(t, "alder", others=["birch"])
    expect_leaks(t, "birch", others=["alder"], who="other")


@check("R4", misconception="one-block-at-a-time", step="answer-for-a-block")
def test_one_block_after_another(play: Play) -> None:
    """A block does not answer for what an earlier block left open."""
    t = alone(
        play, watch("w", wait(1), track("alder")), wait(1), watch("v", wait(1)), watch("u", wait(1), track("birch"))
    )
    first, second, third = t.all("watch")
    t.expect("raised by each", [first.raised, second.raised, third.raised], ["LeakError", None, "LeakError"])
    text = "".join(str(entry["value"]) for entry in t.notes("leaks")[1:])
    t.expect("named by the last", [name for name in ("alder", "birch") if name in text], ["birch"])


# -- R5: opened, tracked, closed and untracked -------------------------------------------------------------------------
@check("R5", misconception="any-name-will-do", step="close-however-it-ends")
def test_tracked_while_open(play: Play) -> None:
    """`open_tracked` lists the file by `str(path)` while the block runs, and no longer."""
    for texts, mode in ((False, None), (True, "r"), (False, "w"), (True, "rb")):
        t = alone(play, opened("alder", mode, wait(1), live(), wait(1)), live(), files=FILE, texts=texts)
        expect_live(opened_files(t), [path_of("alder")], [])
    for texts in (False, True):
        t = alone(play, opened("alder", "r", wait(1), live()), files=FILE, texts=texts, relative=True)
        expect_live(t, [path_of("alder")])


@check("R5", misconception="closed-is-done", step="close-however-it-ends")
def test_closed_by_the_body(play: Play) -> None:
    """A file that the body has closed itself is no longer listed either when the block has ended."""
    for ending in ENDINGS.values():
        t = opened_files(alone(play, opened("alder", "r", wait(1), close("alder"), *ending), live(), files=FILE))
        expect_live(t, [])


@check("R5", misconception="mode-is-for-reading", step="close-however-it-ends")
def test_mode(play: Play) -> None:
    """The file is opened in the mode that was asked for, for reading if none was."""
    wanted = {None: "text of alder", "r": "text of alder", "rb": "b'text of alder'", "r+": "text of alder"}
    for mode, text in wanted.items():
        t = alone(play, opened("alder", mode, read("alder")), files=FILE)
        seen = t.of("caller")[read("alder")]
        t.expect_that(f"reading in mode {mode or 'r'}", seen.how == "returned", f"it {seen.ending}")
        t.expect(f"read in mode {mode or 'r'}", seen.value, text)
    for mode, name, text in (("w", "alder", "new"), ("a", "alder", "text of aldernew"), ("x", "yew", "new")):
        t = alone(play, opened(name, mode, wait(1), write(name, "new")), contents(name), files=FILE)
        t.expect(f"in the file after writing in mode {mode}", t.of("caller")[contents(name)].value, text)


@check("R5", misconception="code-after-yield-runs", step="close-however-it-ends")
def test_closed_and_untracked(play: Play) -> None:
    """However the block ends, by return or by an error, the file is closed then and no longer listed."""
    for ending in ENDINGS.values():
        t = alone(play, opened("alder", "r", *ending), live(), files=FILE, seconds={"alder": [1, 1, 1]})
        expect_live(t, [])
        expect_closed(t, block_of(t))


@check("R5", misconception="errors-are-mine-to-handle", step="close-however-it-ends")
def test_error_of_the_body(play: Play) -> None:
    """The body's own error leaves the block."""
    for kind in ("Fault", "RuntimeError", "TimeoutError", "OSError", "ValueError"):
        t = opened_files(alone(play, opened("alder", "r", wait(1), fail("E1", kind)), files=FILE))
        t.expect_that("`E1` wanted out of the block", "E1" in block_of(t).errors, f"it {block_of(t).ending}")
    t = alone(play, opened("alder", "r", wait(1), fail("E1", "ExceptionGroup")), files=FILE)
    whole = len(block_of(t).errors) == 2
    t.expect_that("a group of two errors wanted out of the block", whole, f"it {block_of(t).ending}")


@check("R5", misconception="opened-means-tracked", step="close-however-it-ends")
def test_not_opened(play: Play) -> None:
    """A file that cannot be opened is not tracked: the error leaves, and the body does not begin."""
    for name, mode, error in (("yew", "r", "FileNotFoundError"), ("alder", "x", "FileExistsError")):
        plan = {"files": FILE, "seconds": {name: [1, 1, 1]}, "look": True}
        t = alone(play, opened(name, mode, note("body")), live(), **plan)
        expect_live(t, [])
        early = [listed for entry in t.notes("thread") for listed in entry["value"][3]]
        t.expect("live while it was being opened", early, [])
        t.expect_that(f"{error} wanted", error in block_of(t).errors, f"it {block_of(t).ending}")
        t.expect_that("the body", not t.notes("body"), "it began")


@check("R5", misconception="cleanup-cannot-fail", step="close-however-it-ends")
def test_closing_fails(play: Play) -> None:
    """If closing the file fails, its error leaves the block, and the file is no longer listed."""
    t = alone(play, opened("alder", "w", write("alder", "new"), jam("alder"), wait(1)), live(), files=FILE)
    expect_live(t, [])
    t.expect_that("OSError wanted", "OSError" in block_of(t).errors, f"it {block_of(t).ending}")


@check("R5", misconception="cleanup-cannot-fail", step="close-however-it-ends")
def test_body_and_closing_fail(play: Play) -> None:
    """If the body fails and closing fails too, one of the two errors leaves, and the file is no longer listed."""
    t = alone(play, opened("alder", "w", write("alder", "new"), jam("alder"), fail("E1")), live(), files=FILE)
    expect_live(opened_files(t), [])
    block = block_of(t)
    t.expect_that("one of the errors wanted", "E1" in block.errors or "OSError" in block.errors, f"it {block.ending}")


@check("R5", misconception="await-in-finally", step="close-however-it-ends")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled at any moment, also while opening or closing, the file is closed and no longer listed."""
    body = [read("alder"), wait(1)]
    for t in observed(play, opened("alder", "r", *body), seconds={"alder": [1, 1, 1]}).cancelled("caller"):
        expect_untracked(t)
        expect_closed(t, block_of(t))
    for moment in (0.5, 1.5, 2.5, 3.5):  # opening, reading, waiting, closing
        trial = observed(play, opened("alder", "r", *body), seconds={"alder": [1, 1, 1]})
        t = opened_files(trial.cancel("caller", at=START + moment))
        expect_untracked(t)
        expect_closed(t, block_of(t))


@check("R5", misconception="cleanup-cannot-fail", step="close-however-it-ends")
def test_cancelled_and_closing_fails(play: Play) -> None:
    """If the task is cancelled and closing fails too, the file is no longer listed either."""
    body = [write("alder", "new"), jam("alder"), wait(30)]
    expect_untracked(opened_files(observed(play, opened("alder", "w", *body)).cancel("caller", at=START + 5)))


@check("R5", misconception="name-is-the-resource", step="close-however-it-ends")
def test_one_file_opened_twice(play: Play) -> None:
    """A file may be open twice at the same time: it is listed twice, and closing one leaves the other."""
    t = play(
        actors={
            "caller": [wait(1), opened("alder", "r", wait(3), live(), wait(3), live())],
            "other": [wait(2), opened("alder", "r", wait(3))],
            "observer": [wait(20), live()],
        },
        files=TEXTS,
    )
    path = path_of("alder")
    expect_live(t, [path, path], [path])
    expect_untracked(t)
    expect_closed(t, t.one("actor", "observer"))
    inner = opened("alder", "r", wait(1), live())
    t = alone(play, opened("alder", "r", wait(1), inner, wait(1), live(), read("alder")), live(), files=FILE)
    expect_live(t, [path, path], [path], [])
    expect_closed(t, block_of(t))


# -- R6: closed in time, and nothing protected but that ----------------------------------------------------------------
@check("R6", misconception="collector-closes", step="close-however-it-ends")
def test_closed_when_the_block_ends(play: Play) -> None:
    """The descriptor is closed when the block has ended; nobody waits for the garbage collector."""
    for ending in ENDINGS.values():
        t = alone(play, opened("alder", "r", wait(1), *ending), wait(1), files=FILE)
        expect_closed(t, block_of(t))


@check("R6", misconception="await-in-finally", step="close-however-it-ends")
def test_closed_in_a_cancelled_task(play: Play) -> None:
    """The descriptor is closed also in a task that is cancelled already when the block ends."""
    for body in ([wait(30)], [cancel("caller")], [wait(1), cancel("caller"), fail("E1")]):
        t = observed(play, opened("alder", "r", *body), seconds={"alder": [1, 1, 1]}).cancel("caller", at=START + 9)
        expect_closed(opened_files(t), block_of(t))
    body = [write("alder", "new"), wait(30)]
    t = observed(play, opened("alder", "w", *body), seconds={"alder": [1, 1, 1]}).cancel("caller", at=START + 9)
    expect_closed(opened_files(t), block_of(t))


@check("R6", misconception="cleanup-cannot-fail", step="close-however-it-ends")
def test_closed_though_writing_fails(play: Play) -> None:
    """The descriptor is closed also if what was written last cannot be written any more."""
    for ending in ENDINGS.values():
        t = alone(play, opened("alder", "w", write("alder", "new"), jam("alder"), *ending), wait(1), files=FILE)
        expect_closed(t, block_of(t))


@check("R6", misconception="shield-everything", step="close-however-it-ends")
def test_body_is_not_protected(play: Play) -> None:
    """A cancellation, or a deadline around the block, reaches the body at once."""
    trial = observed(play, opened("alder", "r", wait(30)), seconds={"alder": [1, 1, 1]})
    for t in (trial.cancel("caller", at=START + 3.3), trial.within("caller", START + 8.7)):
        opened_files(t)
        moment = next((entry["t"] for entry in t.notes("cancel")), START)
        t.expect("the body was cancelled at", block_of(t).cancelled_at, near(moment, within=0.05))
        t.expect("the block ended at", block_of(t).end, at_most(moment + 1.05))
    t = opened_files(alone(play, opened("alder", "r", wait(300), note("end of the body")), files=FILE))
    t.expect_that("a body that takes long", bool(t.notes("end of the body")), "it was cut short")


@check("R6", misconception="shield-everything", step="close-however-it-ends")
def test_opening_is_not_protected(play: Play) -> None:
    """A task that is cancelled already opens nothing; one that is cancelled while opening leaves at once after that."""
    t = observed(play, cancel("caller"), opened("alder", "r", note("body"), wait(30)))
    t.expect("files that were opened", [entry["value"] for entry in t.notes("open", "file")], [])
    t.expect_that("the body", not t.notes("body"), "it began")
    trial = observed(play, opened("alder", "r", wait(30)), seconds={"alder": [3, 1, 1]})
    t = opened_files(trial.cancel("caller", at=START + 1))
    t.expect("the block ended at", block_of(t).end, at_most(START + 4.05))


# -- R7: many at once --------------------------------------------------------------------------------------------------
def file_events(t: Trace, call: Any = None) -> list[tuple[int, float, int]]:
    """Order, time and change of the number of open files; only those during that call."""
    changes = {"open": 1, "close": -1, "collected": -1}
    events = sorted((n["order"], n["t"], change) for what, change in changes.items() for n in t.notes(what, "file"))
    return [event for event in events if call is None or call.start <= event[1] <= call.end]


def expect_at_most(t: Trace, limit: int, call: Any = None) -> None:
    """Expect that never more files were open at once."""
    opened_files(t)
    now = most = 0
    for _, _, change in file_events(t, call):
        now += change
        most = max(most, now)
    t.expect_that(f"open at once, with limit {limit}", most <= limit, f"{most} files")


def expect_all_slots_used(t: Trace, limit: int, count: int, call: Any = None) -> None:
    """Expect as many files open as `limit`, whenever that many were not yet done, between any two moments."""
    events = file_events(t, call)
    t.expect("files that were opened", sum(change > 0 for _, _, change in events), count)
    now, done, last = 0, 0, (call or t.call).start
    for _, time, change in events:
        wanted = min(limit, count - done)
        if time - last > 0.01:
            t.expect_that(
                f"open at once, with limit {limit} and {count - done} still to be read",
                now >= wanted,
                f"{now} from {last:.2f} to {time:.2f}",
            )
        now, last = now + change, time
        done += change < 0


def times(play: Play, *, opening: float = 0, closing: float = 0) -> dict[str, list[float]]:
    """How long it takes to open, read and close each file."""
    return {name: [opening, reading, closing] for name, reading in zip(TREES, play.draw(len(TREES)), strict=True)}


@check("R7", misconception="results-as-they-come", step="limit-what-is-open", core=False)
def test_texts_in_order(play: Play) -> None:
    """`read_all` gives the texts in the order of the paths, whichever is read first, also of one that comes twice."""
    order = [*play.shuffled(TREES[:4]), "alder"]
    for limit, texts in ((2, False), (9, True)):
        t = alone(play, read_all(order, limit), live(), files=TEXTS, seconds=times(play), texts=texts)
        t.expect("the texts", t.call.value, [TEXTS[name] for name in order])
        expect_live(t, [])
    slow = {name: [100, 50 * place, 0.5] for place, name in enumerate(order, 1)}
    t = alone(play, read_all(order, 2), files=TEXTS, seconds=slow)
    t.expect("the texts of files that take minutes", t.call.value, [TEXTS[name] for name in order])
    t = alone(play, read_all([], 2), files=TEXTS)
    t.expect("the texts of no files", t.call.value, [])


@check("R7", misconception="one-read-reads-all", step="limit-what-is-open", core=False)
def test_whole_texts(play: Play) -> None:
    """Each text is given whole, with all its lines, empty and long ones too."""
    lines = ("a long line; " * 20 + "\n") * 35  # no more than that: who reads piece by piece takes a step for each
    texts = {"alder": "one\n\n  two \n", "birch": "", "cedar": lines}
    t = alone(play, read_all(list(texts), 4), files=texts)
    value = texts_of(t, t.call)
    t.expect("how many texts", len(value), len(texts))
    t.expect("the text of alder", value[0], texts["alder"])
    lengths = [entry["value"] for entry in t.notes("lengths")]
    t.expect("characters of each text", lengths, [[len(text) for text in texts.values()]])
    plan = {"files": {"alder": "leaf " * 14_000}, "seconds": {"alder": [0, 1, 0]}}
    t = alone(play, read_all(["alder"], 1), **plan).within("caller", START + 200)
    if t.call.how == "returned":  # who reads a few characters at a time is stopped by then, and may be right
        t.expect("characters of a long text", [entry["value"] for entry in t.notes("lengths")], [[70_000]])


@check("R7", misconception="reading-is-what-counts", step="limit-what-is-open", core=False)
def test_never_more_than_limit(play: Play) -> None:
    """Never more than `limit` files are open at once."""
    for limit, closing in ((1, 0), (play.pick(2, 3), 0), (2, 0.4)):
        seconds = times(play, opening=0.3, closing=closing)
        for t in alone(play, read_all(MANY, limit), files=TEXTS, seconds=seconds).orders(6):
            expect_at_most(t, limit)


@check("R7", misconception="batches-are-parallel", step="limit-what-is-open", core=False)
def test_all_slots_are_used(play: Play) -> None:
    """As many files are open as `limit` allows while that many wait: the next is opened as soon as one is closed."""
    for limit, opening in ((play.pick(2, 3), 0), (3, 0.3), (9, 0.3)):
        seconds = times(play, opening=opening)
        for t in alone(play, read_all(MANY, limit), files=TEXTS, seconds=seconds).orders(4):
            expect_all_slots_used(t, limit, len(MANY))


@check("R7", misconception="batches-are-parallel", step="limit-what-is-open", core=False)
def test_read_at_the_same_time(play: Play) -> None:
    """The files that are open are read at the same time."""
    t = opened_files(alone(play, read_all(MANY, 5), files=TEXTS, seconds={name: [0, 4, 0] for name in MANY}), *MANY)
    together = sum(entry["value"][2] for entry in t.notes("thread"))
    t.expect("how long reading took", t.call.end - t.call.start, at_most(together / 2))
    wood = {f"tree {number}": "leaves" for number in range(14)}
    t = alone(play, read_all(list(wood), 12), files=wood, seconds={name: [0, 4 + len(name), 0] for name in wood})
    expect_all_slots_used(t, 12, len(wood))


@check("R7", misconception="one-limit-for-all-calls", step="limit-what-is-open", core=False)
def test_each_call_has_its_limit(play: Play) -> None:
    """Calls that follow each other have each their own `limit`, and read the files anew."""
    anew = [opened("alder", "w", write("alder", "new")), contents("alder"), wait(1)]
    seconds = {name: [0.3, 2 + place, 0] for place, name in enumerate(MANY)}
    t = alone(
        play,
        read_all(MANY, 2),
        wait(1),
        *anew,
        read_all(MANY, 4),
        wait(1),
        read_all(MANY, 1),
        files=TEXTS,
        seconds=seconds,
    )
    calls, new = t.all("read_all"), t.of("caller")[contents("alder")].value
    t.expect("calls of `read_all`", len(calls), 3)
    for call, text in zip(calls, (TEXTS["alder"], new, new), strict=True):
        t.expect("the texts", call.value, [text, *(TEXTS[name] for name in MANY[1:])])
    for call, limit in zip(calls, (2, 4, 1), strict=True):
        expect_at_most(t, limit, call)
        expect_all_slots_used(t, limit, len(MANY), call)


@check("R7", misconception="one-limit-for-all-calls", step="limit-what-is-open", core=False)
def test_calls_at_the_same_time(play: Play) -> None:
    """A call does not wait for files that another call has open: `limit` counts those of one call."""
    seconds = {**{name: [0, 9, 0] for name in TREES[:3]}, **{name: [0, 2, 0] for name in TREES[3:]}}
    actors = {"caller": [wait(1), read_all(TREES[:3], 2)], "other": [wait(3), read_all(TREES[3:], 2)]}
    t = play(actors=actors, files=TEXTS, seconds=seconds)
    for who, wanted in (("caller", TREES[:3]), ("other", TREES[3:])):
        t.expect(f"the texts of the {who}", t.one("read_all", who).value, [TEXTS[name] for name in wanted])
    call = t.one("read_all", "other")
    together = sum(entry["value"][2] for entry in t.notes("thread") if entry["value"][1] in TREES[3:])
    t.expect("how long a call took beside another one", call.end - call.start, at_most(together))


@check("R7", misconception="one-limit-for-all-calls", step="limit-what-is-open", core=False)
def test_after_a_call_that_failed(play: Play) -> None:
    """After a call that failed or was cancelled, the next one reads with all of its `limit`."""

    def after(*names: str) -> Trial:
        actors = {"caller": [wait(1), read_all(names, 2)], "other": [wait(60), read_all(MANY, 2)]}
        return play(actors=actors, files=TEXTS, seconds=times(play, opening=0.3), unreadable=["rowan"])

    for t in (after("yew", "alder"), after("rowan", "alder"), after(*MANY).cancel("caller", at=1.9)):
        call = t.one("read_all", "other")
        t.expect("the texts", call.value, [TEXTS[name] for name in MANY])
        expect_all_slots_used(t, 2, len(MANY), call)


@check("R7", misconception="any-name-will-do", step="limit-what-is-open", core=False)
def test_opened_with_open_tracked(play: Play) -> None:
    """Each file is listed while it is open, as with `open_tracked`, and no longer at the end."""
    for limit in (1, 3):
        t = alone(play, read_all(MANY, limit), live(), files=TEXTS, seconds=times(play), look=True)
        seen = {name for entry in t.notes("thread") for name in entry["value"][3]}
        t.expect("files that were listed while they were read", sorted(seen), [path_of(name) for name in MANY])
        expect_live(t, [])


@check("R7", misconception="limit-checks-itself", step="limit-what-is-open", core=False)
def test_bad_limit(play: Play) -> None:
    """A `limit` below 1 is a `ValueError`, before any file is opened."""
    for limit, paths in ((0, MANY), (-2, MANY), (0, [])):
        t = alone(play, read_all(paths, limit), files=TEXTS)
        t.expect("raised", t.call.raised, "ValueError")
        t.expect("files that were opened", t.notes("open", "file"), [])


@check("R7", misconception="errors-at-the-end", step="limit-what-is-open", core=False)
def test_error_leaves(play: Play) -> None:
    """If a file cannot be opened or read, its error leaves the call, and all the others are closed."""
    for bad in ("yew", "rowan"):
        for t in bad_file(play, bad, 3).orders(4):
            expect_error_of(t, bad)
            expect_closed_if_opened(t, t.one("read_all"))
            expect_untracked(t)


@check("R7", misconception="errors-at-the-end", step="limit-what-is-open", core=False)
def test_error_stops_the_rest(play: Play) -> None:
    """Once a file could not be opened or read, no further one is opened."""
    for bad, limit, orders in (("yew", 2, 6), ("rowan", 2, 4), ("rowan", 1, 2)):
        for t in bad_file(play, bad, limit).orders(orders):
            expect_error_of(t, bad)
            # The block of `open_tracked` is left when opening failed, or when closing after the error is done.
            done = [(n["value"][0], n["t"] + n["value"][2]) for n in t.notes("thread") if n["value"][1] == bad]
            first = [end for what, end in done if what == ("open" if bad == "yew" else "close")][:1]
            first = first or [max(end for _, end in done)] if done else []  # closed in no thread: when all was done
            late = [n["value"] for n in t.notes("open", "file") if first and n["t"] > first[0] + 0.01]
            t.expect(f"opened after {bad} had failed", late, [])


def expect_error_of(t: Trace, bad: str) -> None:
    """Expect the error of the file that cannot be opened or read out of `read_all`."""
    error = "FileNotFoundError" if bad == "yew" else "UnicodeDecodeError"
    call = t.one("read_all")
    t.expect_that(f"{error} wanted", error in call.errors, f"it {call.ending}")


def bad_file(play: Play, bad: str, limit: int) -> Trial:
    """Reading five files and one that cannot be opened or read; the first would be closed just after that one has failed."""
    seconds = {**times(play, opening=0.3, closing=0.2), bad: [0.4, 0.55, 0.15]}
    seconds[MANY[0]] = [0.3, 0.1 if bad == "yew" else 0.8, 0.2]
    return observed(
        play, read_all([MANY[0], bad, *MANY[1:]], limit), files=TEXTS, seconds=seconds, unreadable=["rowan"]
    )


# -- rules for every exercise ------------------------------------------------------------------------------------------
@check("G1", misconception="asyncio-is-everywhere", step="close-however-it-ends")
def test_both_backends(play: Play) -> None:
    """What works on one of asyncio and trio works on the other."""
    other = Play(play.session, backend="trio" if play.backend == "asyncio" else "asyncio")
    steps = [track("alder"), wait(1), live(), watch("w", track("birch"), wait(1)), live()]
    _expect_like(play, other, steps, [[["alder"], ["alder", "birch"]], ["returned", "returned", "raised"], []])
    steps = [opened("alder", "r", wait(1), read("alder"), live()), live()]
    _expect_like(play, other, steps, [[[path_of("alder")], []], ["returned"], []])


@check("G1", misconception="asyncio-is-everywhere", step="limit-what-is-open", core=False)
def test_read_all_on_both_backends(play: Play) -> None:
    """What `read_all` does on one of asyncio and trio, it does on the other."""
    other = Play(play.session, backend="trio" if play.backend == "asyncio" else "asyncio")
    _expect_like(play, other, [read_all(MANY, 2)], [[], ["returned"], [TEXTS[name] for name in MANY]])
    _expect_like(play, other, [read_all(["alder", "yew"], 2)], [[], ["raised"], []])


def _expect_like(play: Play, other: Play, steps: Sequence[Any], wanted: Sequence[Any]) -> None:
    mine, theirs = alone(play, *steps, files=TEXTS), alone(other, *steps, files=TEXTS)
    mine.calls()  # a run that breaks off fails the subject here
    here, there = _seen(mine), _seen(theirs)
    if there == wanted:  # what is wrong on both is for other clauses
        mine.expect(f"live, endings, texts (as on {other.backend})", here, wanted)
    if steps[0][0] in ("open_tracked", "read_all"):
        opened_files(mine)
    for call in mine.calls("track") + mine.calls("live"):
        mine.expect_that(call.what, call.how == "returned", f"it {call.ending}")


def _seen(t: Trace) -> list[Any]:
    try:
        endings = [call.how for call in t.calls() if call.what != "live"]
        texts = [text for call in t.all("read_all") if call.how == "returned" for text in texts_of(t, call)]
        return [names(t), endings, texts]
    except CheckFailed as failure:
        return [failure.sentence]


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


def expect_cancelled(t: Trace, what: str) -> None:
    """Expect that the first call of that kind was left by the cancellation."""
    call = t.one(what, "caller")
    t.expect_that("cancelled from outside", call.how == "cancelled", f"{call.what} {call.ending}")


@check("G3", misconception="error-of-mine-comes-first", step="answer-for-a-block")
def test_cancelled_block(play: Play) -> None:
    """A block that is cancelled from outside is left by that, and not by a `LeakError`."""
    for steps in ([wait(30)], [track("alder"), wait(30)]):
        trial = alone(play, watch("w", *steps))
        for t in (trial.cancel("caller", at=START + 5), trial.within("caller", START + 5)):
            expect_cancelled(t, "watch")
            for span in t.all("track"):
                t.expect_that("track", span.how == "returned", f"it {span.ending}")


@check("G3", misconception="errors-are-mine-to-handle", step="close-however-it-ends")
def test_cancelled_with_an_open_file(play: Play) -> None:
    """Cancelled from outside, the block of `open_tracked` is left by that."""
    t = opened_files(observed(play, opened("alder", "r", wait(30))).cancel("caller", at=START + 5))
    expect_cancelled(t, "open_tracked")
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
        expect_cancelled(t, "read_all")
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
        t.expect_that("in a worker thread", order in whats, f"the file is {doing} by a call that blocks the event loop")


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
        t.expect_that(
            "reading in worker threads", used >= len(MANY), "a file is read by a call that blocks the event loop"
        )
    bad_file(play, "yew", 2).expect_not_blocked()


@check("G5", misconception="catch-everything", step="answer-for-a-block")
def test_interrupts_pass(play: Play) -> None:
    """An exception that is no `Exception` leaves a block like any other: no `LeakError` takes its place."""
    for steps in ([], [track("alder"), wait(1)]):
        t = alone(play, watch("w", *steps, fail("stop", "Abandon")))
        for span in t.all("track"):
            t.expect_that("track", span.how == "returned", f"it {span.ending}")
        t.expect("what leaves the block", t.one("watch").raised, "stop")


@check("G5", misconception="catch-everything", step="close-however-it-ends")
def test_interrupted_with_an_open_file(play: Play) -> None:
    """An exception that is no `Exception` leaves the block of `open_tracked`; the file is closed and not listed."""
    t = opened_files(alone(play, opened("alder", "r", wait(1), fail("stop", "Abandon")), live(), files=FILE))
    t.expect_that("`stop` wanted", "stop" in block_of(t).errors, f"it {block_of(t).ending}")
    expect_live(t, [])
    expect_closed(t, block_of(t))


@check("G6", misconception="look-again-and-again", step="limit-what-is-open", core=False)
def test_no_busy_waiting(play: Play) -> None:
    """`read_all` does not wake up more often if everything takes twenty times as long."""
    seconds = times(play, opening=0.3, closing=0.2)
    quick, slow = (
        alone(play, read_all(MANY, 2), files=TEXTS, seconds={n: [s * x for s in v] for n, v in seconds.items()})
        for x in (1, 20)
    )
    before, after = opened_files(quick, *MANY).call.steps, opened_files(slow, *MANY).call.steps
    slow.expect("wake-ups when all takes twenty times as long", after, at_most(before + 20))
