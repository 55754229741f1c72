"""Hidden checks of m06: a block answers for what it leaves open."""

from __future__ import annotations

from grader import Play, RarePart, check, fail, wait

from .plans import TREES, alone, expect_leaks, prepare, track, untrack, watch


# -- R4: a block answers for what it leaves open ---------------------------------------------------------------------
@check("R4", misconception="first-leak-is-enough", step="answer-for-a-block")
def test_names_each_leak(play: Play) -> None:
    """A block that leaves something open raises `LeakError`, which names each thing left open, and no other."""
    a, b, c, d = play.shuffled(TREES[:4])
    steps = [wait(1), track(a), wait(1), track(b), wait(1), track(c), wait(1), untrack(b), track(d), wait(1)]
    t = alone(play, watch("w", *steps))
    raises = "A block that leaves something open raises `LeakError`."
    expect_leaks(t, a, c, d, others=[b], part=raises if t.one("watch").raised != "LeakError" else "")
    expect_leaks(alone(play, watch("w", *[step for name in TREES for step in (wait(1), track(name))])), *TREES)
    part = "A `LeakError` has the name under which the resource was tracked."
    expect_leaks(alone(play, watch("w", wait(1), track("alder", "the fir"))), "the fir", others=["alder"], part=part)
    part = "A block that leaves nothing open raises nothing."
    expect_leaks(alone(play, watch("w", wait(1), track("alder"), wait(1), untrack("alder"))), part=part)
    expect_leaks(alone(play, watch("w")), part=part)


@check("R4", misconception="all-that-is-live", step="answer-for-a-block")
def test_live_before(play: Play) -> None:
    """What was live before the block does not count, whatever happens to it."""
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
    expect_leaks(t, "fir", part="What is tracked in the block counts, also if its name was known before.")
    again = [wait(1), untrack("alder"), wait(1), track("alder"), wait(1)]
    t = alone(play, track("alder"), wait(1), track("birch"), wait(1), watch("w", *again))
    part = "What is tracked in the block counts, also if that resource was live before it."
    expect_leaks(t, "alder", part=RarePart(part))
    part = "What is tracked in the block counts, also if an equal resource was live before it."
    for kind in ("same", "unhashable"):
        kinds = dict.fromkeys(("alder", "birch"), kind)
        t = alone(play, track("alder"), wait(1), watch("w", wait(1), track("birch"), wait(1)), kinds=kinds)
        expect_leaks(t, "birch", others=["alder"], part=part)
        again = [wait(1), track("birch", "fir"), wait(1)]
        expect_leaks(alone(play, track("alder", "fir"), wait(1), watch("w", *again), kinds=kinds), "fir", part=part)
        again = [wait(1), track("birch", "fir"), wait(1), untrack("alder")]
        expect_leaks(alone(play, track("alder", "fir"), wait(1), watch("w", *again), kinds=kinds), "fir", part=part)


@check("R4", misconception="truth-is-presence", step="answer-for-a-block")
def test_false_leaks_count(play: Play) -> None:
    """What a block leaves open counts also if it is false in a condition, or if its name is empty."""
    t = alone(play, watch("w", wait(1), track("alder"), wait(1), track("birch")), kinds={"alder": "empty"})
    part = "What a block leaves open counts also if it is false in a condition."
    expect_leaks(t, "alder", "birch", part=part)
    t = alone(play, track("alder"), wait(1), watch("w", wait(1), untrack("alder")), kinds={"alder": "empty"})
    expect_leaks(t)
    block = alone(play, watch("w", wait(1), track("alder", ""), wait(1))).one("watch")
    t.expect_that(
        "the block of `watch`, which left open a resource with an empty name",
        block.raised == "LeakError",
        f"{block.ending}, where it should raise LeakError",
        part="What a block leaves open counts also if its name is empty.",
    )


@check("R4", misconception="only-my-task", step="answer-for-a-block")
def test_other_tasks(play: Play) -> None:
    """What any task tracks while the block runs counts; any task may untrack it."""
    actors = {
        "caller": [wait(1), watch("w", wait(6))],
        "other": [wait(2), track("alder"), wait(1), track("birch"), wait(1), untrack("alder"), wait(9), track("cedar")],
    }
    part = "What any task tracks while the block runs counts."
    expect_leaks(play(actors=actors), "birch", others=["alder", "cedar"], part=part)
    actors = {
        "caller": [wait(1), watch("w", wait(1), track("alder"), wait(6))],
        "other": [wait(4), untrack("alder")],
    }
    expect_leaks(play(actors=actors), part="What was tracked in a block any task may untrack.")


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
    part = "A block inside another answers for itself."
    seen = f"{nested.ending}, where it should raise LeakError"
    t.expect_that("the inner block", nested.raised == "LeakError", seen, part=part)
    part = "An outer block answers for what was left open in it, also if a block inside it has answered for its own."
    seen = f"{outer.ending}, where it should raise LeakError"
    t.expect_that("the outer block", outer.raised == "LeakError", seen, part=part)
    texts = [str(entry["value"]) for entry in t.notes("leaks")]
    t.expect("how many errors were instances of the file's `LeakError`", len(texts), 2)
    part = "A block inside another names what was left open in it, and nothing else."
    t.expect("named by the inner", [name for name in (a, b, c) if name in texts[0]], [b], part=part)
    part = "An outer block names what was left open in it and in the block inside it, and nothing else."
    t.expect("named by the outer", [name for name in (a, b, c, "fir") if name in texts[1]], [a, b, c], part=part)


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
    part = "" if second.raised is not None else "A block that leaves something open raises `LeakError`."
    raised = [first.raised, second.raised, third.raised]
    t.expect("raised by each", raised, ["LeakError", None, "LeakError"], part=part)
    text = "".join(str(entry["value"]) for entry in t.notes("leaks")[1:])
    part = "" if "alder" in text else "A `LeakError` names each thing that the block left open."
    t.expect("named by the last", [name for name in ("alder", "birch") if name in text], ["birch"], part=part)
