"""Hidden checks of m10: the monitor learns orders."""

from __future__ import annotations

import itertools
from typing import Any

from grader import Play, at_least, check, near, wait, within

from .plans import (
    ORDER,
    at,
    both,
    drop,
    dropping,
    ending,
    errands,
    expect_refusal,
    first_take,
    got,
    holders,
    locked,
    others,
    passing,
    refusals,
    shown,
    take,
    takes,
    taking,
    told,
)

# -- R6: orders are learned ------------------------------------------------------------------------------------------
TREES = ["ash", "bay", "elm", "fir", "oak", "yew"]


def is_circle(names: Any, after: set[tuple[str, str]], refused: set[tuple[str, str]]) -> bool:
    """Tell whether the names, around either way, are learned orders and one that was refused."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return False
    if len(set(names)) != len(names) or len(names) < 2:
        return False
    for ring in (names, names[::-1]):
        links = set(zip(ring, ring[1:] + ring[:1], strict=True))
        new = links - after
        if links <= after | refused and (len(new) == 1 or (not new and links & refused)):
            return True
    return False


@check("R6", misconception="deadlock-must-happen", step="learn-the-order", core=False)
def test_against_the_order(play: Play) -> None:
    """Taking a lock against an order that was learned before raises `LockOrderError`, in each of several monitors."""
    actors: dict[str, list[Any]] = {}
    for n, (one, two) in enumerate(itertools.product((0, 1), (0, 1))):
        x, y = f"{n}/x", f"{n}/y"
        actors[f"a{n}"] = [wait(n), *both(x, *both(y, wait(0.1))[two])[one]]
        actors[f"b{n}"] = [wait(n + 5.3), *both(y, *both(x)[one])[two]]
    t = play(actors=actors)
    for n in range(4):
        expect_refusal(t, f"b{n}", f"{n}/x", f"{n}/y")


@check("R6", misconception="deadlock-must-happen", step="learn-the-order", core=False)
def test_against_the_order_of_its_own(play: Play) -> None:
    """A task that takes locks against an order that it taught itself is refused too."""
    actors = {}
    for n, (one, two) in enumerate(itertools.product((0, 1), (0, 1))):
        x, y = f"x{n}", f"y{n}"
        actors[f"a{n}"] = [wait(n + 0.3), *both(x, *both(y, wait(0.1))[two])[one], *both(y, take(x))[two]]
    t = play(actors=actors)
    for n in range(4):
        wanted = ["returned", ORDER]
        t.expect(
            f"how taking x{n} before y{n}, and then while holding y{n}, ended", refusals(t, f"a{n}", f"x{n}"), wanted
        )


@check("R6", misconception="order-forgotten", step="learn-the-order", core=False)
def test_learned_for_good(play: Play) -> None:
    """An order stays learned: when the locks are free again, when others are taken, and after a refusal."""
    others = [take("x"), drop("x"), take("y"), drop("y"), *taking("py"), *dropping("yp"), *taking("qx")]
    again = [*taking("yx"), drop("y"), *taking("xy"), *dropping("yx"), *taking("yx"), drop("y")]
    actors = passing("x", "y") | {"o": [wait(1), *others, *dropping("xq")], "b": [wait(2.3), *again]}
    t = play(actors=actors)
    t.expect(
        "how taking x ended: while holding y, in the right order, while holding y again",
        refusals(t, "b", "x"),
        [ORDER, "returned", ORDER],
    )


@check("R6", misconception="deadlock-must-happen", step="learn-the-order", core=False)
def test_refused_before_it_waits(play: Play) -> None:
    """A task that asks for a busy lock against the order is refused at once, without waiting."""
    actors = passing("x", "y") | passing("p", "q") | {"h": [wait(1), *taking("xp"), wait(9), *dropping("px")]}
    actors |= {"w": [wait(1.6), *others("p")], "b": [wait(2.3), *taking("yx")], "c": [wait(2.3), *taking("qp")]}
    t = play(actors=actors)
    for who, wish, has in (("b", "x", "y"), ("c", "p", "q")):
        expect_refusal(t, who, wish, has)
        t.expect("the error came at", first_take(t, who, wish).end, near(2.3), unit="s")


@check("R6", misconception="pairs-only", step="learn-the-order", core=False)
def test_against_a_chain(play: Play) -> None:
    """A circle of three or more locks is found."""
    actors, paths = {}, [[f"{name}{n}" for name in play.shuffled(TREES)[:n]] for n in (3, 4, 5, 6)]
    paths.append([f"{name} {n}" for n in (1, 2) for name in play.shuffled(TREES)])
    for path in paths:
        actors |= passing(*path) | {path[0]: [wait(2.3), take(path[-1]), take(path[0])]}
    t = play(actors=actors)
    for path in paths:
        expect_refusal(t, path[0], path[0], f"{path[-1]}, at the end of a chain of {len(path)}")


@check("R6", misconception="pairs-only", step="learn-the-order", core=False)
def test_every_branch_counts(play: Play) -> None:
    """When one lock comes before several others, the monitor knows each of these orders."""
    actors = {name: [wait(n / 9), take("x"), take(name), drop(name), drop("x")] for n, name in enumerate("yzw")}
    tries = {f"b{name}": [wait(2.3 + n), take(name), take("x"), drop("x"), drop(name)] for n, name in enumerate("yzw")}
    t = play(actors=actors | tries)
    for name in "yzw":
        expect_refusal(t, f"b{name}", "x", name)


@check("R6", misconception="pairs-only", step="learn-the-order", core=False)
def test_every_held_lock_counts(play: Play) -> None:
    """When a task holds several locks, the order is checked against each of them."""
    teach = [*taking("xyz"), drop("y"), take("w"), drop("x"), take("v"), *dropping("vwz")]
    tries = {pair: [*pair] for pair in ("yx", "zx", "zy", "wx", "wz", "vz", "vw", "vx")}
    for names in (["y", "p1", "q1"], ["p2", "y", "q2"], ["p3", "q3", "y"]):
        tries[names[0]] = [*names, "x"]
    actors = {
        who: [wait(2.3 + n), *map(take, names), *map(drop, names[:-1])] for n, (who, names) in enumerate(tries.items())
    }
    t = play(actors={"a": teach} | actors).accepting("deadlock")
    for who, names in tries.items():
        expect_refusal(t, who, names[-1], " and ".join(names[:-1]))
    t.expect_ended()


@check("R6", misconception="order-forgotten", step="learn-the-order", core=False)
def test_given_back_crosswise(play: Play) -> None:
    """A task may give its locks back in any order: what it still holds counts, and nothing else."""
    actors: dict[str, list[Any]] = {}
    for keep, gone in (("x1", "y1"), ("y2", "x2")):
        z, pair = f"z{keep}", sorted((keep, gone))
        actors[f"a{keep}"] = [*map(take, pair), drop(gone), take(z), drop(z), drop(keep)]
        actors[f"b{keep}"] = [wait(2.3), take(z), take(keep)]
    t = play(actors=actors)
    for keep in ("x1", "y2"):
        expect_refusal(t, f"b{keep}", keep, f"z{keep}")


@check("R6", misconception="learned-too-late", step="learn-the-order", core=False)
def test_learned_when_the_wait_begins(play: Play) -> None:
    """When two tasks each hold a lock and wait for the other's, the second to ask is refused."""
    actors = {
        "a": [take("x"), wait(2), take("y"), *dropping("yx")],
        "b": [wait(1.3), take("y"), wait(2), take("x"), drop("y")],
    }
    t = play(actors=actors).accepting("deadlock")
    expect_refusal(t, "b", "x", "y")
    t.expect("how taking y while holding x ended", refusals(t, "a", "y"), ["returned"])
    t.expect_ended()


@check("R6", misconception="learned-too-late", step="learn-the-order", core=False)
def test_learned_at_the_same_moment(play: Play) -> None:
    """When two tasks ask for each other's lock at the same moment, one is refused, and the other gets the lock."""
    actors = {"a": [take("x"), at(2), take("y"), *dropping("yx")], "b": [take("y"), at(2), take("x"), *dropping("xy")]}
    for t in play(actors=actors).orders(8):
        seen = sorted([*refusals(t, "a", "y"), *refusals(t, "b", "x")])
        t.expect("how asking for each other's lock ended", seen, [ORDER, "returned"])


@check("R6", misconception="order-forgotten", step="learn-the-order", core=False)
def test_learned_for_good_after_a_wait(play: Play) -> None:
    """An order that was learned in a wait stays learned after the lock was taken and given back."""
    actors: dict[str, list[Any]] = {}
    for n in (0, 1):
        x, y = f"x{n}", f"y{n}"
        actors |= {f"h{n}": [take(y), wait(2), drop(y)], f"a{n}": [wait(1), *both(x, *both(y, wait(1))[n])[n]]}
        actors[f"b{n}"] = [wait(5.3), take(y), take(x)]
    t = play(actors=actors)
    for n in (0, 1):
        expect_refusal(t, f"b{n}", f"x{n}", f"y{n}")


@check("R6", misconception="cancelled-waiter-just-leaves", step="learn-the-order", core=False)
def test_a_later_wait_given_up_forgets_nothing(play: Play) -> None:
    """A cancelled wait does not make the monitor forget an order that it had learned before."""
    quits = [wait(2), take("x"), within(1, take("y")), drop("x")]
    actors = passing("x", "y") | {"h": [wait(1), take("y"), wait(4), drop("y")], "q": quits}
    t = play(actors=actors | {"b": [wait(6.3), *taking("yx")]})
    expect_refusal(t, "b", "x", "y")


@check("R6", misconception="refused-is-learned", step="learn-the-order", core=False)
def test_refused_order_is_not_learned(play: Play) -> None:
    """An order that was refused is not learned: the right order is not refused afterwards."""
    wrong = [wait(1.3), *taking("pyqx"), *dropping("qyp")]
    after = {f"{a}{b}": [wait(2.3), *(take(n) for n in (a, b)), drop(b), drop(a), wait(1)] for a, b in [("x", "y")]}
    after |= {"xp": [wait(3.3), *taking("xp"), *dropping("px")], "xq": [wait(4.3), *taking("xq"), *dropping("qx")]}
    t = play(actors=passing("x", "y") | {"b": wrong} | after)
    expect_refusal(t, "b", "x", "p, y and q")
    for who, lock in (("xy", "y"), ("xp", "p"), ("xq", "q")):
        t.expect(f"how taking {lock} while holding x ended", refusals(t, who, lock), ["returned"])


@check("R6", misconception="refused-is-learned", step="learn-the-order", core=False)
def test_refused_lock_is_not_taken(play: Play) -> None:
    """After `LockOrderError` the lock that was refused is not taken."""
    after = [wait(3.3), locked("x"), holders(), within(1, take("x"))]
    actors = passing("x", "y") | {"b": [wait(1.3), *taking("pyx"), wait(9), *dropping("yp")], "o": after}
    t = play(actors=actors)
    expect_refusal(t, "b", "x", "p and y")
    t.expect("`locked()` after that", told(t, "o"), [False])
    t.expect("how taking the lock ended, for another task", refusals(t, "o", "x"), ["returned"])


@check("R6", misconception="refused-is-learned", step="learn-the-order", core=False)
def test_refused_at_a_busy_lock_is_not_taken(play: Play) -> None:
    """A task that was refused a busy lock does not get it later: the lock goes to the next one in the queue."""
    actors = passing("x", "y") | {"h": [wait(1), take("x"), wait(2), drop("x")]}
    actors |= {"b": [wait(1.3), *taking("yx"), wait(9), drop("y")], "w": [wait(2.3), take("x"), wait(0.5), drop("x")]}
    t = play(actors=actors | {"o": [wait(4.3), locked("x"), holders(), within(1, take("x"))]}).accepting("deadlock")
    expect_refusal(t, "b", "x", "y")
    t.expect(
        "w, the next one, got the lock at", [when for who, when, *_ in got(t, "x") if who == "w"], [near(3)], unit="s"
    )
    t.expect("`locked()` when all have given it back", told(t, "o"), [False])
    nobody = shown(t, "o")[:1] == [{}]
    part = "A task that was refused a lock keeps the locks that it holds." if nobody else ""
    t.expect("`holders()`", shown(t, "o"), [{"y": "b"}], part=part)
    t.expect("how taking the lock ended, for another task", refusals(t, "o", "x"), ["returned"])


@check("R6", misconception="finally-releases-all", step="learn-the-order", core=False)
def test_refused_task_keeps_what_it_holds(play: Play) -> None:
    """After `LockOrderError` the task still holds the locks that it held."""
    wrong = [wait(1.3), *taking("pyx"), wait(4), *dropping("yp")]
    t = play(
        actors=passing("x", "y") | {"b": wrong, "o": [wait(2.3), holders(), take("p"), drop("p"), take("y"), drop("y")]}
    )
    expect_refusal(t, "b", "x", "p and y")
    t.expect("`holders()`", shown(t, "o"), [{"p": "b", "y": "b"}])
    t.expect("the next task got p at", first_take(t, "o", "p").end, at_least(5.3), unit="s")
    t.expect("how giving back y and p ended", [ending(span) for span in t.all("drop", "b")], ["returned", "returned"])


@check("R6", misconception="circle-named-wrongly", step="learn-the-order", core=False)
def test_cycle_names_the_circle(play: Play) -> None:
    """`cycle` names the locks around the circle, each once, in the order of the circle."""
    for length in (2, 3, 5):
        path = play.shuffled(TREES)[:length]
        teach = {f"start {n}": [take(f"1{n}"), take(n), drop(n), drop(f"1{n}")] for n in path} | passing(*path)
        teach |= {f"end {n}": [wait(0.5), take(n), *others(f"0{n}"), *others(f"z{n}"), drop(n)] for n in path}
        t = play(actors=teach | {"b": [wait(2.3), take(path[-1]), take(path[0])]})
        expect_refusal(t, "b", path[0], path[-1])
        seen = next((note["value"] for note in t.notes("cycle")), None)
        ring = is_circle(seen, set(itertools.pairwise(path)), {(path[-1], path[0])})
        t.expect_that(f"`cycle` should name {' → '.join(path)}", ring, f"it is {seen}")


@check("R6", misconception="order-forgotten", step="learn-the-order", core=False)
def test_errands_against_the_order(play: Play) -> None:
    """Of many tasks that take locks in many orders, each one that is against what was learned is refused."""
    for _ in range(2):
        scripts, wanted = errands(play)
        t = play(actors=scripts)
        for span, (refused, held_locks, _) in zip(takes(t), wanted, strict=False):
            if not refused and ending(span) == ORDER:
                break  # a false alarm: R7's matter, and from here on the two know different orders
            if refused:
                words = f"how taking {span.plain_args[0]} while holding {' and '.join(held_locks)} ended"
                t.expect(words, ending(span), ORDER)


@check("R6", misconception="circle-named-wrongly", step="learn-the-order", core=False)
def test_errands_name_circles(play: Play) -> None:
    """`cycle` names a circle of learned orders and the one that was refused."""
    scripts, wanted = errands(play)
    t = play(actors=scripts).accepting("deadlock")
    if any(refused for refused, *_ in wanted):
        t.expect_that("some locks should be refused", any(ending(span) == ORDER for span in takes(t)), "none was")
    seen = {n["span"]: n["value"] for n in t.notes("cycle")}
    for span, (refused, held_locks, after) in zip(takes(t), wanted, strict=False):
        if (ending(span) == ORDER) != refused:
            break  # another check's matter
        ring = not refused or is_circle(seen.get(span.id), after, {(other, span.plain_args[0]) for other in held_locks})
        words = f"taking {span.plain_args[0]} while holding {' and '.join(held_locks)}"
        t.expect_that("`cycle` should name a circle", ring, f"it is {seen.get(span.id)}, for {words}")
