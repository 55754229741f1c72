"""Hidden checks of m06: what is live, by identity, and what was collected."""

from __future__ import annotations

from typing import Any

from grader import Play, check, near, verb, wait

from .plans import (
    TREES,
    after,
    alone,
    drop,
    expect_leaks,
    expect_live,
    expect_tracked_at,
    lists,
    live,
    names,
    reuse,
    track,
    untrack,
    watch,
)

track_elsewhere, empty_the_list = verb("track_elsewhere"), verb("empty_the_list")


# -- R1: what is live ------------------------------------------------------------------------------------------------
@check("R1", misconception="clock-of-the-wall", step="tell-them-apart")
def test_name_and_time(play: Play) -> None:
    """`live()` lists what is tracked, with its name and the time at which it was tracked, oldest first."""
    order = play.shuffled(TREES[:4])
    steps: list[Any] = []
    wanted: dict[str, float] = {}
    now = 0.0
    for name, pause in zip(order, play.draw(4), strict=True):
        wanted[name] = now
        steps += [track(name), wait(pause)]
        now += pause
    t = alone(play, *steps, live(), wait(2), live())
    for found in lists(t):
        same = sorted(map(repr, wanted)) == sorted(repr(entry["name"]) for entry in found)
        part = "`live()` lists the oldest first." if same else "`live()` lists what is tracked, with its name."
        expect_tracked_at(t, found, wanted, part)


@check("R1", misconception="newest-first", step="tell-them-apart")
def test_untracked_is_gone(play: Play) -> None:
    """What was untracked is no longer listed; the others stay, in their order."""
    a, b, c, d = play.shuffled(TREES[:4])
    steps = [live()]
    for name in (a, b, c, d):
        steps += [track(name), wait(1)]
    t = alone(play, *steps, untrack(b), live(), wait(1), untrack(a), untrack(d), live(), untrack(c), live())
    wanted, part = [[], [a, c, d], [c], []], ""
    seen = names(t)
    if first := next(((s, w) for s, w in zip(seen, wanted, strict=False) if s != w), None):
        part = "What was untracked is no longer listed."
        if not {*map(repr, first[0])} >= {*map(repr, first[1])}:
            part = "What was not untracked is still listed."
        elif len(first[0]) == len(first[1]):
            part = "`live()` lists the oldest first, also when something was untracked."
    expect_live(t, *wanted, part=part)


@check("R1", misconception="looked-up-when-asked", step="tell-them-apart")
def test_tracked_again(play: Play) -> None:
    """What was untracked and is tracked again is the newest, with its new name and time."""
    t = alone(
        play, track("alder"), wait(1), track("birch"), wait(1), untrack("alder"), wait(1), track("alder", "fir"), live()
    )
    found = lists(t)[0]
    listed, part = [entry["name"] for entry in found], ""
    if listed == ["fir", "birch"]:
        part = "What is untracked and tracked again is the newest in the list of `live()`."
    elif "alder" in listed:
        part = "What is untracked and tracked again has its new name in the list of `live()`."
    timed = "What is untracked and tracked again has its new time in the list of `live()`."
    expect_tracked_at(t, found, {"birch": 1, "fir": 3}, part, timed)


@check("R1", misconception="name-is-the-resource", step="tell-them-apart")
def test_same_name(play: Play) -> None:
    """Several resources may have one name: all are listed, and untracking one leaves just the others."""
    steps = [track("alder", "tree"), wait(1), track("birch", "tree"), wait(1), track("cedar", "tree"), wait(1)]
    t = alone(play, *steps, live(), untrack("birch"), live(), untrack("alder"), untrack("cedar"), live())
    all_listed = "Several resources may have one name: all are listed."
    others = "When one of several resources of one name is untracked, just the others stay in the list."
    part = others if names(t)[:1] == [["tree"] * 3] else all_listed
    expect_live(t, ["tree"] * 3, ["tree"] * 2, [], part=part)
    seen = [after(entry["opened_at"]) for entry in lists(t)[1]]
    t.expect("those two were tracked at", seen, [near(0), near(2)], unit="s after the first step", part=others)
    t = alone(play, track("alder", "tree"), track("birch", "tree"), live(), untrack("alder"), live())
    part = others if names(t)[:1] == [["tree"] * 2] else all_listed
    expect_live(t, ["tree"] * 2, ["tree"], part=part)


@check("R1", misconception="truth-is-presence", step="tell-them-apart")
def test_empty_resource(play: Play) -> None:
    """A resource that is false in a condition, such as an empty buffer, is listed and untracked like any other."""
    kinds = dict.fromkeys(("alder", "birch"), "empty")
    t = alone(play, track("alder"), wait(1), track("birch"), live(), untrack("alder"), live(), kinds=kinds)
    how = "untracked" if names(t)[:1] == [["alder", "birch"]] else "listed"
    part = f"A resource that is false in a condition, such as an empty buffer, is {how} like any other."
    expect_live(t, ["alder", "birch"], ["birch"], part=part)


@check("R1", misconception="only-my-task", step="tell-them-apart")
def test_all_tasks_see_the_same(play: Play) -> None:
    """What one task tracked, every task finds in the list and may untrack."""
    actors = {
        "caller": [wait(1), track("alder"), wait(2), track("cedar"), wait(2), live()],
        "other": [wait(2), track("birch"), wait(2), live(), untrack("alder")],
    }
    t = play(actors=actors)
    part = "What one task tracked, every task finds in the list."
    expect_live(t, ["alder", "birch", "cedar"], who="other", part=part)
    if ["alder" in found for found in names(t)] == [True]:
        part = "What one task tracked, every other task may untrack."
    expect_live(t, ["birch", "cedar"], part=part)


@check("R1", misconception="one-tracker-for-all", step="tell-them-apart")
def test_two_trackers(play: Play) -> None:
    """A tracker lists what was tracked with it, and nothing that another tracker knows."""
    t = alone(play, track("alder"), track_elsewhere("birch"), live(), track("birch"), untrack("alder"), live())
    expect_live(t, ["alder"], ["birch"])


@check("R1", misconception="the-list-is-mine", step="tell-them-apart", wide=True)
def test_list_changed_by_the_caller(play: Play) -> None:
    """The list that `live()` gives is a copy: who empties it takes nothing from the tracker."""
    t = alone(play, track("alder"), wait(1), track("birch"), empty_the_list(), live(), untrack("alder"), live())
    expect_live(t, ["alder", "birch"], ["birch"])


# -- R2: by identity -------------------------------------------------------------------------------------------------
@check("R2", misconception="equal-is-the-same", step="tell-them-apart")
def test_equal_resources(play: Play) -> None:
    """Two resources that are equal, hashable or not, are two resources: each is tracked and untracked by itself."""
    for kind in ("same", "unhashable"):
        first, second = play.shuffled(["alder", "birch"])
        steps = [track("alder"), wait(1), track("birch"), live(), untrack(first), live(), untrack(second), live()]
        part = "Equal resources are two resources: each is tracked and untracked by itself."
        if kind == "unhashable":
            part = "A resource that cannot be hashed is tracked and untracked like any other."
        t = alone(play, *steps, kinds=dict.fromkeys(("alder", "birch"), kind)).naming(part)
        t.expect("the names that each `live()` gave", names(t), [["alder", "birch"], [second], []])
        for step in (track("birch"), untrack(first)):
            seen = t.of("caller")[step]
            t.expect_that(f"{seen.what} of a resource equal to another", seen.how == "returned", seen.ending)
        both = [track("alder", "tree"), track("birch", "tree"), untrack("birch"), untrack("alder"), live()]
        t = alone(play, *both, kinds=dict.fromkeys(TREES, kind)).naming(part)
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
    what = "raised by `untrack`: of what was never tracked, of what is, and of the same again"
    part = "Untracking what is not tracked, never or no longer, raises `ValueError`."
    if seen[1:2] != [None]:
        part = "Untracking what is tracked raises nothing."
    t.expect(what, seen, ["ValueError", None, "ValueError"], part=part)
    part = "An `untrack` that raises changes nothing."
    if any("birch" in found for found in names(t)):
        part = "What was untracked is no longer listed."
    expect_live(t, ["alder"], part=part)
    for kind in ("same", "unhashable"):
        t = alone(play, track("alder"), untrack("birch"), live(), kinds=dict.fromkeys(("alder", "birch"), kind))
        seen = [span.raised for span in t.all("untrack")]
        part = "Untracking what only equals a tracked resource raises `ValueError`."
        t.expect("raised when only an equal resource is tracked", seen, ["ValueError"], part=part)
        expect_live(t, ["alder"], part="Untracking what only equals a tracked resource takes nothing from the list.")


@check("R2", misconception="unknown-is-harmless", step="tell-them-apart")
def test_track_twice(play: Play) -> None:
    """Tracking what is tracked already raises `ValueError`, also under another name, and changes nothing."""
    for kind in ("plain", "same", "unhashable", "empty"):
        for again in (track("alder"), track("alder", "fir")):
            t = alone(play, track("alder"), wait(1), again, live(), untrack("alder"), live(), kinds={"alder": kind})
            what = "raised by the first and the second `track` of one resource"
            part = "To track what is tracked already raises `ValueError`."
            if again == track("alder", "fir"):
                part = "To track what is tracked already raises `ValueError`, also under another name."
            raised = [span.raised for span in t.all("track")]
            t.expect(what, raised, [None, "ValueError"], part=part if raised[:1] == [None] else "")
            first, second = lists(t)
            part = "A `track` that raises changes nothing: the resource keeps its name and its time."
            expect_tracked_at(t, first, {"alder": 0}, part, part)
            part = "What was untracked is no longer listed, also if somebody tried to track it twice."
            listed = [entry["name"] for entry in second]
            t.expect("the names that `live()` gave after `untrack`", listed, [], part=part)


# -- R3: what was collected ------------------------------------------------------------------------------------------
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
                t.expect_that("track", span.how == "returned", span.ending)
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
        t.expect("the names that each `live()` gave", names(t), [[a, b, c, d], [a, b, c]])
        expect_tracked_at(t, lists(t)[0], {name: place for place, name in enumerate((a, b, c, d))})


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
    t.expect("raised by the first `track`", t.of("caller")[track("alder")].raised, None)
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
