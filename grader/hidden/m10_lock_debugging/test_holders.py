"""Hidden checks of m10: who holds what; one lock, one queue."""

from __future__ import annotations

import itertools
from typing import Any

from grader import Play, at_least, attempt, cancel, check, checkpoint, near, one_of, wait, within

from .plans import (
    BLOCKS,
    RUNTIME,
    blocks,
    both,
    collect,
    drop,
    dropping,
    ending,
    expect_held_in_the_blocks,
    expect_in_turn,
    first_take,
    got,
    holders,
    inside,
    locked,
    names_of,
    others,
    same,
    shown,
    spawn,
    take,
    takes,
    taking,
    told,
    wait_part,
)


# -- R9: who holds what ----------------------------------------------------------------------------------------------
@check("R9", misconception="asked-is-held", step="who-holds-what")
def test_holders(play: Play) -> None:
    """`holders()` shows exactly which task holds which lock."""
    for a, b in zip(both("x", inside("y", wait(4)), wait(4)), both("x", wait(4)), strict=True):
        watch = [step for _ in range(4) for step in (wait(2.7), holders())]
        actors = {
            "a": a,
            "b": [wait(1), *b],
            "o": [holders(), *watch],
            "c": [wait(2), take("z"), wait(5), drop("z"), holders()],
        }
        t = play(actors=actors, names={"c": "third"}).accepting("deadlock")
        ac, held_c = {"x": "a", "y": "a", "z": "third"}, {"x": "a", "z": "third"}
        seen = shown(t, "o")[1:]
        waits = bool(seen) and isinstance(seen[0], dict) and seen[0].get("x") == "b"
        part = (
            "A task that waits for a lock does not hold it yet: `holders()` shows the task that has it."
            if waits
            else ""
        )
        wanted = [ac, held_c, {"x": "b"}, {"x": "b"}]
        t.expect("`holders()` at 2.7, 5.4, 8.1 and 10.8 s", seen, wanted, part=part)
        t.expect("`holders()` after c has given z back", shown(t, "c"), [{"x": "a"}])
        t.expect("how the run ended", t.data["end"]["kind"], "done")


@check("R9", misconception="asked-is-held", step="who-holds-what")
def test_locked(play: Play) -> None:
    """`locked()` says whether any task holds the lock."""
    [one, two] = both("x", locked("x"), wait(4))
    watch = [wait(2.3), locked("x"), locked("y"), wait(6), locked("x"), wait(9), locked("x")]
    t = play(actors={"a": [locked("x"), *one, locked("x"), wait(2), *two, locked("x")], "o": watch})
    t.expect(
        "`locked()`, asked by the holder before, while and after it holds the lock",
        told(t, "a"),
        [False, True] * 2 + [False],
    )
    t.expect("`locked()`, asked by another task", told(t, "o"), [True, False, True, False])


@check("R9", misconception="cancelled-waiter-just-leaves", step="who-holds-what", wide=True)
def test_given_up_leaves_no_trace(play: Play) -> None:
    """A task that gave up waiting for a lock is not its holder, and no longer waits."""
    for wish in (take("x"), inside("x")):
        quits = [
            wait(1),
            within(1, wish),
            drop("x"),
            holders(),
            wait(4),
            holders(),
            locked("x"),
            within(1, take("x")),
            holders(),
        ]
        t = play(actors={"h": [take("x"), wait(5), drop("x")], "q": quits})
        t.expect(
            "`holders()` after q gave up, when the lock is free, and when q has it",
            shown(t, "q"),
            [{"x": "h"}, {}, {"x": "q"}],
            part=wait_part(first_take(t, "q", "x"), 2),
        )
        t.expect("`locked()` when the lock is free", told(t, "q"), [False])
        t.expect("how releasing a lock ended that q did not get", ending(t.of("q")[drop("x")]), RUNTIME)


@check("R9", misconception="cancelled-waiter-just-leaves", step="who-holds-what")
def test_given_up_in_the_middle_of_the_line(play: Play) -> None:
    """When a waiting task gives up, the others still get the lock, one at a time."""
    actors, gave_up = {}, {"1/x": 1, "2/y": 2, "3/z": 3}
    for x, gone in gave_up.items():
        line = [[take(x), wait(2), drop(x)] for _ in range(3)]
        line[gone - 1] = [within(4.4 - gone, take(x))]
        actors |= {f"{x} h": [take(x), wait(5), drop(x)]} | {f"{x} w{i + 1}": [wait(i + 1), *line[i]] for i in range(3)}
    watch = [wait(12.3), *map(holders, "123"), *map(locked, gave_up)]
    t = play(actors={**actors, "o": watch}).accepting("deadlock")
    for x, gone in gave_up.items():
        part = wait_part(first_take(t, f"{x} w{gone}"), 4.4)
        wanted = [f"{x} h", *(f"{x} w{i}" for i in (1, 2, 3) if i != gone)]
        t.expect("those who got the lock", sorted(names_of(t, x)), wanted, part=part)
        t.expect("they got it at", [when for _, when, *_ in got(t, x)], [near(0), at_least(5), at_least(7)], unit="s")
    t.expect("`holders()` at the end", shown(t, "o"), [{}] * 3)
    t.expect("`locked()` at the end", told(t, "o"), [False] * 3)
    t.expect_ended()


@check("R9", misconception="cancelled-waiter-just-leaves", step="give-back-whatever-happens", wide=True)
def test_cancelled_at_every_step_of_acquire(play: Play) -> None:
    """A task that is cancelled at any moment of `acquire` does not keep the lock, and the next one gets it."""
    for holding, wish in itertools.product(([], [take("x"), wait(3), drop("x")]), both("x")):
        after = [wait(5.3), holders(), locked("x"), within(1, take("x")), drop("x")]
        line = {"next": [wait(2), take("x"), drop("x")]} if holding else {}
        trial = play(actors={"h": holding, "q": [wait(1), *wish], **line, "o": after})
        when_q = [when for who, when, *_ in got(trial, "x") if who == "q"]
        trial.expect("q, not cancelled, got the lock at", when_q, [near(3 if holding else 1)], unit="s")
        for t in trial.cancelled("q"):
            part = "A task that is cancelled while it takes a lock either has it or leaves no trace."
            t.expect("`holders()` after that", shown(t, "o"), [{}], part=part)
            t.expect("`locked()` after that", told(t, "o"), [False], part=part)
            part = "When a task is cancelled at any moment of `acquire`, the next one gets the lock."
            t.expect("the last to get the lock", names_of(t, "x")[-1:], ["o"], part=part)


@check("R9", misconception="asked-is-held", step="give-back-whatever-happens")
def test_cancelled_before_it_asks(play: Play) -> None:
    """A task that was already cancelled when it asks for a free lock does not keep it."""
    wishes = zip(("1/x", "2/y"), (0, 1), strict=True)
    asking = [[wait(1), attempt(f"try {x}", cancel(f"try {x}"), *both(x)[way])] for x, way in wishes]
    after = [*map(holders, "12"), *map(locked, ("1/x", "2/y")), within(1, take("1/x")), within(1, take("2/y"))]
    after += map(locked, ("1/x", "2/y"))
    t = play(actors={"p": asking[0], "q": asking[1], "o": [wait(3.3), *after]})
    t.expect("`holders()` after that", shown(t, "o"), [{}, {}])
    t.expect("`locked()` after that, and when the next task has the locks", told(t, "o"), [False, False, True, True])
    t.expect("how taking the locks then ended", [ending(span) for span in takes(t, "o")], ["returned"] * 2)


@check("R9", misconception="hand-over-lost", step="who-holds-what")
def test_cancelled_at_the_hand_over(play: Play) -> None:
    """When a waiting task is cancelled just as it is given the lock, the lock is not lost."""
    actors, locks = {}, ["0/w", "1/x", "2/y", "3/z"]
    for n, x in enumerate(locks):
        ends = [cancel(f"try {x}"), drop(x)]
        behind = {f"{x} next": [wait(2), take(x), wait(1), drop(x)]} if n > 1 else {}
        actors |= {f"{x} h": [take(x), wait(3), *(ends if n % 2 else ends[::-1])], **behind}
        actors |= {f"{x} q": [wait(1), attempt(f"try {x}", take(x), drop(x))]}
    watch = [*map(holders, "0123"), *map(locked, locks), *(within(1, take(x), drop(x)) for x in locks)]
    t = play(actors={**actors, "o": [wait(6.3), *watch]}).accepting("deadlock")
    for x in locks[2:]:
        t.expect(
            "the next one in the queue got the lock at",
            [when for who, when, *_ in got(t, x) if who == f"{x} next"],
            [at_least(3)],
            unit="s",
        )
    t.expect("`holders()` after that", shown(t, "o"), [{}] * 4)
    t.expect("`locked()` after that", told(t, "o"), [False] * 4)
    t.expect("how taking the locks then ended", [ending(span) for span in takes(t, "o")], ["returned"] * 4)
    t.expect(
        "who got the lock last, but for one",
        [names_of(t, x)[-2:-1] for x in locks[2:]],
        [[f"{x} next"] for x in locks[2:]],
    )
    t.expect_ended()


@check("R9", misconception="release-without-acquire", step="who-holds-what")
def test_refusals_leave_the_books_alone(play: Play) -> None:
    """A `release` or `acquire` that was refused does not change what `holders()` shows."""
    holding = [*taking("yx"), wait(2), within(1, take("x")), within(1, take("y")), wait(4), *dropping("xy")]
    watch = [wait(1.2), holders(), wait(3.5), holders(), locked("x"), locked("y"), wait(9), holders()]
    t = play(actors={"a": holding, "b": [wait(0.6), *dropping("xz")], "o": watch})
    t.expect("`holders()`", shown(t, "o"), [{"x": "a", "y": "a"}, {"x": "a", "y": "a"}, {}])
    t.expect("`locked()`", told(t, "o"), [True, True])


@check("R9", misconception="task-known-by-name", step="who-holds-what")
def test_holders_by_name_of_the_task(play: Play) -> None:
    """`holders()` shows the whole name of the task that holds the lock, for a child task its own and not its parent's."""
    parent = [take("x"), spawn({"child": [take("y"), holders(), wait(2), drop("y")]}), holders(), drop("x")]
    t = play(
        actors={
            "a": parent,
            "b": [wait(0.3), take("z"), wait(5), drop("z")],
            "c": [wait(0.6), take("w"), wait(5), drop("w")],
            "o": [wait(1.3), holders()],
        },
        names={"b": "a", "c": "pool.worker-1"},
    )
    named = {"w": "pool.worker-1", "x": "a", "z": "a"}
    t.expect("`holders()` while the child holds y", shown(t, "o"), [dict(sorted({**named, "y": "child"}.items()))])
    t.expect("`holders()` after that", shown(t, "a"), [named])


@check("R9", misconception="asked-is-held", step="give-back-whatever-happens")
def test_books_after_a_block(play: Play) -> None:
    """After an `async with` block has ended, also by an error or a cancellation, its task is not shown any more."""
    t = play(actors=blocks(*map(holders, "abcde"), *map(locked, BLOCKS)))
    expect_held_in_the_blocks(t)
    t.expect("`holders()` after the blocks", shown(t, "o"), [{}] * 5)
    t.expect("`locked()` after the blocks", told(t, "o"), [False] * 6)


# -- R10: one lock, one queue -----------------------------------------------------------------------------------------
def line_of(play: Play, count: int) -> dict[str, list[Any]]:
    """Draw tasks that come one after the other, hold the lock x in either way, and sometimes give up soon.

    One that gives up takes it in a block: where it gets the lock at once, it is cancelled while it holds it.
    """
    starts = sorted(play.draw(count, low=0.4, step=0.4))
    hold_for = play.draw(count, low=1, step=0.3)
    actors = {}
    for index, (start, seconds) in enumerate(zip(starts, hold_for, strict=True)):
        way = both("x", wait(seconds))[play.pick(0, 1)]
        quits = index and play.pick(0, 3) == 0
        in_a_block = inside("x", wait(seconds))
        actors[f"t{index}"] = [wait(start), within(0.157, in_a_block)] if quits else [wait(start), *way]
    return actors


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_the_same_lock_for_the_same_name(play: Play) -> None:
    """`lock(name)` gives the same object each time."""
    steps = [
        same("x"),
        same("y"),
        take("x"),
        same("x"),
        wait(2),
        drop("x"),
        same("x"),
        inside("y", same("y")),
        same("y"),
    ]
    t = play(
        actors={
            "a": steps,
            "b": [wait(1.3), same("x"), same("y"), take("x"), same("x"), drop("x"), collect(), same("x")],
        }
    )
    t.expect(
        "whether it is the same object as the first time",
        [span.value for span in t.all("same")],
        [True] * len(t.all("same")),
    )


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_the_same_lock_among_many(play: Play) -> None:
    """`lock(name)` gives the same object each time, however many names there are."""
    names = [f"lock {n}" for n in range(50)]
    t = play(actors={"a": [*map(same, names), *map(same, names)]})
    changed = [span.plain_args[0] for span in t.all("same") if not span.value]
    t.expect("names, of 50, that gave another object the second time", changed, [])


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_names_as_they_are(play: Play) -> None:
    """Names that differ in a space or a capital letter are names of different locks."""
    t = play(actors={"a": [wait(0.3), *taking("x", "X", "x "), holders(), wait(1), *dropping("x ", "X", "x")]})
    for span in takes(t):
        t.expect(f"how taking {span.plain_args[0]!r} ended, of 'x', 'X' and 'x '", ending(span), "returned")
    t.expect("`holders()`", shown(t, "a"), [{"X": "a", "x": "a", "x ": "a"}])


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_nobody_else_gets_a_held_lock(play: Play) -> None:
    """Only one task has a lock at a time, also if nobody keeps a reference to the lock object."""
    actors = {}
    for x, i in (("1/x", 0), ("2/y", 1)):
        actors |= {f"{x}1": both(x, collect(), wait(3), collect())[i], f"{x}3": [wait(2), inside(x)]}
        actors |= {f"{x}2": [wait(1.3), collect(), take(x), wait(1), drop(x)]}
    t = play(actors=actors)
    for x in ("1/x", "2/y"):
        expect_in_turn(t, x)
        t.expect("how many got the lock", len(got(t, x)), 3)


@check("R10", misconception="free-for-the-first-to-come", step="who-holds-what")
def test_order_of_arrival(play: Play) -> None:
    """Waiting tasks get the lock in order of arrival."""
    lines = {
        x: {f"{x} {i}": [wait(0.1 * i), *both(x, wait(2))[n]] for i in range(13)} for n, x in enumerate(("1/x", "2/y"))
    }
    t = play(actors=lines["1/x"] | lines["2/y"])
    for x, line in lines.items():
        expect_in_turn(t, x)
        t.expect("who got the lock, in this order", names_of(t, x), list(line))


@check("R10", misconception="free-for-the-first-to-come", step="who-holds-what")
def test_order_of_arrival_whatever_is_held(play: Play) -> None:
    """A task that holds other locks waits in the queue like any other."""
    actors = {"a": [take("x"), wait(5), drop("x")], "b": [wait(1), *others("x")], "e": [wait(4), *others("x")]}
    actors |= {
        "c": [take("y"), wait(2), *others("x"), drop("y")],
        "d": [*taking("pq"), wait(3), inside("x"), drop("q")],
    }
    t = play(actors=actors)
    expect_in_turn(t, "x")
    t.expect("who got the lock, in this order", names_of(t, "x"), [*"abcde"])


@check("R10", misconception="cancelled-waiter-just-leaves", step="who-holds-what")
def test_order_after_one_gave_up(play: Play) -> None:
    """When a waiting task gives up, the others get the lock in their order of arrival."""
    actors, lines = {}, {f"{gone}/x": gone for gone in (1, 2, 3, 4)}
    for x, gone in lines.items():
        actors[f"{x} 0"] = [take(x), wait(5), drop(x)]
        for i in range(1, 5):
            way = both(x, wait(1))[i % 2]
            actors[f"{x} {i}"] = [wait(0.5 * i), *([within(3.2, *way)] if i == gone else way)]
    t = play(actors=actors)
    for x, gone in lines.items():
        t.expect("who got the lock, in this order", names_of(t, x), [f"{x} {i}" for i in range(5) if i != gone])


@check("R10", misconception="hand-over-lost", step="who-holds-what")
def test_order_after_a_hand_over_that_failed(play: Play) -> None:
    """When the first in the queue is cancelled as it is given the lock, the others get it in their order of arrival."""
    actors = {}
    for n, x in enumerate(("1/x", "2/y")):
        ends = [cancel(f"try {x}"), drop(x)]
        actors[f"{x} 0"] = [take(x), wait(3), *(ends[::-1] if n else ends)]
        actors[f"{x} 1"] = [wait(1), attempt(f"try {x}", take(x), drop(x))]
        actors |= {f"{x} {i}": [wait(1 + i / 9), *both(x, wait(1))[i % 2]] for i in (2, 3, 4)}
    t = play(actors=actors)
    for x in ("1/x", "2/y"):
        line = [f"{x} {i}" for i in range(5)]
        expect_in_turn(t, x)
        t.expect("who got the lock, in this order", names_of(t, x), one_of(line, [line[0], *line[2:]]))


@check("R10", misconception="no-wait-is-that-long", step="who-holds-what")
def test_long_wait_in_line(play: Play) -> None:
    """However long a task waits for a lock, it gets the lock when its turn has come."""
    line = {f"w{n}": [wait(n + 1.3), *both("x", wait(1))[n]] for n in (0, 1)}
    t = play(actors={"h": [take("x"), wait(500), drop("x")], **line})
    t.expect("how the waits ended", [ending(span) for span in takes(t)], ["returned"] * 3)
    t.expect(
        "the tasks got the lock at", [when for _, when, *_ in got(t, "x")], [near(0), near(500), near(501)], unit="s"
    )


@check("R10", misconception="free-for-the-first-to-come", step="who-holds-what")
def test_no_barging_in(play: Play) -> None:
    """A task that comes later, or comes back, does not get the lock before one that waits."""
    actors = {}
    for x, i in (("1/x", 0), ("2/y", 1)):
        actors |= {f"{x}1": [*both(x, wait(2))[i], *both(x, wait(1))[i]], f"{x}2": [wait(1), *both(x, wait(1))[i]]}
        actors |= {f"{x}3": [wait(2), *both(x, wait(1))[i]]}
    for t in play(actors=actors).orders(10):
        for x in ("1/x", "2/y"):
            expect_in_turn(t, x)
            t.expect("the second to get the lock", names_of(t, x)[1:2], [f"{x}2"])


@check("R10", misconception="look-then-wait-then-take", step="who-holds-what")
def test_one_at_a_time(play: Play) -> None:
    """Whichever task runs first, one at a time has the lock, and each of them gets it."""
    actors = {f"t{i}": [wait(1), *both("x", checkpoint())[i % 2], *both("x")[i // 2]] for i in range(4)}
    for t in play(actors=actors).orders(8):
        expect_in_turn(t, "x")
        t.expect("how often a task got the lock", len(got(t, "x")), 8)


@check("R10", misconception="free-for-the-first-to-come", step="who-holds-what")
def test_line_moves_on(play: Play) -> None:
    """In a longer queue, in which some give up, nobody is passed over, and each of the others gets the lock."""
    actors = line_of(play, 8)
    t = play(actors=actors)
    seen = got(t, "x")
    expect_in_turn(t, "x")
    t.expect("who got the lock, in this order", [who for who, *_ in seen], sorted(who for who, *_ in seen))
    done = {who for who, script in actors.items() if script[1][0] != "within"} - {who for who, *_ in seen}
    t.expect("those who waited and never got it", sorted(done), [])
