"""Hidden checks of m10: no false alarm; taking twice, releasing what is not held."""

from __future__ import annotations

from grader import Play, SentencePart, Trace, at_least, check, near, wait, within

from .plans import (
    ORDER,
    RUNTIME,
    both,
    drop,
    dropping,
    ending,
    errands,
    expect_refusal,
    first_take,
    inside,
    locked,
    names_of,
    passing,
    same,
    spawn,
    take,
    takes,
    taking,
)

# -- R7: no false alarm ----------------------------------------------------------------------------------------------
PROBE = {
    "probe 1": [take("probe/1"), take("probe/2"), drop("probe/2"), drop("probe/1")],
    "probe 2": [wait(90), take("probe/2"), take("probe/1"), drop("probe/2")],
}
"""Actors to whom a monitor that raises alarms at all raises one: a silent one has no false alarms, and proves nothing."""


def expect_no_alarm(t: Trace) -> None:
    """Fail the subject if any lock was refused because of the order, but for the one of the `PROBE`."""
    expect_refusal(t, "probe 2", "probe/1", "probe/2")
    for span in takes(t):
        if span.who in PROBE:
            continue
        t.expect_that("no false alarm", ending(span) != ORDER, f"{span.who} got {ORDER} for {span.plain_args[0]}")


@check("R7", misconception="sequence-is-an-order", step="learn-the-order", core=False)
def test_one_after_the_other_is_no_order(play: Play) -> None:
    """Locks that were taken one after the other, without overlap, have no order."""
    once = [take("x"), drop("x"), take("y"), drop("y"), inside("z"), inside("x"), take("y"), drop("y")]
    twice = [wait(1.3), *taking("zyx"), *dropping("xyz"), inside("z", inside("y", inside("x")))]
    expect_no_alarm(play(actors={"a": once, "b": twice} | PROBE))


@check("R7", misconception="sequence-is-an-order", step="learn-the-order", core=False)
def test_given_back_is_not_held(play: Play) -> None:
    """A lock that was given back does not count as held any more, also while the task holds another one."""
    teach = [*taking("xyz"), *dropping("zy"), take("w"), *dropping("wx")]
    after = [wait(1.3), *taking("wyz"), *dropping("wyz")]
    expect_no_alarm(play(actors={"a": teach, "b": after} | PROBE))


@check("R7", misconception="held-by-anyone", step="learn-the-order", core=False)
def test_held_by_another_task(play: Play) -> None:
    """A lock that another task holds does not count as held by this one."""
    actors = {"a": [take("x"), wait(5), drop("x")], "b": [wait(1), take("y"), wait(2), inside("z"), drop("y")]}
    after = [wait(7.3), *taking("zx"), *dropping("xz"), *taking("yx"), *dropping("xy")]
    expect_no_alarm(play(actors=actors | {"c": after} | PROBE))


@check("R7", misconception="child-has-parents-locks", step="learn-the-order", core=False)
def test_child_tasks_hold_nothing(play: Play) -> None:
    """A child task does not hold what its parent holds, nor what another child holds."""
    children = {"child": [wait(1), take("y"), wait(1), drop("y"), inside("z")], "other child": [wait(1.5), inside("w")]}
    after = [
        wait(5.3),
        *taking("yx"),
        *dropping("xy"),
        *taking("zx"),
        *dropping("xz"),
        *taking("wyx"),
        *dropping("xyw"),
    ]
    for parent in both("x", spawn(children)):
        expect_no_alarm(play(actors={"a": parent, "b": after} | PROBE))


@check("R7", misconception="pairs-only", step="learn-the-order", core=False)
def test_orders_that_agree(play: Play) -> None:
    """Orders that agree are accepted, also if several chains lead from one lock to another, but none back."""
    links = [
        ("a", "b"),
        ("a", "c"),
        ("b", "d"),
        ("c", "d"),
        ("d", "e"),
        ("a", "e"),
        ("a", "d"),
        ("b", "e"),
        ("c", "e"),
        ("b", "c"),
    ]
    steps = {f"{a}{b}": [wait(0.1 * i), take(a), take(b), drop(b), drop(a)] for i, (a, b) in enumerate(links)}
    all_five = [take(name) for name in "abcde"] + [drop(name) for name in "cebad"]
    many = [*taking("abcdefghij"), *dropping("cebadjihgf")]
    expect_no_alarm(
        play(actors={**steps, "all": [wait(3.3), *all_five, *all_five], "many": [wait(5.3), *many, *many], **PROBE})
    )


@check("R7", misconception="sequence-is-an-order", step="learn-the-order", core=False)
def test_first_use_is_no_order(play: Play) -> None:
    """The order in which locks are made, or first used, is not an order between them."""
    names = play.shuffled(["ash", "bay", "elm", "fir"])
    made = [step for name in names for step in (locked(name), take(name), drop(name))]
    chain = [take(name) for name in reversed(names)] + [drop(name) for name in names]
    expect_no_alarm(play(actors={"a": made, "b": [wait(1.3), *chain], **PROBE}))


@check("R7", misconception="cancelled-waiter-just-leaves", step="learn-the-order", core=False)
def test_given_up_is_not_held(play: Play) -> None:
    """A lock that the task did not get, because it gave up or was refused, does not count as held."""
    quits = [wait(1), within(1, take("x")), take("y"), drop("y"), within(0.2, inside("x")), take("z"), drop("z")]
    after = [wait(5.3), *taking("yx"), *dropping("xy"), *taking("zx"), *dropping("xz")]
    expect_no_alarm(play(actors={"h": [take("x"), wait(4), drop("x")], "q": quits, "b": after, **PROBE}))


@check("R7", misconception="lock-is-reentrant", step="learn-the-order", core=False)
def test_refused_again_teaches_nothing(play: Play) -> None:
    """A task that asks for a lock it already holds teaches no order."""
    again = [*taking("xy"), within(1, take("x")), within(1, take("y")), *dropping("yx")]
    expect_no_alarm(play(actors={"a": again, "b": [wait(5.3), *taking("xy"), *dropping("yx")], **PROBE}))


@check("R7", misconception="refused-is-learned", step="learn-the-order", core=False)
def test_no_alarm_after_a_refusal(play: Play) -> None:
    """After a `LockOrderError` the same task may take the locks in the right order, or one alone."""
    tried = [wait(1.3), *taking("yx"), drop("y"), *taking("xy"), *dropping("yx"), *taking("zx")]
    t = play(actors=passing("x", "y") | {"b": [*tried, *dropping("xz"), take("y"), drop("y")]})
    expect_refusal(t, "b", "x", "y")
    for span in takes(t, "b")[2:]:
        t.expect_that("no false alarm", ending(span) != ORDER, f"b got {ORDER} for {span.plain_args[0]}")


@check("R7", misconception="held-by-anyone", step="learn-the-order", core=False)
def test_monitors_know_nothing_of_each_other(play: Play) -> None:
    """What one monitor learned, or what is held in one, does not count in another monitor."""
    other = [*taking("o/y", "o/x"), *dropping("o/y", "o/x")]
    mixed = [*taking("p", "o/q"), *dropping("o/q", "p"), *taking("q", "o/p", "p"), *dropping("p", "q", "o/p")]
    expect_no_alarm(play(actors=passing("x", "y") | {"b": [wait(1.3), *other, *mixed]} | PROBE))


@check("R7", misconception="pairs-only", step="learn-the-order", core=False)
def test_errands_that_agree(play: Play) -> None:
    """Of many tasks that take locks in many orders, each that agrees with what was learned is accepted."""
    scripts, wanted = errands(play)
    t = play(actors=scripts | PROBE).accepting("deadlock")
    if t.data["end"]["kind"] == "done":
        expect_refusal(t, "probe 2", "probe/1", "probe/2")
    mine = [span for span in takes(t) if span.who not in PROBE]
    for span, (refused, held_locks, _) in zip(mine, wanted, strict=False):
        if refused and ending(span) != ORDER:
            break  # not refused: R6's matter, and from here on the two know different orders
        if not refused:
            seen = f"{span.who} got {ORDER} for {span.plain_args[0]} while holding {', '.join(held_locks)}"
            t.expect_that("no false alarm", ending(span) != ORDER, seen)


# -- R8: taking twice, releasing what is not held --------------------------------------------------------------------
@check("R8", misconception="lock-is-reentrant", step="who-holds-what", wide=True)
def test_taking_again(play: Play) -> None:
    """A task that takes a lock it already holds gets a `RuntimeError` at once."""
    ways = {
        "a": [take("0/x0"), wait(2), take("0/x0")],
        "b": [inside("1/x1", take("1/x1"))],
        "c": [take("2/x2"), inside("2/x2")],
        "d": [inside("3/x3", inside("3/x3"), wait(2))],
        "e": [take("4/x4"), wait(2), *taking("4/x4", "4/x4")],
    }
    waiters = {f"w{n}": [wait(2.3), within(3, take(f"{n}/x{n}"))] for n in range(5)}
    t = play(actors={who: [wait(1.3), *steps] for who, steps in ways.items()} | waiters)
    for n, who in enumerate(ways):
        t.expect(f"who first got the lock that {who} takes", names_of(t, f"{n}/x{n}")[:1], [who])
        for again in takes(t, who)[1:]:
            t.expect("how taking the lock again ended", ending(again), RUNTIME)
            t.expect("the error came at", again.end, near(again.start), unit="s")


@check("R8", misconception="lock-is-reentrant", step="who-holds-what")
def test_taking_again_the_first_of_several(play: Play) -> None:
    """A task that holds several locks and takes one of them again gets a `RuntimeError`."""
    several = [same("x"), *taking("xyz"), same("x"), *taking("xyz"), drop("x"), *taking("zy")]
    t = play(actors={"a": [wait(1.3), *several]})
    part = SentencePart("`lock(name)` gives the same object each time.", step="who-holds-what")
    t.expect("whether it is the same object each time", [span.value for span in t.all("same")], [True, True], part=part)
    t.expect("how taking x, y and z ended", [ending(span) for span in takes(t, "a")[:3]], ["returned"] * 3)
    for again in takes(t, "a")[3:]:
        t.expect(f"how taking {again.plain_args[0]} again ended", ending(again), RUNTIME)


@check("R8", misconception="lock-is-reentrant", step="who-holds-what")
def test_taking_after_giving_back(play: Play) -> None:
    """A task that gave a lock back may take it again."""
    steps = [step for _ in range(2) for way in both("x") for step in way]
    t = play(actors={"a": [wait(1.3), *steps, *taking("yx"), *dropping("yx"), *steps]})
    ends = sorted({ending(span) for span in takes(t, "a", "x")})
    sentence = "A lock that was given back is not held any more: it comes before no other one."
    given_back = SentencePart(sentence, misconception="sequence-is-an-order", step="learn-the-order")
    part = given_back if ORDER in ends else ""
    t.expect("how taking x ended, each time", ends, ["returned"], part=part)


@check("R8", misconception="release-without-acquire", step="who-holds-what")
def test_releasing_a_free_lock(play: Play) -> None:
    """A task that releases a lock that nobody holds gets a `RuntimeError`."""
    steps = [*dropping("xy"), take("y"), *dropping("yy"), inside("y"), drop("y"), take("z"), drop("y")]
    t = play(actors={"a": [wait(1.3), *steps]})
    for span in t.all("drop", "a"):
        wanted = "returned" if span.begun == t.all("drop", "a")[2].begun else RUNTIME
        t.expect(f"how releasing {span.plain_args[0]} ended", ending(span), wanted)


@check("R8", misconception="release-without-acquire", step="who-holds-what", wide=True)
def test_releasing_anothers_lock(play: Play) -> None:
    """A task that releases a lock that another task holds gets a `RuntimeError`."""
    child = {"child": [wait(2), drop("x")]}
    holding = [take("x"), spawn(child), wait(4), drop("x")]
    others = {
        "b": [wait(1.3), drop("x")],
        "c": [wait(1.6), take("y"), *dropping("xy")],
        "w": [wait(3), within(1, take("x")), drop("x")],
    }
    t = play(actors={"a": holding, **others})
    t.expect("how a's taking of the lock ended", ending(first_take(t, "a")), "returned")
    for who in ("child", "b", "c", "w"):
        t.expect(f"how releasing the lock of a ended, for {who}", ending(t.of(who)[drop("x")]), RUNTIME)


@check("R8", misconception="release-without-acquire", step="who-holds-what", wide=True)
def test_only_the_holder_releases(play: Play) -> None:
    """A lock stays taken when a task that does not hold it tries to release it."""
    actors = {"a": [take("x"), wait(5), drop("x")], "b": [wait(1.3), drop("x")], "c": [wait(1.6), take("x"), drop("x")]}
    t = play(actors=actors)
    t.expect("c got the lock at", first_take(t, "c", "x").end, at_least(5), unit="s")
    t.expect("how the holder's release ended", ending(t.of("a")[drop("x")]), "returned")


@check("R8", misconception="task-known-by-name", step="who-holds-what", wide=True)
def test_tasks_of_one_name(play: Play) -> None:
    """Tasks are not told apart by their names: two tasks may have the same one."""
    actors = {"a": [take("x"), wait(5), drop("x")], "b": [wait(1.3), take("x"), drop("x")], "c": [wait(2), drop("x")]}
    t = play(actors=actors, names={"a": "clerk", "b": "clerk", "c": "clerk"})
    t.expect(
        "how taking the lock ended, for another task of the holder's name", ending(first_take(t, "b", "x")), "returned"
    )
    t.expect(
        "how releasing the lock ended, for another task of the holder's name", ending(t.of("c")[drop("x")]), RUNTIME
    )
